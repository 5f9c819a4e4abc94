//! The threshold at each pixel: one for the image, and others inside boxes that a person drew.

use serde::{Deserialize, Serialize};

use super::grid::{Grid, Window, first};
use super::map::ProbabilityMap;
use super::sampler::{self, Sampler};

/// Another threshold inside a rectangle, in image pixels.
///
/// It counts fully in the middle of the box and passes over smoothly to the threshold around it, so that the border meets
/// itself at the box's edge. Cleaning and the other corrections come after it: a stroke in the box stays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdBox {
    /// Two opposite corners.
    pub corners: [[f32; 2]; 2],
    /// The threshold, 0 to 1; none for the one that best parts the box's probabilities in two (Otsu 1979).
    pub threshold: Option<f32>,
}

/// Part of a box's shorter side over which its threshold passes over to the one around it.
const BAND: f64 = 0.25;

/// A box whose threshold is known.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Least and greatest x, then y.
    sides: [(f64, f64); 2],
    threshold: f32,
    /// In image pixels.
    band: f64,
}

impl Level {
    /// How much the box counts at a coordinate along one axis, 0 to 1.
    fn weight(&self, axis: usize, at: f64) -> f32 {
        let (low, high) = self.sides[axis];
        let inwards = ((at - low).min(high - at) / self.band).clamp(0.0, 1.0);
        (inwards * inwards * (3.0 - 2.0 * inwards)) as f32
    }

    /// The pixels of a grid whose centres lie in the box.
    fn window(&self, grid: &Grid) -> Window {
        let [(left, right), (top, bottom)] = self.sides;
        Window {
            left: first(grid.width, |i| grid.x(i) >= left),
            top: first(grid.height, |i| grid.y(i) >= top),
            right: first(grid.width, |i| grid.x(i) > right),
            bottom: first(grid.height, |i| grid.y(i) > bottom),
        }
    }
}

/// The thresholds of an image.
pub(super) struct Thresholds<'a> {
    map: &'a ProbabilityMap,
    size: (u32, u32),
    base: f32,
    levels: Vec<Level>,
}

impl<'a> Thresholds<'a> {
    /// Of an image of `size` pixels: `base`, and boxes, of which later ones lie over earlier ones.
    pub fn new<'b>(
        map: &'a ProbabilityMap,
        size: (u32, u32),
        base: f32,
        boxes: impl Iterator<Item = &'b ThresholdBox>,
    ) -> Self {
        let levels = boxes.filter_map(|of| level(of, map, size, base));
        Self {
            map,
            size,
            base,
            levels: levels.collect(),
        }
    }

    /// The pixels of a grid that may reach their threshold.
    pub fn reach(&self, grid: &Grid) -> Window {
        let elsewhere = sampler::reach(self.map, self.size, grid, self.base);
        self.levels
            .iter()
            .fold(elsewhere, |window, level| window.union(&level.window(grid)))
    }

    /// Writes 1 where the probability reaches the threshold, else 0, for all pixels of a grid.
    pub fn on(&self, grid: &Grid, out: &mut [u8]) {
        let mut sampler = Sampler::new(self.map, self.size.0, self.size.1, grid);
        sampler.on(self.base, out);
        let windows = self.levels.iter().map(|level| level.window(grid));
        let all = windows.fold(Window::EMPTY, |all, window| all.union(&window));
        if all.is_empty() {
            return;
        }
        let columns = all.left..all.right;
        let across: Vec<Vec<f32>> = self
            .levels
            .iter()
            .map(|level| {
                let weight = |column: usize| level.weight(0, grid.x(column as f64));
                columns.clone().map(weight).collect()
            })
            .collect();
        let mut line = vec![0.0; grid.width];
        let mut thresholds = vec![0.0; columns.len()];
        for row in all.top..all.bottom {
            sampler.row(row, &mut line);
            thresholds.fill(self.base);
            for (level, across) in self.levels.iter().zip(&across) {
                let down = level.weight(1, grid.y(row as f64));
                for (threshold, across) in thresholds.iter_mut().zip(across) {
                    *threshold += (level.threshold - *threshold) * (across * down);
                }
            }
            let bits = &mut out[row * grid.width..][columns.clone()];
            let values = &line[columns.clone()];
            for ((bit, value), threshold) in bits.iter_mut().zip(values).zip(&thresholds) {
                *bit = u8::from(value >= threshold);
            }
        }
    }
}

/// A box as it counts; none where it has no area or no number.
fn level(of: &ThresholdBox, map: &ProbabilityMap, size: (u32, u32), base: f32) -> Option<Level> {
    let [a, b] = of.corners.map(|corner| corner.map(f64::from));
    let sides = [0, 1].map(|axis| (a[axis].min(b[axis]), a[axis].max(b[axis])));
    let lengths = sides.map(|(low, high)| high - low);
    if !lengths
        .iter()
        .all(|length| length.is_finite() && *length > 0.0)
    {
        return None;
    }
    let threshold = match of.threshold {
        Some(threshold) if threshold.is_nan() => return None,
        Some(threshold) => threshold.clamp(0.0, 1.0),
        None => parting(map, size, sides).unwrap_or(base),
    };
    Some(Level {
        sides,
        threshold,
        band: lengths[0].min(lengths[1]) * BAND,
    })
}

