//! The order of the kernels for one image size, and the buffers that they read and write.

use std::collections::BTreeMap;

use cubecl::client::Client;
use cubecl::prelude::{BufferArg, CubeCount, CubeDim, TensorBinding};
use cubecl::server::Handle;
use cubecl::zspace::Tiling;

use super::bottleneck::{self, BottleneckShape};
use super::convolution;
use super::fusion;
use super::layer;
use super::tile::{COLUMNS, ExtentLaunch, LANES, MARGIN, PIXELS, ROWS, VECTORS};
use super::upsampled;
use super::weights::{Bottlenecks, ConvolutionAt, Fusions, Head, Layers};
use super::{Cost, Parts};

/// Bytes of a vector.
const VECTOR_BYTES: usize = LANES * size_of::<f32>();
/// Threads of a workgroup, at most: two warps of the GPUs that have the smallest.
const THREADS: usize = 64;

/// Everything that an inference needs but the weights and the image.
pub struct Plan {
    sides: [usize; 2],
    input: Map,
    logits: Handle,
    steps: Vec<Step>,
    cost: Cost,
}

/// A map of activations on the GPU.
#[derive(Clone)]
struct Map {
    height: usize,
    width: usize,
    /// Vectors of channels.
    blocks: usize,
    buffer: Handle,
}

/// One kernel and its buffers.
enum Step {
    Convolution {
        at: ConvolutionAt,
        source: Map,
        target: Map,
        pooled: Option<Map>,
    },
    Upsampled {
        at: ConvolutionAt,
        source: Map,
        target: Map,
    },
    Layer {
        at: Layers,
        shape: BottleneckShape,
        source: Map,
        target: Map,
    },
    Fusion {
        at: Fusions,
        shape: BottleneckShape,
        skip: Map,
        upsampled: Map,
        target: Map,
    },
    FusionHead {
        at: Fusions,
        head: Head,
        shape: BottleneckShape,
        skip: Map,
        upsampled: Map,
        logits: Handle,
    },
    GroupedHalf {
        at: ConvolutionAt,
        source: Map,
        target: Map,
        to: usize,
    },
    Bottleneck {
        at: Bottlenecks,
        shape: BottleneckShape,
        source: Map,
        target: Map,
    },
}

