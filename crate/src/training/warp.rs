//! Moving, turning and bending a picture, image and mask alike.

use std::ops::Range;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::augmentation::Augmentation;
use super::chance::{around, factor, happens};
use super::pictures::{Picture, Sample};

/// Points along a side of the grid of displacements that bends a picture.
const ELASTIC_POINTS: usize = 5;

/// Pieces that are tried until one has no lesion, and the share of the picture's side that they have.
const PIECES: usize = 12;
const PIECE: Range<f32> = 0.3..0.7;

/// What lies beyond the picture's edge.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Beyond {
    Mirrored,
    Black,
}

/// Where in the picture each point of the sample comes from. Points are in shares of the side from the centre, -0.5 to 0.5.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    /// Rows of the matrix from sample to picture.
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
    bend: Vec<[f32; 2]>,
    beyond: Beyond,
}

impl Warp {
    /// A random one.
    pub(super) fn new(of: &Augmentation, random: &mut ChaCha8Rng) -> Self {
        let quarter = happens(of.quarter_turn_chance, random);
        let quarters = if quarter {
            random.random_range(0..4)
        } else {
            0
        };
        let angle = (around(of.turn_degrees, random) + 90.0 * quarters as f32).to_radians();
        let zoom = factor(of.zoom, random);
        let stretch = factor(of.stretch, random).sqrt();
        let mirror = |is_mirrored| if is_mirrored { -1.0 } else { 1.0 };
        let sx = mirror(happens(of.flip_chance, random)) * stretch / zoom;
        let sy = mirror(happens(of.upside_down_chance, random)) / stretch / zoom;
        let (sin, cos) = angle.sin_cos();
        let shift = [around(of.shift, random), around(of.shift, random)];
        let bend = (0..ELASTIC_POINTS * ELASTIC_POINTS)
            .map(|_| [around(of.elastic, random), around(of.elastic, random)])
            .collect();
        let beyond = if random.random::<bool>() {
            Beyond::Mirrored
        } else {
            Beyond::Black
        };
        Self {
            matrix: [[cos * sx, -sin * sx], [sin * sy, cos * sy]],
            shift,
            bend,
            beyond,
        }
    }

    /// The same over a piece of the picture that has no lesion; `None` where none is found.
    pub(super) fn beside_lesion(&self, picture: &Picture, random: &mut ChaCha8Rng) -> Option<Self> {
        (0..PIECES).find_map(|_| {
            let share = random.random_range(PIECE);
            let matrix = self.matrix.map(|row| row.map(|weight| share * weight));
            let half = matrix.map(|[u, v]| (u.abs() + v.abs()) / 2.0);
            let shift = half.map(|half| around((0.5 - half).max(0.0), random));
            let from = [0, 1].map(|axis| shift[axis] - half[axis] + 0.5);
            let to = [0, 1].map(|axis| shift[axis] + half[axis] + 0.5);
            (!picture.has_lesion(from, to)).then(|| Self {
                matrix,
                shift,
                bend: vec![[0.0; 2]; ELASTIC_POINTS * ELASTIC_POINTS],
                beyond: Beyond::Mirrored,
            })
        })
    }

    /// The picture seen through this warp, image and mask alike, both bilinear.
    pub(super) fn apply(&self, picture: &Picture, side: usize) -> Sample {
        let mut sample = Sample::black(side);
        let scale = picture.side() as f32;
        let is_bent = self.bend.iter().flatten().any(|offset| *offset != 0.0);
        let at = |i: usize| (i as f32 + 0.5) / side as f32 - 0.5;
        let cells: Vec<Cell> = (0..side).map(|i| Cell::of(at(i))).collect();
        for y in 0..side {
            for x in 0..side {
                let [mut u, mut v] = [at(x), at(y)];
                if is_bent {
                    let [du, dv] = self.bend_at(cells[x], cells[y]);
                    (u, v) = (u + du, v + dv);
                }
                let [to_u, to_v] = self.matrix;
                let (u, v) = (
                    to_u[0] * u + to_u[1] * v + self.shift[0],
                    to_v[0] * u + to_v[1] * v + self.shift[1],
                );
                let inside = |s: f32| (-0.5..=0.5).contains(&s);
                if self.beyond == Beyond::Black && !(inside(u) && inside(v)) {
                    continue;
                }
                let place = |s: f32| (mirrored(s + 0.5) * scale - 0.5).clamp(0.0, scale - 1.0);
                let (rgb, mask) = picture.at(place(u), place(v));
                let i = y * side + x;
                sample.rgb[i] = rgb;
                sample.mask[i] = mask;
            }
        }
        sample
    }

    /// The displacement at a point: cosine interpolation of the grid.
    fn bend_at(&self, x: Cell, y: Cell) -> [f32; 2] {
        let point =
            |dx: usize, dy: usize| self.bend[(y.first + dy) * ELASTIC_POINTS + x.first + dx];
        std::array::from_fn(|axis| {
            let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
            mix(
                mix(point(0, 0)[axis], point(1, 0)[axis], x.share),
                mix(point(0, 1)[axis], point(1, 1)[axis], x.share),
                y.share,
            )
        })
    }
}

/// Between which two points of the grid of displacements something lies along one axis.
#[derive(Clone, Copy)]
struct Cell {
    first: usize,
    /// Weight of the second point.
    share: f32,
}

impl Cell {
    /// Of a point in shares of the side from the centre.
    fn of(s: f32) -> Self {
        let last = (ELASTIC_POINTS - 1) as f32;
        let place = ((s + 0.5) * last).clamp(0.0, last - 0.001);
        Self {
            first: place as usize,
            share: (1.0 - (std::f32::consts::PI * place.fract()).cos()) / 2.0,
        }
    }
}

/// Any number folded into 0 to 1, as between two mirrors.
fn mirrored(s: f32) -> f32 {
    let s = s.rem_euclid(2.0);
    if s > 1.0 { 2.0 - s } else { s }
}
