//! Samples of all strips or tiles put together to an image, and its colours.

use super::super::colour::Colour;
use super::super::pixels::{Alpha, Samples, Stored, afford, room, unreadable};
use super::super::windowing::Depth;
use super::chunks::{check, row_bytes, unpacked};
use super::directory::{Directory, File, tag};
use super::format::FORMAT;
use super::layout::{Compression, Kind, Layout, Photometric};
use crate::Error;

/// Usual weights of red, green and blue in luma (Rec. 601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// Usual levels of black and white of luma, and of none and most of both chroma values.
const LEVELS: [f32; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// The image of a page. `finished` bytes are needed when it is done.
pub fn stored(
    file: &File,
    page: &Directory,
    layout: &Layout,
    finished: u64,
) -> Result<Stored, Error> {
    let is_jpeg = layout.compression == Compression::Jpeg;
    let colour = match layout.photometric {
        Photometric::Rgb | Photometric::YCbCr | Photometric::Palette => Colour::Rgb,
        Photometric::Cmyk => Colour::Cmyk,
        Photometric::WhiteIsZero | Photometric::BlackIsZero => Colour::Grey,
    };
    let is_palette = layout.photometric == Photometric::Palette;
    let channels = if is_palette { 1 } else { colour.channels() };
    let alpha = layout.alpha.filter(|_| !is_palette);
    let mut kept: Vec<usize> = (0..channels).collect();
    kept.extend(alpha.map(|(sample, _)| sample));
    let gather = Gather {
        file,
        page,
        layout,
        kept: &kept,
        finished,
    };
    let (bits, kind) = (layout.bits, layout.kind);
    let top = (1_u64 << bits.min(32)) - 1;
    let (samples, depth) = match kind {
        Kind::Unsigned if bits <= 8 => {
            let scale = if is_palette { 1 } else { 255 / top.min(255) };
            let rest = top * scale;
            let value = move |row: &[u8], index| {
                let value = u64::from(packed_bits(row, index, bits)) * scale;
                // Depths that do not divide 255 are rounded.
                if is_palette || rest == 255 {
                    value as u8
                } else {
                    ((value * 255 + rest / 2) / rest) as u8
                }
            };
            (Samples::Bytes(gather.all(value)?), Depth::Full(255.0))
        }
        Kind::Unsigned if bits <= 16 => {
            let value = move |row: &[u8], index| match bits {
                16 => u16::from_le_bytes(number(row, index)),
                _ => packed_bits(row, index, bits) as u16,
            };
            let depth = match bits {
                16 => Depth::Unsigned(16),
                _ => Depth::Full(top as f64),
            };
            (Samples::Words(gather.all(value)?), depth)
        }
        _ => {
            let value = move |row: &[u8], index| wide(row, index, bits, kind);
            let depth = match kind {
                Kind::Unsigned => Depth::Unsigned(bits as u32),
                Kind::Signed => Depth::Signed(bits as u32),
                Kind::Float => Depth::Float,
            };
            (Samples::Floats(gather.all(value)?), depth)
        }
    };
    let (samples, depth) = match (layout.photometric, samples) {
        (Photometric::Palette, Samples::Bytes(indices)) => {
            let of = |index: &u8| usize::from(*index);
            (
                coloured(file, page, bits, indices.iter().map(of))?,
                Depth::Full(255.0),
            )
        }
        (Photometric::Palette, Samples::Words(indices)) => {
            let of = |index: &u16| usize::from(*index);
            (
                coloured(file, page, bits, indices.iter().map(of))?,
                Depth::Full(255.0),
            )
        }
        (Photometric::Palette, _) => return Err(unreadable(&FORMAT, "its colour table")),
        (Photometric::YCbCr, Samples::Bytes(mut values)) if !is_jpeg || layout.is_planar => {
            let conversion = YCbCr::read(file, page);
            for pixel in values.chunks_exact_mut(kept.len()) {
                let [y, cb, cr, ..] = pixel else { continue };
                [*y, *cb, *cr] = conversion.rgb([*y, *cb, *cr]);
            }
            (Samples::Bytes(values), depth)
        }
        (Photometric::YCbCr, Samples::Words(_) | Samples::Floats(_)) => {
            return Err(unreadable(&FORMAT, "YCbCr colours of more than 8 bits"));
        }
        (_, samples) => (samples, depth),
    };
    Ok(Stored {
        size: (layout.width as u32, layout.height as u32),
        colour,
        alpha: match alpha {
            None => Alpha::None,
            Some((_, false)) => Alpha::Straight,
            Some((_, true)) => Alpha::Associated,
        },
        samples,
        depth,
        inverted: layout.photometric == Photometric::WhiteIsZero,
    })
}

struct Gather<'a> {
    file: &'a File<'a>,
    page: &'a Directory,
    layout: &'a Layout,
    /// The samples that are of use, in order.
    kept: &'a [usize],
    finished: u64,
}

