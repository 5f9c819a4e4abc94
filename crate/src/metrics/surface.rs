//! Distances between the borders of two masks.
//!
//! The border of a mask is its pixels that have a neighbour off above, below, left or right; beyond the image
//! everything is off. Distances are Euclidean, between the centres of pixels, as in MedPy's `hd95` and `assd` with
//! `connectivity=1`.

use serde::{Deserialize, Serialize};

use super::confusion::same_size;
use super::summary::percentile;
use crate::Error;
use crate::mask::Mask;
use crate::measure::Spacing;

/// Distances between two borders, both ways pooled, in pixels or, where a spacing was given, in mm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurfaceDistance {
    /// 95th percentile (HD95), interpolated between neighbours in rank.
    pub hd95: f64,
    /// Mean (average symmetric surface distance, ASSD).
    pub assd: f64,
}

impl SurfaceDistance {
    /// Measures a prediction against the truth. Two empty masks are 0 apart; with one empty mask there is no distance.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn between(prediction: &Mask, truth: &Mask) -> Result<Option<Self>, Error> {
        Self::spaced(prediction, truth, Spacing::PIXEL)
    }

    /// As [`Self::between`], in mm where a pixel measures `spacing`.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn spaced(
        prediction: &Mask,
        truth: &Mask,
        spacing: Spacing,
    ) -> Result<Option<Self>, Error> {
        same_size(prediction, truth)?;
        let borders = [border(prediction), border(truth)];
        match [borders[0].is_empty(), borders[1].is_empty()] {
            [true, true] => {
                return Ok(Some(Self {
                    hd95: 0.0,
                    assd: 0.0,
                }));
            }
            [false, false] => {}
            _ => return Ok(None),
        }
        // All borders lie in their bounding box, and so does what is nearest to them.
        let all = || borders.iter().flatten();
        let (left, top) = all().fold((u32::MAX, u32::MAX), |(left, top), (x, y)| {
            (left.min(*x), top.min(*y))
        });
        let (right, bottom) = all().fold((0, 0), |(right, bottom), (x, y)| {
            (right.max(*x), bottom.max(*y))
        });
        let width = (right - left + 1) as usize;
        let height = (bottom - top + 1) as usize;
        let index = |(x, y): &(u32, u32)| (y - top) as usize * width + (x - left) as usize;
        let mut distances = Vec::with_capacity(borders[0].len() + borders[1].len());
        for (from, to) in [(0, 1), (1, 0)] {
            let mut sites = vec![false; width * height];
            borders[to].iter().for_each(|at| sites[index(at)] = true);
            let squares = squared_distances(width, &sites, spacing);
            let here = borders[from].iter().map(|at| squares[index(at)]);
            distances.extend(here.map(f64::sqrt));
        }
        distances.sort_by(f64::total_cmp);
        Ok(Some(Self {
            hd95: percentile(&distances, 0.95),
            assd: distances.iter().sum::<f64>() / distances.len() as f64,
        }))
    }
}

/// The pixels of the border, row by row.
fn border(mask: &Mask) -> Vec<(u32, u32)> {
    let (width, height) = (mask.width() as usize, mask.height() as usize);
    let bits = mask.bits();
    let mut border = Vec::new();
    for (y, row) in bits.chunks_exact(width.max(1)).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, on)| **on == 1) {
            let at = y * width + x;
            let inside = x > 0
                && y > 0
                && x + 1 < width
                && y + 1 < height
                && [at - 1, at + 1, at - width, at + width]
                    .iter()
                    .all(|beside| bits[*beside] == 1);
            if !inside {
                border.push((x as u32, y as u32));
            }
        }
    }
    border
}

