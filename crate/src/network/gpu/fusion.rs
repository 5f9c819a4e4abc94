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
    let place = place(extent, at.bottleneck);
    let sums = fuse(source, weights, &mut memory, extent, at, place);
    finish(
        &sums,
        &mut memory,
        target,
        extent,
        weights,
        at.bottleneck,
        place,
    );
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
    let place = place(extent, at.bottleneck);
    let sums = fuse(source, weights, &mut memory, extent, at, place);
    let units = at.bottleneck.units;
    let groups = at.bottleneck.groups;
    let own = slots(0usize.runtime(), place, at.bottleneck);
    if place.real {
        keep(&sums, &mut memory, own, at.bottleneck);
        for slot in 0..SLOTS {
            let mine = own + slot * units;
            memory[mine] = normed(memory[mine], slot, weights, at.bottleneck, place);
        }
    }
    sync_cube();
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
                    sum += weight * memory[(block * PIXELS + pixel) * units + place.unit];
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
fn fuse(
    source: &[Vec4],
    weights: &[Vec4],
    memory: &mut [Vec4],
    extent: Extent,
    at: FusionAt,
    place: Place,
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
            let own = slots(half * blocks * PIXELS * shape.units, place, shape);
            keep(&sums, memory, own, shape);
            for slot in 0..SLOTS {
                let slot = own + slot * shape.units;
                memory[slot] = gelu(memory[slot]);
            }
        }
    }
    sync_cube();
    let hidden = comptime!(2 * THREADS * SLOTS).runtime();
    mix(memory, hidden, weights, shape, place)
}