impl Plan {
    /// For images of `sides`, height first.
    pub fn new(client: &Client, parts: &Parts, sides: [usize; 2]) -> Self {
        let mut maps = Maps {
            client,
            sides,
            free: BTreeMap::new(),
        };
        let memory = client.properties().hardware.max_shared_memory_size;
        let mut steps = Vec::new();
        let input = maps.take(0, parts.stem.blocks);
        let mut x = maps.take(0, parts.stem.groups * VECTORS);
        steps.push(Step::Convolution {
            at: parts.stem,
            source: input.clone(),
            target: x.clone(),
            pooled: None,
        });
        let mut skips = Vec::new();
        for (level, (layers, widen)) in parts.encoders.iter().enumerate() {
            for at in layers {
                let target = maps.take(level, x.blocks);
                steps.push(Step::Layer {
                    at: *at,
                    shape: shape(&at.bottleneck, &x, memory, x.blocks),
                    source: x.clone(),
                    target: target.clone(),
                });
                maps.give(level, std::mem::replace(&mut x, target));
            }
            let target = maps.take(level, widen.groups * VECTORS);
            let deepest = level + 1 == parts.encoders.len();
            let pooled = (!deepest).then(|| maps.take(level + 1, target.blocks));
            steps.push(Step::Convolution {
                at: *widen,
                source: x.clone(),
                target: target.clone(),
                pooled: pooled.clone(),
            });
            maps.give(level, x);
            x = match pooled {
                Some(pooled) => {
                    skips.push(target);
                    pooled
                }
                None => target,
            };
        }
        let [height, width] = sides;
        let logits = client.empty(parts.head.classes * height * width * size_of::<f32>());
        for (level, (up, at)) in (0..parts.decoders.len()).rev().zip(&parts.decoders) {
            let upsampled = maps.take(level, up.groups * VECTORS);
            steps.push(Step::Upsampled {
                at: *up,
                source: x.clone(),
                target: upsampled.clone(),
            });
            maps.give(level + 1, x);
            let Some(skip) = skips.pop() else { break };
            let fits = |shape: &BottleneckShape| {
                (shape.shared_inputs() + shape.shared_hidden()) * VECTOR_BYTES <= memory
            };
            let shape = shape(&at.bottleneck, &skip, memory, at.bottleneck.inputs);
            let target = maps.take(level, skip.blocks);
            if level == 0 {
                steps.push(Step::FusionHead {
                    at: *at,
                    head: parts.head,
                    shape,
                    skip: skip.clone(),
                    upsampled: upsampled.clone(),
                    logits: logits.clone(),
                });
            } else if shape.groups == 1 || fits(&shape) {
                steps.push(Step::Fusion {
                    at: *at,
                    shape,
                    skip: skip.clone(),
                    upsampled: upsampled.clone(),
                    target: target.clone(),
                });
            } else {
                let both = maps.take(level, at.bottleneck.inputs);
                for (half, source, to) in [
                    (at.skip, &skip, 0),
                    (at.upsampled, &upsampled, skip.blocks),
                ] {
                    steps.push(Step::GroupedHalf {
                        at: half,
                        source: source.clone(),
                        target: both.clone(),
                        to,
                    });
                }
                steps.push(Step::Bottleneck {
                    at: at.bottleneck,
                    shape: self::shape(&at.bottleneck, &skip, memory, 0),
                    source: both.clone(),
                    target: target.clone(),
                });
                maps.give(level, both);
            }
            maps.give(level, skip);
            maps.give(level, upsampled);
            x = target;
        }
        let cost = cost(parts, &steps, &input);
        Self {
            sides,
            input,
            logits,
            steps,
            cost,
        }
    }

    pub fn sides(&self) -> [usize; 2] {
        self.sides
    }

    pub fn cost(&self) -> Cost {
        self.cost
    }

    pub fn logits(&self) -> &Handle {
        &self.logits
    }

    pub fn input_buffer(&self) -> &Handle {
        &self.input.buffer
    }

    /// Channel-first planes as the map that the stem reads, margin and all.
    pub fn input(&self, planes: &[f32], channels: usize) -> Vec<f32> {
        let [height, width] = self.sides;
        let mut map = vec![0.0; self.input.size() * LANES];
        for (channel, plane) in planes.chunks_exact(height * width).enumerate().take(channels) {
            let (block, lane) = (channel / LANES, channel % LANES);
            for (y, row) in plane.chunks_exact(width).enumerate() {
                let start =
                    block * self.input.plane() + (y + MARGIN) * self.input.stride() + MARGIN;
                let pixels = map[start * LANES..].chunks_exact_mut(LANES);
                for (pixel, value) in pixels.zip(row) {
                    pixel[lane] = *value;
                }
            }
        }
        map
    }

    /// Starts all kernels, in order.
    pub fn launch(&self, client: &Client, weights: &Handle) {
        for step in &self.steps {
            step.launch(client, weights);
        }
    }
}

impl Map {
    /// Vectors from a pixel to the one below.
    fn stride(&self) -> usize {
        self.width + 2 * MARGIN
    }

    /// Vectors from a pixel to its next four channels.
    fn plane(&self) -> usize {
        self.stride() * (self.height + 2 * MARGIN)
    }

    /// Vectors of the buffer: the planes, and rows that the last tile of an image whose height is no multiple of a
    /// tile's may read beyond them.
    fn size(&self) -> usize {
        self.blocks * self.plane() + ROWS * self.stride()
    }

    /// Bytes of the pixels themselves.
    fn bytes(&self) -> usize {
        self.blocks * self.height * self.width * VECTOR_BYTES
    }

    fn extent(&self) -> ExtentLaunch {
        ExtentLaunch::new(self.height, self.width, self.stride(), self.plane())
    }

