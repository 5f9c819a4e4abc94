//! What a list of many documents shows of one: a thumbnail with the contour, the size of the mask, and how sure the model
//! is of it. It is made of every document of a folder, so it costs a few milliseconds at most, however large the image.

use delineo::imaging;
use delineo::mask::{Mask, ProbabilityMap, Style, View};

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
        let confidence = confidence(map, &mask.settings);
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
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let mut drawn = Vec::new();
        let part = self.preview.paint(
            map,
            (width, height),
            view,
            threshold,
            cleaning,
            corrections,
            style,
            &mut drawn,
        );
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

/// How sure the model is of the mask that its settings make of its map, see [`Summary`].
fn confidence(map: &ProbabilityMap, settings: &Settings) -> f32 {
    let (width, height) = (map.width() as u32, map.height() as u32);
    let mask = Mask::make(
        map,
        width,
        height,
        settings.threshold,
        settings.cleaning,
        &[],
    );
    let inside = map.values().iter().zip(mask.bits());
    let (sum, count) = inside
        .filter(|(_, on)| **on == 1)
        .fold((0.0, 0_u32), |(sum, count), (value, _)| {
            (sum + f64::from(*value), count + 1)
        });
    let confidence = match count {
        0 => 1.0 - f64::from(map.values().iter().copied().fold(0.0, f32::max)),
        count => sum / f64::from(count),
    };
    confidence.clamp(0.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            class: 0,
            threshold: 0.5,
            cleaning: Default::default(),
        }
    }

    #[test]
    fn confidence_is_the_mean_over_the_mask_and_of_an_empty_mask_how_far_the_rest_is_from_certain()
    {
        let map = ProbabilityMap::new(2, 2, vec![0.9, 0.7, 0.1, 0.2]);
        assert!((confidence(&map, &settings()) - 0.8).abs() < 1e-6);
        let map = ProbabilityMap::new(2, 2, vec![0.1, 0.3, 0.1, 0.2]);
        assert!((confidence(&map, &settings()) - 0.7).abs() < 1e-6);
    }

    #[test]
    fn a_transparent_pixel_leaves_what_is_below_and_an_opaque_one_covers_it() {
        let mut below = [10, 20, 30, 255, 10, 20, 30, 255];
        lay_over(&mut below, &[200, 200, 200, 0, 0, 200, 255, 255]);
        assert_eq!(below, [10, 20, 30, 255, 0, 200, 255, 255]);
    }
}
