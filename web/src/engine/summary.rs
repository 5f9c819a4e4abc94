//! What a list of many documents shows of one: a thumbnail with the contour, the size of the mask, and what to expect of
//! it. It is made of every document of a folder, so it costs a few milliseconds at most, however large the image.

use delineo::imaging;
use delineo::mask::{Painting, Style, View};

use crate::engine::document::Document;
use crate::engine::error::EngineError;
use crate::engine::outbox::Payload;
use crate::protocol::{MaskSpec, Settings, Summary};

/// The contour's width in pixels of the thumbnail.
const LINE: f32 = 1.5;

impl Document {
    /// The summary of a mask, and the thumbnail, whose longer side has at most `side` pixels.
    ///
    /// # Errors
    /// When the mask is not there.
    pub fn summarise(
        &mut self,
        mask: &MaskSpec,
        side: u32,
        colour: [u8; 3],
    ) -> Result<(Summary, Payload), EngineError> {
        let area = self.area(mask)?;
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let expected = map.expected_iou(threshold, cleaning);
        let confidence = expected.unwrap_or_else(|| 1.0 - map.peak());
        let (width, height, mut rgba) = imaging::thumbnail_rgba(&self.image, side);
        let view = View {
            scale: f64::from(width) / f64::from(self.image.width()),
            ..View::ORIGIN
        };
        let style = Style {
            tint: false,
            contour: true,
            opacity: 1.0,
            colour,
            line: LINE,
        };
        let mut drawn = Vec::new();
        let painting = Painting {
            map,
            canvas: (width, height),
            view,
            threshold,
            cleaning,
            corrections,
            style,
        };
        let part = self.preview.paint(&painting, &mut drawn);
        if part.width > 0 {
            let rows = drawn.chunks_exact(part.width as usize * 4);
            for (row, line) in (part.top..).zip(rows) {
                let start = (row as usize * width as usize + part.left as usize) * 4;
                let Some(below) = rgba.get_mut(start..start + line.len()) else {
                    break;
                };
                lay_over(below, line);
            }
        }
        let thumbnail = Payload::Image {
            width,
            height,
            rgba,
        };
        Ok((Summary { area, confidence }, thumbnail))
    }
}

/// Lays pixels of four bytes, not premultiplied, over opaque ones.
fn lay_over(below: &mut [u8], above: &[u8]) {
    for (below, above) in below.chunks_exact_mut(4).zip(above.chunks_exact(4)) {
        let alpha = u32::from(above[3]);
        for (below, above) in below[..3].iter_mut().zip(above) {
            let mixed = u32::from(*above) * alpha + u32::from(*below) * (255 - alpha);
            *below = ((mixed + 127) / 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transparent_pixel_leaves_what_is_below_and_an_opaque_one_covers_it() {
        let mut below = [10, 20, 30, 255, 10, 20, 30, 255];
        lay_over(&mut below, &[200, 200, 200, 0, 0, 200, 255, 255]);
        assert_eq!(below, [10, 20, 30, 255, 0, 200, 255, 255]);
    }
}
