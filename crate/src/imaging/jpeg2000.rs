//! JPEG 2000 (ISO/IEC 15444-1): JP2 files and bare codestreams.

use super::format::{ImageFormat, Reader};

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "JPEG 2000",
    extensions: &["jp2", "j2k", "jpf", "jpx", "j2c", "jpc"],
    media_types: &["image/jp2", "image/jpx", "image/j2c"],
};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: decoder::header,
    pixels: decoder::pixels,
};
#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, matches);

fn matches(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0\0\0\x0cjP  \r\n\x87\n") || bytes.starts_with(CODESTREAM)
}

/// Start of codestream, and the marker of its size.
const CODESTREAM: &[u8] = b"\xff\x4f\xff\x51";

#[cfg(feature = "rare-formats")]
mod decoder {
    use hayro_jpeg2000::{
        ColorSpace, ComponentData, DecodeError, DecodeSettings, DecoderContext, DecodingError,
        FormatError, Image, MarkerError,
    };

    use super::super::colour::{Colour, Profile};
    use super::super::format::Pixels;
    use super::super::header::{CUT, Header, big};
    use super::super::pixels::{Alpha, Samples, Stored, afford, finish, one_line, unreadable};
    use super::super::windowing::{Depth, Rendering};
    use super::{CODESTREAM, FORMAT};
    use crate::Error;

    const CMYK: &str =
        "This image is in CMYK, the colours of a printing press. Convert it to RGB and try again.";
    /// What the library holds for each sample: coefficients and samples in floating point.
    const BYTES_PER_SAMPLE: u64 = 12;
    /// Channels of an image that is opened: three of colour, alpha, and one more.
    const MAX_CHANNELS: u32 = 5;
    /// Tiles of an image that is opened; the format has numbers for 65535.
    const MAX_TILES: u64 = 65_535;

    /// What is damaged is refused, not repaired.
    const STRICT: DecodeSettings = DecodeSettings {
        resolve_palette_indices: true,
        strict: true,
        target_resolution: None,
    };
    /// For the colours alone: writers forget to say that the fourth channel is alpha.
    const LENIENT: DecodeSettings = DecodeSettings {
        strict: false,
        ..STRICT
    };

    pub fn header(bytes: &[u8]) -> Result<Header, Error> {
        let size = Size::of(bytes)?;
        let mut header = Header::new(size.image);
        if size.channels > MAX_CHANNELS {
            return Err(unreadable(
                &FORMAT,
                &format!("it has {} channels", size.channels),
            ));
        }
        if size.tiles > MAX_TILES {
            return Err(FORMAT.damaged("it has too many tiles"));
        }
        if !size.whole {
            header.damage = Some(CUT);
        }
        let image = Image::new(bytes, &LENIENT).map_err(fault)?;
        if (image.width(), image.height()) != size.image {
            return Err(FORMAT.damaged("its headers contradict each other"));
        }
        header.refusal = match image.color_space() {
            ColorSpace::CMYK => Some(CMYK),
            _ => None,
        };
        Ok(header)
    }

    pub fn pixels(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
        let (width, height) = header.size;
        let size = Size::of(bytes)?;
        let image = Image::new(bytes, &STRICT).map_err(fault)?;
        let described = Image::new(bytes, &LENIENT).map_err(fault)?;
        let colours = usize::from(described.color_space().num_channels());
        let channels = u64::from(size.channels).max(colours as u64);
        let area = u64::from(width) * u64::from(height);
        let needed = area * (channels * BYTES_PER_SAMPLE + 3);
        afford(&FORMAT, needed)?;
        if !matches!(colours, 1 | 3) {
            return Err(unreadable(
                &FORMAT,
                &format!("it has {colours} colour channels"),
            ));
        }
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(fault)?;
        let components = decoded.components();
        let fits = |component: &ComponentData| component.samples().len() as u64 == area;
        let Some(components) = components
            .get(..colours)
            .filter(|some| some.iter().all(fits))
        else {
            return Err(FORMAT.damaged("its headers contradict each other"));
        };
        let mut remarks = Vec::new();
        let bits = u32::from(components[0].bit_depth());
        // Grey is measured, and keeps its bits for the window.
        let samples = if colours == 1 && (9..=16).contains(&bits) {
            // Samples are whole numbers up to the rounding of the wavelet; the cast clamps.
            let greatest = ((1_u32 << bits) - 1) as f32;
            let value = |sample: &f32| (sample + 0.5).min(greatest) as u16;
            Samples::Words(components[0].samples().iter().map(value).collect())
        } else {
            if bits > 8 {
                remarks.push(format!("Reduced from {bits} to 8 bits a channel."));
            }
            Samples::Bytes(interleaved(components))
        };
        if described.has_alpha() {
            remarks.push("Transparency was ignored.".to_owned());
        }
        let stored = Stored {
            size: header.size,
            colour: if colours == 1 {
                Colour::Grey
            } else {
                Colour::Rgb
            },
            alpha: Alpha::None,
            samples,
            depth: Depth::Unsigned(bits.min(16)),
            inverted: false,
        };
        let profile = match described.color_space() {
            ColorSpace::Icc { profile, .. } => Some(Profile::Icc(profile.clone())),
            _ => None,
        };
        let mut pixels = finish(&FORMAT, stored, profile.as_ref(), rendering)?;
        pixels.remarks.splice(0..0, remarks);
        Ok(pixels)
    }

