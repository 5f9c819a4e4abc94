//! Dense convolutions tap by tap: the products of a tile of pixels of one row and a block of output channels.
//!
//! ```text
//!            channels ─▶
//!   pixel 0  [ v v | v v | … ]      v: one vector of four channels
//!   pixel 1  [ v v | v v | … ]      accumulators: TILE pixels × 2 vectors stay in registers
//!   …                               while the loop runs over taps and input channels
//! ```

use wide::f32x4;

use super::simd::{BLOCK, LANES, halves, multiply_add};

/// Pixels that share each load of a weight.
pub const TILE: usize = 4;

/// Inputs that are summed on their own before they join the total: rounding grows with the length of a sum.
const LONGEST_RUN: usize = 32;
/// Shorter sums are not worth the extra additions, except for the stem's three inputs: an error there passes through the whole
/// network.
const SHORTEST_RUN: usize = 16;

/// A dense convolution.
#[derive(Debug)]
pub struct Dense {
    /// `[output / BLOCK][tap][input][BLOCK]`, the order in which the loops read them.
    pub weights: Vec<[f32; BLOCK]>,
    pub bias: Vec<[f32; BLOCK]>,
    /// Side of the kernel: 1 or 3.
    pub side: usize,
    /// Input channels.
    pub inputs: usize,
}

impl Dense {
    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.bias.len() * BLOCK
    }

    /// Sums for `N` pixels side by side. `source` starts at the first pixel's first tap; a pixel is `step` numbers long and a row
    /// `stride`. `finish` gets pixel, first output channel and the sums of a block.
    #[inline(always)]
    pub fn tile<const N: usize>(
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

/// Adds to the sums of `N` pixels, `step` numbers apart in `source`, their inputs times the weights of a block, about `run`
/// inputs at a time.
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

/// The inputs of one run times the weights.
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
