//! Where the border may be, by the model's own calibrated probabilities: the band between the masks at 0.1 and at 0.9, and
//! how much of a true border lies in it.

use super::binary::Mask;
use super::look::Style;
use super::preview::{Bounds, Painting, Preview};

/// Probability at which a pixel is taken for lesion in the largest mask that is still likely.
pub const OUTER: f32 = 0.1;
/// The same for the smallest one.
pub const INNER: f32 = 0.9;

/// Lines of the band's edges against that of the mask's border.
const EDGE: f32 = 0.5;

impl Preview {
    /// As [`Self::paint`], but what is tinted is the band between the masks at [`OUTER`] and [`INNER`], whose borders are thin
    /// lines, with the mask's own border between them. A threshold beyond either takes its place. What was drawn by hand is
    /// certain, so the three borders meet there.
    pub fn paint_band(&mut self, painting: &Painting<'_>, rgba: &mut Vec<u8>) -> Bounds {
        let Painting {
            threshold, style, ..
        } = *painting;
        let edge = Style {
            tint: false,
            contour: true,
            ..style.scaled(EDGE)
        };
        let tinted = Style { tint: true, ..edge };
        let (outer, inner) = (OUTER.min(threshold), INNER.max(threshold));
        // Every smaller mask lies within the largest one, and so does what is painted of it but for its line's width.
        let of = |threshold, style| Painting {
            threshold,
            style,
            ..*painting
        };
        let bounds = self.paint(&of(outer, tinted), rgba);
        let certain = Style {
            tint: true,
            contour: false,
            opacity: 1.0,
            ..style
        };
        let border = Style {
            tint: false,
            contour: true,
            ..style
        };
        let mut layer = Vec::new();
        let mut over = |level, style, put: fn(&mut [u8], &[u8])| {
            let part = self.paint(&of(level, style), &mut layer);
            lay(rgba, bounds, &layer, part, put);
        };
        over(inner, certain, |under, on| {
            if on[3] > 0 {
                under.fill(0);
            }
        });
        over(inner, edge, blend);
        over(threshold, border, blend);
        bounds
    }
}

/// Puts what was painted of a layer over the pixels within the bounds of another one.
fn lay(rgba: &mut [u8], bounds: Bounds, layer: &[u8], part: Bounds, put: fn(&mut [u8], &[u8])) {
    let left = part.left.max(bounds.left);
    let right = (part.left + part.width).min(bounds.left + bounds.width);
    let top = part.top.max(bounds.top);
    let bottom = (part.top + part.height).min(bounds.top + bounds.height);
    if left >= right {
        return;
    }
    let bytes = 4 * (right - left) as usize;
    let start = |of: Bounds, row: u32| {
        4 * ((row - of.top) as usize * of.width as usize + (left - of.left) as usize)
    };
    for row in top..bottom {
        let under = &mut rgba[start(bounds, row)..][..bytes];
        let on = &layer[start(part, row)..][..bytes];
        for (under, on) in under.chunks_exact_mut(4).zip(on.chunks_exact(4)) {
            put(under, on);
        }
    }
}

/// Source over, not premultiplied.
fn blend(under: &mut [u8], on: &[u8]) {
    let (above, below) = (f32::from(on[3]) / 255.0, f32::from(under[3]) / 255.0);
    let alpha = above + below * (1.0 - above);
    if above == 0.0 {
        return;
    }
    for (under, on) in under.iter_mut().zip(&on[..3]) {
        let sum = f32::from(*on) * above + f32::from(*under) * below * (1.0 - above);
        *under = (sum / alpha + 0.5) as u8;
    }
    under[3] = (alpha * 255.0 + 0.5) as u8;
}

/// Which part of a true border has a probability from [`OUTER`] to [`INNER`], 0 to 1: pixels of the truth with a neighbour to
/// the side, above or below that is not. `probabilities` are the truth's pixels row by row. None where the truth has no border.
pub fn border_in_band(probabilities: &[f32], truth: &Mask) -> Option<f64> {
    let (width, height) = (truth.width() as usize, truth.height() as usize);
    let bits = truth.bits();
    let (mut all, mut within) = (0_u64, 0_u64);
    for (at, probability) in probabilities.iter().enumerate().take(width * height) {
        let (x, y) = (at % width, at / width);
        let ends = (x > 0 && bits[at - 1] == 0)
            || (x + 1 < width && bits[at + 1] == 0)
            || (y > 0 && bits[at - width] == 0)
            || (y + 1 < height && bits[at + width] == 0);
        if bits[at] == 1 && ends {
            all += 1;
            within += u64::from((OUTER..=INNER).contains(probability));
        }
    }
    (all > 0).then(|| within as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::super::cleaning::Cleaning;
    use super::super::correction::Correction;
    use super::super::map::ProbabilityMap;
    use super::super::preview::View;
    use super::*;

    const STYLE: Style = Style {
        tint: true,
        contour: true,
        opacity: 0.5,
        colour: [0, 200, 255],
        line: 2.0,
    };

    /// Probabilities that rise from left to right.
    fn ramp() -> ProbabilityMap {
        let values = (0..64 * 16).map(|at| (at % 64) as f32 / 63.0).collect();
        ProbabilityMap::new(64, 16, values)
    }

    fn painted(corrections: &[Correction], threshold: f32) -> (Bounds, Vec<u8>) {
        let mut rgba = Vec::new();
        let painting = Painting {
            map: &ramp(),
            canvas: (64, 16),
            view: View::ORIGIN,
            threshold,
            cleaning: Cleaning::default(),
            corrections,
            style: STYLE,
        };
        let bounds = Preview::new(64, 16).paint_band(&painting, &mut rgba);
        (bounds, rgba)
    }

    fn opacity((bounds, rgba): &(Bounds, Vec<u8>), x: u32) -> u8 {
        let row = 8 * bounds.width as usize;
        rgba[4 * (row + (x - bounds.left) as usize) + 3]
    }

    #[test]
    fn the_band_is_tinted_and_what_is_certain_is_not() {
        let band = painted(&[], 0.5);
        assert_eq!(opacity(&band, 20), 128, "0.32 is in the band");
        assert_eq!(opacity(&band, 45), 128, "0.71 is in the band");
        assert_eq!(opacity(&band, 60), 0, "0.95 is certain");
        assert_eq!(opacity(&band, 32), 255, "the border of the mask itself");
        assert!(band.0.left > 2, "0.03 is certainly none");
    }

    #[test]
    fn a_threshold_beyond_the_band_takes_its_edge_s_place() {
        let band = painted(&[], 0.05);
        assert_eq!(opacity(&band, 3), 255, "the border at 0.05");
        assert_eq!(opacity(&band, 8), 128);
    }

    #[test]
    fn a_true_border_counts_where_the_model_is_unsure() {
        let (width, height) = (8, 4);
        let truth = |columns: std::ops::Range<u32>| {
            let on = |at: u32| u8::from(columns.contains(&(at % width)));
            Mask::new(width, height, (0..width * height).map(on).collect())
        };
        let probabilities: Vec<f32> = (0..width * height)
            .map(|at| if at % width < 4 { 0.5 } else { 1.0 })
            .collect();
        assert_eq!(border_in_band(&probabilities, &truth(2..8)), Some(1.0));
        assert_eq!(border_in_band(&probabilities, &truth(6..8)), Some(0.0));
        assert_eq!(border_in_band(&probabilities, &truth(2..6)), Some(0.5));
        assert_eq!(border_in_band(&probabilities, &truth(0..0)), None);
        assert_eq!(border_in_band(&probabilities, &truth(0..8)), None);
    }
}
