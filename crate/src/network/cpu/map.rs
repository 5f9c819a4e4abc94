//! A channel-last activation map with a margin of zeros around it, and the bands of rows that threads share.

use std::ops::Range;

use rayon::prelude::*;

use super::buffers::{BufferPool, Recycled};

/// `[height + 2 margin, width + 2 margin, channels]`; only the inside is ever written, so the margin stays zero.
///
/// Its memory may be longer.
#[derive(Debug)]
pub struct Map {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub margin: usize,
    data: Vec<f32>,
}

/// Some rows of a map, for one thread to write.
#[derive(Debug)]
pub struct Band<'a> {
    /// The first row's number in the map.
    pub y: usize,
    /// How many rows.
    pub count: usize,
    /// Whole rows, the margins at their ends included.
    data: &'a mut [f32],
    stride: usize,
    /// Where the pixels lie in a row.
    inside: Range<usize>,
}

impl Band<'_> {
    /// The pixels of row `row`, counted from the band's first, without the margin.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.data[row * self.stride..][self.inside.clone()]
    }
}

impl Map {
    /// A map whose margin is zero, for every pixel of the inside to be written.
    pub fn blank(
        height: usize,
        width: usize,
        channels: usize,
        margin: usize,
        pool: &BufferPool,
    ) -> Self {
        let length = (height + 2 * margin) * (width + 2 * margin) * channels;
        let (data, is_zero) = match pool.take_map(length) {
            Recycled::Zero(data) => (data, true),
            Recycled::Used(data) => (data, false),
        };
        let mut map = Self {
            height,
            width,
            channels,
            margin,
            data,
        };
        if !is_zero {
            map.clear_margin();
        }
        map
    }

    fn clear_margin(&mut self) {
        let (stride, side) = (self.stride(), self.margin * self.channels);
        let data = &mut self.data[..(self.height + 2 * self.margin) * stride];
        let (above, rest) = data.split_at_mut(self.margin * stride);
        let (inside, below) = rest.split_at_mut(self.height * stride);
        above.fill(0.0);
        below.fill(0.0);
        for row in inside.chunks_exact_mut(stride) {
            row[..side].fill(0.0);
            row[stride - side..].fill(0.0);
        }
    }

    /// Its memory, for another map.
    pub fn recycle(self, pool: &BufferPool) {
        pool.give_map(self.data);
    }

    /// From channel-first planes.
    pub fn from_planes(
        planes: &[f32],
        height: usize,
        width: usize,
        channels: usize,
        margin: usize,
        pool: &BufferPool,
    ) -> Self {
        let mut map = Self::blank(height, width, channels, margin, pool);
        map.bands(1).for_each(|mut band| {
            let y = band.y;
            for (channel, plane) in planes.chunks_exact(height * width).enumerate() {
                let row = &plane[y * width..(y + 1) * width];
                for (pixel, value) in band.row_mut(0).chunks_exact_mut(channels).zip(row) {
                    pixel[channel] = *value;
                }
            }
        });
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

    /// The map in bands of `rows` rows, the last of as many as are left, for threads to write side by side.
    pub fn bands(&mut self, rows: usize) -> impl IndexedParallelIterator<Item = Band<'_>> {
        let (stride, height) = (self.stride(), self.height);
        let start = self.margin * self.channels;
        let inside = start..start + self.width * self.channels;
        self.data[self.margin * stride..][..height * stride]
            .par_chunks_mut(rows * stride)
            .enumerate()
            .map(move |(index, data)| Band {
                y: index * rows,
                count: data.len() / stride,
                data,
                stride,
                inside: inside.clone(),
            })
    }

    /// Maximum over 2 × 2 pixels.
    pub fn max_pool(&self, margin: usize, pool: &BufferPool) -> Self {
        let channels = self.channels;
        let mut pooled = Self::blank(self.height / 2, self.width / 2, channels, margin, pool);
        pooled.bands(1).for_each(|mut band| {
            let y = band.y;
            let (upper, lower) = (self.row(2 * y), self.row(2 * y + 1));
            let pairs = upper
                .chunks_exact(2 * channels)
                .zip(lower.chunks_exact(2 * channels));
            for (target, (upper, lower)) in band.row_mut(0).chunks_exact_mut(channels).zip(pairs) {
                let (a, b) = upper.split_at(channels);
                let (c, d) = lower.split_at(channels);
                for ((((target, a), b), c), d) in target.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *target = larger(larger(*a, *b), larger(*c, *d));
                }
            }
        });
        pooled
    }

    /// Bilinear doubling with half-pixel centres (align_corners = false): weights 1/4 and 3/4, edges clamped.
    pub fn upsample(&self, margin: usize, pool: &BufferPool) -> Self {
        let channels = self.channels;
        let mut doubled = Self::blank(2 * self.height, 2 * self.width, channels, margin, pool);
        let room = || vec![0.0; self.width * channels];
        doubled.bands(1).for_each_init(room, |blended, mut band| {
            let y = band.y;
            let near = y / 2;
            let far = if y % 2 == 0 {
                near.saturating_sub(1)
            } else {
                (near + 1).min(self.height - 1)
            };
            blend(self.row(near), self.row(far), blended);
            let width = self.width;
            for (x, target) in band.row_mut(0).chunks_exact_mut(channels).enumerate() {
                let near = x / 2;
                let far = if x % 2 == 0 {
                    near.saturating_sub(1)
                } else {
                    (near + 1).min(width - 1)
                };
                let pixel = |x: usize| &blended[x * channels..(x + 1) * channels];
                blend(pixel(near), pixel(far), target);
            }
        });
        doubled
    }
}

/// In WebAssembly `f32::max` is a function call for each number, because it defines what happens to NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Three parts of `near` and one of `far`.
fn blend(near: &[f32], far: &[f32], target: &mut [f32]) {
    for ((target, near), far) in target.iter_mut().zip(near).zip(far) {
        *target = 0.75 * near + 0.25 * far;
    }
}
