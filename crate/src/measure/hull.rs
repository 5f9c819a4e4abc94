//! Convex hulls of regions, exact on whole numbers, and the widths of convex polygons.

use super::scale::Spacing;
use crate::mask::Run;

/// A point: x to the right, y down.
pub(super) type Point = [f64; 2];

/// A convex hull as its left and its right side, both from the top down. Both begin at the top row and end at the
/// bottom one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hull {
    left: Vec<[i64; 2]>,
    right: Vec<[i64; 2]>,
}

impl Hull {
    /// The hull of the corners of all pixels: column 0 reaches from 0 to 1.
    pub fn of_corners(runs: &[Run]) -> Self {
        let mut levels = Levels::default();
        for (row, start, end) in extents(runs) {
            levels.widen(row, start, end);
            levels.widen(row + 1, start, end);
        }
        levels.hull()
    }

    /// How many pixels have their centre within, or on, the hull of the midpoints of all pixel sides: scikit-image's
    /// `area_convex`.
    pub fn pixels(runs: &[Run]) -> u64 {
        // In half pixels, centres at even numbers.
        let mut levels = Levels::default();
        for (row, start, end) in extents(runs) {
            let (first, last, row) = (2 * start, 2 * (end - 1), 2 * row);
            levels.widen(row - 1, first, last);
            levels.widen(row, first - 1, last + 1);
            levels.widen(row + 1, first, last);
        }
        levels.hull().even_points()
    }

    /// The corners in order, in pixels.
    pub fn corners(&self) -> Vec<Point> {
        let around = self.left.iter().chain(self.right.iter().rev());
        around.map(|[x, y]| [*x as f64, *y as f64]).collect()
    }

    /// The points of even coordinates within or on the hull.
    fn even_points(&self) -> u64 {
        let (Some(top), Some(bottom)) = (self.left.first(), self.left.last()) else {
            return 0;
        };
        let (mut left, mut right) = (0, 0);
        let first = top[1] + top[1].rem_euclid(2);
        let counts = (first..=bottom[1]).step_by(2).map(|y| {
            let (from, by) = crossing(&self.left, &mut left, y);
            // Ceiling and floor of half of the exact quotients.
            let from = -(-from).div_euclid(2 * by);
            let (to, by) = crossing(&self.right, &mut right, y);
            (to.div_euclid(2 * by) - from + 1).max(0) as u64
        });
        counts.sum()
    }
}

/// Where a side crosses a row, as a fraction with a positive denominator. `edge` is a place to begin looking, kept
/// between rows that go down.
fn crossing(side: &[[i64; 2]], edge: &mut usize, y: i64) -> (i64, i64) {
    while *edge + 2 < side.len() && side[*edge + 1][1] < y {
        *edge += 1;
    }
    match side[*edge..] {
        [[x0, y0], [x1, y1], ..] if y1 > y0 => (x0 * (y1 - y0) + (x1 - x0) * (y - y0), y1 - y0),
        [[x0, _], ..] => (x0, 1),
        [] => (0, 1),
    }
}

/// Row, first column and one past the last of each row that has pixels.
fn extents(runs: &[Run]) -> impl Iterator<Item = (i64, i64, i64)> {
    runs.chunk_by(|a, b| a.row == b.row).map(|row| {
        let (first, last) = (row[0], row[row.len() - 1]);
        (
            i64::from(first.row),
            i64::from(first.start),
            i64::from(last.end),
        )
    })
}

/// The outermost points of each level, from the top down.
#[derive(Default)]
struct Levels(Vec<(i64, i64, i64)>);

impl Levels {
    fn widen(&mut self, y: i64, left: i64, right: i64) {
        match self.0.last_mut() {
            Some((level, l, r)) if *level == y => (*l, *r) = ((*l).min(left), (*r).max(right)),
            _ => self.0.push((y, left, right)),
        }
    }

    /// Andrew's monotone chain (1979), once for each side.
    fn hull(&self) -> Hull {
        let mut hull = Hull::default();
        for &(y, left, right) in &self.0 {
            for (side, x, outward) in [(&mut hull.left, left, -1), (&mut hull.right, right, 1)] {
                while let [.., [ax, ay], [bx, by]] = side[..] {
                    let turn = (bx - ax) * (y - by) - (x - bx) * (by - ay);
                    if turn * outward > 0 {
                        break;
                    }
                    side.pop();
                }
                side.push([x, y]);
            }
        }
        hull
    }
}

/// The two corners of a polygon that are farthest from each other, where a pixel measures `spacing`; the first pair
/// where several tie.
pub(super) fn farthest(corners: &[Point], spacing: Spacing) -> Option<[Point; 2]> {
    let square = |a: &Point, b: &Point| {
        let (x, y) = ((b[0] - a[0]) * spacing.x, (b[1] - a[1]) * spacing.y);
        x * x + y * y
    };
    let mut best = (-1.0, None);
    for (index, a) in corners.iter().enumerate() {
        for b in &corners[index + 1..] {
            let square = square(a, b);
            if square > best.0 {
                best = (square, Some([*a, *b]));
            }
        }
    }
    best.1
}

