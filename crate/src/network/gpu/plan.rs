//! The order of the kernels for one image size, and the buffers that they read and write.

use std::collections::BTreeMap;

use burn::tensor::Bytes;
use cubecl::client::Client;
use cubecl::prelude::{CubeCount, CubeDim, CubeElement};
use cubecl::server::Handle;

use super::bottleneck::{FUSION_MEMORY, LAYER_MEMORY, THREADS};
use super::convolution;
use super::fusion;
use super::layer;
use super::map::{Map, Maps, VECTOR_BYTES, arg};
use super::pixels::{self, LEVELS};
use super::tile::{LANES, VECTORS};
use super::upsampled;
use super::weights::{Bottlenecks, ConvolutionAt, Fusions, Head, Layers};
use super::{Architecture, Cost, Memory, Parts, Workgroup};

/// Everything that an inference needs but the weights and the image.
pub struct Plan {
    sides: [usize; 2],
    input: Map,
    /// A word for each pixel of an image of bytes.
    pixels: Handle,
    /// What the network gets for each byte, channel by channel.
    levels: Handle,
    /// The probabilities, when they are asked for.
    logits: Handle,
    /// What the workgroups of any step have instead of a memory of their own.
    scratch: Option<Handle>,
    steps: Vec<Step>,
    cost: Cost,
}

/// One kernel and its buffers.
pub enum Step {
    Convolution {
        at: ConvolutionAt,
        source: Map,
        target: Map,
        pooled: Option<Map>,
    },
    Upsampled {
        at: ConvolutionAt,
        source: Map,
        /// Its second half is written.
        target: Map,
    },
    Layer {
        at: Layers,
        source: Map,
        target: Map,
    },
    Fusion {
        at: Fusions,
        source: Map,
        target: Map,
    },
    FusionHead {
        at: Fusions,
        head: Head,
        source: Map,
        logits: Handle,
    },
}

/// With what the kernels are started.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    pub client: &'a Client,
    pub weights: &'a Handle,
    /// Of the kernels that can have any.
    pub workgroup: Workgroup,
    /// That of the probabilities that are asked for; the logits are, where there is none.
    pub temperature: Option<f32>,
}

impl Plan {
    /// For images of `sides`, height first.
    pub fn new(
        client: &Client,
        architecture: Architecture,
        parts: &Parts,
        memory: Memory,
        sides: [usize; 2],
    ) -> Self {
        let mut maps = Maps {
            client,
            sides,
            free: BTreeMap::new(),
        };
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
                    source: x.clone(),
                    target: target.clone(),
                });
                maps.give(level, std::mem::replace(&mut x, target));
            }
            let blocks = widen.groups * VECTORS;
            let deepest = level + 1 == parts.encoders.len();
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
        let logits = client.empty(parts.head.classes * height * width * size_of::<f32>());
        let levels = (0..skips.len()).rev();
        for ((level, both), (up, at)) in levels.zip(skips.into_iter().rev()).zip(&parts.decoders) {
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
                    head: parts.head,
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
            bytes_moved: parts.size * VECTOR_BYTES + steps.iter().map(Step::bytes).sum::<usize>(),
            bytes_least: least(architecture, sides),
        };
        let scratch = steps.iter().map(Step::scratch).max().unwrap_or_default();
        let fits = scratch as u64 <= client.properties().memory.max_page_size;
        Self {
            sides,
            input,
            pixels: client.empty(height * width * size_of::<u32>()),
            levels: client.empty(LANES * LEVELS * size_of::<f32>()),
            logits,
            scratch: (memory == Memory::Storage && fits).then(|| client.empty(scratch)),
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

    /// Puts an image of bytes, and the tables of its channels, where [`Self::launch_pixels`] finds them.
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

    /// Makes the map that the stem reads of them.
    pub fn launch_pixels(&self, client: &Client) {
        let [x, y] = Workgroup::default().threads().map(usize::from);
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
            step.launch(with, self.scratch.as_ref());
        }
    }

    /// Starts one kernel.
    pub fn launch_step(&self, index: usize, with: &Launch<'_>) {
        self.steps[index].launch(with, self.scratch.as_ref());
    }
}

