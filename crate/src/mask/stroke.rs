//! Strokes of a round brush that add to the mask or erase from it.

use serde::{Deserialize, Serialize};

use super::grid::{Grid, Window};

/// What a stroke does to the pixels that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    /// They become lesion.
    Add,
    /// They become background.
    Erase,
}

/// A polyline drawn with a round brush, in image pixels: x to the right, y down, pixel centres at +0.5.
///
/// A pixel is covered when its centre lies within `radius` of the polyline. Segments with a coordinate that is not
/// finite, and strokes whose radius is not positive, cover nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    /// Add or erase.
    pub kind: StrokeKind,
    /// Brush radius in image pixels.
    pub radius: f32,
    /// Corners of the polyline; a single point is a disc.
    pub points: Vec<[f32; 2]>,
}

impl Stroke {
    /// Draws the stroke into `bits` (one byte a pixel of `grid`).
    pub(super) fn draw(&self, grid: &Grid, bits: &mut [u8]) {
        let radius = f64::from(self.radius);
        if radius.is_nan() || radius <= 0.0 || radius.is_infinite() {
            return;
        }
        let value = u8::from(self.kind == StrokeKind::Add);
        let disc = match self.points.as_slice() {
            [only] => Some([*only, *only]),
            _ => None,
        };
        let segments = self.points.windows(2).map(|pair| [pair[0], pair[1]]);
        for [start, end] in disc.into_iter().chain(segments) {
            if let Some(capsule) = Capsule::new(start, end, radius) {
                capsule.fill(grid, &grid.whole(), value, bits);
            }
        }
    }

    /// Least and greatest x and y that it covers, in image pixels.
    pub(super) fn extent(&self) -> [(f64, f64); 2] {
        let radius = f64::from(self.radius).max(0.0);
        extent(&self.points).map(|(low, high)| (low - radius, high + radius))
    }
}

/// All points within `radius` of a segment.
struct Capsule {
    start: [f64; 2],
    end: [f64; 2],
    radius: f64,
}

impl Capsule {
    fn new(start: [f32; 2], end: [f32; 2], radius: f64) -> Option<Self> {
        let finite = start.iter().chain(&end).all(|v| v.is_finite());
        finite.then(|| Self {
            start: start.map(f64::from),
            end: end.map(f64::from),
            radius,
        })
    }

