//! Skip fusion in one pass: the grouped 3×3 convolution, each half of the channels apart, GELU, then the
//! [bottleneck](super::bottleneck) over both (the grouped convolution's BN is folded into it); at the top of the decoder
//! the head's 1×1 convolution as well.
//!
//! ```text
//!   one map of 2 C channels: the encoder wrote its skip connection into the first half, the upsampled
//!   convolution its result into the second, so that nothing is ever concatenated
//!
//!   skip,      6 × 4 ──3×3──▶ GELU ──▶ inputs, blocks 0 … C/4-1    ┐             ┌─▶ map of C channels
//!                                                                   ├─ bottleneck ┤
//!   upsampled, 6 × 4 ──3×3──▶ GELU ──▶ inputs, blocks C/4 … C/2-1  ┘             └─▶ head ─▶ logits
//! ```

use cubecl::prelude::*;

use super::bottleneck::*;
use super::convolution::{STEP, accumulate};
use super::gelu::gelu;
use super::tile::*;

/// Where a fusion's weights lie, in vectors.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct FusionAt {
    /// As for `convolution`, both halves after each other.
    pub grouped: usize,
    pub grouped_bias: usize,
    pub bottleneck: BottleneckAt,
}

/// Where the head's weights lie, in vectors.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub struct HeadAt {
    /// `[class][C / 4]`.
    pub weights: usize,
    /// `[class]`, the bias in every lane.
    pub bias: usize,
    pub classes: usize,
    /// One over the temperature of the probabilities; 0 where the logits are asked for.
    pub sharpness: f32,
}

/// The fusion, from a map of 2 C channels to one of C.
#[cube(launch)]
pub fn fusion(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    at: FusionAt,
) {
    let mut memory = Shared::<[Vec4]>::new_slice(FUSION_MEMORY);
    let start = 0usize.runtime();
    into_map(
        source,
        weights,
        target,
        &mut memory,
        start,
        extent,
        at,
        false,
    );
}

/// The same, with [`FUSION_MEMORY`] vectors of `scratch` for each workgroup instead of its own memory.
#[cube(launch)]
pub fn fusion_stored(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    scratch: &mut [Vec4],
    extent: Extent,
    at: FusionAt,
) {
    let start = CUBE_POS * FUSION_MEMORY;
    into_map(source, weights, target, scratch, start, extent, at, true);
}

/// The fusion and the head: logits, or their probabilities, `[class][height][width]`.
#[cube(launch)]
pub fn fusion_head(
    source: &[Vec4],
    weights: &[Vec4],
    logits: &mut [f32],
    extent: Extent,
    at: FusionAt,
    head: HeadAt,
) {
    let mut memory = Shared::<[Vec4]>::new_slice(FUSION_MEMORY);
    let start = 0usize.runtime();
    into_logits(
        source,
        weights,
        logits,
        &mut memory,
        start,
        extent,
        at,
        head,
        false,
    );
}

/// The same, as [`fusion_stored`].
#[cube(launch)]
pub fn fusion_head_stored(
    source: &[Vec4],
    weights: &[Vec4],
    logits: &mut [f32],
    scratch: &mut [Vec4],
    extent: Extent,
    at: FusionAt,
    head: HeadAt,
) {
    let start = CUBE_POS * FUSION_MEMORY;
    into_logits(
        source, weights, logits, scratch, start, extent, at, head, true,
    );
}

#[cube]
#[allow(clippy::too_many_arguments)] // those of its two callers
fn into_map(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    memory: &mut [Vec4],
    start: usize,
    extent: Extent,
    at: FusionAt,
    #[comptime] stored: bool,
) {
    let place = place(extent, at.bottleneck);
    let sums = fuse(source, weights, memory, start, extent, at, place, stored);
    finish(
        &sums,
        memory,
        start,
        target,
        extent,
        weights,
        at.bottleneck,
        place,
    );
}

#[cube]
#[allow(clippy::too_many_arguments)] // those of its two callers
fn into_logits(
    source: &[Vec4],
    weights: &[Vec4],
    logits: &mut [f32],
    memory: &mut [Vec4],
    start: usize,
    extent: Extent,
    at: FusionAt,
    head: HeadAt,
    #[comptime] stored: bool,
) {
    let place = place(extent, at.bottleneck);
    let sums = fuse(source, weights, memory, start, extent, at, place, stored);
    let units = at.bottleneck.units;
    let groups = at.bottleneck.groups;
    let own = slots(start, place, at.bottleneck);
    if place.real {
        keep(&sums, memory, own, at.bottleneck);
        for slot in 0..SLOTS {
            let mine = own + slot * units;
            memory[mine] = normed(memory[mine], slot, weights, at.bottleneck, place);
        }
    }
    meet(stored);
    // The unit's pixels are dealt out to its groups.
    for turn in 0..(groups + comptime!(PIXELS - 1)) / groups {
        let pixel = turn * groups + place.group;
        let x = place.x + pixel % COLUMNS;
        let y = place.y + pixel / COLUMNS;
        if place.real && pixel < PIXELS && x < extent.width && y < extent.height {
            for class in 0..head.classes {
                let mut sum = Vec4::new(0.0);
                for block in 0..groups * VECTORS {
                    let weight = weights[head.weights + class * groups * VECTORS + block];
                    sum += weight * memory[start + (block * PIXELS + pixel) * units + place.unit];
                }
                let bias = weights[head.bias + class].extract(0usize);
                let at = (class * extent.height + y) * extent.width + x;
                let logit = bias
                    + (sum.extract(0usize) + sum.extract(1usize))
                    + (sum.extract(2usize) + sum.extract(3usize));
                logits[at] = answer(logit, head.sharpness);
            }
        }
    }
}

/// A logit, or its probability where there is a sharpness.
#[cube]
fn answer(logit: f32, sharpness: f32) -> f32 {
    // Beyond this an exponential leaves the range of f32, and WebGPU does not say what comes of it.
    let power = clamp(-logit * sharpness, -80.0, 80.0);
    select(sharpness > 0.0, 1.0 / (1.0 + power.exp()), logit)
}

/// Grouped convolution, GELU and the bottleneck's products for this thread.
#[cube]
#[allow(clippy::too_many_arguments)] // those of its two callers
fn fuse(
    source: &[Vec4],
    weights: &[Vec4],
    memory: &mut [Vec4],
    start: usize,
    extent: Extent,
    at: FusionAt,
    place: Place,
    #[comptime] stored: bool,
) -> Array<Vec4> {
    let shape = at.bottleneck;
    let blocks = shape.groups * VECTORS;
    if place.real {
        for half in 0..2usize {
            let group = half * shape.groups + place.group;
            let mut sums = biased(weights, at.grouped_bias + group * VECTORS);
            accumulate(
                source,
                weights,
                &mut sums,
                extent,
                place.at + half * blocks * extent.plane,
                blocks,
                at.grouped + group * blocks * comptime!(3 * STEP),
            );
            let own = slots(start + half * blocks * PIXELS * shape.units, place, shape);
            keep(&sums, memory, own, shape);
            for slot in 0..SLOTS {
                let slot = own + slot * shape.units;
                memory[slot] = gelu(memory[slot]);
            }
        }
    }
    meet(stored);
    let hidden = start + comptime!(2 * THREADS * SLOTS);
    mix(memory, start, hidden, weights, shape, place, stored)
}
