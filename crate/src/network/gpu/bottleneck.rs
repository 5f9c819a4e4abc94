//! The inverted bottleneck: 1×1 to 4 C channels, GELU, BN (folded), 1×1 to C channels, GELU, BN. The hidden channels are
//! computed and used C at a time and never leave the workgroup.
//!
//! ```text
//!    inputs, in the workgroup's memory     hidden, likewise: chunk k of 4         sums, in registers
//!         unit 0   unit 1  …                   unit 0   unit 1  …
//!  block 0 [ pppp pppp | … ]    expand  group 0 [ hh    | hh    ]    project   group 0 [ 8 × 2 vectors ]
//!  block 1 [ pppp pppp | … ]   ──────▶  group 1 [ hh    | hh    ]   ──────▶    group 1 [ 8 × 2 vectors ]
//!    …                           GELU     …                       k = 0 … 3      …
//! ```
//!
//! One thread is one *unit* (a tile of eight pixels) and one *group* (eight channels); all groups of a unit lie in one
//! workgroup. Where a thread's values need GELU, they pass through its own slots of the workgroup's memory, one by one in a loop:
//! unrolled, the 48 GELUs of a layer are most of a kernel's code and take long to compile.

use cubecl::prelude::*;

use super::gelu::gelu;
use super::tile::*;

/// Values of a thread: a tile's pixels of a group.
pub const SLOTS: usize = PIXELS * VECTORS;
/// Threads of a workgroup, the units times the groups: one warp of most GPUs.
pub const THREADS: usize = 32;
/// Vectors of the workgroup's memory that a layer's threads need: their inputs and their hidden channels.
pub const LAYER_MEMORY: usize = 2 * THREADS * SLOTS;
/// As [`LAYER_MEMORY`], for a fusion, whose inputs are twice as many.
pub const FUSION_MEMORY: usize = 3 * THREADS * SLOTS;

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
    /// Vectors of input channels.
    pub inputs: usize,
    /// C / 8.
    pub groups: usize,
    /// Units of a workgroup.
    pub units: usize,
}

/// What a thread works on.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct Place {
    /// First column; at or beyond the width for a unit that has nothing to write.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Where its pixels lie in the first plane; inside the map for all.
    pub at: usize,
    /// Which of the workgroup's units.
    pub unit: usize,
    /// Which group of channels.
    pub group: usize,
    /// Whether there is such a group. Where the groups do not fill a workgroup, the other threads only take part in the
    /// barriers.
    pub real: bool,
}

/// The place of this thread.
#[cube]
pub fn place(extent: Extent, at: BottleneckAt) -> Place {
    let thread = UNIT_POS as usize;
    let unit = thread % at.units;
    let group = thread / at.units;
    let x = (CUBE_POS_X as usize * at.units + unit) * COLUMNS;
    let y = CUBE_POS_Y as usize * ROWS;
    Place {
        x,
        y,
        at: address(extent, min(x, extent.width - 1), y),
        unit,
        group: min(group, at.groups - 1),
        real: group < at.groups,
    }
}

/// Where a thread's slot 0 lies in a region of the workgroup's memory; the others follow `units` apart.
#[cube]
pub fn slots(region: usize, place: Place, at: BottleneckAt) -> usize {
    region + place.group * SLOTS * at.units + place.unit
}

/// Puts a tile's sums into a thread's slots.
#[cube]
pub fn keep(sums: &Array<Vec4>, memory: &mut [Vec4], start: usize, at: BottleneckAt) {
    #[unroll]
    for slot in 0..SLOTS {
        memory[start + slot * at.units] = sums[slot];
    }
}

/// The bottleneck up to the last GELU and BN, for this thread's unit and group. The inputs lie at the start of `memory`,
/// `[block][pixel][unit]`; from `hidden` on there is room for C channels.
#[cube]
pub fn mix(
    memory: &mut [Vec4],
    hidden: usize,
    weights: &[Vec4],
    at: BottleneckAt,
    place: Place,
) -> Array<Vec4> {
    let pair = comptime!(LANES * VECTORS);
    let width = at.groups * VECTORS;
    let own = slots(hidden, place, at);
    let mut sums = biased(weights, at.project_bias + place.group * VECTORS);
    // Both products in one loop, so that there is one copy of their code: even steps expand, odd ones project.
    for step in 0..8usize {
        let chunk = step / 2;
        let wide = chunk * at.groups + place.group;
        let expands = step % 2 == 0;
        let blocks = select(
            place.real,
            select(expands, at.inputs, width),
            0usize.runtime(),
        );
        let from = select(expands, 0usize.runtime(), hidden) + place.unit;
        let product = select(
            expands,
            at.expand + wide * at.inputs * pair,
            at.project + (place.group * 4 + chunk) * width * pair,
        );
        let mut part = Array::<Vec4>::new(SLOTS);
        for block in 0..blocks {
            let patch = fetch(&*memory, from + block * PIXELS * at.units, at.units);
            multiply(&mut part, &patch, 0usize, weights, product + block * pair);
        }
        // Until all threads have read what is overwritten next.
        sync_cube();
        if expands {
            if place.real {
                keep(&part, memory, own, at);
                for slot in 0..SLOTS {
                    let bias = weights[at.expand_bias + wide * VECTORS + slot / PIXELS];
                    let slot = own + slot * at.units;
                    memory[slot] = gelu(memory[slot] + bias);
                }
            }
        } else {
            // A sum of its own before: rounding grows with the length of a sum.
            #[unroll]
            for slot in 0..SLOTS {
                sums[slot] += part[slot];
            }
        }
        sync_cube();
    }
    sums
}

/// A unit's eight pixels of one block.
#[cube]
fn fetch(memory: &[Vec4], start: usize, units: usize) -> Array<Vec4> {
    let mut patch = Array::<Vec4>::new(PIXELS);
    #[unroll]
    for pixel in 0..PIXELS {
        patch[pixel] = memory[start + pixel * units];
    }
    patch
}

/// The bottleneck's last GELU and BN for one of a thread's slots.
#[cube]
pub fn normed(value: Vec4, slot: usize, weights: &[Vec4], at: BottleneckAt, place: Place) -> Vec4 {
    let norm = at.norm + place.group * comptime!(2 * VECTORS) + slot / PIXELS;
    gelu(value) * weights[norm] + weights[norm + VECTORS]
}

/// The bottleneck's last GELU and BN, and the result into a map. It overwrites the start of the workgroup's memory.
#[cube]
pub fn finish(
    sums: &Array<Vec4>,
    memory: &mut [Vec4],
    target: &mut [Vec4],
    extent: Extent,
    weights: &[Vec4],
    at: BottleneckAt,
    place: Place,
) {
    let own = slots(0usize.runtime(), place, at);
    if place.real {
        keep(sums, memory, own, at);
        for slot in 0..SLOTS {
            let value = normed(memory[own + slot * at.units], slot, weights, at, place);
            let row = slot % PIXELS / COLUMNS;
            let column = slot % COLUMNS;
            if place.x + column < extent.width && place.y + row < extent.height {
                let block = place.group * VECTORS + slot / PIXELS;
                target[place.at + block * extent.plane + row * extent.stride + column] = value;
            }
        }
    }
}
