//! The inverted bottleneck: 1×1 from `inputs` to 4 C channels, GELU, BN (folded), 1×1 to C channels, GELU, BN. The
//! hidden channels are made and consumed C at a time and never leave the workgroup.
//!
//! ```text
//!    inputs, shared by the workgroup       hidden, shared: chunk k of 4          sums, in registers
//!         unit 0   unit 1  …                   unit 0   unit 1  …
//!  block 0 [ pppp pppp | … ]    expand  group 0 [ hh    | hh    ]    project   group 0 [ 8 × 2 vectors ]
//!  block 1 [ pppp pppp | … ]   ──────▶  group 1 [ hh    | hh    ]   ──────▶    group 1 [ 8 × 2 vectors ]
//!    …                           GELU     …                       k = 0 … 3      …
//! ```
//!
//! One thread is one *unit* (a tile of eight pixels) and one *group* (eight channels); all groups of a unit lie in one
//! workgroup. Where there is one group only (C = 8) everything stays in registers and no thread waits for another.

use cubecl::prelude::*;

use super::gelu::{gelu, gelu_norm};
use super::tile::*;

/// Where a bottleneck's weights lie, in vectors.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct BottleneckAt {
    /// `[4 C / 8][inputs][2]`.
    pub expand: usize,
    pub expand_bias: usize,
    /// `[C / 8][4 C][2]`.
    pub project: usize,
    pub project_bias: usize,
    /// `[C / 8]` times scale, scale, shift, shift.
    pub norm: usize,
}

/// What a bottleneck's code depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BottleneckShape {
    /// Vectors of input channels.
    pub inputs: usize,
    /// Groups of eight output channels, C / 8.
    pub groups: usize,
    /// Units of a workgroup.
    pub units: usize,
}

impl BottleneckShape {
    /// Vectors of the shared memory for the inputs.
    pub fn shared_inputs(&self) -> usize {
        self.inputs * self.units * PIXELS
    }

    /// Vectors of the shared memory for the hidden channels.
    pub fn shared_hidden(&self) -> usize {
        self.groups * VECTORS * self.units * PIXELS
    }
}

/// Where a unit finds its inputs: the first pixel, and how far apart rows, columns and blocks lie.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct Inputs {
    pub start: usize,
    pub row: usize,
    pub column: usize,
    pub block: usize,
}

/// Inputs in shared memory, `[block][pixel][unit]`: neighbouring units beside each other.
#[cube]
pub fn in_shared(unit: usize, #[comptime] units: usize) -> Inputs {
    Inputs {
        start: unit,
        row: comptime!(COLUMNS * units).runtime(),
        column: units.runtime(),
        block: comptime!(PIXELS * units).runtime(),
    }
}

/// The whole bottleneck for this thread's unit and group. `hidden` is the workgroup's.
#[cube]
pub fn bottleneck_shared(
    inputs: &[Vec4],
    from: Inputs,
    mut hidden: Shared<[Vec4]>,
    weights: &[Vec4],
    at: BottleneckAt,
    unit: usize,
    group: usize,
    #[comptime] shape: BottleneckShape,
) -> Array<Vec4> {
    let pair = comptime!(LANES * VECTORS);
    let per_expand = comptime!(shape.inputs * LANES * VECTORS);
    let per_chunk = comptime!(shape.groups * GROUP * VECTORS);
    let kept = in_shared(unit, shape.units);
    let mut sums = biased(weights, at.project_bias + group * VECTORS);
    for chunk in 0..4usize {
        let wide = chunk * shape.groups + group;
        let mut expanded = biased(weights, at.expand_bias + wide * VECTORS);
        let expand = at.expand + wide * per_expand;
        for block in 0..shape.inputs {
            let patch = fetch(inputs, from, block);
            multiply(&mut expanded, &patch, 0usize, weights, expand + block * pair);
        }
        #[unroll]
        for index in 0..comptime!(PIXELS * VECTORS) {
            expanded[index] = gelu(expanded[index]);
        }
        // The last chunk's readers must be done before it is overwritten.
        sync_cube();
        share(&expanded, &mut hidden, group * VECTORS, unit, shape.units);
        sync_cube();
        let project = at.project + (group * 4 + chunk) * per_chunk;
        for block in 0..comptime!(shape.groups * VECTORS) {
            let patch = fetch(&hidden, kept, block);
            multiply(&mut sums, &patch, 0usize, weights, project + block * pair);
        }
    }
    gelu_norm(&mut sums, weights, at.norm + group * comptime!(2 * VECTORS));
    sums
}

