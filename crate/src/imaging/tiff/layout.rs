//! How a page's pixels are laid out: strips or tiles, samples, bits and colours, checked against the file.

use super::super::header::CUT;
use super::super::pixels::unreadable;
use super::directory::{Directory, File, tag};
use super::format::FORMAT;
use crate::Error;

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Photometric {
    /// Grey of which the least value is white.
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

/// What one sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Unsigned,
    Signed,
    Float,
}

/// How a strip or tile is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    /// Modified Huffman and the fax codings of groups 3 and 4.
    Fax(u16),
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

/// What is subtracted from what before packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    None,
    /// Each sample less the one to its left.
    Horizontal,
    /// The same for the bytes of floats, of which the highest come first.
    Float,
}

/// A strip or a tile in the file.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub first: usize,
    pub length: usize,
}

#[derive(Debug)]
pub struct Layout {
    /// Of the image.
    pub width: usize,
    pub height: usize,
    /// Of a strip or tile; it may reach beyond the image.
    pub chunk_width: usize,
    pub chunk_height: usize,
    pub is_tiled: bool,
    pub chunks: Vec<Chunk>,
    pub compression: Compression,
    pub predictor: Predictor,
    pub photometric: Photometric,
    pub kind: Kind,
    pub bits: usize,
    /// Samples a pixel, those that mean nothing included.
    pub samples: usize,
    /// Whether each sample has strips or tiles of its own.
    pub is_planar: bool,
    /// Which sample is alpha, and whether the colours are multiplied by it.
    pub alpha: Option<(usize, bool)>,
    /// Pixels across and down for which there is one pair of chroma values.
    pub subsampling: (usize, usize),
    /// Whether the bits of a byte begin with the lowest.
    pub is_reversed: bool,
}

/// More samples a pixel than any picture for the eye has.
const MAX_SAMPLES: u64 = 64;

