//! Masks from outlines, as annotation tools draw them: a pixel belongs to an outline that winds around its centre.

use std::ops::Range;

use crate::imaging;
use crate::mask::Mask;

/// So many rows that the edges of one image cross are enough for any outline that somebody drew.
const MOST_CROSSINGS: u64 = 500_000_000;
/// So many pixels are filled in the time of a crossing.
const FILLED: u64 = 8;
/// Pixels that are filled at a time, so that little memory is needed beside the mask.
const BAND: usize = 1 << 20;

/// The mask of an image, while outlines are drawn into it.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    bits: Vec<u8>,
    crossings: u64,
}

impl Canvas {
    /// An empty mask for an image of this width and height in pixels.
    ///
    /// # Errors
    /// A sentence when no image may be of this size.
    pub fn new(size: (u32, u32)) -> Result<Self, String> {
        imaging::check_size(size).map_err(|error| error.to_string())?;
        let (width, height) = (size.0 as usize, size.1 as usize);
        Ok(Self {
            width,
            height,
            bits: vec![0; width * height],
            crossings: 0,
        })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Adds a polygon in image pixels, x to the right, y down, pixel centres at +0.5. One of fewer than three corners adds nothing.
    ///
    /// # Errors
    /// A sentence when a corner is not finite, or the polygon is no outline that anybody drew.
    pub fn polygon(&mut self, corners: &[[f64; 2]]) -> Result<(), String> {
        if corners.iter().flatten().any(|at| !at.is_finite()) {
            return Err("a corner of an outline is not a number.".to_owned());
        }
        if corners.len() < 3 {
            return Ok(());
        }
        // The rows whose centres lie between two heights.
        let (width, height) = (self.width as f64, self.height as f64);
        let row = |y: f64| (y - 0.5).ceil().clamp(0.0, height) as usize;
        let next = corners.iter().cycle().skip(1);
        let edges = corners.iter().zip(next);
        let edges: Vec<Edge> = edges
            .filter(|(from, to)| from[1] != to[1])
            .map(|(from, to)| {
                let (upper, lower, turn) = if from[1] < to[1] {
                    (from, to, 1)
                } else {
                    (to, from, -1)
                };
                Edge {
                    at: *upper,
                    slope: (lower[0] - upper[0]) / (lower[1] - upper[1]),
                    rows: (row(upper[1]), row(lower[1])),
                    turn,
                }
            })
            .filter(|edge| edge.rows.0 < edge.rows.1)
            .collect();
        let crossed = edges.iter().map(|edge| (edge.rows.1 - edge.rows.0) as u64);
        self.work(crossed.sum())?;
        let first = edges.iter().map(|edge| edge.rows.0).min();
        let last = edges.iter().map(|edge| edge.rows.1).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(());
        };
        let column = |x: f64| (x - 0.5).ceil().clamp(0.0, width) as usize;
        let of_corners = |most: fn(f64, f64) -> f64| {
            let all = corners.iter().map(|corner| corner[0]);
            column(all.reduce(most).unwrap_or_default())
        };
        let columns = of_corners(f64::min)..of_corners(f64::max);
        if columns.is_empty() {
            return Ok(());
        }
        self.work((columns.len() as u64 * (last - first) as u64) / FILLED)?;
        let band = (BAND / columns.len()).max(1);
        for top in (first..last).step_by(band) {
            self.fill(&edges, top..last.min(top + band), columns.clone());
        }
        Ok(())
    }

    /// So much more is to be done.
    fn work(&mut self, crossings: u64) -> Result<(), String> {
        self.crossings = self.crossings.saturating_add(crossings);
        if self.crossings > MOST_CROSSINGS {
            return Err("its outlines have too many corners.".to_owned());
        }
        Ok(())
    }

    /// Fills what the edges wind around in these rows and columns; no edge lies outside the columns.
    fn fill(&mut self, edges: &[Edge], rows: Range<usize>, columns: Range<usize>) {
        // By how much the winding number changes at each pixel; the last of each row is behind it.
        let across = columns.len() + 1;
        let (top, bottom) = (rows.start, rows.end);
        let mut turns = vec![0_i32; across * rows.len()];
        for edge in edges {
            for row in edge.rows.0.max(top)..edge.rows.1.min(bottom) {
                let x = edge.at[0] + (row as f64 + 0.5 - edge.at[1]) * edge.slope;
                // Rounding may lead past a corner.
                let least = columns.start as f64;
                let column = (x - 0.5).ceil().clamp(least, columns.end as f64) as usize;
                turns[(row - top) * across + column - columns.start] += edge.turn;
            }
        }
        let rows = self.bits[top * self.width..].chunks_exact_mut(self.width);
        for (bits, turns) in rows.zip(turns.chunks_exact(across)) {
            let mut winding = 0;
            for (bit, turn) in bits[columns.clone()].iter_mut().zip(turns) {
                winding += turn;
                *bit |= u8::from(winding != 0);
            }
        }
    }

