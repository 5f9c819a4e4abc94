//! The PNG encoder that several formats share.
//!
//! The files hold the pixels and nothing else: no time, no text, no profile, so that a mask shared for research
//! carries no trace of where it was made.

use std::io::{self, Write};

use image::RgbImage;
use png::{BitDepth, ColorType, Compression, Encoder, StreamWriter};

use crate::Error;

/// An image as an RGB8 PNG.
///
/// # Errors
/// [`Error::Encode`] when the image has no pixels.
pub fn png(image: &RgbImage) -> Result<Vec<u8>, Error> {
    let size = image.dimensions();
    encode_rows(size, ColorType::Rgb, BitDepth::Eight, |out| {
        out.write_all(image.as_raw())
    })
}

/// A PNG of this width and height whose rows `write` writes, from the top.
pub(super) fn encode_rows(
    (width, height): (u32, u32),
    colour: ColorType,
    depth: BitDepth,
    write: impl FnOnce(&mut StreamWriter<&mut Vec<u8>>) -> io::Result<()>,
) -> Result<Vec<u8>, Error> {
    let fault = |error: &dyn std::fmt::Display| Error::Encode(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fast);
    let mut header = encoder.write_header().map_err(|error| fault(&error))?;
    let mut stream = header.stream_writer().map_err(|error| fault(&error))?;
    write(&mut stream).map_err(|error| fault(&error))?;
    stream.finish().map_err(|error| fault(&error))?;
    header.finish().map_err(|error| fault(&error))?;
    Ok(bytes)
}