impl Layout {
    pub fn read(file: &File, page: &Directory) -> Result<Self, Error> {
        let odd = |what: &str| unreadable(&FORMAT, what);
        let number = |tag, usual| page.number(file, tag).unwrap_or(usual);
        let (width, height) = page
            .size(file)
            .ok_or_else(|| FORMAT.damaged("it tells no size"))?;
        let (width, height) = (width as usize, height as usize);
        let compression = match number(tag::COMPRESSION, 1) {
            1 => Compression::None,
            kind @ 2..=4 => Compression::Fax(kind as u16),
            5 => Compression::Lzw,
            7 => Compression::Jpeg,
            8 | 32946 => Compression::Deflate,
            32773 => Compression::PackBits,
            6 => return Err(odd("JPEG coding of the first, withdrawn kind")),
            33003 | 33005 | 34712 => return Err(odd("JPEG 2000 inside")),
            34925 => return Err(odd("LZMA compression")),
            50000 => return Err(odd("Zstandard compression")),
            50001 => return Err(odd("WebP inside")),
            other => return Err(odd(&format!("compression {other}"))),
        };
        let samples = number(tag::SAMPLES, 1);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(odd(&format!("{samples} samples a pixel")));
        }
        let samples = samples as usize;
        let all = page.numbers(file, tag::BITS);
        let bits = all.first().copied().unwrap_or(1) as usize;
        if all.iter().any(|each| *each as usize != bits) {
            return Err(odd("channels of different depths"));
        }
        let kind = match number(tag::SAMPLE_FORMAT, 1) {
            1 | 4 => Kind::Unsigned,
            2 => Kind::Signed,
            3 => Kind::Float,
            _ => return Err(odd("complex numbers")),
        };
        let is_possible = match kind {
            Kind::Unsigned => matches!(bits, 1..=16 | 24 | 32),
            Kind::Signed => matches!(bits, 8 | 16 | 32),
            Kind::Float => matches!(bits, 16 | 32 | 64),
        };
        if !is_possible {
            return Err(odd(&format!("{bits} bits a sample")));
        }
        let photometric = match page.number(file, tag::PHOTOMETRIC) {
            Some(0) => Photometric::WhiteIsZero,
            Some(1) => Photometric::BlackIsZero,
            Some(2) => Photometric::Rgb,
            Some(3) => Photometric::Palette,
            Some(5) => Photometric::Cmyk,
            Some(6) => Photometric::YCbCr,
            // Faxes leave it out; there white is zero.
            None if matches!(compression, Compression::Fax(_)) => Photometric::WhiteIsZero,
            None if samples >= 3 => Photometric::Rgb,
            None => Photometric::BlackIsZero,
            Some(8..=10) => return Err(odd("L*a*b* colours")),
            Some(other) => return Err(odd(&format!("colours of kind {other}"))),
        };
        let colours = match photometric {
            Photometric::Rgb | Photometric::YCbCr => 3,
            Photometric::Cmyk => 4,
            _ => 1,
        };
        if samples < colours {
            return Err(odd("fewer channels than its colours need"));
        }
        let mut extra = page.numbers(file, tag::EXTRA_SAMPLES);
        // Programs that do not name the one sample too many mean alpha.
        if !page.has(tag::EXTRA_SAMPLES) && samples == colours + 1 {
            extra = vec![2];
        }
        let alpha = extra
            .iter()
            .take(samples - colours)
            .position(|kind| matches!(kind, 1 | 2))
            .map(|index| (colours + index, extra[index] == 1));
        let predictor = match number(tag::PREDICTOR, 1) {
            1 => Predictor::None,
            2 => Predictor::Horizontal,
            3 if kind == Kind::Float => Predictor::Float,
            other => return Err(odd(&format!("predictor {other}"))),
        };
        if predictor != Predictor::None && !matches!(bits, 8 | 16 | 32 | 64) {
            return Err(odd(&format!("a predictor on {bits} bits")));
        }
        // Only these two can be packed with it.
        let predictor = match compression {
            Compression::Lzw | Compression::Deflate => predictor,
            _ => Predictor::None,
        };
        let is_planar = number(tag::PLANES, 1) == 2 && samples > 1;
        let subsampling = match photometric {
            Photometric::YCbCr if compression != Compression::Jpeg && !is_planar => {
                let pair = page.numbers(file, tag::YCBCR_SUBSAMPLING);
                match pair.as_slice() {
                    [] => (2, 2),
                    [h @ (1 | 2 | 4), v @ (1 | 2 | 4)] => (*h as usize, *v as usize),
                    _ => return Err(odd("its chroma subsampling")),
                }
            }
            _ => (1, 1),
        };
        if subsampling != (1, 1) && (bits != 8 || samples != 3) {
            return Err(odd("subsampled chroma of another depth than 8 bits"));
        }
        let is_tiled = page.has(tag::TILE_OFFSETS);
        let side = |tag, whole: usize| number(tag, whole as u64).clamp(1, 1 << 31) as usize;
        let (chunk_width, chunk_height) = match is_tiled {
            true => (side(tag::TILE_WIDTH, width), side(tag::TILE_HEIGHT, height)),
            false => (width, side(tag::ROWS_PER_STRIP, height).min(height)),
        };
        let mut layout = Self {
            width,
            height,
            chunk_width,
            chunk_height,
            is_tiled,
            chunks: Vec::new(),
            compression,
            predictor,
            photometric,
            kind,
            bits,
            samples,
            is_planar,
            alpha,
            subsampling,
            is_reversed: number(tag::FILL_ORDER, 1) == 2,
        };
        layout.chunks = layout.chunks(file, page)?;
        Ok(layout)
    }

    /// Where the strips or tiles are, as many as the image needs.
    fn chunks(&self, file: &File, page: &Directory) -> Result<Vec<Chunk>, Error> {
        let (offsets, lengths) = match self.is_tiled {
            true => (tag::TILE_OFFSETS, tag::TILE_LENGTHS),
            false => (tag::STRIP_OFFSETS, tag::STRIP_LENGTHS),
        };
        let offsets = page.numbers(file, offsets);
        let lengths = page.numbers(file, lengths);
        let planes = if self.is_planar { self.samples } else { 1 };
        let needed = (self.across() as u64 * self.down() as u64).saturating_mul(planes as u64);
        if (offsets.len() as u64) < needed {
            return Err(FORMAT.damaged("it lacks a part of its pixels"));
        }
        let needed = needed as usize;
        let rest = |offset: u64| file.bytes.len() as u64 - offset.min(file.bytes.len() as u64);
        let chunk = |index: usize| {
            let first = offsets[index];
            // Some programs leave the lengths out, or write the unpacked length of the only strip.
            let length = lengths.get(index).copied().unwrap_or(u64::MAX);
            let length = match needed {
                1 => length.min(rest(first)),
                _ => length,
            };
            let end = first.checked_add(length)?;
            (end <= file.bytes.len() as u64).then_some(Chunk {
                first: first as usize,
                length: length as usize,
            })
        };
        let cut = || FORMAT.damaged(CUT);
        (0..needed)
            .map(chunk)
            .collect::<Option<_>>()
            .ok_or_else(cut)
    }

    /// Chunks side by side.
    pub const fn across(&self) -> usize {
        self.width.div_ceil(self.chunk_width)
    }

    /// Chunks one below the other.
    pub const fn down(&self) -> usize {
        self.height.div_ceil(self.chunk_height)
    }

    /// Samples a pixel in one chunk.
    pub const fn chunk_samples(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Rows that the chunks of this row of chunks hold: strips end with the image, tiles do not.
    pub fn chunk_rows(&self, down: usize) -> usize {
        match self.is_tiled {
            true => self.chunk_height,
            false => self
                .chunk_height
                .min(self.height - down * self.chunk_height),
        }
    }
}
