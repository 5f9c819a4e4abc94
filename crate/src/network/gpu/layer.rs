//! One large-kernel layer of an encoder in one pass: depthwise k×k, GELU, BN, residual, then the
//! [bottleneck](super::bottleneck).
//!
//! ```text
//!    source, (4 + k - 1) × 2 pixels of four channels       sums, 4 × 2 pixels
//!         kx = 0 … k-1
//!       ┌ ─ a a ─ ─ ┐   k steps: load two columns,         ┌ s s ┐  GELU, BN, + the source's own pixel:
//!       │ ─ a a ─ ─ │   multiply by the k taps of           │ s s │  the bottleneck's inputs,
//!       │ ─ a a ─ ─ │   the kernel's column          ──▶    │ s s │  to the workgroup's memory
//!       │ ─ a a ─ ─ │                                       │ s s │
//!       └ ─ a a ─ ─ ┘                                       └     ┘
//! ```

use cubecl::prelude::*;

use super::bottleneck::*;
use super::gelu::gelu;
use super::tile::*;

/// Where a layer's weights lie, in vectors.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct LayerAt {
    /// `[C / 4][kx][ky]`.
    pub depthwise: usize,
    /// `[C / 4]` times bias, scale, shift.
    pub mixing: usize,
    pub bottleneck: BottleneckAt,
}

/// The layer, from a map of C channels to another. `side` is k.
#[cube(launch)]
pub fn layer(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    at: LayerAt,
    #[comptime] side: usize,
) {
    let mut memory = Shared::<[Vec4]>::new_slice(LAYER_MEMORY);
    let shape = at.bottleneck;
    let place = place(extent, shape);
    let own = slots(0usize.runtime(), place, shape);
    if place.real {
        for vector in 0..VECTORS {
            let block = place.group * VECTORS + vector;
            let centre = place.at + block * extent.plane;
            let sums = depthwise(source, weights, extent, at, centre, block, side);
            #[unroll]
            for pixel in 0..PIXELS {
                memory[own + (vector * PIXELS + pixel) * shape.units] = sums[pixel];
            }
            let scale = weights[at.mixing + block * 3 + 1];
            let shift = weights[at.mixing + block * 3 + 2];
            for pixel in 0..PIXELS {
                let slot = own + (vector * PIXELS + pixel) * shape.units;
                let residual = source[centre + pixel / COLUMNS * extent.stride + pixel % COLUMNS];
                memory[slot] = residual + (gelu(memory[slot]) * scale + shift);
            }
        }
    }
    sync_cube();
    let hidden = comptime!(THREADS * SLOTS).runtime();
    let sums = mix(&mut memory, hidden, weights, shape, place);
    finish(&sums, &mut memory, target, extent, weights, shape, place);
}

/// Depthwise convolution of a tile's four channels around `centre`.
#[cube]
fn depthwise(
    source: &[Vec4],
    weights: &[Vec4],
    extent: Extent,
    at: LayerAt,
    centre: usize,
    block: usize,
    #[comptime] side: usize,
) -> Array<Vec4> {
    let reach = comptime!(side / 2);
    let corner = centre - reach * extent.stride - reach;
    let mut sums = Array::<Vec4>::new(PIXELS);
    let bias = weights[at.mixing + block * 3];
    #[unroll]
    for pixel in 0..PIXELS {
        sums[pixel] = bias;
    }
    let taps = at.depthwise + block * comptime!(side * side);
    for kx in 0..side {
        let start = corner + kx;
        let mut patch = Array::<Vec4>::new(comptime!((ROWS + side - 1) * COLUMNS));
        #[unroll]
        for row in 0..comptime!(ROWS + side - 1) {
            #[unroll]
            for column in 0..COLUMNS {
                patch[row * COLUMNS + column] = source[start + row * extent.stride + column];
            }
        }
        #[unroll]
        for ky in 0..side {
            let weight = weights[taps + kx * side + ky];
            #[unroll]
            for pixel in 0..PIXELS {
                sums[pixel] += patch[pixel + comptime!(ky * COLUMNS)] * weight;
            }
        }
    }
    sums
}
