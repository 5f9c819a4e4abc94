//! The probability map sampled at the pixel centres of a grid: one way for the full mask, the preview and exports.

use super::grid::{Grid, Window, first};
use super::map::ProbabilityMap;

impl ProbabilityMap {
    /// The map at `width` × `height` pixels: bilinear, half-pixel centres (`align_corners = false`), edges clamped.
    pub fn resample(&self, width: u32, height: u32) -> Vec<f32> {
        let grid = Grid::reduced(width, height, width, height);
        let mut values = vec![0.0; grid.width * grid.height];
        let mut sampler = Sampler::new(self, width, height, &grid);
        if grid.width > 0 {
            for (row, out) in values.chunks_exact_mut(grid.width).enumerate() {
                sampler.row(row, out);
            }
        }
        values
    }
}

/// Two map samples and their mix for each pixel along one axis.
struct Axis {
    lower: Vec<u32>,
    fraction: Vec<f32>,
}

impl Axis {
    /// Half-pixel centres: map sample `i` lies at `(i + 0.5) * extent / samples`; edges clamped.
    fn new(samples: usize, extent: u32, count: usize, position: impl Fn(f64) -> f64) -> Self {
        let (lower, fraction) = (0..count)
            .map(|i| {
                let at = place(samples, extent, position(i as f64));
                (at as u32, (at - at.floor()) as f32)
            })
            .unzip();
        Self { lower, fraction }
    }
}

/// Where an image coordinate lies among `samples` that span `extent`.
fn place(samples: usize, extent: u32, position: f64) -> f64 {
    let ratio = samples as f64 / f64::from(extent.max(1));
    (position * ratio - 0.5).clamp(0.0, (samples - 1) as f64)
}

/// The pixels of a grid over an image of `image_width` × `image_height` that may reach `threshold`: those that have a
/// sample of the map beside them that does.
pub(super) fn reach(
    map: &ProbabilityMap,
    (image_width, image_height): (u32, u32),
    grid: &Grid,
    threshold: f32,
) -> Window {
    let mut samples = Window::EMPTY;
    for (y, row) in map.values().chunks_exact(map.width()).enumerate() {
        let reaches = |value: &f32| *value >= threshold;
        if let Some(left) = row.iter().position(reaches) {
            let right = row.iter().rposition(reaches).unwrap_or(left) + 1;
            samples = samples.union(&Window {
                left,
                top: y,
                right,
                bottom: y + 1,
            });
        }
    }
    if samples.is_empty() {
        return Window::EMPTY;
    }
    let column = |i: f64| place(map.width(), image_width, grid.x(i)) as usize;
    let row = |i: f64| place(map.height(), image_height, grid.y(i)) as usize;
    Window {
        left: first(grid.width, |i| column(i) + 1 >= samples.left),
        top: first(grid.height, |i| row(i) + 1 >= samples.top),
        right: first(grid.width, |i| column(i) >= samples.right),
        bottom: first(grid.height, |i| row(i) >= samples.bottom),
    }
}

/// Bilinear samples of a map at the pixel centres of a grid, one row at a time: the map's rows are mixed first,
/// then the columns.
pub(crate) struct Sampler<'a> {
    map: &'a ProbabilityMap,
    columns: Axis,
    rows: Axis,
    /// Map column and end pixel of each run of pixels between the same two map samples.
    runs: Vec<(u32, u32)>,
    /// The mixed map row, its last sample repeated.
    line: Vec<f32>,
}

impl<'a> Sampler<'a> {
    /// For a map that spans an image of `image_width` × `image_height`.
    pub fn new(map: &'a ProbabilityMap, image_width: u32, image_height: u32, grid: &Grid) -> Self {
        let columns = Axis::new(map.width(), image_width, grid.width, |i| grid.x(i));
        let rows = Axis::new(map.height(), image_height, grid.height, |i| grid.y(i));
        let mut runs: Vec<(u32, u32)> = Vec::with_capacity(map.width());
        for (pixel, &lower) in columns.lower.iter().enumerate() {
            let end = pixel as u32 + 1;
            match runs.last_mut() {
                Some((run, last)) if *run == lower => *last = end,
                _ => runs.push((lower, end)),
            }
        }
        Self {
            map,
            columns,
            rows,
            runs,
            line: vec![0.0; map.width() + 1],
        }
    }

