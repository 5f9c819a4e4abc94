//! The order of the kernels for one image size, and the buffers that they read and write.

use std::collections::BTreeMap;

use burn::tensor::Bytes;
use cubecl::client::Client;
use cubecl::prelude::{CubeCount, CubeDim, CubeElement};
use cubecl::server::Handle;

use super::bottleneck::THREADS;
use super::convolution;
use super::fusion;
use super::layer;
use super::map::{Map, Maps, VECTOR_BYTES, arg};
use super::pixels::{self, LEVELS};
use super::tile::{LANES, VECTORS};
use super::upsampled;
use super::weights::{
    PackedBottleneck, PackedConv, PackedFusion, PackedHead, PackedLayer, PackedNetwork,
};
use crate::network::architecture::Architecture;
use crate::network::layout::Layout;

/// Threads along x and y of a workgroup whose threads need nothing of each other: one warp of most GPUs, as square as the tiles
/// allow. It is the same for all such kernels, because each size is another kernel to compile.
const WORKGROUP: [usize; 2] = [8, 4];

/// What one inference asks of the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Kernels that are started.
    pub dispatches: usize,
    /// Bytes that the kernels read and write. Each map and each weight counts once for every kernel that uses it, because what
    /// neighbouring tiles read again comes from the caches.
    pub bytes_moved: usize,
    /// The least for the paper's blocks one after another: every block reads its inputs and weights once and writes its result
    /// once, without margins or padding of channels.
    pub bytes_least: usize,
}

/// Everything that an inference needs besides the weights and the image.
pub struct Plan {
    sides: [usize; 2],
    input: Map,
    /// An image of bytes, a word for each pixel.
    pixels: Handle,
    /// The network's input for each byte, channel by channel.
    levels: Handle,
    /// Or the probabilities.
    logits: Handle,
    steps: Vec<Step>,
    cost: Cost,
}

/// One kernel and its buffers.
pub enum Step {
    Convolution {
        at: PackedConv,
        source: Map,
        target: Map,
        pooled: Option<Map>,
    },
    Upsampled {
        at: PackedConv,
        source: Map,
        /// Its second half is written.
        target: Map,
    },
    Layer {
        at: PackedLayer,
        source: Map,
        target: Map,
    },
    Fusion {
        at: PackedFusion,
        source: Map,
        target: Map,
    },
    FusionHead {
        at: PackedFusion,
        head: PackedHead,
        source: Map,
        logits: Handle,
    },
}

/// What all kernels are started with.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    pub client: &'a Client,
    pub weights: &'a Handle,
    /// For probabilities; without it the kernels write logits.
    pub temperature: Option<f32>,
}

