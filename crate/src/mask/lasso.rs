//! Polygons that a person drew around what belongs to the mask, or does not: a lasso, or corner by corner.

use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::stroke::{StrokeKind, extent};

/// A closed polygon in image pixels: x to the right, y down, pixel centres at +0.5.
///
/// A pixel is covered when the polygon winds around its centre (the non-zero rule, so that a lasso that crosses itself has
/// no gap). Polygons of fewer than three corners, or with a coordinate that is not finite, cover nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lasso {
    /// Add or erase.
    pub kind: StrokeKind,
    /// Its corners; the last is joined to the first.
    pub corners: Vec<[f32; 2]>,
}

impl Lasso {
    /// Draws the polygon into `bits` (one byte a pixel of `grid`).
    pub(super) fn draw(&self, grid: &Grid, bits: &mut [u8]) {
        let is_finite = self.corners.iter().flatten().all(|at| at.is_finite());
        if self.corners.len() < 3 || !is_finite {
            return;
        }
        let value = u8::from(self.kind == StrokeKind::Add);
        let [_, (low, high)] = extent(&self.corners);
        // Casts of what lies before the grid end at its edge.
        let first = grid.row(low).floor() as usize;
        let last = ((grid.row(high).ceil() + 1.0) as usize).min(grid.height);
        let mut crossings = Vec::new();
        for row in first..last {
            self.cross(grid.y(row as f64), &mut crossings);
            let mut winding = 0;
            let mut from = 0.0;
            for &(x, turn) in &crossings {
                if winding == 0 {
                    from = x;
                }
                winding += turn;
                if winding == 0 {
                    let span = first_at(grid, from)..first_at(grid, x);
                    bits[row * grid.width..][span].fill(value);
                }
            }
        }
    }

    /// Where the edges cross the height `y`, from the left, and whether downwards (1) or upwards (-1).
    fn cross(&self, y: f64, crossings: &mut Vec<(f64, i32)>) {
        crossings.clear();
        let corners = self.corners.iter().map(|corner| corner.map(f64::from));
        let next = corners.clone().cycle().skip(1);
        for ([ax, ay], [bx, by]) in corners.zip(next) {
            if (ay <= y) != (by <= y) {
                let turn = if ay <= y { 1 } else { -1 };
                crossings.push((ax + (y - ay) / (by - ay) * (bx - ax), turn));
            }
        }
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
}

/// The first column whose centre is at `x` or right of it.
fn first_at(grid: &Grid, x: f64) -> usize {
    // Rounding may be off by one; the centres decide, which are the same on every part of a grid.
    let near = (grid.column(x).ceil() - 1.0).max(0.0) as usize;
    let near = near.min(grid.width);
    (near..grid.width.min(near + 3))
        .find(|column| grid.x(*column as f64) >= x)
        .unwrap_or(grid.width.min(near + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u32, height: u32, corners: &[[f32; 2]]) -> Vec<u8> {
        let grid = Grid::reduced(width, height, width, height);
        let mut bits = vec![0; grid.width * grid.height];
        let polygon = Lasso {
            kind: StrokeKind::Add,
            corners: corners.to_vec(),
        };
        polygon.draw(&grid, &mut bits);
        bits
    }

    #[test]
    fn a_square_covers_the_pixels_whose_centres_it_holds() {
        let bits = drawn(8, 6, &[[1.5, 1.0], [5.5, 1.0], [5.5, 4.0], [1.5, 4.0]]);
        for y in 0..6 {
            for x in 0..8 {
                let inside = (1..5).contains(&x) && (1..4).contains(&y);
                assert_eq!(bits[y * 8 + x], u8::from(inside), "{x}, {y}");
            }
        }
    }

    #[test]
    fn a_pixel_is_covered_when_the_polygon_winds_around_its_centre() {
        let mut state = 5_u32;
        let mut random = |low: f32, high: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + (high - low) * (state >> 8) as f32 / (1 << 24) as f32
        };
        for case in 0..100 {
            let corners: Vec<[f32; 2]> = (0..3 + case % 6)
                .map(|_| [random(-10.0, 50.0), random(-10.0, 50.0)])
                .collect();
            let bits = drawn(40, 40, &corners);
            for y in 0..40 {
                for x in 0..40 {
                    let expected = winding(&corners, x as f64 + 0.5, y as f64 + 0.5) != 0;
                    assert_eq!(
                        bits[y * 40 + x],
                        u8::from(expected),
                        "case {case} at {x}, {y}"
                    );
                }
            }
        }
    }

    /// The sum of the angles under which the edges are seen, in turns.
    fn winding(corners: &[[f32; 2]], x: f64, y: f64) -> i32 {
        let angle = |corner: &[f32; 2]| (f64::from(corner[1]) - y).atan2(f64::from(corner[0]) - x);
        let next = corners.iter().cycle().skip(1);
        let turn = std::f64::consts::TAU;
        let sum: f64 = corners
            .iter()
            .zip(next)
            .map(|(a, b)| {
                let step = angle(b) - angle(a);
                step - (step / turn).round() * turn
            })
            .sum();
        (sum / turn).round() as i32
    }

    #[test]
    fn a_lasso_that_crosses_itself_has_no_gap() {
        // Twice around the same square.
        let square = [[1.0, 1.0], [7.0, 1.0], [7.0, 7.0], [1.0, 7.0]];
        let twice = [square, square].concat();
        assert_eq!(drawn(8, 8, &twice), drawn(8, 8, &square));
    }

    #[test]
    fn polygons_of_nonsense_cover_nothing() {
        for corners in [
            &[][..],
            &[[1.0, 1.0], [7.0, 7.0]],
            &[[1.0, 1.0], [7.0, f32::NAN], [7.0, 7.0]],
            &[[1.0, 1.0], [f32::INFINITY, 1.0], [7.0, 7.0]],
        ] {
            assert!(drawn(8, 8, corners).iter().all(|bit| *bit == 0));
        }
    }
}
