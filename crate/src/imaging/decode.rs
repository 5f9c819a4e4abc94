//! A file's bytes become an upright 8-bit RGB image, or one sentence on why not.

use std::error::Error as _;
use std::io::Cursor;

use image::codecs::{
    bmp::BmpDecoder, jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder,
};
use image::error::UnsupportedErrorKind;
use image::{ColorType, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};

use super::header::{Format, Header};
use super::orientation::upright;
use super::{MAX_MEGAPIXELS, MIN_SIDE};
use crate::Error;

/// Bytes that decoding may take at its peak, the finished image included. A browser gives a page's module 4 GB at
/// most, often less, and the model needs its share.
const MAX_WORKING_BYTES: u64 = 1_000_000_000;

/// An image as decoded from a file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The picture, upright, 8 bits a channel, alpha composited over black.
    pub image: RgbImage,
    /// Format by signature, such as `PNG`.
    pub format: &'static str,
    /// Sentences on what was lost or left out, such as "Reduced from 16 to 8 bits a channel."
    pub remarks: Vec<String>,
}

/// Decodes PNG, JPEG, WebP, BMP or TIFF, told apart by signature, and turns the picture upright as its EXIF says.
///
/// # Errors
/// A sentence for the person who chose the file: [`Error::EmptyFile`], [`Error::NotAnImage`],
/// [`Error::UnsupportedImage`] (animations, CMYK, formats that are known but not decoded, pictures that would take
/// too much memory), [`Error::ImageTooSmall`] and [`Error::ImageTooLarge`] (from the header, before anything is
/// allocated) and [`Error::DamagedImage`]. A file that was cut short is damaged even where half of it could be shown.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    let format = Format::sniff(bytes)?;
    let header = Header::read(format, bytes)?;
    check(format, &header)?;
    let mut remarks = Vec::new();
    let pixels = match format {
        Format::Png => pixels(
            format,
            &header,
            PngDecoder::new(Cursor::new(bytes)),
            &mut remarks,
        ),
        Format::Jpeg => pixels(
            format,
            &header,
            JpegDecoder::new(Cursor::new(bytes)),
            &mut remarks,
        ),
        Format::WebP => pixels(
            format,
            &header,
            WebPDecoder::new(Cursor::new(bytes)),
            &mut remarks,
        ),
        Format::Bmp => pixels(
            format,
            &header,
            BmpDecoder::new(Cursor::new(bytes)),
            &mut remarks,
        ),
        Format::Tiff => pixels(
            format,
            &header,
            TiffDecoder::new(Cursor::new(bytes)),
            &mut remarks,
        ),
    }?;
    let (width, height) = header.size;
    let image = RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| format.damaged("its pixels do not fit its size"))?;
    if header.pages > 1 {
        remarks.push(format!(
            "Only the first of {} pages is shown.",
            header.pages
        ));
    }
    Ok(Decoded {
        image: upright(image, header.orientation),
        format: format.name(),
        remarks,
    })
}

/// Width and height in pixels of the upright picture, from the file's headers alone.
///
/// # Errors
/// As [`decode`], as far as the headers tell: a file may have a size and yet be damaged.
pub fn size(bytes: &[u8]) -> Result<(u32, u32), Error> {
    let format = Format::sniff(bytes)?;
    let header = Header::read(format, bytes)?;
    check(format, &header)?;
    let (width, height) = header.size;
    // EXIF orientations 5 to 8 turn the picture by a quarter.
    Ok(if header.orientation >= 5 {
        (height, width)
    } else {
        (width, height)
    })
}

/// Refuses by header, in the order of what helps most.
fn check(format: Format, header: &Header) -> Result<(), Error> {
    let (width, height) = header.size;
    if u64::from(width) * u64::from(height) > MAX_MEGAPIXELS * 1_000_000 {
        return Err(Error::ImageTooLarge {
            width,
            height,
            megapixels: MAX_MEGAPIXELS,
        });
    }
    if let Some(refusal) = header.refusal {
        return Err(Error::UnsupportedImage(refusal.to_owned()));
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(Error::ImageTooSmall {
            width,
            height,
            minimum: MIN_SIDE,
        });
    }
    match header.damage {
        Some(damage) => Err(format.damaged(damage)),
        None => Ok(()),
    }
}

/// Decodes to RGB8.
fn pixels(
    format: Format,
    header: &Header,
    decoder: ImageResult<impl ImageDecoder>,
    remarks: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    let fault = |error| sentence(format, error);
    let mut decoder = decoder.map_err(fault)?;
    if decoder.dimensions() != header.size {
        return Err(format.damaged("its headers contradict each other"));
    }
    let colour = decoder.color_type();
    let count = u64::from(header.size.0) * u64::from(header.size.1);
    let decoded = count * u64::from(colour.bytes_per_pixel());
    // What the decoders hold besides their output: coefficients, a frame of RGBA, a second copy.
    let inner = match format {
        Format::Jpeg if header.progressive => 2 * decoded,
        Format::WebP => 4 * count,
        Format::Tiff => decoded,
        _ => 0,
    };
    let finished = if colour == ColorType::Rgb8 {
        0
    } else {
        3 * count
    };
    let needed = decoded + inner + finished;
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
    rgb(format, colour, bytes, remarks)
}

fn out_of_memory(format: Format, needed: u64) -> Error {
    Error::UnsupportedImage(format!(
        "Opening this {} needs {:.1} GB of memory, which is too much. Save it with 8 bits a channel, or reduce it, and try again.",
        format.name(),
        needed as f64 / 1e9
    ))
}

/// A decoder's error, said plainly.
fn sentence(format: Format, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(error) => {
            let what = match error.kind() {
                UnsupportedErrorKind::GenericFeature(feature) => one_line(&feature),
                _ => "its colours are stored in an unusual way".to_owned(),
            };
            Error::UnsupportedImage(format!(
                "This kind of {} cannot be read ({what}). Save it as an 8-bit RGB PNG and try again.",
                format.name()
            ))
        }
        ImageError::Limits(_) => Error::UnsupportedImage(format!(
            "Opening this {} needs too much memory. Reduce it and try again.",
            format.name()
        )),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            format.damaged("it ends too early")
        }
        ImageError::Decoding(error) => match error.source() {
            Some(source) => format.damaged(one_line(&source.to_string())),
            None => format.damaged(one_line(&error.to_string())),
        },
        error => format.damaged(one_line(&error.to_string())),
    }
}

/// The decoder's words as part of a sentence: no line breaks, no full stop, not endless.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(160).collect();
    line.trim_end_matches(['.', ':', ' ']).to_owned()
}

/// Whatever was decoded as RGB8: grey repeated, alpha over black, wide channels rounded to 8 bits.
fn rgb(
    format: Format,
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
        other => {
            return Err(Error::UnsupportedImage(format!(
                "This kind of {} cannot be read (its pixels are {other:?}). Save it as an 8-bit RGB PNG and try again.",
                format.name()
            )));
        }
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