impl Gather<'_> {
    /// The kept samples of all pixels; `value` reads one by its index in a row.
    fn all<T: Copy + Default>(&self, value: impl Fn(&[u8], usize) -> T) -> Result<Vec<T>, Error> {
        let layout = self.layout;
        let count = (layout.width * layout.height) as u64 * self.kept.len() as u64;
        check(layout, self.finished + count * size_of::<T>() as u64)?;
        let mut values: Vec<T> = room(&FORMAT, count, self.finished)?;
        let step = layout.chunk_samples();
        let row_bytes = row_bytes(layout);
        for (index, chunk) in layout.chunks.iter().enumerate() {
            let (plane, place) = match layout.is_planar {
                true => {
                    let a_plane = layout.across() * layout.down();
                    (index / a_plane, index % a_plane)
                }
                false => (0, index),
            };
            let slots: Vec<(usize, usize)> = (0..step)
                .filter_map(|sample| {
                    let slot = self.kept.iter().position(|kept| *kept == plane + sample)?;
                    Some((sample, slot))
                })
                .collect();
            if slots.is_empty() {
                continue;
            }
            let (left, top) = (
                place % layout.across() * layout.chunk_width,
                place / layout.across() * layout.chunk_height,
            );
            let rows = layout.chunk_rows(place / layout.across());
            let bytes = unpacked(self.file, self.page, layout, *chunk, rows)?;
            let shown = layout.chunk_width.min(layout.width - left);
            let within = rows.min(layout.height - top);
            for (y, row) in bytes.chunks_exact(row_bytes).take(within).enumerate() {
                let first = ((top + y) * layout.width + left) * self.kept.len();
                let pixels = values[first..].chunks_exact_mut(self.kept.len());
                for (x, pixel) in pixels.take(shown).enumerate() {
                    for (sample, slot) in &slots {
                        pixel[*slot] = value(row, x * step + sample);
                    }
                }
            }
        }
        Ok(values)
    }
}

/// Up to 16 bits of a row in which values follow each other without gaps, highest bit first.
fn packed_bits(row: &[u8], index: usize, bits: usize) -> u32 {
    if bits == 8 {
        return u32::from(row[index]);
    }
    let first = index * bits;
    let byte = |at: usize| u32::from(row.get(at).copied().unwrap_or(0));
    let three = byte(first / 8) << 16 | byte(first / 8 + 1) << 8 | byte(first / 8 + 2);
    three >> (24 - first % 8 - bits) & ((1 << bits) - 1)
}

/// A number of whole bytes in a row, lowest first.
fn number<const N: usize>(row: &[u8], index: usize) -> [u8; N] {
    let bytes = row.as_chunks::<N>().0;
    bytes.get(index).copied().unwrap_or([0; N])
}