    fn arg(&self) -> BufferArg {
        arg(&self.buffer)
    }

    /// Tiles along x and y.
    fn tiles(&self) -> [usize; 2] {
        [self.width.div_ceil(COLUMNS), self.height.div_ceil(ROWS)]
    }
}

/// Buffers that have done their work serve the next map of the same size: its margin is zero already.
struct Maps<'a> {
    client: &'a Client,
    sides: [usize; 2],
    free: BTreeMap<(usize, usize), Vec<Map>>,
}

impl Maps<'_> {
    /// A map of `blocks` vectors of channels at 2^-level of the image's sides.
    fn take(&mut self, level: usize, blocks: usize) -> Map {
        if let Some(map) = self.free.get_mut(&(level, blocks)).and_then(Vec::pop) {
            return map;
        }
        let [height, width] = self.sides.map(|side| side >> level);
        let mut map = Map {
            height,
            width,
            blocks,
            buffer: self.client.empty(0),
        };
        map.buffer = self
            .client
            .create_from_slice(&vec![0; map.size() * VECTOR_BYTES]);
        map
    }

    fn give(&mut self, level: usize, map: Map) {
        self.free.entry((level, map.blocks)).or_default().push(map);
    }
}

/// How a bottleneck over `map` is cut into workgroups: as many units as fit, `blocks` vectors of inputs shared.
fn shape(at: &Bottlenecks, map: &Map, memory: usize, blocks: usize) -> BottleneckShape {
    let per_unit = (blocks + at.groups * VECTORS) * PIXELS * VECTOR_BYTES;
    let mut units = THREADS / at.groups;
    if at.groups > 1 {
        units = units.min(memory / per_unit);
    }
    let [tiles, _] = map.tiles();
    BottleneckShape {
        inputs: at.inputs,
        groups: at.groups,
        units: largest_power(units.min(tiles.next_power_of_two())),
    }
}

/// The largest power of two that is no larger, at least 1.
fn largest_power(value: usize) -> usize {
    1 << value.max(1).ilog2()
}

/// A whole buffer as a kernel's argument.
fn arg(buffer: &Handle) -> BufferArg {
    TensorBinding {
        handle: buffer.clone().binding(),
        shape: [buffer.size_in_used() as usize].into(),
        strides: [1].into(),
        tiling: Tiling::UNTILED,
    }
    .into_buffer_arg()
}

/// The grid for a kernel whose threads each do one tile of one group.
fn tiled(map: &Map, groups: usize) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    let x = across.next_power_of_two().min(16);
    let y = down.next_power_of_two().min(THREADS / x);
    (
        CubeCount::Static(
            across.div_ceil(x) as u32,
            down.div_ceil(y) as u32,
            groups as u32,
        ),
        CubeDim::new_2d(x as u32, y as u32),
    )
}

/// The grid for a kernel whose workgroups do whole units.
fn united(map: &Map, shape: &BottleneckShape) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    (
        CubeCount::Static(across.div_ceil(shape.units) as u32, down as u32, 1),
        CubeDim::new_2d(shape.units as u32, shape.groups as u32),
    )
}

