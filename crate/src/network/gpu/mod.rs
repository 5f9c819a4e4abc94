//! CMUNeXt on a GPU, one kernel a block of the paper's figure: the path that WebGPU, Vulkan and Metal run.
//!
//! The arithmetic is that of [`CmuNext`](super::CmuNext), to which tests prove it equal. Activations lie as [`tile`]
//! draws them: planes of four channels with a margin of zeros, so that no kernel asks where the image ends.
//!
//! | kernel | replaces | never written to memory |
//! |---|---|---|
//! | [`pixels`] | the scaling of 8-bit channels | |
//! | [`convolution`] | conv3×3, BN (folded), ReLU, and the 2×2 pooling | |
//! | [`upsampled`] | bilinear doubling, conv3×3, BN (folded), ReLU | the doubled map |
//! | [`layer`] | depthwise, GELU, BN, residual, 1×1, GELU, BN (folded), 1×1, GELU, BN | the depthwise result, the 4C hidden channels |
//! | [`fusion`] | concat, grouped conv3×3, GELU, BN (folded), 1×1, GELU, BN (folded), 1×1, GELU, BN, and the head with its sigmoid | concat, 2C, 4C |
//!
//! Buffers are planned once for an image size and kept; the weights are uploaded once; what comes back is the logits or their
//! probabilities.

mod bottleneck;
mod convolution;
mod fusion;
mod gelu;
mod layer;
mod map;
#[cfg(feature = "bench")]
mod passes;
mod pixels;
mod plan;
mod tile;
mod tuner;
mod upsampled;
mod weights;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use burn::tensor::Bytes;
use cubecl::client::Client;
use cubecl::prelude::CubeElement;
use cubecl::server::Handle;

use self::bottleneck::FUSION_MEMORY;
use self::pixels::LEVELS;
use self::plan::{Launch, Plan};
pub use self::tuner::Workgroup;
use self::weights::{ConvolutionAt, Fusions, Head, Layers, Packer};
use super::Architecture;
use super::fused::weights::{Algorithm, Reader};
use crate::Error;
use crate::weights::Checkpoint;

/// Through what the threads of a workgroup hand values to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The workgroup's own memory.
    Workgroup,
    /// A storage buffer, of which each workgroup has a part. For software adapters, which have no faster memory and
    /// compile a store for each number of a workgroup's own, because WebGPU wants it zeroed: on SwiftShader three quarters
    /// of the time that our kernels take to compile.
    Storage,
}

/// The network with its weights on the GPU.
pub struct GpuNetwork {
    client: Client,
    architecture: Architecture,
    memory: Memory,
    workgroup: Mutex<Workgroup>,
    weights: Handle,
    parts: Parts,
    /// For the image size that was last asked for.
    plan: Mutex<Option<Plan>>,
}

/// Where everything lies in the buffer of the weights.
#[derive(Debug)]
struct Parts {
    /// Vectors in the buffer.
    size: usize,
    stem: ConvolutionAt,
    encoders: Vec<(Vec<Layers>, ConvolutionAt)>,
    /// Deepest first.
    decoders: Vec<(ConvolutionAt, Fusions)>,
    head: Head,
}

/// What one inference asks of the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Kernels that are started.
    pub dispatches: usize,
    /// Bytes that the kernels read and write, each map and each weight counted once for every kernel that touches it:
    /// what neighbouring tiles read twice comes from the caches.
    pub bytes_moved: usize,
    /// The same for the least that runs the paper's blocks apart: every block reads its inputs and weights once and
    /// writes its result once, without margins or padding of channels.
    pub bytes_least: usize,
}

impl std::fmt::Debug for GpuNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuNetwork")
            .field("architecture", &self.architecture)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

impl GpuNetwork {
    /// Whether a device has the memory in a workgroup that the kernels need, 24 KiB. WebGPU promises 16 KiB; nearly all
    /// devices have 32. Where there is less, the burn modules run.
    pub fn fits(client: &Client) -> bool {
        let hardware = &client.properties().hardware;
        hardware.max_shared_memory_size >= FUSION_MEMORY * tile::LANES * size_of::<f32>()
    }

    /// Lays out a checkpoint's weights and uploads them. The device must [fit](Self::fits).
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, which its own checks rule out.
    pub fn new(checkpoint: &Checkpoint, client: Client, memory: Memory) -> Result<Self, Error> {
        let architecture = checkpoint.architecture();
        let (depths, kernels) = (
            architecture.variant.depths(),
            architecture.variant.kernels(),
        );
        let read = Reader::new(checkpoint);
        let mut pack = Packer::default();
        let stem =
            pack.convolution(&read.convolution("stem.conv.0", "stem.conv.1", Algorithm::Direct)?);
        let mut encoders = Vec::with_capacity(5);
        for stage in 0..5 {
            let name = format!("encoder{}", stage + 1);
            let mut layers = Vec::with_capacity(depths[stage]);
            for layer in 0..depths[stage] {
                let block = format!("{name}.block.{layer}");
                layers.push(pack.layer(&read.large_kernel(&block, kernels[stage])?));
            }
            let (conv, norm) = (format!("{name}.up.conv.0"), format!("{name}.up.conv.1"));
            encoders.push((
                layers,
                pack.convolution(&read.convolution(&conv, &norm, Algorithm::Direct)?),
            ));
        }
        let mut decoders = Vec::with_capacity(4);
        for stage in (2..=5).rev() {
            let (conv, norm) = (format!("Up{stage}.up.1"), format!("Up{stage}.up.2"));
            decoders.push((
                pack.convolution(&read.convolution(&conv, &norm, Algorithm::Direct)?),
                pack.fusion(&read.fusion(&format!("Up_conv{stage}.conv"), Algorithm::Direct)?),
            ));
        }
        let head = pack.head(&read.pointwise("Conv_1x1")?);
        let values = pack.into_values();
        Ok(Self {
            weights: client.create_from_slice(f32::as_bytes(&values)),
            client,
            architecture,
            memory,
            workgroup: Mutex::default(),
            parts: Parts {
                size: values.len() / tile::LANES,
                stem,
                encoders,
                decoders,
                head,
            },
            plan: Mutex::new(None),
        })
    }