/// The threshold that parts the probabilities in a rectangle into the two groups whose means differ most (N. Otsu, "A
/// threshold selection method from gray-level histograms", 1979). None where they are all alike.
fn parting(map: &ProbabilityMap, size: (u32, u32), sides: [(f64, f64); 2]) -> Option<f32> {
    const BINS: usize = 256;
    let samples = Grid::reduced(size.0, size.1, map.width() as u32, map.height() as u32);
    let [(left, right), (top, bottom)] = sides;
    let mut bins = [0.0_f64; BINS];
    for (y, row) in map.values().chunks_exact(map.width()).enumerate() {
        if !(top..=bottom).contains(&samples.y(y as f64)) {
            continue;
        }
        for (x, value) in row.iter().enumerate() {
            if (left..=right).contains(&samples.x(x as f64)) {
                bins[((value * BINS as f32) as usize).min(BINS - 1)] += 1.0;
            }
        }
    }
    let count: f64 = bins.iter().sum();
    let sum: f64 = bins
        .iter()
        .zip(0..)
        .map(|(n, bin)| n * f64::from(bin))
        .sum();
    let (mut below, mut below_sum) = (0.0, 0.0);
    // Of several equally good ones, as between two lone values, the middle.
    let (mut best, mut from, mut to) = (0.0, 0, 0);
    for bin in 1..BINS {
        below += bins[bin - 1];
        below_sum += bins[bin - 1] * (bin - 1) as f64;
        let above = count - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = below_sum / below - (sum - below_sum) / above;
        let variance = below * above * apart * apart;
        if variance > best {
            (best, from, to) = (variance, bin, bin);
        } else if variance == best {
            to = bin;
        }
    }
    (best > 0.0).then_some((from + to) as f32 / 2.0 / BINS as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities that rise from 0 at the left edge to 1 at the right one.
    fn ramp() -> ProbabilityMap {
        ProbabilityMap::new(100, 1, (0..100).map(|x| x as f32 / 99.0).collect())
    }

    fn on(map: &ProbabilityMap, base: f32, of: &[ThresholdBox]) -> Vec<u8> {
        let grid = Grid::reduced(100, 100, 100, 100);
        let mut bits = vec![0; 100 * 100];
        Thresholds::new(map, (100, 100), base, of.iter()).on(&grid, &mut bits);
        bits
    }

    /// The first column of a row that is on.
    fn border(bits: &[u8], row: usize) -> usize {
        let line = &bits[row * 100..][..100];
        line.iter().position(|bit| *bit == 1).unwrap_or(100)
    }

    #[test]
    fn the_border_moves_inside_the_box_and_meets_itself_at_its_edge() {
        let of = ThresholdBox {
            corners: [[0.0, 20.0], [100.0, 80.0]],
            threshold: Some(0.3),
        };
        let bits = on(&ramp(), 0.5, &[of]);
        assert_eq!((border(&bits, 10), border(&bits, 50)), (50, 30));
        let steps = (0..99).map(|row| border(&bits, row).abs_diff(border(&bits, row + 1)));
        assert!(steps.max() <= Some(3), "no step along the border");
    }

    #[test]
    fn without_a_threshold_of_its_own_a_box_takes_the_one_that_parts_its_probabilities() {
        // 0.05 on the left, 0.2 on the right: nothing reaches a half.
        let values = (0..100).map(|x| if x < 40 { 0.05 } else { 0.2 });
        let map = ProbabilityMap::new(100, 1, values.collect());
        let whole = ThresholdBox {
            corners: [[100.0, 100.0], [0.0, 0.0]],
            threshold: None,
        };
        let bits = on(&map, 0.5, &[whole]);
        assert_eq!((border(&bits, 0), border(&bits, 50)), (100, 40));
        let alike = ThresholdBox {
            corners: [[50.0, 0.0], [90.0, 100.0]],
            threshold: None,
        };
        assert_eq!(on(&map, 0.1, &[alike]), on(&map, 0.1, &[]));
    }

    #[test]
    fn a_box_of_no_area_or_no_number_changes_nothing() {
        let map = ramp();
        for (corners, threshold) in [
            ([[20.0, 20.0], [20.0, 80.0]], Some(0.1)),
            ([[20.0, f32::NAN], [60.0, 80.0]], Some(0.1)),
            ([[20.0, 20.0], [f32::INFINITY, 80.0]], Some(0.1)),
            ([[20.0, 20.0], [60.0, 80.0]], Some(f32::NAN)),
        ] {
            let of = ThresholdBox { corners, threshold };
            assert_eq!(on(&map, 0.5, &[of]), on(&map, 0.5, &[]));
        }
    }
}