impl Plan {
    /// For images of `sides`, height first.
    pub fn new(
        client: &Client,
        architecture: Architecture,
        packed: &PackedNetwork,
        sides: [usize; 2],
    ) -> Self {
        let mut maps = Maps {
            client,
            sides,
            free: BTreeMap::new(),
        };
        let mut steps = Vec::new();
        let input = maps.take(0, packed.stem.blocks);
        let mut x = maps.take(0, packed.stem.groups * VECTORS);
        steps.push(Step::Convolution {
            at: packed.stem,
            source: input.clone(),
            target: x.clone(),
            pooled: None,
        });
        let mut skips = Vec::new();
        for (level, (layers, widen)) in packed.encoders.iter().enumerate() {
            for at in layers {
                let target = maps.take(level, x.blocks);
                steps.push(Step::Layer {
                    at: *at,
                    source: x.clone(),
                    target: target.clone(),
                });
                maps.give(level, std::mem::replace(&mut x, target));
            }
            let blocks = widen.groups * VECTORS;
            let deepest = level + 1 == packed.encoders.len();
            // A skip connection is the first half of what its fusion reads.
            let target = maps.take(level, if deepest { blocks } else { 2 * blocks });
            let pooled = (!deepest).then(|| maps.take(level + 1, blocks));
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
        let logits = client.empty(packed.head.classes * height * width * size_of::<f32>());
        let levels = (0..skips.len()).rev();
        for ((level, both), (up, at)) in levels.zip(skips.into_iter().rev()).zip(&packed.decoders) {
            steps.push(Step::Upsampled {
                at: *up,
                source: x.clone(),
                target: both.clone(),
            });
            maps.give(level + 1, x);
            x = maps.take(level, both.blocks / 2);
            steps.push(if level == 0 {
                Step::FusionHead {
                    at: *at,
                    head: packed.head,
                    source: both.clone(),
                    logits: logits.clone(),
                }
            } else {
                Step::Fusion {
                    at: *at,
                    source: both.clone(),
                    target: x.clone(),
                }
            });
            maps.give(level, both);
        }
        let cost = Cost {
            dispatches: steps.len(),
            bytes_moved: packed.size * VECTOR_BYTES + steps.iter().map(Step::bytes).sum::<usize>(),
            bytes_least: least(&architecture.layout(), sides),
        };
        Self {
            sides,
            input,
            pixels: client.empty(height * width * size_of::<u32>()),
            levels: client.empty(LANES * LEVELS * size_of::<f32>()),
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

    /// An image's channel-first planes as the map that the stem reads.
    pub fn input(&self, planes: &[f32]) -> Vec<f32> {
        self.input.pack(planes)
    }

    /// Uploads an image of bytes and the tables of its channels for [`Self::launch_pixels`].
    pub fn write_pixels(&self, client: &Client, pixels: &[[u8; LANES]], levels: &[[f32; LEVELS]]) {
        let mut tables = levels.concat();
        tables.resize(LANES * LEVELS, 0.0);
        for (buffer, bytes) in [
            (&self.pixels, pixels.as_flattened()),
            (&self.levels, f32::as_bytes(&tables)),
        ] {
            client.write(buffer, Bytes::from_bytes_vec(bytes.to_vec()));
        }
    }

    /// Turns them into the map that the stem reads.
    pub fn launch_pixels(&self, client: &Client) {
        let [x, y] = WORKGROUP;
        let (across, down) = (self.input.width.div_ceil(x), self.input.height.div_ceil(y));
        pixels::pixels::launch(
            client,
            CubeCount::Static(across as u32, down as u32, 1),
            CubeDim::new_2d(x as u32, y as u32),
            arg(&self.pixels),
            arg(&self.levels),
            self.input.arg(),
            self.input.extent(),
        );
    }

    /// The kernels, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Starts all kernels, in order.
    pub fn launch(&self, with: &Launch<'_>) {
        for step in &self.steps {
            step.launch(with);
        }
    }

    /// Starts one kernel.
    pub fn launch_step(&self, index: usize, with: &Launch<'_>) {
        self.steps[index].launch(with);
    }
}

/// The grid for a kernel whose threads each compute one tile of one group.
fn tiled(map: &Map, groups: usize) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    let [x, y] = WORKGROUP;
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
fn united(map: &Map, at: &PackedBottleneck) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    (
        CubeCount::Static(across.div_ceil(at.units()) as u32, down as u32, 1),
        CubeDim::new_1d(THREADS as u32),
    )
}

impl Step {
    /// Starts the kernel.
    pub fn launch(&self, with: &Launch<'_>) {
        let client = with.client;
        let weights = arg(with.weights);
        match self {
            Self::Convolution {
                at,
                source,
                target,
                pooled: None,
            } => {
                let (count, dim) = tiled(target, at.groups);
                convolution::convolution::launch(
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
                );
            }
            Self::Convolution {
                at,
                source,
                target,
                pooled: Some(pooled),
            } => {
                let (count, dim) = tiled(target, at.groups);
                convolution::pooled_convolution::launch(
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
                );
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
                    target.blocks / 2,
                );
            }
            Self::Layer { at, source, target } => {
                let (count, dim) = united(target, &at.bottleneck);
                let (from, to, extent) = (source.arg(), target.arg(), target.extent());
                let (at, side) = (at.launch(), at.side);
                layer::layer::launch(client, count, dim, from, weights, to, extent, at, side);
            }
            Self::Fusion { at, source, target } => {
                let (count, dim) = united(target, &at.bottleneck);
                let (from, to, extent) = (source.arg(), target.arg(), target.extent());
                let at = at.launch();
                fusion::fusion::launch(client, count, dim, from, weights, to, extent, at);
            }
            Self::FusionHead {
                at,
                head,
                source,
                logits,
            } => {
                let (count, dim) = united(source, &at.bottleneck);
                let (from, to, extent) = (source.arg(), arg(logits), source.extent());
                let (at, head) = (at.launch(), head.launch(with.temperature));
                fusion::fusion_head::launch(
                    client, count, dim, from, weights, to, extent, at, head,
                );
            }
        }
    }

    /// Bytes of the maps that it reads and writes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Convolution {
                at,
                source,
                target,
                pooled,
            } => {
                let written = target.part(at.groups * VECTORS);
                source.bytes() + written + pooled.as_ref().map_or(0, Map::bytes)
            }
            Self::Upsampled { at, source, target } => {
                source.bytes() + target.part(at.groups * VECTORS)
            }
            Self::Layer { source, target, .. } | Self::Fusion { source, target, .. } => {
                source.bytes() + target.bytes()
            }
            Self::FusionHead { source, logits, .. } => {
                source.bytes() + logits.size_in_used() as usize
            }
        }
    }
}

/// Bytes that must move when the paper's blocks run one after another, each reading its inputs and its weights once and
/// writing its result once: stem, large-kernel layers, widening convolutions with the pooling, upsampled convolutions,
/// skip fusions, the last with the head.
fn least(layout: &Layout, [height, width]: [usize; 2]) -> usize {
    let area = |level: usize| (height >> level) * (width >> level);
    let tensors = layout.tensors().into_iter();
    let weights: usize = tensors
        .map(|tensor| tensor.shape.into_iter().product::<usize>())
        .sum();
    let stem = (layout.stem.conv.inputs + layout.stem.conv.outputs) * area(0);
    let encoders = layout.encoders.iter().enumerate().map(|(level, encoder)| {
        let widen = &encoder.widen.conv;
        let layers = encoder.layers.len() * 2 * widen.inputs * area(level);
        let is_pooled = level + 1 < layout.encoders.len();
        let pooled = usize::from(is_pooled) * widen.outputs * area(level + 1);
        layers + (widen.inputs + widen.outputs) * area(level) + pooled
    });
    let decoders = layout.decoders.iter().rev().enumerate();
    let decoders = decoders.map(|(level, decoder)| {
        let up = &decoder.up.conv;
        let upsampled = up.inputs * area(level + 1) + up.outputs * area(level);
        let result = if level == 0 {
            layout.head.outputs
        } else {
            up.outputs
        };
        upsampled + (2 * up.outputs + result) * area(level)
    });
    let activations = stem + encoders.sum::<usize>() + decoders.sum::<usize>();
    (weights + activations) * size_of::<f32>()
}
