//! One large-kernel layer of an encoder in one pass: depthwise k×k, GELU, BN, residual, then the [bottleneck].
//!
//! [bottleneck]: super::bottleneck
//!
//! ```text
//!    source, (4 + k - 1) × 2 pixels of four channels       mixed, 4 × 2 pixels
//!         kx = 0 … k-1
//!       ┌ ─ a a ─ ─ ┐   k steps: load two columns,         ┌ s s ┐  GELU, BN, + the source's own pixel:
//!       │ ─ a a ─ ─ │   multiply by the k taps of           │ s s │  the bottleneck's inputs, to shared memory
//!       │ ─ a a ─ ─ │   the kernel's column          ──▶    │ s s │  (C = 8: kept in registers)
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
    #[comptime] shape: BottleneckShape,
) {
    let unit = UNIT_POS_X as usize;
    let group = UNIT_POS_Y as usize;
    let place = place(extent, shape.units);
    let mixed = depthwise(source, weights, extent, at, place.at, group, side);
    let sums = if comptime!(shape.groups == 1) {
        bottleneck_private(&mixed, weights, at.bottleneck, shape.inputs)
    } else {
        let mut inputs = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_inputs()));
        let hidden = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_hidden()));
        share(&mixed, &mut inputs, group * VECTORS, unit, shape.units);
        sync_cube();
        bottleneck_shared(
            &inputs,
            in_shared(unit, shape.units),
            hidden,
            weights,
            at.bottleneck,
            unit,
            group,
            shape,
        )
    };
    let to = place.at + group * VECTORS * extent.plane;
    store(&sums, target, extent, place.x, place.y, to);
}

/// Depthwise convolution, GELU, BN and residual of a tile's eight channels: `[vector][pixel]`.
#[cube]
fn depthwise(
    source: &[Vec4],
    weights: &[Vec4],
    extent: Extent,
    at: LayerAt,
    from: usize,
    group: usize,
    #[comptime] side: usize,
) -> Array<Vec4> {
    let reach = comptime!(side / 2);
    let mut mixed = Array::<Vec4>::new(comptime!(PIXELS * VECTORS));
    #[unroll]
    for vector in 0..VECTORS {
        let block = group * VECTORS + vector;
        let centre = from + block * extent.plane;
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
        let scale = weights[at.mixing + block * 3 + 1];
        let shift = weights[at.mixing + block * 3 + 2];
        let residual = read(source, extent, centre);
        #[unroll]
        for pixel in 0..PIXELS {
            mixed[vector * PIXELS + pixel] = residual[pixel] + (gelu(sums[pixel]) * scale + shift);
        }
    }
    mixed
}
