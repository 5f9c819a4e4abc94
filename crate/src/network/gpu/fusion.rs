//! Skip fusion in one pass: the skip connection and the upsampled map each through its own half of the grouped 3×3
//! convolution, GELU, then the [bottleneck](super::bottleneck) over both (the grouped convolution's BN is folded into
//! it); at the top of the decoder the head's 1×1 convolution as well. No concatenation is ever made.
//!
//! ```text
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
    /// As for `convolution`, for the skip connection and for the upsampled map.
    pub skip: usize,
    pub skip_bias: usize,
    pub upsampled: usize,
    pub upsampled_bias: usize,
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
}

/// The fusion of two maps of C channels into a third.
#[cube(launch)]
pub fn fusion(
    skip: &[Vec4],
    upsampled: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    at: FusionAt,
    #[comptime] shape: BottleneckShape,
) {
    let place = place(extent, shape.units);
    let group = UNIT_POS_Y as usize;
    let sums = fuse(skip, upsampled, weights, extent, at, place, shape);
    let to = place.at + group * VECTORS * extent.plane;
    store(&sums, target, extent, place.x, place.y, to);
}

/// The fusion and the head: logits `[class][height][width]`.
#[cube(launch)]
pub fn fusion_head(
    skip: &[Vec4],
    upsampled: &[Vec4],
    weights: &[Vec4],
    logits: &mut [f32],
    extent: Extent,
    at: FusionAt,
    head: HeadAt,
    #[comptime] shape: BottleneckShape,
) {
    let place = place(extent, shape.units);
    let unit = UNIT_POS_X as usize;
    let group = UNIT_POS_Y as usize;
    let sums = fuse(skip, upsampled, weights, extent, at, place, shape);
    let area = extent.height * extent.width;
    if comptime!(shape.groups == 1) {
        for class in 0..head.classes {
            let low = weights[head.weights + class * VECTORS];
            let high = weights[head.weights + class * VECTORS + 1];
            let bias = weights[head.bias + class].extract(0usize);
            #[unroll]
            for row in 0..ROWS {
                #[unroll]
                for column in 0..COLUMNS {
                    if place.y + row < extent.height && place.x + column < extent.width {
                        let pixel = comptime!(row * COLUMNS + column);
                        let at = class * area + (place.y + row) * extent.width + place.x + column;
                        logits[at] = bias + total(sums[pixel] * low + sums[pixel + PIXELS] * high);
                    }
                }
            }
        }
    } else {
        let mut last = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_hidden()));
        share(&sums, &mut last, group * VECTORS, unit, shape.units);
        sync_cube();
        // The unit's pixels are dealt out to its groups.
        for turn in 0..comptime!(PIXELS.div_ceil(shape.groups)) {
            let pixel = turn * shape.groups + group;
            let x = place.x + pixel % COLUMNS;
            let y = place.y + pixel / COLUMNS;
            if pixel < PIXELS && x < extent.width && y < extent.height {
                for class in 0..head.classes {
                    let mut sum = Vec4::new(0.0);
                    for block in 0..comptime!(shape.groups * VECTORS) {
                        let weight = weights
                            [head.weights + class * comptime!(shape.groups * VECTORS) + block];
                        sum += weight * last[(block * PIXELS + pixel) * shape.units + unit];
                    }
                    let bias = weights[head.bias + class].extract(0usize);
                    logits[class * area + y * extent.width + x] = bias + total(sum);
                }
            }
        }
    }
}

/// The sum of the lanes.
#[cube]
fn total(v: Vec4) -> f32 {
    v.extract(0usize) + v.extract(1usize) + (v.extract(2usize) + v.extract(3usize))
}

/// Grouped convolution, GELU and bottleneck for this thread's unit and group.
#[cube]
fn fuse(
    skip: &[Vec4],
    upsampled: &[Vec4],
    weights: &[Vec4],
    extent: Extent,
    at: FusionAt,
    place: Place,
    #[comptime] shape: BottleneckShape,
) -> Array<Vec4> {
    let unit = UNIT_POS_X as usize;
    let group = UNIT_POS_Y as usize;
    let blocks = comptime!(shape.groups * VECTORS);
    let step = group * comptime!(shape.groups * VECTORS * 3 * STEP);
    let mut first = biased(weights, at.skip_bias + group * VECTORS);
    accumulate(skip, weights, &mut first, extent, place.at, blocks.runtime(), at.skip + step);
    if comptime!(shape.groups == 1) {
        let mut inputs = Array::<Vec4>::new(comptime!(2 * PIXELS * VECTORS));
        #[unroll]
        for pixel in 0..PIXELS {
            inputs[pixel] = gelu(first[pixel]);
            inputs[pixel + PIXELS] = gelu(first[pixel + PIXELS]);
        }
        let mut second = biased(weights, at.upsampled_bias);
        accumulate(
            upsampled,
            weights,
            &mut second,
            extent,
            place.at,
            blocks.runtime(),
            at.upsampled,
        );
        #[unroll]
        for pixel in 0..PIXELS {
            inputs[pixel + comptime!(2 * PIXELS)] = gelu(second[pixel]);
            inputs[pixel + comptime!(3 * PIXELS)] = gelu(second[pixel + PIXELS]);
        }
        bottleneck_private(&inputs, weights, at.bottleneck, shape.inputs)
    } else {
        let mut inputs = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_inputs()));
        let hidden = Shared::<[Vec4]>::new_slice(comptime!(shape.shared_hidden()));
        gelus(&mut first);
        share(&first, &mut inputs, group * VECTORS, unit, shape.units);
        let mut second = biased(weights, at.upsampled_bias + group * VECTORS);
        accumulate(
            upsampled,
            weights,
            &mut second,
            extent,
            place.at,
            blocks.runtime(),
            at.upsampled + step,
        );
        gelus(&mut second);
        share(&second, &mut inputs, (group + shape.groups) * VECTORS, unit, shape.units);
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
    }
}

/// GELU of a tile's sums.
#[cube]
pub fn gelus(sums: &mut Array<Vec4>) {
    #[unroll]
    for index in 0..comptime!(PIXELS * VECTORS) {
        sums[index] = gelu(sums[index]);
    }
}

/// Half of the grouped convolution alone, for widths at which [`fusion`] does not fit into shared memory: conv3×3 and
/// GELU into blocks `to` onwards of a map that holds both halves.
#[cube(launch)]
pub fn grouped_half(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    extent: Extent,
    blocks: usize,
    weights_at: usize,
    bias_at: usize,
    to: usize,
) {
    let x = ABSOLUTE_POS_X as usize * COLUMNS;
    let y = ABSOLUTE_POS_Y as usize * ROWS;
    let group = ABSOLUTE_POS_Z as usize;
    if x < extent.width && y < extent.height {
        let mut sums = biased(weights, bias_at + group * VECTORS);
        let from = address(extent, x, y);
        let step = weights_at + group * blocks * comptime!(3 * STEP);
        accumulate(source, weights, &mut sums, extent, from, blocks, step);
        gelus(&mut sums);
        let place = from + (to + group * VECTORS) * extent.plane;
        store(&sums, target, extent, x, y, place);
    }
}