/// The grid for a kernel whose threads each do one tile of one group. The workgroup is the same for all, because each
/// would be a kernel of its own to compile.
fn tiled(map: &Map, groups: usize, workgroup: Workgroup) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    let [x, y] = workgroup.threads().map(usize::from);
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
fn united(map: &Map, at: &Bottlenecks) -> (CubeCount, CubeDim) {
    let [across, down] = map.tiles();
    (
        CubeCount::Static(across.div_ceil(at.units()) as u32, down as u32, 1),
        CubeDim::new_1d(THREADS as u32),
    )
}

impl Step {
    /// Starts the kernel. Its workgroups use `scratch`, where it is given, instead of a memory of their own.
    pub fn launch(&self, with: &Launch<'_>, scratch: Option<&Handle>) {
        let (client, workgroup) = (with.client, with.workgroup);
        let weights = arg(with.weights);
        let scratch = scratch.map(arg);
        match self {
            Self::Convolution {
                at,
                source,
                target,
                pooled: None,
            } => {
                let (count, dim) = tiled(target, at.groups, workgroup);
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
                let (count, dim) = tiled(target, at.groups, workgroup);
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
                let (count, dim) = tiled(target, at.groups, workgroup);
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
                match scratch {
                    None => layer::layer::launch(
                        client, count, dim, from, weights, to, extent, at, side,
                    ),
                    Some(scratch) => layer::layer_stored::launch(
                        client, count, dim, from, weights, to, scratch, extent, at, side,
                    ),
                }
            }
            Self::Fusion { at, source, target } => {
                let (count, dim) = united(target, &at.bottleneck);
                let (from, to, extent) = (source.arg(), target.arg(), target.extent());
                let at = at.launch();
                match scratch {
                    None => {
                        fusion::fusion::launch(client, count, dim, from, weights, to, extent, at);
                    }
                    Some(scratch) => fusion::fusion_stored::launch(
                        client, count, dim, from, weights, to, scratch, extent, at,
                    ),
                }
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
                match scratch {
                    None => fusion::fusion_head::launch(
                        client, count, dim, from, weights, to, extent, at, head,
                    ),
                    Some(scratch) => fusion::fusion_head_stored::launch(
                        client, count, dim, from, weights, to, scratch, extent, at, head,
                    ),
                }
            }
        }
    }

    /// Whether its workgroup can be any.
    pub fn is_tuned(&self) -> bool {
        matches!(self, Self::Convolution { .. } | Self::Upsampled { .. })
    }

    /// Bytes that its workgroups need together when they have no memory of their own.
    pub fn scratch(&self) -> usize {
        let (map, at, memory) = match self {
            Self::Convolution { .. } | Self::Upsampled { .. } => return 0,
            Self::Layer { at, target, .. } => (target, &at.bottleneck, LAYER_MEMORY),
            Self::Fusion { at, source, .. } | Self::FusionHead { at, source, .. } => {
                (source, &at.bottleneck, FUSION_MEMORY)
            }
        };
        let [across, down] = map.tiles();
        across.div_ceil(at.units()) * down * memory * VECTOR_BYTES
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
fn least(architecture: Architecture, [height, width]: [usize; 2]) -> usize {
    let (dims, depths) = (architecture.variant.dims(), architecture.variant.depths());
    let area = |level: usize| (height >> level) * (width >> level);
    let weights: usize = architecture
        .tensors()
        .iter()
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum();
    let stem = (architecture.in_channels + dims[0]) * area(0);
    let encoders: usize = (0..5)
        .map(|level| {
            let incoming = dims[level.max(1) - 1];
            let layers = depths[level] * 2 * incoming * area(level);
            let pooled = if level < 4 {
                dims[level] * area(level + 1)
            } else {
                0
            };
            layers + (incoming + dims[level]) * area(level) + pooled
        })
        .sum();
    let decoders: usize = (0..4)
        .map(|level| {
            let upsampled = dims[level + 1] * area(level + 1) + dims[level] * area(level);
            let result = if level == 0 {
                architecture.classes
            } else {
                dims[level]
            };
            upsampled + (2 * dims[level] + result) * area(level)
        })
        .sum();
    (weights + stem + encoders + decoders) * size_of::<f32>()
}