    /// Adds a disc, by its centre and its radius in pixels.
    ///
    /// # Errors
    /// A sentence when they are no numbers.
    pub fn disc(&mut self, [x, y]: [f64; 2], radius: f64) -> Result<(), String> {
        if ![x, y, radius].iter().all(|value| value.is_finite()) {
            return Err("a circle has no centre or radius.".to_owned());
        }
        let clamp = |at: f64, most: usize| at.clamp(0.0, most as f64) as usize;
        let rows = clamp(y - radius - 1.0, self.height)..clamp(y + radius + 1.0, self.height);
        let columns = clamp(x - radius - 1.0, self.width)..clamp(x + radius + 1.0, self.width);
        self.work((rows.len() * columns.len()) as u64 / FILLED)?;
        for row in rows {
            for column in columns.clone() {
                let from = (column as f64 + 0.5 - x).hypot(row as f64 + 0.5 - y);
                self.bits[row * self.width + column] |= u8::from(from <= radius);
            }
        }
        Ok(())
    }

    /// Adds a pixel; one outside adds nothing.
    pub fn pixel(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(bit) = self
                .bits
                .get_mut(y.saturating_mul(self.width).saturating_add(x))
        {
            *bit = 1;
        }
    }

    /// What was drawn.
    pub fn into_mask(self) -> Mask {
        Mask::new(self.width as u32, self.height as u32, self.bits)
    }
}

/// An edge that is not level.
#[derive(Debug)]
struct Edge {
    /// Its upper end.
    at: [f64; 2],
    /// Columns a row.
    slope: f64,
    /// The rows whose centres it crosses, the last excluded.
    rows: (usize, usize),
    /// 1 where it leads down, -1 where it leads up.
    turn: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cleaning, Correction, Lasso, ProbabilityMap, StrokeKind};

    #[test]
    fn a_polygon_covers_what_a_lasso_of_its_corners_does() {
        let mut state = 11_u32;
        let mut random = |low: f32, high: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + (high - low) * (state >> 8) as f32 / (1 << 24) as f32
        };
        let nothing = ProbabilityMap::new(1, 1, vec![0.0]);
        for case in 0..60 {
            let corners: Vec<[f32; 2]> = (0..3 + case % 7)
                .map(|_| [random(-20.0, 60.0), random(-20.0, 60.0)])
                .collect();
            let mut canvas = Canvas::new((48, 40)).expect("a size");
            let exact: Vec<[f64; 2]> = corners.iter().map(|at| at.map(f64::from)).collect();
            canvas.polygon(&exact).expect("numbers");
            let lasso = Correction::Lasso(Lasso {
                kind: StrokeKind::Add,
                corners,
            });
            let drawn = Mask::make(&nothing, 48, 40, 0.5, Cleaning::NONE, &[lasso]);
            assert_eq!(canvas.into_mask(), drawn, "case {case}");
        }
    }

    #[test]
    fn what_nobody_drew_is_refused_and_never_panics() {
        assert!(Canvas::new((u32::MAX, u32::MAX)).is_err());
        assert!(Canvas::new((0, 5)).is_err());
        let mut canvas = Canvas::new((100, 100)).expect("a size");
        assert!(canvas.polygon(&[[0.0, f64::NAN]; 3]).is_err());
        assert!(canvas.polygon(&[[0.0, 0.0], [9.0, 9.0]]).is_ok());
        canvas
            .polygon(&[[-1e300, -1e300], [1e300, -1e300], [0.0, 1e300]])
            .expect("finite");
        canvas.disc([1e300, -1e300], 1e300).expect("finite");
        assert!(canvas.disc([0.0, 0.0], f64::INFINITY).is_err());
        canvas.pixel(usize::MAX, usize::MAX);
        let many: Vec<[f64; 2]> = (0..6_000_000)
            .map(|at| [f64::from(at % 100), f64::from(at % 2) * 200.0])
            .collect();
        let refused = canvas.polygon(&many).expect_err("too many");
        assert!(refused.contains("too many corners"), "{refused}");
    }

    #[test]
    fn a_disc_covers_the_pixels_whose_centres_are_near_enough() {
        let mut canvas = Canvas::new((60, 60)).expect("a size");
        canvas.disc([30.0, 30.0], 10.0).expect("finite");
        let area = canvas.into_mask().area() as f64;
        assert!((area - std::f64::consts::PI * 100.0).abs() < 6.0, "{area}");
    }
}
