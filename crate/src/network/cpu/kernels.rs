//! The passes over the image. Threads share a pass by bands of rows of its result; each number is the same sum, whichever
//! thread computes it.

use rayon::prelude::*;

use super::buffers::{BufferPool, Buffers, Workspace, at_least};
use super::dense::Dense;
use super::map::Map;
use super::simd::{Block, Simd};
use super::width::{Width, with_width};
use super::winograd::Winograd;

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
    fn apply<S: Simd, const N: usize>(
        &self,
        simd: S,
        x: &Map,
        y: usize,
        count: usize,
        workspace: &mut Workspace,
        mut finish: impl FnMut(usize, usize, usize, S::Block),
    ) {
        if let Some(winograd) = self.winograd.as_ref().filter(|_| Winograd::fits(x)) {
            winograd.apply::<S, N>(simd, x, y, count, workspace, finish);
            return;
        }
        let (stride, step) = (x.stride(), x.channels);
        for row in 0..count {
            let window = x.window(y + row, 1);
            tiles::<N>(
                x.width,
                #[cfg_attr(target_arch = "x86_64", inline(always))]
                |start, full| {
                    let source = &window[start * step..];
                    if full {
                        self.direct.tile::<S, N>(
                            simd,
                            source,
                            step,
                            stride,
                            #[cfg_attr(target_arch = "x86_64", inline(always))]
                            |pixel, channel, sums| finish(row, start + pixel, channel, sums),
                        );
                    } else {
                        self.direct.tile::<S, 1>(
                            simd,
                            source,
                            step,
                            stride,
                            #[cfg_attr(target_arch = "x86_64", inline(always))]
                            |pixel, channel, sums| finish(row, start + pixel, channel, sums),
                        );
                    }
                },
            );
        }
    }
}

/// 3×3 convolution with its batch normalisation folded in, then ReLU.
#[derive(Debug)]
pub struct ConvBlock {
    pub convolution: Conv3x3,
    pub width: Width,
}

impl ConvBlock {
    /// `margin` is that of the result.
    pub fn apply(&self, x: &Map, margin: usize, pool: &BufferPool) -> Map {
        with_width!(self.width, |simd, TILE| self
            .apply_with::<_, TILE>(simd, x, margin, pool))
    }