    fn mix_rows(&mut self, row: usize) {
        let width = self.map.width();
        let lower = self.rows.lower[row] as usize;
        let upper = (lower + 1).min(self.map.height() - 1);
        let mix = self.rows.fraction[row];
        let values = self.map.values();
        let above = &values[lower * width..][..width];
        let below = &values[upper * width..][..width];
        for ((out, a), b) in self.line.iter_mut().zip(above).zip(below) {
            *out = a + (b - a) * mix;
        }
        self.line[width] = self.line[width - 1];
    }

    /// Probabilities of one row of the grid.
    pub fn row(&mut self, row: usize, out: &mut [f32]) {
        self.mix_rows(row);
        let Axis { lower, fraction } = &self.columns;
        for ((out, &lower), &mix) in out.iter_mut().zip(lower).zip(fraction) {
            let (a, b) = (self.line[lower as usize], self.line[lower as usize + 1]);
            // Rounding must not leave the range of the two samples: `row_on` relies on it.
            *out = (a + (b - a) * mix).clamp(a.min(b), a.max(b));
        }
    }

    /// 1 where the probability reaches `threshold`, else 0, for one row of the grid.
    ///
    /// Between two map samples on the same side of the threshold every pixel is on that side, so whole runs are
    /// filled and only those that the border crosses are mixed.
    pub fn row_on(&mut self, row: usize, threshold: f32, out: &mut [u8]) {
        self.mix_rows(row);
        let mut begin = 0;
        for &(lower, end) in &self.runs {
            let end = end as usize;
            let (a, b) = (self.line[lower as usize], self.line[lower as usize + 1]);
            let out = &mut out[begin..end];
            if (a >= threshold) == (b >= threshold) {
                out.fill(u8::from(a >= threshold));
            } else {
                for (out, mix) in out.iter_mut().zip(&self.columns.fraction[begin..end]) {
                    *out = u8::from(a + (b - a) * mix >= threshold);
                }
            }
            begin = end;
        }
    }

    /// [`Self::row_on`] for all rows; `out` holds the whole grid.
    pub fn on(&mut self, threshold: f32, out: &mut [u8]) {
        let width = self.columns.lower.len();
        if width > 0 {
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                self.row_on(row, threshold, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_bits_is_the_row_of_probabilities_compared_with_the_threshold() {
        let mut state = 7_u32;
        let values = (0..13 * 9)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32
            })
            .collect();
        let map = ProbabilityMap::new(13, 9, values);
        for (width, height) in [(5, 4), (13, 9), (101, 77)] {
            let grid = Grid::reduced(width, height, width, height);
            let mut sampler = Sampler::new(&map, width, height, &grid);
            let (mut bits, mut values) = (vec![0; grid.width], vec![0.0; grid.width]);
            for threshold in [0.0, 0.25, 0.5, 1.0] {
                for row in 0..grid.height {
                    sampler.row_on(row, threshold, &mut bits);
                    sampler.row(row, &mut values);
                    let expected: Vec<u8> =
                        values.iter().map(|v| u8::from(*v >= threshold)).collect();
                    assert_eq!(bits, expected);
                }
            }
        }
    }

    #[test]
    fn resampling_uses_half_pixel_centres_and_clamps_the_edges() {
        let map = ProbabilityMap::new(2, 1, vec![0.0, 1.0]);
        // torch.nn.functional.interpolate([[[[0, 1]]]], size=(1, 8), mode="bilinear", align_corners=False)
        let expected = [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0];
        assert_eq!(map.resample(8, 1), expected);
        assert_eq!(map.resample(8, 3)[8..16], expected);
    }

    #[test]
    fn a_map_of_one_value_fills_the_image_with_it() {
        assert_eq!(
            ProbabilityMap::new(1, 1, vec![0.375]).resample(3, 2),
            [0.375; 6]
        );
    }
}
