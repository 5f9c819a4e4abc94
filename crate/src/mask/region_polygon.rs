//! The border of a mask as polygons: what formats that know no pixels are told.
//!
//! A polygon runs through the cracks between pixels that differ, corner by corner, so that it holds the pixels of its
//! region and no others. [`RegionPolygon::smoothed`] runs from middle to middle of the cracks instead, in the fewest corners
//! that it finds and that keep every pixel's centre on its side: drawn again, by a rule that asks where the centres lie, it is
//! the same mask.

use super::binary::Mask;
use super::cleaning::Regions;

/// How far a smoothed border may leave the middle of a crack towards the centre of a pixel, which is half a pixel away.
const MARGIN: f64 = 0.4;

/// A closed line; the last corner is joined to the first.
pub type Ring<T> = Vec<[T; 2]>;

/// A region (8-connected) of a mask as a polygon with holes, in image pixels: x to the right, y down, the image's top left
/// corner at (0, 0) and the top left pixel's centre at (0.5, 0.5).
#[derive(Clone, Debug, PartialEq)]
pub struct RegionPolygon<T = u32> {
    /// Around it, clockwise on the screen.
    pub exterior: Ring<T>,
    /// Around each hole, anticlockwise on the screen.
    pub holes: Vec<Ring<T>>,
}

impl RegionPolygon {
    /// The polygons of a mask's regions, in raster order of their first pixels; none for an empty mask.
    pub fn of(mask: &Mask) -> Vec<Self> {
        let width = mask.width() as usize;
        let mut regions = Regions::label(width, mask.bits(), 1, 1);
        let mut tracer = Tracer::new(mask);
        let mut polygons: Vec<Self> = Vec::new();
        // Which polygon is that of the region with this root.
        let mut places = vec![0; regions.runs.len()];
        for index in 0..regions.runs.len() {
            let (run, root) = (regions.runs[index], regions.find(index));
            for x in run.start..run.end {
                let Some(ring) = tracer.ring(x, run.row) else {
                    continue;
                };
                // A region's first border in raster order is the one around it, and begins at its first run.
                if root == index && x == run.start {
                    places[root] = polygons.len();
                    polygons.push(Self {
                        exterior: ring,
                        holes: Vec::new(),
                    });
                } else {
                    polygons[places[root]].holes.push(ring);
                }
            }
        }
        polygons
    }

    /// The least mask that holds the region, and where its top left corner lies in the image.
    pub fn filled(&self) -> (Mask, [u32; 2]) {
        let least = |axis: usize| {
            self.exterior
                .iter()
                .map(|at| at[axis])
                .min()
                .unwrap_or_default()
        };
        let most = |axis: usize| {
            self.exterior
                .iter()
                .map(|at| at[axis])
                .max()
                .unwrap_or_default()
        };
        let ([left, top], [right, bottom]) = ([least(0), least(1)], [most(0), most(1)]);
        let (width, height) = ((right - left) as usize, (bottom - top) as usize);
        let mut bits = vec![0; width * height];
        for ring in [&self.exterior].into_iter().chain(&self.holes) {
            for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                // What lies right of an upright part of the border changes sides.
                let (x, rows) = (
                    (from[0] - left) as usize,
                    from[1].min(to[1])..from[1].max(to[1]),
                );
                for y in rows {
                    if let Some(bit) = bits[(y - top) as usize * width..][..width].get_mut(x) {
                        *bit ^= 1;
                    }
                }
            }
        }
        for row in bits.chunks_exact_mut(width.max(1)) {
            let mut inside = 0;
            for bit in row {
                inside ^= *bit;
                *bit = inside;
            }
        }
        (Mask::new(width as u32, height as u32, bits), [left, top])
    }

    /// The border in few corners, each the middle of a crack, with every pixel's centre on its side.
    pub fn smoothed(&self) -> RegionPolygon<f64> {
        RegionPolygon {
            exterior: smoothed(&self.exterior),
            holes: self.holes.iter().map(|hole| smoothed(hole)).collect(),
        }
    }
}

