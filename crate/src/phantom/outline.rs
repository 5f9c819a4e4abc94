//! The border of a made-up lesion: a tilted ellipse whose radius wanders with the direction.

use super::noise::{Random, fractal};
use crate::mask::Mask;

pub(super) struct Outline {
    centre: [f32; 2],
    axes: [f32; 2],
    /// Cosine and sine of the tilt.
    tilt: [f32; 2],
    roughness: f32,
    detail: f32,
    seed: u32,
}

impl Outline {
    /// `centre` and `axes` (half the lengths) in pixels; `tilt` is the tangent of half the angle; `roughness` is how
    /// far the radius wanders, `detail` how often.
    pub fn new(
        random: &mut Random,
        centre: [f32; 2],
        axes: [f32; 2],
        tilt: f32,
        roughness: f32,
        detail: f32,
    ) -> Self {
        let norm = 1.0 + tilt * tilt;
        Self {
            centre,
            axes,
            tilt: [(1.0 - tilt * tilt) / norm, 2.0 * tilt / norm],
            roughness,
            detail,
            seed: random.seed(),
        }
    }

    /// Depth below the border at the centre of pixel (`x`, `y`), in units of the radius: 1 near the lesion's centre,
    /// 0 on its border, negative outside.
    pub fn depth(&self, x: u32, y: u32) -> f32 {
        let [u, v] = self.place(x, y);
        let radius = (u * u + v * v).sqrt();
        if radius > 1.0 + 1.5 * self.roughness {
            return 1.0 - radius; // outside whatever the border does
        }
        if radius < 1e-3 {
            return 1.0;
        }
        let (du, dv) = (u / radius * self.detail, v / radius * self.detail);
        let wander = 2.0 * fractal(du + 31.7, dv + 11.9, 4, self.seed) - 1.0;
        (1.0 + 1.5 * self.roughness * wander) - radius
    }

    /// Coordinates in which the unit circle is the ellipse.
    pub fn place(&self, x: u32, y: u32) -> [f32; 2] {
        let (dx, dy) = (
            x as f32 + 0.5 - self.centre[0],
            y as f32 + 0.5 - self.centre[1],
        );
        let [c, s] = self.tilt;
        [
            (c * dx + s * dy) / self.axes[0],
            (c * dy - s * dx) / self.axes[1],
        ]
    }

    /// The mask of a picture whose depths are given row by row.
    pub fn mask(width: u32, height: u32, depths: &[f32]) -> Mask {
        let bits = depths.iter().map(|depth| u8::from(*depth >= 0.0)).collect();
        Mask::new(width, height, bits)
    }
}