    /// One image `[channels, height, width]`, row by row, to logits `[classes, height, width]`.
    ///
    /// # Errors
    /// [`Error::InputShape`] when the channels or the sides do not fit, [`Error::Device`] when the GPU fails.
    pub async fn forward(
        &self,
        image: &[f32],
        [channels, height, width]: [usize; 3],
    ) -> Result<Vec<f32>, Error> {
        self.architecture
            .check_image(image.len(), [channels, height, width])?;
        let logits = self.with_plan([height, width], |plan| {
            let bytes = f32::as_bytes(&plan.input(image)).to_vec();
            self.client
                .write(plan.input_buffer(), Bytes::from_bytes_vec(bytes));
            plan.launch(&self.launch(None));
            plan.logits().clone()
        });
        self.read(logits, height * width).await
    }

    /// One image whose channels are bytes to probabilities `[classes, height, width]`: what the network gets for a byte stands
    /// in the table of its channel. Pixels have four channels, of which the last ones go nowhere if the network has fewer. A
    /// probability is the sigmoid of the logit over `temperature`.
    ///
    /// # Errors
    /// As [`Self::forward`], and [`Error::InputShape`] for a network of more than four channels.
    pub async fn probabilities(
        &self,
        pixels: &[[u8; tile::LANES]],
        levels: &[[f32; LEVELS]],
        [height, width]: [usize; 2],
        temperature: f32,
    ) -> Result<Vec<f32>, Error> {
        let channels = self.architecture.in_channels;
        let found = [levels.len(), height, width];
        self.architecture
            .check_image(pixels.len() * levels.len(), found)?;
        if channels > tile::LANES {
            return Err(Error::InputShape {
                channels,
                found: found.to_vec(),
            });
        }
        let logits = self.with_plan([height, width], |plan| {
            plan.write_pixels(&self.client, pixels, levels);
            plan.launch_pixels(&self.client);
            plan.launch(&self.launch(Some(temperature)));
            plan.logits().clone()
        });
        self.read(logits, height * width).await
    }

    /// The answer for all classes, each of so many pixels.
    async fn read(&self, logits: Handle, pixels: usize) -> Result<Vec<f32>, Error> {
        let fault = |reason: String| Error::Device {
            device: "GPU",
            reason,
        };
        let read = self.client.read_async(vec![logits]).await;
        let bytes = read
            .map_err(|error| fault(error.to_string()))?
            .pop()
            .ok_or_else(|| fault("it returned nothing".to_owned()))?;
        let count = self.architecture.classes * pixels;
        let mut logits: Vec<f32> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        if logits.len() < count {
            return Err(fault("its answer is cut short".to_owned()));
        }
        logits.truncate(count);
        Ok(logits)
    }

    /// Compiles the kernels for images of these sides, height first, one after the other, and waits for `pause` after each:
    /// to make a kernel's source takes a tenth of a second in a browser, in which its worker does nothing else.
    pub async fn compile(&self, sides: [usize; 2], mut pause: impl AsyncFnMut()) {
        let count = self.with_plan(sides, |plan| plan.steps().len());
        for step in 0..count {
            self.launch_step(sides, step);
            pause().await;
        }
        self.with_plan(sides, |plan| plan.launch_pixels(&self.client));
        pause().await;
    }

    /// The workgroup of the kernels that can have any: the usual one, what [`Self::tune`] found, or what was [set](Self::set_workgroup).
    pub fn workgroup(&self) -> Workgroup {
        *self
            .workgroup
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses an earlier answer of [`Self::tune`].
    pub fn set_workgroup(&self, workgroup: Workgroup) {
        *self
            .workgroup
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = workgroup;
    }

    fn launch(&self, temperature: Option<f32>) -> Launch<'_> {
        Launch {
            client: &self.client,
            weights: &self.weights,
            workgroup: self.workgroup(),
            temperature,
        }
    }

    /// Starts one kernel of an image of these sides.
    fn launch_step(&self, sides: [usize; 2], step: usize) {
        self.with_plan(sides, |plan| {
            plan.launch_step(step, &self.launch(None));
        });
    }

    /// What an inference over an image of these sides costs.
    pub fn cost(&self, [height, width]: [usize; 2]) -> Cost {
        self.with_plan([height, width], |plan| plan.cost())
    }

    fn with_plan<T>(&self, sides: [usize; 2], work: impl FnOnce(&Plan) -> T) -> T {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.as_ref().is_none_or(|plan| plan.sides() != sides) {
            // The old buffers go back before the new ones are asked for.
            *plan = None;
        }
        work(plan.get_or_insert_with(|| {
            let Self {
                client,
                architecture,
                memory,
                parts,
                ..
            } = self;
            Plan::new(client, *architecture, parts, *memory, sides)
        }))
    }
}