impl<T: Copy + Into<f64>> RegionPolygon<T> {
    /// The polygon as one ring, for formats that know no holes: a cut without width leads to each hole and back, so that
    /// what is filled is the same by any rule.
    pub fn with_cuts(&self) -> Ring<T> {
        let mut ring = self.exterior.clone();
        let far = |a: [T; 2], b: [T; 2]| {
            let [x, y] = [0, 1].map(|axis| a[axis].into() - b[axis].into());
            x * x + y * y
        };
        for hole in &self.holes {
            let Some(first) = hole.first().copied() else {
                continue;
            };
            let near = (0..ring.len())
                .min_by(|a, b| far(ring[*a], first).total_cmp(&far(ring[*b], first)));
            let Some(near) = near else { continue };
            let corner = ring[near];
            let way = hole.iter().copied().chain([first, corner]);
            ring.splice(near + 1..near + 1, way.collect::<Vec<_>>());
        }
        ring
    }
}

/// Follows borders, each of them once.
struct Tracer<'a> {
    bits: &'a [u8],
    width: i64,
    height: i64,
    /// One bit a pixel: whether the border along its upper side was followed.
    followed: Vec<u64>,
}

/// To the right, down, to the left, up.
const DIRECTIONS: [[i64; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

impl<'a> Tracer<'a> {
    fn new(mask: &'a Mask) -> Self {
        Self {
            bits: mask.bits(),
            width: mask.width().into(),
            height: mask.height().into(),
            followed: vec![0; mask.bits().len().div_ceil(64)],
        }
    }

    fn is_on(&self, x: i64, y: i64) -> bool {
        (0..self.width).contains(&x)
            && (0..self.height).contains(&y)
            && self.bits[(y * self.width + x) as usize] != 0
    }

    /// The border along the upper side of a pixel that is on; none where there is none, or it is part of an earlier one.
    fn ring(&mut self, x: u32, y: u32) -> Option<Ring<u32>> {
        let start = [i64::from(x), i64::from(y)];
        if self.is_on(start[0], start[1] - 1) || self.was_followed(start) {
            return None;
        }
        let (mut at, mut direction) = (start, 0);
        let mut ring = Vec::new();
        loop {
            if direction == 0 {
                self.follow(at);
            }
            let [dx, dy] = DIRECTIONS[direction];
            at = [at[0] + dx, at[1] + dy];
            // The pixels ahead, on either side of the way; the region is on the right. Regions hang together at corners, so
            // the way turns left where it can.
            let [left, right] = match direction {
                0 => [[0, -1], [0, 0]],
                1 => [[0, 0], [-1, 0]],
                2 => [[-1, 0], [-1, -1]],
                _ => [[-1, -1], [0, -1]],
            }
            .map(|[x, y]| self.is_on(at[0] + x, at[1] + y));
            let turned = match (left, right) {
                (true, _) => (direction + 3) % 4,
                (false, true) => direction,
                (false, false) => (direction + 1) % 4,
            };
            if turned != direction {
                ring.push([at[0] as u32, at[1] as u32]);
                direction = turned;
            }
            if at == start && direction == 0 {
                break;
            }
        }
        // The corner at which it began, where it is one, comes first.
        if ring.last() == Some(&[x, y]) {
            ring.rotate_right(1);
        }
        Some(ring)
    }

    fn was_followed(&self, [x, y]: [i64; 2]) -> bool {
        let index = (y * self.width + x) as usize;
        self.followed[index / 64] >> (index % 64) & 1 == 1
    }

    fn follow(&mut self, [x, y]: [i64; 2]) {
        let index = (y * self.width + x) as usize;
        self.followed[index / 64] |= 1 << (index % 64);
    }
}

/// The border of a smoothed polygon. From each corner it goes straight on for as long as it passes between the pixels of every
/// crack, and not too near to the centres of either (the cone of Williams 1978, with a gate at each crack). While it goes by
/// at most two directions, it cannot turn back before a gate.
fn smoothed(ring: &[[u32; 2]]) -> Ring<f64> {
    let gates = gates(ring);
    let gate = |index: usize| &gates[index % gates.len()];
    let mut corners = Vec::new();
    let mut at = 0;
    while at < gates.len() {
        let from = gate(at).middle;
        corners.push(from);
        let mut directions = [gate(at).direction; 2];
        // The directions that are left, as the last one on each side.
        let mut cone: Option<[[f64; 2]; 2]> = None;
        let mut reached = at + 1;
        for next in at + 1..=gates.len() {
            let Gate { middle, direction } = *gate(next);
            if !directions.contains(&direction) {
                if directions[0] != directions[1] {
                    break;
                }
                directions[1] = direction;
            }
            let is_in = |[left, right]: [[f64; 2]; 2], way| {
                cross(left, way) >= 0.0 && cross(way, right) >= 0.0
            };
            if cone.is_none_or(|cone| is_in(cone, minus(middle, from))) {
                reached = next;
            }
            let posts = gate(next).posts().map(|post| minus(post, from));
            cone = Some(cone.map_or(posts, |[left, right]| {
                [
                    if cross(left, posts[0]) > 0.0 {
                        posts[0]
                    } else {
                        left
                    },
                    if cross(posts[1], right) > 0.0 {
                        posts[1]
                    } else {
                        right
                    },
                ]
            }));
            if cone.is_some_and(|[left, right]| cross(left, right) <= 0.0) {
                break;
            }
        }
        at = reached;
    }
    corners
}

/// A crack between two pixels that differ.
struct Gate {
    middle: [f64; 2],
    /// Which way the border runs here, one of [`DIRECTIONS`].
    direction: usize,
}

impl Gate {
    /// How far to the left and to the right of the way the border may pass.
    fn posts(&self) -> [[f64; 2]; 2] {
        let [dx, dy] = DIRECTIONS[self.direction].map(|step| step as f64 * MARGIN);
        let [x, y] = self.middle;
        [[x + dy, y - dx], [x - dy, y + dx]]
    }
}

/// The cracks along a ring, in its order.
fn gates(ring: &[[u32; 2]]) -> Vec<Gate> {
    let mut gates = Vec::new();
    for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let step = [0, 1].map(|axis| (i64::from(to[axis]) - i64::from(from[axis])).signum());
        let direction = DIRECTIONS.iter().position(|way| *way == step);
        let length = to[0].abs_diff(from[0]) + to[1].abs_diff(from[1]);
        gates.extend((0..length).filter_map(|index| {
            let along = f64::from(index) + 0.5;
            let middle = [0, 1].map(|axis| f64::from(from[axis]) + step[axis] as f64 * along);
            Some(Gate {
                middle,
                direction: direction?,
            })
        }));
    }
    gates
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// Above 0 where `b` is to the right of `a` on the screen.
fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        let bits = rows.iter().flat_map(|row| row.bytes());
        let bits = bits.map(|at| u8::from(at == b'#'));
        Mask::new(rows[0].len() as u32, rows.len() as u32, bits.collect())
    }

    fn noise(width: u32, height: u32, density: u32, mut state: u32) -> Mask {
        let mut bits = vec![0; (width * height) as usize];
        for bit in &mut bits {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *bit = u8::from((state >> 24) < density);
        }
        Mask::new(width, height, bits)
    }

    /// The pixels whose centres lie in a ring, an odd number of times.
    fn fill(rings: &[Ring<f64>], width: u32, height: u32) -> Mask {
        let is_in = |x: f64, y: f64| {
            let mut odd = false;
            for ring in rings {
                for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    if (a[1] > y) != (b[1] > y) {
                        odd ^= x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
                    }
                }
            }
            u8::from(odd)
        };
        let bits = (0..width * height)
            .map(|at| is_in(f64::from(at % width) + 0.5, f64::from(at / width) + 0.5));
        Mask::new(width, height, bits.collect())
    }

    fn rings(polygons: &[RegionPolygon<f64>]) -> Vec<Ring<f64>> {
        polygons
            .iter()
            .flat_map(|polygon| {
                [polygon.exterior.clone()]
                    .into_iter()
                    .chain(polygon.holes.clone())
            })
            .collect()
    }

    fn floats(polygon: &RegionPolygon) -> RegionPolygon<f64> {
        let float = |ring: &Ring<u32>| ring.iter().map(|at| at.map(f64::from)).collect();
        RegionPolygon {
            exterior: float(&polygon.exterior),
            holes: polygon.holes.iter().map(float).collect(),
        }
    }

    #[test]
    fn a_pixel_is_a_square_clockwise_from_its_top_left_corner() {
        let polygons = RegionPolygon::of(&mask(&["...", ".#.", "..."]));
        let square = vec![[1, 1], [2, 1], [2, 2], [1, 2]];
        assert_eq!(polygons.len(), 1);
        assert_eq!(polygons[0].exterior, square);
        assert_eq!(RegionPolygon::of(&mask(&["...", "..."])), []);
    }

    #[test]
    fn a_hole_is_a_ring_of_its_own_and_pixels_that_meet_at_a_corner_are_one_polygon() {
        let polygons = RegionPolygon::of(&mask(&["###.", "#.#.", "####", "...."]));
        assert_eq!(polygons.len(), 1);
        assert_eq!(polygons[0].holes.len(), 1);
        assert_eq!(polygons[0].holes[0].len(), 4);
        let corner = RegionPolygon::of(&mask(&["#.", ".#"]));
        assert_eq!(corner.len(), 1);
        assert_eq!(corner[0].exterior.len(), 8);
        // A region in a hole of another is no part of it.
        let inner = RegionPolygon::of(&mask(&["#####", "#...#", "#.#.#", "#...#", "#####"]));
        assert_eq!(inner.len(), 2);
        assert_eq!((inner[0].holes.len(), inner[1].holes.len()), (1, 0));
    }

    #[test]
    fn every_border_filled_again_is_the_mask_also_smoothed_and_with_cuts() {
        for (density, seed) in [(20, 1), (100, 2), (128, 3), (160, 4), (240, 5), (256, 6)] {
            let mask = noise(41, 29, density, seed);
            let polygons = RegionPolygon::of(&mask);
            let exact: Vec<_> = polygons.iter().map(floats).collect();
            let smooth: Vec<_> = polygons.iter().map(RegionPolygon::smoothed).collect();
            let cut = |polygons: &[RegionPolygon<f64>]| -> Vec<_> {
                polygons.iter().map(RegionPolygon::with_cuts).collect()
            };
            for rings in [rings(&exact), rings(&smooth), cut(&exact), cut(&smooth)] {
                assert!(fill(&rings, 41, 29) == mask, "density {density}");
            }
        }
    }

    #[test]
    fn there_are_as_many_polygons_as_regions_are_measured() {
        for seed in 0..8 {
            let mask = noise(60, 50, 90, seed);
            let regions = crate::measure::Measurements::of(&mask, None).regions;
            assert_eq!(RegionPolygon::of(&mask).len(), regions);
        }
    }

    #[test]
    fn a_polygon_filled_alone_holds_the_pixels_of_its_region() {
        for (density, seed) in [(60, 1), (140, 2), (200, 3)] {
            let mask = noise(41, 29, density, seed);
            let mut bits = vec![0; 41 * 29];
            for polygon in RegionPolygon::of(&mask) {
                let (part, [left, top]) = polygon.filled();
                for (y, row) in part.bits().chunks(part.width() as usize).enumerate() {
                    for (x, bit) in row.iter().enumerate() {
                        bits[(top as usize + y) * 41 + left as usize + x] += bit;
                    }
                }
            }
            assert_eq!(bits, mask.bits());
        }
    }

    #[test]
    fn a_smooth_border_has_a_fraction_of_the_corners() {
        let disc = |x: u32, y: u32| (f64::from(x) - 100.0).hypot(f64::from(y) - 100.0) < 80.0;
        let bits = (0..40_000).map(|at| u8::from(disc(at % 200, at / 200)));
        let mask = Mask::new(200, 200, bits.collect());
        let polygon = &RegionPolygon::of(&mask)[0];
        let smooth = polygon.smoothed();
        assert!(
            smooth.exterior.len() * 2 < polygon.exterior.len(),
            "{}",
            smooth.exterior.len()
        );
        assert!(fill(&rings(&[smooth]), 200, 200) == mask);
    }
}