    /// Components of any depth as bytes, pixel by pixel.
    fn interleaved(components: &[ComponentData]) -> Vec<u8> {
        let channels = components.len();
        let mut bytes = vec![0; components[0].samples().len() * channels];
        for (channel, component) in components.iter().enumerate() {
            let greatest = 2_f32.powi(i32::from(component.bit_depth())) - 1.0;
            let scale = 255.0 / greatest.max(1.0);
            let places = bytes.iter_mut().skip(channel).step_by(channels);
            for (place, sample) in places.zip(component.samples()) {
                // The cast clamps.
                *place = (sample * scale + 0.5) as u8;
            }
        }
        bytes
    }

    /// What the marker of the codestream's size tells (A.5.1), and whether the stream has its end.
    struct Size {
        image: (u32, u32),
        channels: u32,
        tiles: u64,
        whole: bool,
    }

    impl Size {
        fn of(bytes: &[u8]) -> Result<Self, Error> {
            let cut = || FORMAT.damaged(CUT);
            let (stream, whole) = codestream(bytes).ok_or_else(cut)?;
            let number = |index: usize| big(stream, 8 + 4 * index, 4).ok_or_else(cut);
            let extent = |axis: usize| Ok::<_, Error>((number(axis)?, number(axis + 2)?));
            let (x, y): ((u32, u32), (u32, u32)) = (extent(0)?, extent(1)?);
            let tiles = |(end, _): (u32, u32), axis: usize| -> Result<u64, Error> {
                let (side, offset) = (number(axis + 4)?, number(axis + 6)?);
                if side == 0 || offset > end {
                    return Err(FORMAT.damaged("its tiles have no size"));
                }
                Ok(u64::from(end - offset).div_ceil(u64::from(side)))
            };
            Ok(Self {
                image: (x.0.saturating_sub(x.1), y.0.saturating_sub(y.1)),
                channels: big(stream, 40, 2).ok_or_else(cut)?,
                tiles: tiles(x, 0)? * tiles(y, 1)?,
                whole,
            })
        }
    }

    /// The codestream in a file, and whether it ends with its end marker. None where the file ends before it.
    fn codestream(bytes: &[u8]) -> Option<(&[u8], bool)> {
        // Some writers pad after the end.
        let ends = |stream: &[u8]| {
            let last = stream.iter().rposition(|byte| *byte != 0);
            last.is_some_and(|last| stream[..=last].ends_with(b"\xff\xd9"))
        };
        if bytes.starts_with(CODESTREAM) {
            return Some((bytes, ends(bytes)));
        }
        let mut at = 0_usize;
        loop {
            let length = big(bytes, at, 4)? as usize;
            let kind = bytes.get(at + 4..at + 8)?;
            let (head, length) = match length {
                0 => (8, bytes.len() - at),
                1 => (
                    16,
                    usize::try_from(u64::from_be_bytes(
                        *bytes.get(at + 8..at + 16)?.first_chunk()?,
                    ))
                    .ok()?,
                ),
                length => (8, length),
            };
            let end = at.checked_add(length).filter(|_| length >= head)?;
            if kind == b"jp2c" {
                let stream = bytes.get(at + head..end.min(bytes.len()))?;
                return Some((stream, end <= bytes.len() && ends(stream)));
            }
            at = end;
        }
    }

    fn fault(error: DecodeError) -> Error {
        match error {
            DecodeError::Format(FormatError::Unsupported)
            | DecodeError::Marker(MarkerError::Unsupported) => {
                unreadable(&FORMAT, &error.to_string())
            }
            DecodeError::Decoding(DecodingError::UnexpectedEof) => FORMAT.damaged(CUT),
            error => FORMAT.damaged(one_line(&error.to_string())),
        }
    }
}
