//! The image with the mask drawn over it, as an RGB8 PNG.

use std::io::{self, Write};

use image::RgbImage;
use png::{BitDepth, ColorType};

use super::format::ExportFormat;
use super::lines::{Line, Lines};
use super::png::encode_rows;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::{Closed, Contour, Grid, Mask, Palette, Style};

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "overlay",
    name: "Overlay",
    label: "Overlay, PNG",
    suffix: "_overlay",
    extension: "png",
    media_type: "image/png",
    copyable: true,
};

/// Longest side in pixels of the canvas on which [`Style::line`] has its nominal width; on larger images
/// [`overlay_png`] draws the contour wider in proportion.
const NOMINAL_SIDE: u32 = 1280;

pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let Segmentation {
        image,
        style,
        lines,
        ..
    } = segmentation;
    drawn(image, segmentation.mask(), style, lines)
}

/// The image with the mask drawn over it as `style` says, as an RGB8 PNG. The contour is as wide as it looks on a
/// canvas of 1280 pixels that shows the whole image.
///
/// # Errors
/// [`Error::Encode`] when mask and image differ in size or have no pixels.
pub fn overlay_png(image: &RgbImage, mask: &Mask, style: &Style) -> Result<Vec<u8>, Error> {
    drawn(image, mask, style, &[])
}

fn drawn(image: &RgbImage, mask: &Mask, style: &Style, lines: &[Line]) -> Result<Vec<u8>, Error> {
    check(image, mask)?;
    encode_rows(image.dimensions(), ColorType::Rgb, BitDepth::Eight, |out| {
        draw_rows(image, mask, style, lines, |row| out.write_all(row))
    })
}

/// Whether a mask can be drawn over an image.
///
/// # Errors
/// [`Error::Encode`] when they differ in size.
pub(super) fn check(image: &RgbImage, mask: &Mask) -> Result<(), Error> {
    let (width, height) = image.dimensions();
    if (width, height) != (mask.width(), mask.height()) {
        return Err(Error::Encode(format!(
            "the mask is {}×{} pixels and the image {width}×{height}",
            mask.width(),
            mask.height()
        )));
    }
    Ok(())
}

/// Gives each row of the image, three bytes a pixel, with the mask and the lines drawn over it. Image and mask have one
/// size ([`check`]).
pub(super) fn draw_rows(
    image: &RgbImage,
    mask: &Mask,
    style: &Style,
    lines: &[Line],
    mut give: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let (width, height) = image.dimensions();
    let factor = (width.max(height) as f32 / NOMINAL_SIDE as f32).max(1.0);
    let style = style.scaled(factor);
    let lines = Lines::new(lines, (width, height), factor.into());
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
    let (mut line, mut near) = (vec![0; width as usize * 3], vec![0; width as usize]);
    // An image without pixels has no rows.
    let pixels = width.max(1) as usize;
    let rows = image.as_raw().chunks_exact(3 * pixels);
    for (y, (row, bits)) in rows.zip(mask.bits().chunks_exact(pixels)).enumerate() {
        line.copy_from_slice(row);
        near.fill(0);
        let (left, closeness) = contour.row(y);
        near[left..][..closeness.len()].copy_from_slice(closeness);
        for ((pixel, on), near) in line.chunks_exact_mut(3).zip(bits).zip(&near) {
            if on | near != 0 {
                blend(pixel, palette.colour(*on, *near));
            }
        }
        lines.draw(y as u32, &mut line);
        give(&line)?;
    }
    Ok(())
}

/// Source over on an opaque pixel.
fn blend(pixel: &mut [u8], [r, g, b, alpha]: [u8; 4]) {
    let alpha = u32::from(alpha);
    for (under, over) in pixel.iter_mut().zip([r, g, b]) {
        let sum = u32::from(over) * alpha + u32::from(*under) * (255 - alpha);
        *under = ((sum + 127) / 255) as u8;
    }
}
