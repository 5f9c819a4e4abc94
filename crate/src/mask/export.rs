//! Masks, overlays and probabilities as PNG files.
//!
//! The files hold the pixels and nothing else: no time, no text, no profile, so that a mask shared for research
//! carries no trace of where it was made.

use image::RgbImage;
use png::{BitDepth, ColorType, Compression, Encoder, StreamWriter};
use std::io::Write;

use super::contour::{Closed, Contour};
use super::grid::{Grid, Sampler};
use super::look::Palette;
use super::{Mask, ProbabilityMap, Style};
use crate::Error;

/// Longest side in pixels of the canvas on which [`Style::line`] has its nominal width; on larger images
/// [`overlay_png`] draws the contour wider in proportion.
const NOMINAL_SIDE: u32 = 1280;

/// The mask as an 8-bit grey PNG: 255 on the lesion, 0 elsewhere.
///
/// # Errors
/// [`Error::Encode`] when the image has no pixels.
pub fn mask_png(mask: &Mask) -> Result<Vec<u8>, Error> {
    let (width, height) = (mask.width(), mask.height());
    encode(
        width,
        height,
        ColorType::Grayscale,
        BitDepth::Eight,
        |out| {
            let mut line = vec![0; width as usize];
            for row in mask.bits().chunks_exact(width as usize) {
                for (out, bit) in line.iter_mut().zip(row) {
                    *out = bit * 255;
                }
                out.write_all(&line)?;
            }
            Ok(())
        },
    )
}

/// The image with the mask drawn over it as `style` says, as an RGB8 PNG. The contour is as wide as it looks on a
/// canvas of 1280 pixels that shows the whole image.
///
/// # Errors
/// [`Error::Encode`] when mask and image differ in size or have no pixels.
pub fn overlay_png(image: &RgbImage, mask: &Mask, style: &Style) -> Result<Vec<u8>, Error> {
    let (width, height) = image.dimensions();
    if (width, height) != (mask.width(), mask.height()) {
        return Err(Error::Encode(format!(
            "the mask is {}×{} pixels and the image {width}×{height}",
            mask.width(),
            mask.height()
        )));
    }
    let style = style.scaled((width.max(height) as f32 / NOMINAL_SIDE as f32).max(1.0));
    let palette = Palette::new(&style);
    let mut contour = Contour::default();
    if style.contour {
        let whole = Grid::reduced(width, height, width, height).whole();
        contour.trace(
            mask.bits(),
            width as usize,
            &whole,
            Closed::ALL,
            style.reach(),
        );
    }
    encode(width, height, ColorType::Rgb, BitDepth::Eight, |out| {
        let (mut line, mut near) = (vec![0; width as usize * 3], vec![0; width as usize]);
        let rows = image.as_raw().chunks_exact(width as usize * 3);
        for (y, (row, bits)) in rows
            .zip(mask.bits().chunks_exact(width as usize))
            .enumerate()
        {
            line.copy_from_slice(row);
            near.fill(0);
            let (left, closeness) = contour.row(y);
            near[left..][..closeness.len()].copy_from_slice(closeness);
            for ((pixel, on), near) in line.chunks_exact_mut(3).zip(bits).zip(&near) {
                if on | near != 0 {
                    blend(pixel, palette.colour(*on, *near));
                }
            }
            out.write_all(&line)?;
        }
        Ok(())
    })
}

/// The probabilities at `width` × `height` as a 16-bit grey PNG, `round(p * 65535)`.
///
/// # Errors
/// [`Error::Encode`] when the size has no pixels.
pub fn probability_png(map: &ProbabilityMap, width: u32, height: u32) -> Result<Vec<u8>, Error> {
    encode(
        width,
        height,
        ColorType::Grayscale,
        BitDepth::Sixteen,
        |out| {
            let grid = Grid::reduced(width, height, width, height);
            let mut sampler = Sampler::new(map, width, height, &grid);
            let (mut values, mut line) = (vec![0.0; grid.width], vec![0; grid.width * 2]);
            for row in 0..grid.height {
                sampler.row(row, &mut values);
                for (out, value) in line.chunks_exact_mut(2).zip(&values) {
                    out.copy_from_slice(&((value * 65535.0).round() as u16).to_be_bytes());
                }
                out.write_all(&line)?;
            }
            Ok(())
        },
    )
}

/// An image as an RGB8 PNG.
///
/// # Errors
/// [`Error::Encode`] when the image has no pixels.
pub fn png(image: &RgbImage) -> Result<Vec<u8>, Error> {
    let (width, height) = image.dimensions();
    encode(width, height, ColorType::Rgb, BitDepth::Eight, |out| {
        out.write_all(image.as_raw())
    })
}

fn encode(
    width: u32,
    height: u32,
    colour: ColorType,
    depth: BitDepth,
    write: impl FnOnce(&mut StreamWriter<&mut Vec<u8>>) -> std::io::Result<()>,
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

/// Source over on an opaque pixel.
fn blend(pixel: &mut [u8], [r, g, b, alpha]: [u8; 4]) {
    let alpha = u32::from(alpha);
    for (under, over) in pixel.iter_mut().zip([r, g, b]) {
        let sum = u32::from(over) * alpha + u32::from(*under) * (255 - alpha);
        *under = ((sum + 127) / 255) as u8;
    }
}
