//! What all kernels share: how activations lie in memory, and which part of them one unit computes.
//!
//! ```text
//!   a map: planes of four channels, each with a margin of zeros      a unit's tile, 4 × 2 pixels,
//!                                                                    of 8 channels (two vectors)
//!      ┌ 0 0 0 0 0 0 0 0 0 0 0 0 ┐                                           x  x+1
//!      │ 0 ┌───── width ─────┐ 0 │                                      y   [ vv  vv ]
//!      │ 0 │ v v v v v v v v │ 0 │  v: four channels of a pixel         y+1 [ vv  vv ]
//!      │ 0 │ v v v v v v v v │ 0 │                                      y+2 [ vv  vv ]
//!      │ 0 └─────────────────┘ 0 │                                      y+3 [ vv  vv ]
//!      └ 0 0 0 0 0 0 0 0 0 0 0 0 ┘
//! ```
//!
//! Neighbouring units read neighbouring vectors, the zeros stand in for the convolutions' padding, and each load of
//! a weight serves eight pixels, each load of a pixel eight channels.

use cubecl::prelude::*;

/// Four channels of a pixel.
pub type Vec4 = Vector<f32, Const<4>>;

/// Channels of a vector.
pub const LANES: usize = 4;
/// Rows of a unit's tile.
pub const ROWS: usize = 4;
/// Columns of a unit's tile: a pair, so that the 2 × 2 pooling needs no neighbour.
pub const COLUMNS: usize = 2;
/// Pixels of a unit's tile.
pub const PIXELS: usize = ROWS * COLUMNS;
/// Vectors of channels that a unit computes for each of its pixels.
pub const VECTORS: usize = 2;
/// Channels that a unit computes; the widths of CMUNeXt are all multiples of it.
pub const GROUP: usize = VECTORS * LANES;
/// Zeros around a map: half of the largest kernel, 9 × 9.
pub const MARGIN: usize = 4;

/// Sides of a map and its strides, in vectors.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct Extent {
    /// Rows, without the margin.
    pub height: usize,
    /// Columns, without the margin.
    pub width: usize,
    /// From a pixel to the one below.
    pub stride: usize,
    /// From a pixel to its next four channels.
    pub plane: usize,
}

/// Where pixel (`x`, `y`) of the first plane lies.
#[cube]
pub fn address(extent: Extent, x: usize, y: usize) -> usize {
    (y + MARGIN) * extent.stride + x + MARGIN
}

/// Adds a pixel's four input channels, times their weights, to the sums of a tile: `weights[at..]` are four pairs of
/// vectors, and tile pixel `p` reads `patch[p + shift]`.
#[cube]
pub fn multiply(
    sums: &mut Array<Vec4>,
    patch: &Array<Vec4>,
    #[comptime] shift: usize,
    weights: &[Vec4],
    at: usize,
) {
    #[unroll]
    for lane in 0..LANES {
        let low = weights[at + lane * VECTORS];
        let high = weights[at + lane * VECTORS + 1];
        #[unroll]
        for pixel in 0..PIXELS {
            let value = Vec4::new(patch[pixel + shift].extract(lane));
            sums[pixel] += value * low;
            sums[pixel + PIXELS] += value * high;
        }
    }
}

/// A tile's sums, `[vector][pixel]`, each started with the bias of its channel.
#[cube]
pub fn biased(weights: &[Vec4], at: usize) -> Array<Vec4> {
    let low = weights[at];
    let high = weights[at + 1];
    let mut sums = Array::<Vec4>::new(comptime!(PIXELS * VECTORS));
    #[unroll]
    for pixel in 0..PIXELS {
        sums[pixel] = low;
        sums[pixel + PIXELS] = high;
    }
    sums
}

/// Writes the pixels of a tile that lie inside the map, two vectors each, the first at `at`.
#[cube]
pub fn store(
    sums: &Array<Vec4>,
    target: &mut [Vec4],
    extent: Extent,
    x: usize,
    y: usize,
    at: usize,
) {
    #[unroll]
    for row in 0..ROWS {
        #[unroll]
        for column in 0..COLUMNS {
            if y + row < extent.height && x + column < extent.width {
                let pixel = at + row * extent.stride + column;
                let sum = comptime!(row * COLUMNS + column);
                target[pixel] = sums[sum];
                target[pixel + extent.plane] = sums[sum + PIXELS];
            }
        }
    }
}
