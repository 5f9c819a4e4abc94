//! The passes over the image. Threads share out a pass by bands of rows of its result; every number is the same sum,
//! whoever computes it. A pass works on a tile of [`TILE`] pixels of one row at a time:
//!
//! ```text
//!            channels ─▶
//!   pixel 0  [ v v | v v | … ]      v: one vector of four channels
//!   pixel 1  [ v v | v v | … ]      accumulators: TILE pixels × 2 vectors stay in registers
//!   …                               while the loop runs over taps and input channels
//! ```

use rayon::prelude::*;
use wide::f32x4;

use super::map::{LANES, Map, load, multiply_add};
use super::scratch::{Room, Scratch};
use super::winograd::{Winograd, Workspace};

/// Pixels that share each load of a weight.
pub const TILE: usize = 4;
/// Output channels that share each load of an input: two vectors.
pub const BLOCK: usize = 2 * LANES;

/// Inputs that are summed on their own before they join the total: rounding grows with the length of a sum.
const LONGEST_RUN: usize = 32;
/// Fewer are not worth the joining, but for the stem's three: what is lost there goes through the whole network.
const SHORTEST_RUN: usize = 16;

/// A dense layer's weights as the loops want them: `[output / BLOCK][tap][input][BLOCK]`.
#[derive(Debug)]
pub struct Dense {
    pub weights: Vec<[f32; BLOCK]>,
    pub bias: Vec<[f32; BLOCK]>,
    /// Side of the kernel: 1 or 3.
    pub side: usize,
    /// Input channels.
    pub inputs: usize,
}

impl Dense {
    /// Output channels.
    fn outputs(&self) -> usize {
        self.bias.len() * BLOCK
    }

    /// Sums for `N` pixels side by side: `source` starts at the first pixel's first tap, `step` numbers, those of a pixel, lie
    /// between pixels and `stride` between rows. `finish` gets pixel, first output channel and the sums of a block.
    #[inline(always)]
    fn tile<const N: usize>(
        &self,
        source: &[f32],
        step: usize,
        stride: usize,
        mut finish: impl FnMut(usize, usize, [f32x4; 2]),
    ) {
        let per_block = self.side * self.side * self.inputs;
        for (block, (weights, bias)) in self
            .weights
            .chunks_exact(per_block)
            .zip(&self.bias)
            .enumerate()
        {
            let (low, high) = halves(bias);
            let mut sums = [[low, high]; N];
            // A row of taps lies side by side, in the map as in the weights.
            for (row, weights) in weights.chunks_exact(self.side * self.inputs).enumerate() {
                sums = multiply_in_runs::<N>(
                    weights,
                    &source[row * stride..],
                    step,
                    self.inputs,
                    sums,
                );
            }
            for (pixel, sums) in sums.into_iter().enumerate() {
                finish(pixel, block * BLOCK, sums);
            }
        }
    }
}

/// Adds to the sums of `N` pixels, `step` numbers apart in `source`, their inputs times the weights of a block,
/// `run` of them at a time where that is sensible.
#[inline(always)]
pub fn multiply_in_runs<const N: usize>(
    weights: &[[f32; BLOCK]],
    source: &[f32],
    step: usize,
    run: usize,
    mut sums: [[f32x4; 2]; N],
) -> [[f32x4; 2]; N] {
    let length = if run < LANES {
        run
    } else {
        run.clamp(SHORTEST_RUN, LONGEST_RUN)
    };
    for (index, weights) in weights.chunks(length).enumerate() {
        let parts = multiply::<N>(weights, &source[index * length..], step);
        for (sums, parts) in sums.iter_mut().zip(parts) {
            sums[0] += parts[0];
            sums[1] += parts[1];
        }
    }
    sums
}

/// The inputs of one run times the weights, summed from nothing.
#[inline(always)]
fn multiply<const N: usize>(
    weights: &[[f32; BLOCK]],
    source: &[f32],
    step: usize,
) -> [[f32x4; 2]; N] {
    let mut sums = [[f32x4::ZERO; 2]; N];
    let mut add = |weight: &[f32; BLOCK], values: [f32; N]| {
        let (low, high) = halves(weight);
        for (sums, value) in sums.iter_mut().zip(values) {
            let value = f32x4::splat(value);
            sums[0] = multiply_add(value, low, sums[0]);
            sums[1] = multiply_add(value, high, sums[1]);
        }
    };
    let pixels: [&[f32]; N] = std::array::from_fn(|pixel| &source[pixel * step..][..weights.len()]);
    // Four inputs at a time; every layer but the stem has a multiple of that.
    let (fours, rest) = weights.as_chunks::<LANES>();
    let inputs = pixels.map(|pixel| &pixel.as_chunks::<LANES>().0[..fours.len()]);
    for (index, weights) in fours.iter().enumerate() {
        let values = inputs.map(|inputs| inputs[index]);
        for (lane, weight) in weights.iter().enumerate() {
            add(weight, values.map(|values| values[lane]));
        }
    }
    for (input, weight) in rest.iter().enumerate() {
        add(
            weight,
            pixels.map(|pixel| pixel[fours.len() * LANES + input]),
        );
    }
    sums
}

/// 3×3 convolution: by Winograd's algorithm where the map can be cut into its tiles, else tap by tap.
#[derive(Debug)]
pub struct Spatial {
    pub direct: Dense,
    pub winograd: Option<Winograd>,
}