/// A number that does not fit into 16 bits without a sign.
fn wide(row: &[u8], index: usize, bits: usize, kind: Kind) -> f32 {
    match (kind, bits) {
        (Kind::Unsigned, 24) => {
            let [a, b, c] = number(row, index);
            u32::from_le_bytes([a, b, c, 0]) as f32
        }
        (Kind::Unsigned, _) => u32::from_le_bytes(number(row, index)) as f32,
        (Kind::Signed, 8) => f32::from(i8::from_le_bytes(number(row, index))),
        (Kind::Signed, 16) => f32::from(i16::from_le_bytes(number(row, index))),
        (Kind::Signed, _) => i32::from_le_bytes(number(row, index)) as f32,
        (Kind::Float, 16) => half(u16::from_le_bytes(number(row, index))),
        (Kind::Float, 64) => f64::from_le_bytes(number(row, index)) as f32,
        (Kind::Float, _) => f32::from_le_bytes(number(row, index)),
    }
}

/// A float of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The colours under indices. Tables should be of 16 bits; those of some programs are of 8.
fn coloured(
    file: &File,
    page: &Directory,
    bits: usize,
    indices: impl ExactSizeIterator<Item = usize>,
) -> Result<Samples, Error> {
    let table = page.numbers(file, tag::COLOUR_TABLE);
    let entries = 1 << bits;
    if table.len() < 3 * entries {
        return Err(FORMAT.damaged("its colour table is too short"));
    }
    let shift = if table.iter().any(|level| *level > 255) {
        8
    } else {
        0
    };
    let colours: Vec<[u8; 3]> = (0..entries)
        .map(|index| [0, 1, 2].map(|channel| (table[channel * entries + index] >> shift) as u8))
        .collect();
    afford(&FORMAT, 4 * indices.len() as u64)?;
    // An index has as many bits as the table.
    Ok(Samples::Bytes(
        indices.flat_map(|index| colours[index]).collect(),
    ))
}

/// Section 21: luma and chroma to red, green and blue.
struct YCbCr {
    luma: [f32; 3],
    levels: [f32; 6],
}

impl YCbCr {
    fn read(file: &File, page: &Directory) -> Self {
        let luma = page.ratios(file, tag::YCBCR_COEFFICIENTS);
        let luma = luma.and_then(|luma| luma.try_into().ok());
        let levels = page.ratios(file, tag::REFERENCE_BLACK_WHITE);
        let levels = levels.and_then(|levels| levels.try_into().ok());
        let spreads = |[a, b, c, d, e, f]: &[f32; 6]| b > a && d > c && f > e;
        Self {
            luma: luma.filter(|luma: &[f32; 3]| luma[1] > 0.0).unwrap_or(LUMA),
            levels: levels.filter(spreads).unwrap_or(LEVELS),
        }
    }

    fn rgb(&self, [y, cb, cr]: [u8; 3]) -> [u8; 3] {
        let [black, white, no_blue, blue, no_red, red] = self.levels;
        let part = |value: u8, low: f32, high: f32, range: f32| {
            (f32::from(value) - low) * range / (high - low)
        };
        let y = part(y, black, white, 255.0);
        let cb = part(cb, no_blue, blue, 127.0);
        let cr = part(cr, no_red, red, 127.0);
        let [of_red, of_green, of_blue] = self.luma;
        let r = y + cr * (2.0 - 2.0 * of_red);
        let b = y + cb * (2.0 - 2.0 * of_blue);
        let g = (y - of_blue * b - of_red * r) / of_green;
        // The cast clamps.
        [r, g, b].map(|value| (value + 0.5) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_at_any_bit() {
        let row = [0b1010_1100, 0b0101_0011, 0b1111_0000];
        let four: Vec<u32> = (0..6).map(|index| packed_bits(&row, index, 4)).collect();
        assert_eq!(four, [0b1010, 0b1100, 0b0101, 0b0011, 0b1111, 0]);
        assert_eq!(packed_bits(&row, 0, 12), 0b1010_1100_0101);
        assert_eq!(packed_bits(&row, 1, 12), 0b0011_1111_0000);
        assert_eq!(packed_bits(&row, 1, 1), 0);
    }

    #[test]
    fn half_floats_are_read() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0x3800, 0.5),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c01).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
    }
}
