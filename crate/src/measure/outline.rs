//! What is counted on a region's runs: pixels, moments, the sub-pixel contour. All of it is whole numbers, exact at
//! any size, and independent of the spacing, which comes in afterwards.

use super::scale::Rect;
use crate::mask::Run;

/// Sums over the pixels of a region.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Pixels.
    pub count: u128,
    pub x: u128,
    pub y: u128,
    pub xx: u128,
    pub xy: u128,
    pub yy: u128,
}

impl Sums {
    pub fn of(runs: &[Run]) -> Self {
        let mut sums = Self::default();
        for run in runs {
            let (start, end, y) = (
                u128::from(run.start),
                u128::from(run.end),
                u128::from(run.row),
            );
            let count = end - start;
            // Of the columns start ..= end - 1, and of their squares (0² + ... + (n - 1)² = (n - 1) n (2 n - 1) / 6).
            let x = (start + end - 1) * count / 2;
            let squares = |n: u128| n.saturating_sub(1) * n * (2 * n).saturating_sub(1) / 6;
            sums.count += count;
            sums.x += x;
            sums.y += y * count;
            sums.xx += squares(end) - squares(start);
            sums.xy += x * y;
            sums.yy += y * y * count;
        }
        sums
    }

    /// Mean of the pixel centres, the top left pixel's at (0.5, 0.5).
    pub fn centroid(&self) -> [f64; 2] {
        let mean = |sum: u128| sum as f64 / self.count as f64 + 0.5;
        [mean(self.x), mean(self.y)]
    }

    /// Covariance of the pixel centres in square pixels: xx, xy, yy.
    pub fn covariance(&self) -> [f64; 3] {
        let n = self.count as f64;
        let one = |both: u128, a: u128, b: u128| {
            // Exact until the division, so that a symmetric shape is found symmetric.
            (self.count * both) as i128 - (a * b) as i128
        };
        [
            one(self.xx, self.x, self.x),
            one(self.xy, self.x, self.y),
            one(self.yy, self.y, self.y),
        ]
        .map(|exact| exact as f64 / n / n)
    }
}

/// The segments of the polygons that separate a region from what is around it.
///
/// They are those of the marching squares at level 0.5 through the pixel centres (Lorensen & Cline 1987 in two
/// dimensions; scikit-image's `find_contours` on the mask padded by one pixel): in each square of four centres the
/// border runs straight from side to side or cuts a corner. Holes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Segments {
    /// One column long.
    pub level: u64,
    /// One row long.
    pub upright: u64,
    /// From the middle of one side of the square to that of the next.
    pub diagonal: u64,
}

impl Segments {
    /// For the runs of one region, in raster order.
    pub fn of(runs: &[Run]) -> Self {
        let mut segments = Self::default();
        let mut above: &[Run] = &[];
        for row in runs.chunk_by(|a, b| a.row == b.row) {
            if above
                .first()
                .is_some_and(|first| first.row + 1 != row[0].row)
            {
                segments.between(above, &[]);
                above = &[];
            }
            segments.between(above, row);
            above = row;
        }
        segments.between(above, &[]);
        segments
    }

    /// Counts the segments in the squares between two neighbouring rows.
    fn between(&mut self, above: &[Run], below: &[Run]) {
        let mut ends = [ends(above).peekable(), ends(below).peekable()];
        let mut on = [false; 2];
        let mut last = 0;
        while let Some(at) = ends.iter_mut().filter_map(|e| e.peek().copied()).min() {
            if on[0] != on[1] {
                self.level += u64::from(at - last - 1);
            }
            let before = on;
            for (on, ends) in on.iter_mut().zip(&mut ends) {
                *on ^= ends.next_if_eq(&at).is_some();
            }
            let corners = [before[0], before[1], on[0], on[1]];
            match corners.iter().filter(|corner| **corner).count() {
                2 if before[0] == before[1] => self.upright += 1,
                2 => self.diagonal += 2,
                _ => self.diagonal += 1,
            }
            last = at;
        }
    }

    /// Their length where a pixel measures `x` by `y`.
    pub fn length(&self, x: f64, y: f64) -> f64 {
        self.level as f64 * x + self.upright as f64 * y + self.diagonal as f64 * (x.hypot(y) / 2.0)
    }
}

/// The columns at which the runs of a row begin and end.
fn ends(row: &[Run]) -> impl Iterator<Item = u32> {
    row.iter().flat_map(|run| [run.start, run.end])
}

/// The least rectangle that holds the runs; none where there are none.
pub(super) fn bounds(runs: &[Run]) -> Option<Rect> {
    let (first, last) = (runs.first()?, runs.last()?);
    let left = runs.iter().map(|run| run.start).min()?;
    let right = runs.iter().map(|run| run.end).max()?;
    Some(Rect {
        left,
        top: first.row,
        right,
        bottom: last.row + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Regions;

    fn noise(width: usize, height: usize) -> Vec<u8> {
        let mut state = 3_u32;
        (0..width * height)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 31) as u8
            })
            .collect()
    }

    #[test]
    fn segments_are_those_of_the_sixteen_squares() {
        let (width, height) = (23, 17);
        let bits = noise(width, height);
        let at = |x: isize, y: isize| {
            let inside = (0..width as isize).contains(&x) && (0..height as isize).contains(&y);
            inside && bits[y as usize * width + x as usize] == 1
        };
        let mut expected = Segments::default();
        for y in -1..height as isize {
            for x in -1..width as isize {
                match [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)] {
                    [a, b, c, d] if a == b && b == c && c == d => {}
                    [a, b, c, d] if a == b && c == d => expected.level += 1,
                    [a, b, c, d] if a == c && b == d => expected.upright += 1,
                    [a, b, c, d] if a == d && b == c => expected.diagonal += 2,
                    _ => expected.diagonal += 1,
                }
            }
        }
        assert_eq!(
            Segments::of(&Regions::label(width, &bits, 1, 1).runs),
            expected
        );
    }

    #[test]
    fn sums_are_those_over_the_pixels_one_by_one() {
        let (width, height) = (19, 31);
        let bits = noise(width, height);
        let sums = Sums::of(&Regions::label(width, &bits, 1, 1).runs);
        let mut expected = [0; 6];
        for index in (0..bits.len()).filter(|index| bits[*index] == 1) {
            let (x, y) = ((index % width) as u128, (index / width) as u128);
            for (sum, value) in expected.iter_mut().zip([1, x, y, x * x, x * y, y * y]) {
                *sum += value;
            }
        }
        assert_eq!(
            [sums.count, sums.x, sums.y, sums.xx, sums.xy, sums.yy],
            expected
        );
    }
}