/// Squared distance of each pixel to the nearest site, where a pixel measures `spacing`: exact up to rounding, and in
/// pixels without any, in time linear in the number of pixels (Felzenszwalb & Huttenlocher, Theory of Computing 8, 2012:
/// columns first, then the lower envelope of each row's parabolas). Infinite everywhere when there is no site.
fn squared_distances(width: usize, sites: &[bool], spacing: Spacing) -> Vec<f64> {
    /// No site in the column.
    const NONE: f64 = f64::INFINITY;
    let height = sites.len() / width.max(1);
    // Rows to the nearest site of the column first.
    let mut distances = vec![NONE; sites.len()];
    for x in 0..width {
        let mut sweep = |rows: &mut dyn Iterator<Item = usize>| {
            let mut near = NONE;
            for y in rows {
                let at = y * width + x;
                near = if sites[at] { 0.0 } else { near + 1.0 };
                distances[at] = distances[at].min(near);
            }
        };
        sweep(&mut (0..height));
        sweep(&mut (0..height).rev());
    }
    let square = |steps: usize| (steps as f64 * spacing.x).powi(2);
    // Each column's parabola in the envelope, and where it begins to be the lowest.
    let (mut parabolas, mut begins) = (Vec::<(usize, f64)>::new(), Vec::<f64>::new());
    for row in distances.chunks_exact_mut(width.max(1)) {
        parabolas.clear();
        begins.clear();
        for (x, distance) in row.iter().enumerate().filter(|(_, d)| **d < NONE) {
            let lowest = (distance * spacing.y).powi(2);
            // Where the parabola of this column crosses one further left.
            let crossing = |(left, other): (usize, f64)| {
                let rise = (lowest + square(x)) - (other + square(left));
                rise / (2.0 * (x - left) as f64 * spacing.x * spacing.x)
            };
            let mut begin = f64::NEG_INFINITY;
            while let (Some(last), Some(since)) = (parabolas.last(), begins.last()) {
                begin = crossing(*last);
                if begin > *since {
                    break;
                }
                parabolas.pop();
                begins.pop();
                begin = f64::NEG_INFINITY;
            }
            parabolas.push((x, lowest));
            begins.push(begin);
        }
        let mut at = 0;
        for (x, distance) in row.iter_mut().enumerate() {
            while begins.get(at + 1).is_some_and(|begin| *begin < x as f64) {
                at += 1;
            }
            *distance = match parabolas.get(at) {
                Some((column, lowest)) => square(column.abs_diff(x)) + lowest,
                None => NONE,
            };
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in quadratic time.
    fn by_definition(width: usize, sites: &[bool], spacing: Spacing) -> Vec<f64> {
        let places: Vec<_> = (0..sites.len()).filter(|at| sites[*at]).collect();
        let square = |a: usize, b: usize, side: f64| (a.abs_diff(b) as f64 * side).powi(2);
        (0..sites.len())
            .map(|at| {
                let distances = places.iter().map(|site| {
                    square(at % width, site % width, spacing.x)
                        + square(at / width, site / width, spacing.y)
                });
                distances.fold(f64::INFINITY, f64::min)
            })
            .collect()
    }

    #[test]
    fn the_distance_transform_is_exact() {
        let mut state = 1_u32;
        for (width, height, one_in) in [
            (1, 1, 1),
            (17, 23, 2),
            (40, 9, 30),
            (9, 40, 100),
            (31, 31, 400),
        ] {
            let mut random = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16).is_multiple_of(one_in)
            };
            let sites: Vec<bool> = (0..width * height).map(|_| random()).collect();
            let one = Spacing::PIXEL;
            assert_eq!(
                squared_distances(width, &sites, one),
                by_definition(width, &sites, one)
            );
            for spacing in [Spacing { x: 0.08, y: 0.05 }, Spacing { x: 0.1, y: 3.0 }] {
                let found = squared_distances(width, &sites, spacing);
                let expected = by_definition(width, &sites, spacing);
                for (found, expected) in found.iter().zip(&expected) {
                    let exact = found == expected || (found - expected).abs() < 1e-12 * expected;
                    assert!(exact, "{found} instead of {expected}");
                }
            }
        }
        assert_eq!(
            squared_distances(3, &[false; 6], Spacing::PIXEL),
            [f64::INFINITY; 6]
        );
        assert!(squared_distances(0, &[], Spacing::PIXEL).is_empty());
    }

    #[test]
    fn two_empty_masks_are_no_distance_apart_and_one_empty_mask_has_none() {
        let (empty, dot) = (Mask::new(3, 1, vec![0; 3]), Mask::new(3, 1, vec![0, 0, 1]));
        let zero = SurfaceDistance {
            hd95: 0.0,
            assd: 0.0,
        };
        let between = |a, b| SurfaceDistance::between(a, b).expect("equal sizes");
        assert_eq!(between(&empty, &empty), Some(zero));
        assert_eq!(between(&empty, &dot), None);
        assert_eq!(between(&dot, &empty), None);
        assert_eq!(between(&dot, &dot), Some(zero));
        assert!(SurfaceDistance::between(&empty, &Mask::new(1, 1, vec![0])).is_err());
    }
}
