//! Dense convolutions tap by tap: the products of a tile of pixels of one row and a block of output channels.
//!
//! ```text
//!            channels ─▶
//!   pixel 0  [ b | b | … ]      b: one block of channels, in vectors
//!   pixel 1  [ b | b | … ]      accumulators: N pixels × one block stay in registers
//!   …                           while the loop runs over taps and input channels
//! ```

use super::simd::{Block, Simd};

/// Inputs that are summed on their own before they join the total: rounding grows with the length of a sum.
const LONGEST_RUN: usize = 32;
/// Shorter sums are not worth the extra additions, except for the stem's three inputs: an error there passes through the whole
/// network.
const SHORTEST_RUN: usize = 16;
/// Inputs that the narrowest width reads at a time, as one vector.
const FOUR: usize = 4;

/// A dense convolution.
#[derive(Debug)]
pub struct Dense {
    /// `[output / block][tap][input][block]`, the order in which the loops read them; the width decides what a block is.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    /// Side of the kernel: 1 or 3.
    pub side: usize,
    /// Input channels.
    pub inputs: usize,
}

impl Dense {
    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Sums for `N` pixels side by side. `source` starts at the first pixel's first tap; a pixel is `step` numbers long and a row
    /// `stride`. `finish` gets pixel, first output channel and the sums of a block.
    #[inline(always)]
    pub fn tile<S: Simd, const N: usize>(
        &self,
        simd: S,
        source: &[f32],
        step: usize,
        stride: usize,
        mut finish: impl FnMut(usize, usize, S::Block),
    ) {
        let per_block = self.side * self.side * self.inputs;
        for (block, (weights, bias)) in S::numbers(&self.weights)
            .chunks_exact(per_block)
            .zip(S::numbers(&self.bias))
            .enumerate()
        {
            let mut sums = [simd.block(bias); N];
            // A row of taps lies side by side, in the map as in the weights.
            for (row, weights) in weights.chunks_exact(self.side * self.inputs).enumerate() {
                sums = multiply_in_runs::<S, N>(
                    simd,
                    weights,
                    &source[row * stride..],
                    step,
                    self.inputs,
                    sums,
                );
            }
            for (pixel, sums) in sums.iter().enumerate() {
                finish(pixel, block * S::BLOCK, *sums);
            }
        }
    }
}

/// Adds to the sums of `N` pixels, `step` numbers apart in `source`, their inputs times the weights of a block, about `run`
/// inputs at a time.
#[inline(always)]
pub fn multiply_in_runs<S: Simd, const N: usize>(
    simd: S,
    weights: &[S::Numbers],
    source: &[f32],
    step: usize,
    run: usize,
    mut sums: [S::Block; N],
) -> [S::Block; N] {
    let length = if run < FOUR {
        run
    } else {
        run.clamp(SHORTEST_RUN, LONGEST_RUN)
    };
    for (index, weights) in weights.chunks(length).enumerate() {
        let source = &source[index * length..];
        let parts = if S::LANES == FOUR {
            multiply_by_fours::<S, N>(simd, weights, source, step)
        } else {
            multiply::<S, N>(simd, weights, source, step)
        };
        for (sums, parts) in sums.iter_mut().zip(&parts) {
            *sums = sums.plus(*parts);
        }
    }
    sums
}

/// Adds the products of a block of weights and one input of each pixel.
#[inline(always)]
fn add<S: Simd, const N: usize>(
    simd: S,
    sums: &mut [S::Block; N],
    weight: &S::Numbers,
    values: [f32; N],
) {
    let weight = simd.block(weight);
    for (sums, value) in sums.iter_mut().zip(&values) {
        *sums = S::Block::splat(simd.splat(*value)).multiply_add(weight, *sums);
    }
}

/// The inputs of one run times the weights.
#[inline(always)]
fn multiply<S: Simd, const N: usize>(
    simd: S,
    weights: &[S::Numbers],
    source: &[f32],
    step: usize,
) -> [S::Block; N] {
    let mut sums = [S::Block::splat(simd.splat(0.0)); N];
    let mut pixels = [source; N];
    for (pixel, inputs) in pixels.iter_mut().enumerate() {
        *inputs = &source[pixel * step..][..weights.len()];
    }
    for (input, weight) in weights.iter().enumerate() {
        let mut values = [0.0; N];
        for (value, inputs) in values.iter_mut().zip(&pixels) {
            *value = inputs[input];
        }
        add(simd, &mut sums, weight, values);
    }
    sums
}

/// The same where a vector has four lanes: an instruction loads four inputs, and others spread them. Every layer but the stem has
/// a multiple of that.
#[inline(always)]
fn multiply_by_fours<S: Simd, const N: usize>(
    simd: S,
    weights: &[S::Numbers],
    source: &[f32],
    step: usize,
) -> [S::Block; N] {
    let mut sums = [S::Block::splat(simd.splat(0.0)); N];
    let pixels: [&[f32]; N] = std::array::from_fn(|pixel| &source[pixel * step..][..weights.len()]);
    let (fours, rest) = weights.as_chunks::<FOUR>();
    let inputs = pixels.map(|pixel| &pixel.as_chunks::<FOUR>().0[..fours.len()]);
    for (index, weights) in fours.iter().enumerate() {
        let values = inputs.map(|inputs| inputs[index]);
        for (lane, weight) in weights.iter().enumerate() {
            add(simd, &mut sums, weight, values.map(|values| values[lane]));
        }
    }
    for (input, weight) in rest.iter().enumerate() {
        add(
            simd,
            &mut sums,
            weight,
            pixels.map(|pixel| pixel[fours.len() * FOUR + input]),
        );
    }
    sums
}
