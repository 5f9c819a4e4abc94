//! CMUNeXt on a GPU through WebGPU, Vulkan or Metal, one kernel for each block of the paper's figure.
//!
//! The arithmetic is that of the burn modules ([`CmuNext`](super::CmuNext)), and tests prove the results equal. Activations lie as
//! [`tile`] draws them: planes of four channels with a margin of zeros, so that no kernel tests where the image ends.
//!
//! | kernel | replaces | never written to memory |
//! |---|---|---|
//! | [`pixels`] | the scaling of 8-bit channels | |
//! | [`convolution`] | conv3×3, BN (folded), ReLU, and the 2×2 pooling | |
//! | [`upsampled`] | bilinear doubling, conv3×3, BN (folded), ReLU | the doubled map |
//! | [`layer`] | depthwise, GELU, BN, residual, 1×1, GELU, BN (folded), 1×1, GELU, BN | the depthwise result, the 4C hidden channels |
//! | [`fusion`] | concat, grouped conv3×3, GELU, BN (folded), 1×1, GELU, BN (folded), 1×1, GELU, BN, and the head with its sigmoid | concat, 2C, 4C |
//!
//! Buffers are planned once for an image size and kept, and the weights are uploaded once. Only logits or probabilities are
//! read back.

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
pub use self::plan::Cost;
use self::plan::{Launch, Plan};
use self::weights::PackedNetwork;
use crate::Error;
use crate::network::architecture::Architecture;
use crate::weights::Checkpoint;

/// The network with its weights on the GPU.
pub struct GpuNetwork {
    client: Client,
    architecture: Architecture,
    weights: Handle,
    packed: PackedNetwork,
    /// For the last image size.
    plan: Mutex<Option<Plan>>,
}

impl std::fmt::Debug for GpuNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuNetwork")
            .field("architecture", &self.architecture)
            .field("packed", &self.packed)
            .finish_non_exhaustive()
    }
}

impl GpuNetwork {
    /// Whether a device's workgroups have the memory that the kernels need, 24 KiB. WebGPU guarantees 16 KiB; nearly all
    /// devices have 32. Where there is less, the burn modules run.
    pub fn fits(client: &Client) -> bool {
        let hardware = &client.properties().hardware;
        hardware.max_shared_memory_size >= FUSION_MEMORY * tile::LANES * size_of::<f32>()
    }

    /// Folds, arranges and uploads a checkpoint's weights. The device must [fit](Self::fits).
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, which its own checks rule out.
    pub fn new(checkpoint: &Checkpoint, client: Client) -> Result<Self, Error> {
        let (packed, values) = PackedNetwork::new(checkpoint)?;
        Ok(Self {
            weights: client.create_from_slice(f32::as_bytes(&values)),
            client,
            architecture: checkpoint.architecture(),
            packed,
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

    /// One image of 8-bit channels to probabilities `[classes, height, width]`. `levels` is a table for each channel, from a byte to
    /// the network's input. Pixels have four channels; those beyond the network's are ignored. A probability is the sigmoid of the
    /// logit divided by `temperature`.
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

    /// Reads back the answer for all classes, each of so many pixels.
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
    /// generating a kernel's source blocks a browser's worker for a tenth of a second.
    pub async fn compile(&self, sides: [usize; 2], mut pause: impl AsyncFnMut()) {
        let count = self.with_plan(sides, |plan| plan.steps().len());
        for step in 0..count {
            self.launch_step(sides, step);
            pause().await;
        }
        self.with_plan(sides, |plan| plan.launch_pixels(&self.client));
        pause().await;
    }

    fn launch(&self, temperature: Option<f32>) -> Launch<'_> {
        Launch {
            client: &self.client,
            weights: &self.weights,
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
            // Frees the old buffers before the new ones are allocated.
            *plan = None;
        }
        work(plan.get_or_insert_with(|| {
            let Self {
                client,
                architecture,
                packed,
                ..
            } = self;
            Plan::new(client, *architecture, packed, sides)
        }))
    }
}