    fn covers(&self, x: f64, y: f64) -> bool {
        let [ax, ay] = self.start;
        let (dx, dy) = (self.end[0] - ax, self.end[1] - ay);
        let length = dx * dx + dy * dy;
        let along = if length > 0.0 {
            (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let (ox, oy) = (x - (ax + along * dx), y - (ay + along * dy));
        ox * ox + oy * oy <= self.radius * self.radius
    }

    /// Least and greatest x within the capsule at height `y`, up to rounding: it is convex, so a row is one interval,
    /// the hull of what the two end discs and the rectangle between them cover.
    fn row(&self, y: f64) -> Option<(f64, f64)> {
        let [ax, ay] = self.start;
        let [bx, by] = self.end;
        let mut hull: Option<(f64, f64)> = None;
        let mut include = |low: f64, high: f64| {
            hull = Some(match hull {
                Some((l, h)) => (l.min(low), h.max(high)),
                None => (low, high),
            });
        };
        for (x, centre) in [(ax, ay), (bx, by)] {
            let rest = self.radius * self.radius - (y - centre) * (y - centre);
            if rest >= 0.0 {
                include(x - rest.sqrt(), x + rest.sqrt());
            }
        }
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx.hypot(dy);
        if length > 0.0 {
            let (ux, uy) = (dx / length, dy / length);
            let rise = y - ay;
            // 0 <= along <= length and -radius <= across <= radius, both linear in x.
            let along = interval(ux, rise * uy, 0.0, length);
            let across = interval(-uy, rise * ux, -self.radius, self.radius);
            let (low, high) = (along.0.max(across.0), along.1.min(across.1));
            if low <= high {
                include(ax + low, ax + high);
            }
        }
        hull
    }

    fn fill(&self, grid: &Grid, window: &Window, value: u8, bits: &mut [u8]) {
        let top = grid
            .row(self.start[1].min(self.end[1]) - self.radius)
            .floor();
        let bottom = grid
            .row(self.start[1].max(self.end[1]) + self.radius)
            .ceil();
        let first = (top.max(0.0) as usize).max(window.top);
        let last = ((bottom + 1.0).max(0.0) as usize).min(window.bottom);
        for row in first..last {
            let y = grid.y(row as f64);
            // A little taller than the capsule, so that rounding loses no pixel; `covers` decides at the ends.
            let nearest = y.clamp(
                self.start[1].min(self.end[1]) - self.radius,
                self.start[1].max(self.end[1]) + self.radius,
            );
            let Some((low, high)) = self.row(nearest) else {
                continue;
            };
            let low = (grid.column(low).floor() - 1.0).max(window.left as f64) as usize;
            let high = (grid.column(high).ceil() + 2.0).clamp(0.0, window.right as f64) as usize;
            let covers = |column: &usize| self.covers(grid.x(*column as f64), y);
            let Some(begin) = (low..high).find(covers) else {
                continue;
            };
            let end = (begin..high).rfind(covers).map_or(begin, |last| last + 1);
            bits[row * grid.width..][begin..end].fill(value);
        }
    }
}

/// The x for which `low <= slope * x + offset <= high`.
fn interval(slope: f64, offset: f64, low: f64, high: f64) -> (f64, f64) {
    if slope.abs() < 1e-12 {
        return if (low..=high).contains(&offset) {
            (f64::NEG_INFINITY, f64::INFINITY)
        } else {
            (f64::INFINITY, f64::NEG_INFINITY)
        };
    }
    let (a, b) = ((low - offset) / slope, (high - offset) / slope);
    (a.min(b), a.max(b))
}

/// Least and greatest x and y of those points that are numbers.
pub(super) fn extent(points: &[[f32; 2]]) -> [(f64, f64); 2] {
    [0, 1].map(|axis| {
        let along = points.iter().map(|point| f64::from(point[axis]));
        let along = along.filter(|at| at.is_finite());
        along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
            (low.min(at), high.max(at))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(size: u32, strokes: &[Stroke]) -> Vec<u8> {
        let grid = Grid::reduced(size, size, size, size);
        let mut bits = vec![0; (size * size) as usize];
        for stroke in strokes {
            stroke.draw(&grid, &mut bits);
        }
        bits
    }

    fn add(radius: f32, points: &[[f32; 2]]) -> Stroke {
        Stroke {
            kind: StrokeKind::Add,
            radius,
            points: points.to_vec(),
        }
    }

    #[test]
    fn a_pixel_is_covered_when_its_centre_lies_within_the_radius_of_the_polyline() {
        let size = 40;
        let mut state = 99_u32;
        let mut random = |low: f32, high: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + (high - low) * (state >> 8) as f32 / (1 << 24) as f32
        };
        for case in 0..200 {
            let radius = random(0.2, 9.0);
            let count = 1 + case % 4;
            let mut points: Vec<[f32; 2]> = (0..count)
                .map(|_| [random(-10.0, 50.0), random(-10.0, 50.0)])
                .collect();
            if case % 5 == 0 {
                points.iter_mut().for_each(|p| p[1] = 12.5); // level, on pixel centres
            }
            let bits = drawn(size, &[add(radius, &points)]);
            let closed: Vec<[f32; 2]> = if count == 1 {
                vec![points[0]; 2]
            } else {
                points
            };
            for y in 0..size {
                for x in 0..size {
                    let covered = closed.windows(2).any(|pair| {
                        Capsule::new(pair[0], pair[1], f64::from(radius))
                            .expect("finite points")
                            .covers(f64::from(x) + 0.5, f64::from(y) + 0.5)
                    });
                    assert_eq!(
                        bits[(y * size + x) as usize],
                        u8::from(covered),
                        "case {case} at {x}, {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_disc_of_radius_one_and_a_half_on_a_pixel_centre_covers_nine_pixels() {
        assert_eq!(
            drawn(16, &[add(1.5, &[[8.5, 8.5]])])
                .iter()
                .map(|b| u32::from(*b))
                .sum::<u32>(),
            9
        );
    }

    #[test]
    fn later_strokes_win() {
        let erase = Stroke {
            kind: StrokeKind::Erase,
            ..add(2.0, &[[8.0, 8.0]])
        };
        let both = [add(4.0, &[[8.0, 8.0]]), erase];
        assert_eq!(drawn(16, &both)[8 * 16 + 8], 0);
        assert_eq!(drawn(16, &both)[8 * 16 + 5], 1);
        let reversed = [both[1].clone(), both[0].clone()];
        assert_eq!(drawn(16, &reversed)[8 * 16 + 8], 1);
    }

    #[test]
    fn strokes_of_nonsense_cover_nothing() {
        let nonsense = [
            add(f32::NAN, &[[8.0, 8.0]]),
            add(-3.0, &[[8.0, 8.0]]),
            add(0.0, &[[8.5, 8.5]]),
            add(f32::INFINITY, &[[8.0, 8.0]]),
            add(3.0, &[]),
            add(3.0, &[[f32::NAN, 8.0], [8.0, f32::INFINITY]]),
            add(3.0, &[[1e30, 8.0], [2e30, 8.0]]),
        ];
        assert!(drawn(16, &nonsense).iter().all(|bit| *bit == 0));
    }
}