impl Spatial {
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
pub struct Convolution(pub Spatial);

impl Convolution {
    /// `margin` is the one of the result.
    pub fn apply(&self, x: &Map, margin: usize, scratch: &Scratch) -> Map {
        let outputs = self.0.outputs();
        let mut result = Map::zeros(x.height, x.width, outputs, margin);
        let bands = result.bands(self.0.rows_at_once(x));
        bands.for_each_init(
            || scratch.take(),
            |room, mut band| {
                let (y, count) = (band.y, band.count);
                self.0.apply(
                    x,
                    y,
                    count,
                    &mut room.workspace,
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
    pub norm: Norm,
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

/// A batch normalisation that could not be folded away: scale and shift a channel.
#[derive(Debug)]
pub struct Norm {
    pub scale: Vec<[f32; BLOCK]>,
    pub shift: Vec<[f32; BLOCK]>,
}

impl Norm {
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
pub struct LargeKernel {
    pub side: usize,
    /// `[channels / BLOCK][side * side][BLOCK]`.
    pub weights: Vec<[f32; BLOCK]>,
    pub bias: Vec<[f32; BLOCK]>,
    pub norm: Norm,
    pub bottleneck: Bottleneck,
}

impl LargeKernel {
    /// How far the kernel reaches beyond a pixel.
    pub fn margin(&self) -> usize {
        self.side / 2
    }

    /// `margin` is the one of the result.
    pub fn apply(&self, x: &Map, margin: usize, scratch: &Scratch) -> Map {
        let channels = x.channels;
        let mut result = Map::zeros(x.height, x.width, channels, margin);
        result.bands(1).for_each_init(
            || scratch.take(),
            |room, mut band| {
                let (window, stride) = (x.window(band.y, self.margin()), x.stride());
                let row = band.row_mut(0);
                let Room { mixed, hidden, .. } = &mut **room;
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
pub struct Fusion {
    pub skip: Spatial,
    pub upsampled: Spatial,
    pub bottleneck: Bottleneck,
}

impl Fusion {
    /// `margin` is the one of the result.
    pub fn apply(&self, skip: &Map, upsampled: &Map, margin: usize, scratch: &Scratch) -> Map {
        let (half, outputs) = (self.skip.outputs(), self.bottleneck.project.outputs());
        let mut result = Map::zeros(skip.height, skip.width, outputs, margin);
        let (both, width) = (2 * half, skip.width);
        let bands = result.bands(self.skip.rows_at_once(skip));
        bands.for_each_init(
            || scratch.take(),
            |room, mut band| {
                let (y, count) = (band.y, band.count);
                let Room {
                    workspace,
                    mixed,
                    hidden,
                } = &mut **room;
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
pub struct Pointwise {
    /// One row of weights a class.
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

impl Pointwise {
    /// Channel-first planes, one a class.
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

/// The first `length` numbers, whatever they are, of room that grows where it must.
fn at_least(room: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if room.len() < length {
        room.resize(length, 0.0);
    }
    &mut room[..length]
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

#[inline(always)]
pub fn halves(block: &[f32; BLOCK]) -> (f32x4, f32x4) {
    let [a, b, c, d, e, f, g, h] = *block;
    (load(&[a, b, c, d]), load(&[e, f, g, h]))
}

/// The two vectors at the start of a slice.
#[inline(always)]
pub fn vectors(values: &[f32]) -> [f32x4; 2] {
    let mut block = [0.0; BLOCK];
    block.copy_from_slice(&values[..BLOCK]);
    let (low, high) = halves(&block);
    [low, high]
}

#[inline(always)]
pub fn store(target: &mut [f32], values: [f32x4; 2]) {
    target[..LANES].copy_from_slice(&values[0].to_array());
    target[LANES..BLOCK].copy_from_slice(&values[1].to_array());
}

/// GELU in its erf form, `x (1 + erf(x / √2)) / 2`.
///
/// erf by the rational minimax approximation over [-4, 4] that Eigen uses (`generic_fast_erf_float`); the absolute
/// error of GELU is below 1e-6 for |x| up to 8, which a test checks.
#[inline(always)]
pub fn gelu(x: f32x4) -> f32x4 {
    let t = (x * std::f32::consts::FRAC_1_SQRT_2)
        .fast_max(f32x4::splat(-4.0))
        .fast_min(f32x4::splat(4.0));
    let t2 = t * t;
    let horner = |coefficients: &[f32]| {
        let (first, rest) = coefficients.split_first().unwrap_or((&0.0, &[]));
        rest.iter().fold(f32x4::splat(*first), |sum, c| {
            multiply_add(sum, t2, f32x4::splat(*c))
        })
    };
    let numerator = t * horner(&[
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ]);
    let denominator = horner(&[
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329e-3,
        -1.426_473_9e-2,
    ]);
    let half = x * 0.5;
    multiply_add(half, numerator / denominator, half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `torch.nn.functional.gelu` in double precision.
    #[test]
    fn gelu_is_the_erf_form() {
        for (x, expected) in [
            (-4.0_f32, -0.000_126_684_97_f32),
            (-1.0, -0.158_655_25),
            (-0.5, -0.154_268_77),
            (0.0, 0.0),
            (0.3, 0.185_373_34),
            (1.0, 0.841_344_7),
            (2.5, 2.484_475_8),
            (8.0, 8.0),
        ] {
            let found = gelu(f32x4::splat(x)).to_array()[0];
            assert!(
                (found - expected).abs() < 1e-6,
                "gelu({x}) = {found}, not {expected}"
            );
        }
    }
}
