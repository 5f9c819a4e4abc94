//! The passes over the image. Threads share a pass by bands of rows of its result; each number is the same sum, whichever
//! thread computes it.

use rayon::prelude::*;
use wide::f32x4;

use super::buffers::{BufferPool, Buffers, at_least};
use super::dense::{Dense, TILE};
use super::map::Map;
use super::simd::{BLOCK, gelu, halves, multiply_add, store, vectors};
use super::winograd::{Winograd, Workspace};

/// 3×3 convolution: by Winograd's algorithm where the map can be cut into its tiles, else tap by tap.
#[derive(Debug)]
pub struct Conv3x3 {
    pub direct: Dense,
    pub winograd: Option<Winograd>,
}

impl Conv3x3 {
    /// Output channels.
    fn outputs(&self) -> usize {
        self.direct.outputs()
    }

    /// How many rows [`Self::apply`] wants to do at a time.
    fn rows_at_once(&self, x: &Map) -> usize {
        match self.winograd {
            Some(_) if Winograd::fits(x) => Winograd::rows_at_once(x),
            _ => 1,
        }
    }

    /// Rows `y` to `y + count`: `finish` gets row (from 0), column, first output channel and the sums of a block.
    #[inline(always)]
    fn apply(
        &self,
        x: &Map,
        y: usize,
        count: usize,
        workspace: &mut Workspace,
        mut finish: impl FnMut(usize, usize, usize, [f32x4; 2]),
    ) {
        if let Some(winograd) = self.winograd.as_ref().filter(|_| Winograd::fits(x)) {
            winograd.apply(x, y, count, workspace, finish);
            return;
        }
        let (stride, step) = (x.stride(), x.channels);
        for row in 0..count {
            let window = x.window(y + row, 1);
            tiles(x.width, |start, full| {
                let finish = |pixel, channel, sums| finish(row, start + pixel, channel, sums);
                let source = &window[start * step..];
                if full {
                    self.direct.tile::<TILE>(source, step, stride, finish);
                } else {
                    self.direct.tile::<1>(source, step, stride, finish);
                }
            });
        }
    }
}

/// 3×3 convolution with its batch normalisation folded in, then ReLU.
#[derive(Debug)]
pub struct ConvBlock(pub Conv3x3);

impl ConvBlock {
    /// `margin` is that of the result.
    pub fn apply(&self, x: &Map, margin: usize, pool: &BufferPool) -> Map {
        let outputs = self.0.outputs();
        let mut result = Map::zeros(x.height, x.width, outputs, margin);
        let bands = result.bands(self.0.rows_at_once(x));
        bands.for_each_init(
            || pool.take(),
            |buffers, mut band| {
                let (y, count) = (band.y, band.count);
                self.0.apply(
                    x,
                    y,
                    count,
                    &mut buffers.workspace,
                    |row, column, channel, sums| {
                        store(
                            &mut band.row_mut(row)[column * outputs + channel..],
                            sums.map(|sum| sum.fast_max(f32x4::ZERO)),
                        );
                    },
                );
            },
        );
        result
    }
}

/// The inverted bottleneck: 1×1, GELU, 1×1, GELU, batch normalisation; the first normalisation is folded into the
/// second convolution.
#[derive(Debug)]
pub struct Bottleneck {
    pub expand: Dense,
    pub project: Dense,
    pub norm: Affine,
}

impl Bottleneck {
    /// `N` pixels, packed, from `source` to `target`; `hidden` holds the wide channels.
    #[inline(always)]
    fn tile<const N: usize>(&self, source: &[f32], hidden: &mut [f32], target: &mut [f32]) {
        let (wide, narrow) = (self.expand.outputs(), self.project.outputs());
        self.expand
            .tile::<N>(source, self.expand.inputs, 0, |pixel, channel, sums| {
                store(&mut hidden[pixel * wide + channel..], sums.map(gelu));
            });
        self.project
            .tile::<N>(hidden, wide, 0, |pixel, channel, sums| {
                let block = channel / BLOCK;
                let values = self.norm.apply(block, sums.map(gelu));
                store(&mut target[pixel * narrow + channel..], values);
            });
    }
}

/// A batch normalisation that cannot be folded away: a scale and a shift for each channel.
#[derive(Debug)]
pub struct Affine {
    pub scale: Vec<[f32; BLOCK]>,
    pub shift: Vec<[f32; BLOCK]>,
}

impl Affine {
    #[inline(always)]
    fn apply(&self, block: usize, values: [f32x4; 2]) -> [f32x4; 2] {
        let (scale, shift) = (halves(&self.scale[block]), halves(&self.shift[block]));
        [
            multiply_add(values[0], scale.0, shift.0),
            multiply_add(values[1], scale.1, shift.1),
        ]
    }
}

/// One layer of an encoder: depthwise k×k, GELU, batch normalisation, residual, then the bottleneck.
#[derive(Debug)]
pub struct LargeKernelLayer {
    pub side: usize,
    /// `[channels / BLOCK][side * side][BLOCK]`.
    pub weights: Vec<[f32; BLOCK]>,
    pub bias: Vec<[f32; BLOCK]>,
    pub norm: Affine,
    pub bottleneck: Bottleneck,
}

impl LargeKernelLayer {
    /// Pixels by which the kernel reaches beyond the one it is centred on.
    pub fn margin(&self) -> usize {
        self.side / 2
    }