/// A unit's eight pixels of one block.
#[cube]
fn fetch(inputs: &[Vec4], from: Inputs, block: usize) -> Array<Vec4> {
    let mut patch = Array::<Vec4>::new(PIXELS);
    let start = from.start + block * from.block;
    #[unroll]
    for row in 0..ROWS {
        #[unroll]
        for column in 0..COLUMNS {
            patch[row * COLUMNS + column] = inputs[start + row * from.row + column * from.column];
        }
    }
    patch
}

/// Puts a group's values, eight pixels of two vectors, where [`in_shared`] finds them.
#[cube]
pub fn share(
    values: &Array<Vec4>,
    into: &mut [Vec4],
    block: usize,
    unit: usize,
    #[comptime] units: usize,
) {
    let start = block * comptime!(PIXELS * units) + unit;
    #[unroll]
    for vector in 0..VECTORS {
        #[unroll]
        for pixel in 0..PIXELS {
            into[start + comptime!((vector * PIXELS + pixel) * units)] =
                values[vector * PIXELS + pixel];
        }
    }
}

/// As [`bottleneck_shared`], where C is 8: `inputs` are `[block][pixel]` in this thread's registers.
#[cube]
pub fn bottleneck_private(
    inputs: &Array<Vec4>,
    weights: &[Vec4],
    at: BottleneckAt,
    #[comptime] blocks: usize,
) -> Array<Vec4> {
    let mut sums = biased(weights, at.project_bias);
    for chunk in 0..4usize {
        let mut expanded = biased(weights, at.expand_bias + chunk * VECTORS);
        let expand = at.expand + chunk * comptime!(blocks * LANES * VECTORS);
        #[unroll]
        for block in 0..blocks {
            multiply(
                &mut expanded,
                inputs,
                comptime!(block * PIXELS),
                weights,
                expand + comptime!(block * LANES * VECTORS),
            );
        }
        let mut hidden = Array::<Vec4>::new(comptime!(VECTORS * PIXELS));
        #[unroll]
        for pixel in 0..PIXELS {
            #[unroll]
            for vector in 0..VECTORS {
                hidden[vector * PIXELS + pixel] = gelu(expanded[vector * PIXELS + pixel]);
            }
        }
        let project = at.project + chunk * comptime!(GROUP * VECTORS);
        #[unroll]
        for block in 0..VECTORS {
            multiply(
                &mut sums,
                &hidden,
                comptime!(block * PIXELS),
                weights,
                project + comptime!(block * LANES * VECTORS),
            );
        }
    }
    gelu_norm(&mut sums, weights, at.norm);
    sums
}

/// The bottleneck alone, for widths whose inputs do not fit into shared memory beside the hidden channels: they are read
/// from a map of `shape.inputs` blocks.
#[cube(launch)]
pub fn bottleneck(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    at: BottleneckAt,
    #[comptime] shape: BottleneckShape,
) {
    let unit = UNIT_POS_X as usize;
    let group = UNIT_POS_Y as usize;
    let place = place(extent, shape.units);
    let hidden = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_hidden()));
    let from = Inputs {
        start: place.at,
        row: extent.stride,
        column: 1usize.runtime(),
        block: extent.plane,
    };
    let sums = bottleneck_shared(
        source,
        from,
        hidden,
        weights,
        at,
        unit,
        group,
        shape,
    );
    let to = place.at + group * VECTORS * extent.plane;
    store(&sums, target, extent, place.x, place.y, to);
}
