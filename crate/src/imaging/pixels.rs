//! From one of `image`'s decoders to 8-bit RGB, within a bound on memory.

use std::error::Error as _;

use image::error::UnsupportedErrorKind;
use image::{ColorType, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};

use super::format::{ImageFormat, Pixels};
use super::header::{CUT, Header};
use crate::Error;

/// Bytes that decoding may take at its peak, the finished image included. A browser gives a page's module 4 GB at
/// most, often less, and the model needs its share.
pub(super) const MAX_WORKING_BYTES: u64 = 1_000_000_000;

/// Decodes to RGB8. `held` tells the bytes that the decoder holds besides its output, such as coefficients or a second
/// copy.
pub(super) fn read<D: ImageDecoder>(
    format: &'static ImageFormat,
    header: &Header,
    decoder: ImageResult<D>,
    held: impl FnOnce(&D) -> u64,
) -> Result<Pixels, Error> {
    let fault = |error| fault(format, error);
    let mut decoder = decoder.map_err(fault)?;
    if decoder.dimensions() != header.size {
        return Err(format.damaged("its headers contradict each other"));
    }
    let (width, height) = header.size;
    let colour = decoder.color_type();
    let decoded = decoder.total_bytes();
    let finished = match colour {
        ColorType::Rgb8 => 0,
        _ => 3 * u64::from(width) * u64::from(height),
    };
    let needed = decoded + held(&decoder) + finished;
    if needed > MAX_WORKING_BYTES {
        return Err(out_of_memory(format, needed));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(2 * MAX_WORKING_BYTES);
    decoder.set_limits(limits).map_err(fault)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(decoded as usize)
        .map_err(|_| out_of_memory(format, needed))?;
    bytes.resize(decoded as usize, 0);
    decoder.read_image(&mut bytes).map_err(fault)?;
    let mut remarks = Vec::new();
    let bytes = rgb(format, colour, bytes, &mut remarks)?;
    let image = RgbImage::from_raw(width, height, bytes)
        .ok_or_else(|| format.damaged("its pixels do not fit its size"))?;
    Ok(Pixels {
        image,
        remarks,
        windowing: None,
    })
}

/// The refusal of a kind of image that no decoder here knows.
pub(super) fn unreadable(format: &ImageFormat, what: &str) -> Error {
    Error::UnsupportedImage(format!(
        "This kind of {} cannot be read ({}). Save it as an 8-bit RGB PNG and try again.",
        format.name,
        one_line(what)
    ))
}

/// The refusal of an image for which a decoder would need more memory than it may take.
pub(super) fn over_limits(format: &ImageFormat) -> Error {
    Error::UnsupportedImage(format!(
        "Opening this {} needs too much memory. Reduce it and try again.",
        format.name
    ))
}

/// The decoder's words as part of a sentence: no line breaks, no full stop, not endless.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(160).collect();
    line.trim_end_matches(['.', ':', ' ']).to_owned()
}

/// The refusal of an image for which decoding would take this many bytes.
pub(super) fn out_of_memory(format: &ImageFormat, needed: u64) -> Error {
    Error::UnsupportedImage(format!(
        "Opening this {} needs {:.1} GB of memory, which is too much. Save it with 8 bits a channel, or reduce it, and try again.",
        format.name,
        needed as f64 / 1e9
    ))
}

/// A decoder's error, said plainly.
fn fault(format: &ImageFormat, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(error) => match error.kind() {
            UnsupportedErrorKind::GenericFeature(feature) => unreadable(format, &feature),
            _ => unreadable(format, "its colours are stored in an unusual way"),
        },
        ImageError::Limits(_) => over_limits(format),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            format.damaged(CUT)
        }
        ImageError::Decoding(error) => match error.source() {
            Some(source) => format.damaged(one_line(&source.to_string())),
            None => format.damaged(one_line(&error.to_string())),
        },
        error => format.damaged(one_line(&error.to_string())),
    }
}

/// Whatever was decoded as RGB8: grey repeated, alpha over black, wide channels rounded to 8 bits.
fn rgb(
    format: &ImageFormat,
    colour: ColorType,
    bytes: Vec<u8>,
    remarks: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    let channels = usize::from(colour.channel_count());
    let pixels = match colour {
        ColorType::Rgb8 => return Ok(bytes),
        ColorType::L8 | ColorType::La8 | ColorType::Rgba8 => {
            convert(channels, &bytes, |[v]| f32::from(v) / 255.0, remarks)
        }
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            remarks.push("Reduced from 16 to 8 bits a channel.".to_owned());
            convert(
                channels,
                &bytes,
                |v| f32::from(u16::from_ne_bytes(v)) / 65535.0,
                remarks,
            )
        }
        ColorType::Rgb32F | ColorType::Rgba32F => {
            remarks.push(
                "Reduced from floating point to 8 bits a channel; values outside 0 to 1 were clamped."
                    .to_owned(),
            );
            convert(channels, &bytes, f32::from_ne_bytes, remarks)
        }
        other => return Err(unreadable(format, &format!("its pixels are {other:?}"))),
    };
    Ok(pixels)
}

/// `N` bytes a sample; `level` gives 0 to 1.
fn convert<const N: usize>(
    channels: usize,
    bytes: &[u8],
    level: impl Fn([u8; N]) -> f32,
    remarks: &mut Vec<String>,
) -> Vec<u8> {
    let samples = bytes.as_chunks::<N>().0;
    let alpha = matches!(channels, 2 | 4);
    let mut transparent = false;
    let mut pixels = Vec::with_capacity(samples.len() / channels * 3);
    for pixel in samples.chunks_exact(channels) {
        let opacity = if alpha {
            level(pixel[channels - 1]).clamp(0.0, 1.0)
        } else {
            1.0
        };
        transparent |= opacity < 1.0;
        // The cast clamps, and takes NaN to 0.
        let byte = |sample| (level(sample) * opacity * 255.0 + 0.5) as u8;
        if channels < 3 {
            pixels.extend([byte(pixel[0]); 3]);
        } else {
            pixels.extend([byte(pixel[0]), byte(pixel[1]), byte(pixel[2])]);
        }
    }
    if transparent {
        remarks.push("Transparent parts are shown over black.".to_owned());
    }
    pixels
}
