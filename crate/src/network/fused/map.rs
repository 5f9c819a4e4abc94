//! A channel-last activation map with a margin of zeros around it.

use wide::f32x4;

/// Lanes of a vector.
pub const LANES: usize = 4;

/// `[height + 2 margin, width + 2 margin, channels]`; only the inside is ever written, so the margin stays zero.
#[derive(Debug)]
pub struct Map {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub margin: usize,
    data: Vec<f32>,
}

impl Map {
    pub fn zeros(height: usize, width: usize, channels: usize, margin: usize) -> Self {
        let data = vec![0.0; (height + 2 * margin) * (width + 2 * margin) * channels];
        Self {
            height,
            width,
            channels,
            margin,
            data,
        }
    }

    /// From channel-first planes.
    pub fn from_planes(
        planes: &[f32],
        height: usize,
        width: usize,
        channels: usize,
        margin: usize,
    ) -> Self {
        let mut map = Self::zeros(height, width, channels, margin);
        for (channel, plane) in planes.chunks_exact(height * width).enumerate() {
            for (y, row) in plane.chunks_exact(width).enumerate() {
                for (pixel, value) in map.row_mut(y).chunks_exact_mut(channels).zip(row) {
                    pixel[channel] = *value;
                }
            }
        }
        map
    }

    /// Numbers between a pixel and the one below it.
    pub fn stride(&self) -> usize {
        (self.width + 2 * self.margin) * self.channels
    }

    /// Row `y - reach` onwards, from pixel `-reach`: what a kernel that reaches that far sees from row `y` on.
    pub fn window(&self, y: usize, reach: usize) -> &[f32] {
        let inset = self.margin - reach;
        &self.data[(y + inset) * self.stride() + inset * self.channels..]
    }

    /// The pixels of row `y`, without the margin.
    pub fn row(&self, y: usize) -> &[f32] {
        let start = (y + self.margin) * self.stride() + self.margin * self.channels;
        &self.data[start..start + self.width * self.channels]
    }

    /// The pixels of row `y`, without the margin.
    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = (y + self.margin) * self.stride() + self.margin * self.channels;
        &mut self.data[start..start + self.width * self.channels]
    }

    /// Maximum over 2 × 2 pixels.
    pub fn max_pool(&self, margin: usize) -> Self {
        let channels = self.channels;
        let mut pooled = Self::zeros(self.height / 2, self.width / 2, channels, margin);
        for y in 0..pooled.height {
            let (upper, lower) = (self.row(2 * y), self.row(2 * y + 1));
            let pairs = upper
                .chunks_exact(2 * channels)
                .zip(lower.chunks_exact(2 * channels));
            for (target, (upper, lower)) in pooled.row_mut(y).chunks_exact_mut(channels).zip(pairs)
            {
                let (a, b) = upper.split_at(channels);
                let (c, d) = lower.split_at(channels);
                for ((((target, a), b), c), d) in target.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *target = larger(larger(*a, *b), larger(*c, *d));
                }
            }
        }
        pooled
    }

    /// Bilinear doubling with half-pixel centres (align_corners = false): weights 1/4 and 3/4, edges clamped.
    pub fn upsample(&self, margin: usize) -> Self {
        let channels = self.channels;
        let mut doubled = Self::zeros(2 * self.height, 2 * self.width, channels, margin);
        let mut blended = vec![0.0; self.width * channels];
        for y in 0..doubled.height {
            let near = y / 2;
            let far = if y % 2 == 0 {
                near.saturating_sub(1)
            } else {
                (near + 1).min(self.height - 1)
            };
            blend(self.row(near), self.row(far), &mut blended);
            let width = self.width;
            for (x, target) in doubled.row_mut(y).chunks_exact_mut(channels).enumerate() {
                let near = x / 2;
                let far = if x % 2 == 0 {
                    near.saturating_sub(1)
                } else {
                    (near + 1).min(width - 1)
                };
                let pixel = |x: usize| &blended[x * channels..(x + 1) * channels];
                blend(pixel(near), pixel(far), target);
            }
        }
        doubled
    }
}

/// `f32::max` is a call for each number in WebAssembly, because of what it says about NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Three parts of `near` and one of `far`.
fn blend(near: &[f32], far: &[f32], target: &mut [f32]) {
    for ((target, near), far) in target.iter_mut().zip(near).zip(far) {
        *target = 0.75 * near + 0.25 * far;
    }
}

/// The vector at the start of a slice of at least four numbers.
pub fn load(values: &[f32; LANES]) -> f32x4 {
    f32x4::from(*values)
}