    fn apply_with<S: Simd, const N: usize>(
        &self,
        simd: S,
        x: &Map,
        margin: usize,
        pool: &BufferPool,
    ) -> Map {
        let outputs = self.convolution.outputs();
        let mut result = Map::blank(x.height, x.width, outputs, margin, pool);
        let bands = result.bands(self.convolution.rows_at_once(x));
        bands.for_each_init(
            || pool.take(),
            |buffers, mut band| {
                simd.run(
                    #[cfg_attr(target_arch = "x86_64", inline(always))]
                    || {
                        let (y, count) = (band.y, band.count);
                        self.convolution.apply::<S, N>(
                            simd,
                            x,
                            y,
                            count,
                            &mut buffers.workspace,
                            #[cfg_attr(target_arch = "x86_64", inline(always))]
                            |row, column, channel, sums| {
                                simd.store(
                                    &mut band.row_mut(row)[column * outputs + channel..],
                                    sums.larger(S::Block::splat(simd.splat(0.0))),
                                );
                            },
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
    fn tile<S: Simd, const N: usize>(
        &self,
        simd: S,
        source: &[f32],
        hidden: &mut [f32],
        target: &mut [f32],
    ) {
        let (wide, narrow) = (self.expand.outputs(), self.project.outputs());
        self.expand.tile::<S, N>(
            simd,
            source,
            self.expand.inputs,
            0,
            #[cfg_attr(target_arch = "x86_64", inline(always))]
            |pixel, channel, sums| {
                let sums = simd.gelu(sums);
                simd.store(&mut hidden[pixel * wide + channel..], sums);
            },
        );
        self.project.tile::<S, N>(
            simd,
            hidden,
            wide,
            0,
            #[cfg_attr(target_arch = "x86_64", inline(always))]
            |pixel, channel, sums| {
                let sums = simd.gelu(sums);
                let values = self.norm.apply(simd, channel / S::BLOCK, sums);
                simd.store(&mut target[pixel * narrow + channel..], values);
            },
        );
    }
}

/// A batch normalisation that cannot be folded away: a scale and a shift for each channel.
#[derive(Debug)]
pub struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Affine {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, block: usize, values: S::Block) -> S::Block {
        let scale = simd.block(&S::numbers(&self.scale)[block]);
        let shift = simd.block(&S::numbers(&self.shift)[block]);
        values.multiply_add(scale, shift)
    }
}

/// One layer of an encoder: depthwise k×k, GELU, batch normalisation, residual, then the bottleneck.
#[derive(Debug)]
pub struct LargeKernelLayer {
    pub side: usize,
    /// `[channels / block][side * side][block]`.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub norm: Affine,
    pub bottleneck: Bottleneck,
    pub width: Width,
}

impl LargeKernelLayer {
    /// Pixels by which the kernel reaches beyond the one it is centred on.
    pub fn margin(&self) -> usize {
        self.side / 2
    }

    /// `margin` is that of the result.
    pub fn apply(&self, x: &Map, margin: usize, pool: &BufferPool) -> Map {
        with_width!(self.width, |simd, TILE| self
            .apply_with::<_, TILE>(simd, x, margin, pool))
    }

    fn apply_with<S: Simd, const N: usize>(
        &self,
        simd: S,
        x: &Map,
        margin: usize,
        pool: &BufferPool,
    ) -> Map {
        let channels = x.channels;
        let mut result = Map::blank(x.height, x.width, channels, margin, pool);
        result.bands(1).for_each_init(
            || pool.take(),
            |buffers, mut band| {
                let (window, stride) = (x.window(band.y, self.margin()), x.stride());
                let row = band.row_mut(0);
                let Buffers { mixed, hidden, .. } = &mut **buffers;
                let mixed = at_least(mixed, N * channels);
                let hidden = at_least(hidden, N * self.bottleneck.expand.outputs());
                simd.run(
                    #[cfg_attr(target_arch = "x86_64", inline(always))]
                    || {
                        tiles::<N>(
                            x.width,
                            #[cfg_attr(target_arch = "x86_64", inline(always))]
                            |start, full| {
                                let source = &window[start * channels..];
                                let target = &mut row[start * channels..];
                                if full {
                                    self.depthwise::<S, N>(simd, source, channels, stride, mixed);
                                    self.bottleneck.tile::<S, N>(simd, mixed, hidden, target);
                                } else {
                                    self.depthwise::<S, 1>(simd, source, channels, stride, mixed);
                                    self.bottleneck.tile::<S, 1>(simd, mixed, hidden, target);
                                }
                            },
                        );
                    },
                );
            },
        );
        result
    }

    #[inline(always)]
    fn depthwise<S: Simd, const N: usize>(
        &self,
        simd: S,
        source: &[f32],
        channels: usize,
        stride: usize,
        target: &mut [f32],
    ) {
        let taps = self.side * self.side;
        let centre = self.margin() * (stride + channels);
        for (block, (weights, bias)) in S::numbers(&self.weights)
            .chunks_exact(taps)
            .zip(S::numbers(&self.bias))
            .enumerate()
        {
            let channel = block * S::BLOCK;
            let mut sums = [simd.block(bias); N];
            for (row, weights) in weights.chunks_exact(self.side).enumerate() {
                let line = &source[row * stride + channel..];
                for (column, weight) in weights.iter().enumerate() {
                    let weight = simd.block(weight);
                    for (pixel, sums) in sums.iter_mut().enumerate() {
                        let value = simd.block_at(&line[(column + pixel) * channels..]);
                        *sums = value.multiply_add(weight, *sums);
                    }
                }
            }
            for (pixel, sums) in sums.iter().enumerate() {
                let residual = simd.block_at(&source[centre + pixel * channels + channel..]);
                let mixed = self.norm.apply(simd, block, simd.gelu(*sums));
                simd.store(
                    &mut target[pixel * channels + channel..],
                    residual.plus(mixed),
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
    pub width: Width,
}

impl SkipFusion {
    /// `margin` is that of the result.
    pub fn apply(&self, skip: &Map, upsampled: &Map, margin: usize, pool: &BufferPool) -> Map {
        with_width!(self.width, |simd, TILE| self.apply_with::<_, TILE>(
            simd,
            [skip, upsampled],
            margin,
            pool
        ))
    }

    fn apply_with<S: Simd, const N: usize>(
        &self,
        simd: S,
        [skip, upsampled]: [&Map; 2],
        margin: usize,
        pool: &BufferPool,
    ) -> Map {
        let (half, outputs) = (self.skip.outputs(), self.bottleneck.project.outputs());
        let mut result = Map::blank(skip.height, skip.width, outputs, margin, pool);
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
                let hidden = at_least(hidden, N * self.bottleneck.expand.outputs());
                let groups = [(&self.skip, skip, 0), (&self.upsampled, upsampled, half)];
                for (group, map, offset) in groups {
                    simd.run(
                        #[cfg_attr(target_arch = "x86_64", inline(always))]
                        || {
                            group.apply::<S, N>(
                                simd,
                                map,
                                y,
                                count,
                                workspace,
                                #[cfg_attr(target_arch = "x86_64", inline(always))]
                                |row, column, channel, sums| {
                                    let start = (row * width + column) * both + offset + channel;
                                    let sums = simd.gelu(sums);
                                    simd.store(&mut mixed[start..], sums);
                                },
                            );
                        },
                    );
                }
                simd.run(
                    #[cfg_attr(target_arch = "x86_64", inline(always))]
                    || {
                        let rows = mixed.chunks_exact(width * both).take(count);
                        for (row, mixed) in rows.enumerate() {
                            let row = band.row_mut(row);
                            tiles::<N>(
                                width,
                                #[cfg_attr(target_arch = "x86_64", inline(always))]
                                |start, full| {
                                    let source = &mixed[start * both..];
                                    let target = &mut row[start * outputs..];
                                    if full {
                                        self.bottleneck.tile::<S, N>(simd, source, hidden, target);
                                    } else {
                                        self.bottleneck.tile::<S, 1>(simd, source, hidden, target);
                                    }
                                },
                            );
                        }
                    },
                );
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

/// Cuts a row into tiles: full ones of `N` pixels, then single pixels. `work` gets the first pixel and whether the tile is full.
#[inline(always)]
fn tiles<const N: usize>(width: usize, mut work: impl FnMut(usize, bool)) {
    let full = width / N * N;
    for start in (0..full).step_by(N) {
        work(start, true);
    }
    for start in full..width {
        work(start, false);
    }
}