/// The least distance of two parallel lines that hold a convex polygon between them (one of them lies on a side).
pub(super) fn least_width(corners: &[Point], spacing: Spacing) -> f64 {
    let scaled: Vec<Point> = corners.iter().map(|p| scale(*p, spacing)).collect();
    let sides = scaled.iter().zip(scaled.iter().cycle().skip(1));
    let widths = sides.filter_map(|(a, b)| {
        let along = [b[0] - a[0], b[1] - a[1]];
        let length = along[0].hypot(along[1]);
        let from = |p: &Point| ((p[0] - a[0]) * along[1] - (p[1] - a[1]) * along[0]).abs();
        (length > 0.0).then(|| scaled.iter().map(from).fold(0.0, f64::max) / length)
    });
    widths.reduce(f64::min).unwrap_or(0.0)
}

/// The ends of the longest chord of a convex polygon at right angles to the line from `from` to `to`, the angle being
/// right where a pixel measures `spacing`; all in pixels.
pub(super) fn longest_chord(
    corners: &[Point],
    [from, to]: [Point; 2],
    spacing: Spacing,
) -> Option<[Point; 2]> {
    let (from, to) = (scale(from, spacing), scale(to, spacing));
    let length = (to[0] - from[0]).hypot(to[1] - from[1]);
    if length <= 0.0 {
        return None;
    }
    let axis = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    // Each corner along the line and across it.
    let turned: Vec<Point> = corners
        .iter()
        .map(|corner| {
            let [x, y] = scale(*corner, spacing);
            [x * axis[0] + y * axis[1], y * axis[0] - x * axis[1]]
        })
        .collect();
    // The length of a chord changes linearly between corners, so the longest one goes through a corner.
    let mut best: Option<[Point; 2]> = None;
    for [at, _] in &turned {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (a, b) in turned.iter().zip(turned.iter().cycle().skip(1)) {
            if a[0].min(b[0]) <= *at && *at <= a[0].max(b[0]) {
                let ends = if a[0] == b[0] {
                    [a[1], b[1]]
                } else {
                    [a[1] + (b[1] - a[1]) * ((at - a[0]) / (b[0] - a[0])); 2]
                };
                low = low.min(ends[0]).min(ends[1]);
                high = high.max(ends[0]).max(ends[1]);
            }
        }
        if best.is_none_or(|[a, b]| high - low > b[1] - a[1]) {
            best = Some([[*at, low], [*at, high]]);
        }
    }
    let back = |[along, across]: Point| {
        [
            (along * axis[0] - across * axis[1]) / spacing.x,
            (along * axis[1] + across * axis[0]) / spacing.y,
        ]
    };
    best.map(|ends| ends.map(back))
}

/// The length around a polygon.
pub(super) fn around(corners: &[Point], spacing: Spacing) -> f64 {
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    sides.map(|(a, b)| spacing.distance(*a, *b)).sum()
}

fn scale([x, y]: Point, spacing: Spacing) -> Point {
    [x * spacing.x, y * spacing.y]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Regions;

    fn runs(rows: &[&str]) -> Vec<Run> {
        let bits: Vec<u8> = rows
            .iter()
            .flat_map(|row| row.bytes().map(|c| u8::from(c == b'#')))
            .collect();
        Regions::label(rows[0].len(), &bits, 1, 1).runs
    }

    #[test]
    fn a_hull_has_the_corners_that_turn_and_no_other() {
        let hull = Hull::of_corners(&runs(&["..#..", ".###.", "#####"]));
        let corners = hull.corners();
        assert_eq!(
            corners,
            [[2., 0.], [0., 2.], [0., 3.], [5., 3.], [5., 2.], [3., 0.]]
        );
        assert_eq!(Hull::of_corners(&[]).corners(), Vec::<Point>::new());
    }

    #[test]
    fn the_hulls_pixels_fill_bays() {
        // scikit-image 0.26: convex_hull_image of an L of 3×3 has 6 pixels.
        assert_eq!(Hull::pixels(&runs(&["#..", "#..", "###"])), 6);
        assert_eq!(Hull::pixels(&runs(&["###", "###"])), 6);
        assert_eq!(Hull::pixels(&runs(&["#"])), 1);
        assert_eq!(Hull::pixels(&[]), 0);
    }

    #[test]
    fn a_rectangle_is_as_wide_as_its_short_side_and_as_long_as_its_diagonal() {
        let corners = Hull::of_corners(&runs(&["####", "####", "####"])).corners();
        let one = Spacing::PIXEL;
        let ends = farthest(&corners, one).expect("two corners");
        assert_eq!(one.distance(ends[0], ends[1]), 5.0);
        assert!((least_width(&corners, one) - 3.0).abs() < 1e-12);
        // Through a corner, at right angles to the diagonal: 3 / cos(atan(3 / 4)).
        let [a, b] = longest_chord(&corners, ends, one).expect("a chord");
        assert!((one.distance(a, b) - 3.75).abs() < 1e-12);
        assert_eq!(around(&corners, one), 14.0);
    }
}