impl Step {
    fn launch(&self, client: &Client, weights: &Handle) {
        let weights = arg(weights);
        match self {
            Self::Convolution {
                at,
                source,
                target,
                pooled,
            } => {
                let (count, dim) = tiled(target, at.groups);
                match pooled {
                    None => convolution::convolution::launch(
                        client,
                        count,
                        dim,
                        source.arg(),
                        weights,
                        target.arg(),
                        target.extent(),
                        at.blocks,
                        at.weights,
                        at.bias,
                    ),
                    Some(pooled) => convolution::pooled_convolution::launch(
                        client,
                        count,
                        dim,
                        source.arg(),
                        weights,
                        target.arg(),
                        pooled.arg(),
                        target.extent(),
                        pooled.extent(),
                        at.blocks,
                        at.weights,
                        at.bias,
                    ),
                }
            }
            Self::Upsampled { at, source, target } => {
                let (count, dim) = tiled(target, at.groups);
                upsampled::upsampled_convolution::launch(
                    client,
                    count,
                    dim,
                    source.arg(),
                    weights,
                    target.arg(),
                    source.extent(),
                    target.extent(),
                    at.blocks,
                    at.weights,
                    at.bias,
                );
            }
            Self::Layer {
                at,
                shape,
                source,
                target,
            } => {
                let (count, dim) = united(target, shape);
                layer::layer::launch(
                    client,
                    count,
                    dim,
                    source.arg(),
                    weights,
                    target.arg(),
                    target.extent(),
                    at.launch(),
                    at.side,
                    *shape,
                );
            }
            Self::Fusion {
                at,
                shape,
                skip,
                upsampled,
                target,
            } => {
                let (count, dim) = united(target, shape);
                fusion::fusion::launch(
                    client,
                    count,
                    dim,
                    skip.arg(),
                    upsampled.arg(),
                    weights,
                    target.arg(),
                    target.extent(),
                    at.launch(),
                    *shape,
                );
            }
            Self::FusionHead {
                at,
                head,
                shape,
                skip,
                upsampled,
                logits,
            } => {
                let (count, dim) = united(skip, shape);
                fusion::fusion_head::launch(
                    client,
                    count,
                    dim,
                    skip.arg(),
                    upsampled.arg(),
                    weights,
                    arg(logits),
                    skip.extent(),
                    at.launch(),
                    head.launch(),
                    *shape,
                );
            }
            Self::GroupedHalf {
                at,
                source,
                target,
                to,
            } => {
                let (count, dim) = tiled(target, at.groups);
                fusion::grouped_half::launch(
                    client,
                    count,
                    dim,
                    source.arg(),
                    weights,
                    target.arg(),
                    target.extent(),
                    at.blocks,
                    at.weights,
                    at.bias,
                    *to,
                );
            }
            Self::Bottleneck {
                at,
                shape,
                source,
                target,
            } => {
                let (count, dim) = united(target, shape);
                bottleneck::bottleneck::launch(
                    client,
                    count,
                    dim,
                    source.arg(),
                    weights,
                    target.arg(),
                    target.extent(),
                    at.launch(),
                    *shape,
                );
            }
        }
    }

    /// Bytes of the maps that it reads and writes.
    fn bytes(&self) -> usize {
        match self {
            Self::Convolution {
                source,
                target,
                pooled,
                ..
            } => source.bytes() + target.bytes() + pooled.as_ref().map_or(0, Map::bytes),
            Self::Upsampled { source, target, .. }
            | Self::Layer { source, target, .. }
            | Self::Bottleneck { source, target, .. } => source.bytes() + target.bytes(),
            Self::Fusion {
                skip,
                upsampled,
                target,
                ..
            } => skip.bytes() + upsampled.bytes() + target.bytes(),
            Self::FusionHead {
                skip,
                upsampled,
                logits,
                ..
            } => skip.bytes() + upsampled.bytes() + logits.size_in_used() as usize,
            // It writes half of its target.
            Self::GroupedHalf { source, target, .. } => source.bytes() + target.bytes() / 2,
        }
    }
}

/// What the steps move, and the least that the blocks could.
fn cost(parts: &Parts, steps: &[Step], input: &Map) -> Cost {
    let weights = parts.size * VECTOR_BYTES;
    let moved: usize = steps.iter().map(Step::bytes).sum();
    // Where a fusion is not one kernel, the least is that of the one kernel.
    let apart: usize = steps
        .iter()
        .map(|step| match step {
            Step::GroupedHalf { target, .. } => target.bytes() / 2,
            Step::Bottleneck { source, .. } => source.bytes(),
            _ => 0,
        })
        .sum();
    // The image has its own channels only; a least reading of it is that of the planes.
    let padding = input.bytes() - input.bytes() / LANES * parts.stem.channels;
    Cost {
        dispatches: steps.len(),
        bytes_moved: moved + weights,
        bytes_least: moved + weights - apart - padding,
    }
}