    /// `margin` is that of the result.
    pub fn apply(&self, x: &Map, margin: usize, pool: &BufferPool) -> Map {
        let channels = x.channels;
        let mut result = Map::zeros(x.height, x.width, channels, margin);
        result.bands(1).for_each_init(
            || pool.take(),
            |buffers, mut band| {
                let (window, stride) = (x.window(band.y, self.margin()), x.stride());
                let row = band.row_mut(0);
                let Buffers { mixed, hidden, .. } = &mut **buffers;
                let mixed = at_least(mixed, TILE * channels);
                let hidden = at_least(hidden, TILE * self.bottleneck.expand.outputs());
                tiles(x.width, |start, full| {
                    let source = &window[start * channels..];
                    let target = &mut row[start * channels..];
                    if full {
                        self.depthwise::<TILE>(source, channels, stride, mixed);
                        self.bottleneck.tile::<TILE>(mixed, hidden, target);
                    } else {
                        self.depthwise::<1>(source, channels, stride, mixed);
                        self.bottleneck.tile::<1>(mixed, hidden, target);
                    }
                });
            },
        );
        result
    }

    #[inline(always)]
    fn depthwise<const N: usize>(
        &self,
        source: &[f32],
        channels: usize,
        stride: usize,
        target: &mut [f32],
    ) {
        let taps = self.side * self.side;
        let centre = self.margin() * (stride + channels);
        for (block, (weights, bias)) in self.weights.chunks_exact(taps).zip(&self.bias).enumerate()
        {
            let channel = block * BLOCK;
            let (low, high) = halves(bias);
            let mut sums = [[low, high]; N];
            for (row, weights) in weights.chunks_exact(self.side).enumerate() {
                let line = &source[row * stride + channel..];
                for (column, weight) in weights.iter().enumerate() {
                    let (low, high) = halves(weight);
                    for (pixel, sums) in sums.iter_mut().enumerate() {
                        let value = vectors(&line[(column + pixel) * channels..]);
                        sums[0] = multiply_add(value[0], low, sums[0]);
                        sums[1] = multiply_add(value[1], high, sums[1]);
                    }
                }
            }
            for (pixel, sums) in sums.into_iter().enumerate() {
                let residual = vectors(&source[centre + pixel * channels + channel..]);
                let mixed = self.norm.apply(block, sums.map(gelu));
                store(
                    &mut target[pixel * channels + channel..],
                    [residual[0] + mixed[0], residual[1] + mixed[1]],
                );
            }
        }
    }
}

/// Skip fusion: each half of the channels through its own 3×3 convolution and GELU, then the bottleneck over both.
#[derive(Debug)]
pub struct SkipFusion {
    pub skip: Conv3x3,
    pub upsampled: Conv3x3,
    pub bottleneck: Bottleneck,
}

impl SkipFusion {
    /// `margin` is that of the result.
    pub fn apply(&self, skip: &Map, upsampled: &Map, margin: usize, pool: &BufferPool) -> Map {
        let (half, outputs) = (self.skip.outputs(), self.bottleneck.project.outputs());
        let mut result = Map::zeros(skip.height, skip.width, outputs, margin);
        let (both, width) = (2 * half, skip.width);
        let bands = result.bands(self.skip.rows_at_once(skip));
        bands.for_each_init(
            || pool.take(),
            |buffers, mut band| {
                let (y, count) = (band.y, band.count);
                let Buffers {
                    workspace,
                    mixed,
                    hidden,
                } = &mut **buffers;
                let mixed = at_least(mixed, count * width * both);
                let hidden = at_least(hidden, TILE * self.bottleneck.expand.outputs());
                let groups = [(&self.skip, skip, 0), (&self.upsampled, upsampled, half)];
                for (group, map, offset) in groups {
                    group.apply(map, y, count, workspace, |row, column, channel, sums| {
                        let start = (row * width + column) * both + offset + channel;
                        store(&mut mixed[start..], sums.map(gelu));
                    });
                }
                for (row, mixed) in mixed.chunks_exact(width * both).take(count).enumerate() {
                    let row = band.row_mut(row);
                    tiles(width, |start, full| {
                        let source = &mixed[start * both..];
                        let target = &mut row[start * outputs..];
                        if full {
                            self.bottleneck.tile::<TILE>(source, hidden, target);
                        } else {
                            self.bottleneck.tile::<1>(source, hidden, target);
                        }
                    });
                }
            },
        );
        result
    }
}

/// The head: a 1×1 convolution to any number of classes.
#[derive(Debug)]
pub struct Head {
    /// One row of weights for each class.
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

impl Head {
    /// Channel-first planes, one for each class.
    pub fn apply_to_planes(&self, x: &Map) -> Vec<f32> {
        let mut planes = vec![0.0; self.bias.len() * x.height * x.width];
        let rows = planes.par_chunks_exact_mut(x.width).enumerate();
        rows.for_each(|(index, row)| {
            let (class, y) = (index / x.height, index % x.height);
            let (weights, bias) = (&self.weights[class], self.bias[class]);
            for (sum, pixel) in row.iter_mut().zip(x.row(y).chunks_exact(x.channels)) {
                *sum = pixel
                    .iter()
                    .zip(weights)
                    .fold(bias, |sum, (value, weight)| sum + value * weight);
            }
        });
        planes
    }
}

/// Cuts a row into tiles: full ones, then single pixels. `work` gets the first pixel and whether the tile is full.
#[inline(always)]
fn tiles(width: usize, mut work: impl FnMut(usize, bool)) {
    let full = width / TILE * TILE;
    for start in (0..full).step_by(TILE) {
        work(start, true);
    }
    for start in full..width {
        work(start, false);
    }
}
