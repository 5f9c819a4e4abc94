//! 3×3 convolution with its batch normalisation folded in, ReLU, and, where an encoder follows, the 2×2 max-pooling:
//! one pass for conv, BN, ReLU, pool.
//!
//! ```text
//!    source, 6 × 4 pixels of four channels            target, 4 × 2 pixels of eight channels
//!        kx=0
//!      ┌ a a ─ ─ ┐     three steps, kx = 0, 1, 2:          ┌ s s ┐   pooled, 2 × 1
//!      │ a a ─ ─ │     load two columns of six,            │ s s │   ┌ p ┐
//!      │ a a ─ ─ │ ──▶ multiply by the three ky     ──▶    │ s s │──▶│ p │
//!      │ a a ─ ─ │     into 16 vectors of sums             │ s s │   └   ┘
//!      │ a a ─ ─ │     that stay in registers              └     ┘
//!      └ a a ─ ─ ┘
//! ```

use cubecl::prelude::*;

use super::tile::*;

/// Vectors of weights for four input channels and one kernel column: three taps × four channels × two vectors.
pub const STEP: usize = 3 * LANES * VECTORS;
/// Vectors of input channels that are summed on their own before they join the total.
const RUN: usize = 4;

/// conv3×3, BN, ReLU. `blocks` vectors of input channels; weights `[group][block][kx][ky][lane][2]` at `weights_at`.
#[cube(launch)]
pub fn convolution(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    blocks: usize,
    weights_at: usize,
    bias_at: usize,
) {
    let x = ABSOLUTE_POS_X as usize * COLUMNS;
    let y = ABSOLUTE_POS_Y as usize * ROWS;
    let group = ABSOLUTE_POS_Z as usize;
    if x < extent.width && y < extent.height {
        let mut sums = biased(weights, bias_at + group * VECTORS);
        let from = address(extent, x, y);
        let step = weights_at + group * blocks * comptime!(3 * STEP);
        accumulate(source, weights, &mut sums, extent, from, blocks, step);
        rectify(&mut sums);
        store(
            &sums,
            target,
            extent,
            x,
            y,
            from + group * VECTORS * extent.plane,
        );
    }
}

/// As [`convolution`], and the maximum over 2×2 pixels into a map of half the sides.
#[cube(launch)]
pub fn pooled_convolution(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    pooled: &mut [Vec4],
    extent: Extent,
    pooled_extent: Extent,
    blocks: usize,
    weights_at: usize,
    bias_at: usize,
) {
    let x = ABSOLUTE_POS_X as usize * COLUMNS;
    let y = ABSOLUTE_POS_Y as usize * ROWS;
    let group = ABSOLUTE_POS_Z as usize;
    if x < extent.width && y < extent.height {
        let mut sums = biased(weights, bias_at + group * VECTORS);
        let from = address(extent, x, y);
        let step = weights_at + group * blocks * comptime!(3 * STEP);
        accumulate(source, weights, &mut sums, extent, from, blocks, step);
        rectify(&mut sums);
        store(
            &sums,
            target,
            extent,
            x,
            y,
            from + group * VECTORS * extent.plane,
        );
        // Both sides are even, so a pair of rows lies inside or outside as a whole.
        let to = address(pooled_extent, x / 2, y / 2) + group * VECTORS * pooled_extent.plane;
        #[unroll]
        for row in 0..comptime!(ROWS / 2) {
            if y + 2 * row < extent.height {
                #[unroll]
                for vector in 0..VECTORS {
                    let first = comptime!(2 * row * COLUMNS + vector * PIXELS);
                    let upper = max(sums[first], sums[first + 1]);
                    let lower = max(sums[first + COLUMNS], sums[first + comptime!(COLUMNS + 1)]);
                    pooled[to + row * pooled_extent.stride + vector * pooled_extent.plane] =
                        max(upper, lower);
                }
            }
        }
    }
}

/// Adds a 3×3 convolution of the pixels around `from` to a tile's sums, run by run: rounding grows with the length of a
/// sum.
#[cube]
pub fn accumulate(
    source: &[Vec4],
    weights: &[Vec4],
    sums: &mut Array<Vec4>,
    extent: Extent,
    from: usize,
    blocks: usize,
    weights_at: usize,
) {
    let corner = from - extent.stride - 1;
    for run in 0..blocks.div_ceil(RUN) {
        let mut part = Array::<Vec4>::new(comptime!(PIXELS * VECTORS));
        for block in run * RUN..min((run + 1) * RUN, blocks) {
            for kx in 0..3usize {
                let start = corner + block * extent.plane + kx;
                let mut patch = Array::<Vec4>::new(comptime!((ROWS + 2) * COLUMNS));
                #[unroll]
                for row in 0..comptime!(ROWS + 2) {
                    #[unroll]
                    for column in 0..COLUMNS {
                        patch[row * COLUMNS + column] =
                            source[start + row * extent.stride + column];
                    }
                }
                let at = weights_at + (block * 3 + kx) * STEP;
                #[unroll]
                for ky in 0..3usize {
                    multiply(
                        &mut part,
                        &patch,
                        comptime!(ky * COLUMNS),
                        weights,
                        at + ky * LANES * VECTORS,
                    );
                }
            }
        }
        #[unroll]
        for index in 0..comptime!(PIXELS * VECTORS) {
            sums[index] += part[index];
        }
    }
}

#[cube]
pub fn rectify(sums: &mut Array<Vec4>) {
    #[unroll]
    for index in 0..comptime!(PIXELS * VECTORS) {
        sums[index] = max(sums[index], Vec4::new(0.0));
    }
}
