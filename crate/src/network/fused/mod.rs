//! CMUNeXt on the CPU, one pass a block: the path that the CPU device runs.
//!
//! The arithmetic is that of [`CmuNext`](super::CmuNext), to which tests prove it equal; what differs is the order of
//! the loops. Activations are channel-last, so that a pixel's channels are one run of SIMD lanes, and every map
//! carries a margin of zeros as wide as its consumer's kernel reaches, so that no loop asks where the image ends.
//!
//! The decoders' 3×3 convolutions, two thirds of all the arithmetic, are done by Winograd's algorithm; the encoders' tap
//! by tap. On the reference vectors the error is then that of doing all of them tap by tap (root mean square 1.18e-5 of
//! base's range, 1.8e-6 of S's); with Winograd in the encoders too it is 11 and 25 per cent more.
//!
//! | pass | replaces | never written to memory |
//! |---|---|---|
//! | [`Convolution`] | conv3×3, BN (folded), ReLU | |
//! | [`LargeKernel`] | depthwise, GELU, BN, residual, 1×1, GELU, BN (folded), 1×1, GELU, BN | the 4C hidden channels |
//! | [`Fusion`] | concat, grouped conv3×3, GELU, BN (folded), 1×1, GELU, BN (folded), 1×1, GELU, BN | concat, 2C, 4C |
//!
//! Batch normalisation after GELU cannot fold backwards into its convolution; it folds forward, exactly, into the
//! unpadded 1×1 convolution that follows.

pub(super) mod kernels;
mod map;
#[cfg(feature = "bench")]
mod passes;
mod scratch;
pub(super) mod weights;
mod winograd;

use kernels::{Convolution, Fusion, LargeKernel, Pointwise};
use map::Map;
use scratch::Scratch;
use weights::{Algorithm, Reader};

use super::Architecture;
use crate::Error;
use crate::weights::Checkpoint;

/// The network with its weights laid out for the CPU.
#[derive(Debug)]
pub struct FusedNetwork {
    architecture: Architecture,
    stem: Convolution,
    encoders: Vec<Encoder>,
    /// Deepest first.
    decoders: Vec<Decoder>,
    head: Pointwise,
}

#[derive(Debug)]
struct Encoder {
    layers: Vec<LargeKernel>,
    widen: Convolution,
}

#[derive(Debug)]
struct Decoder {
    up: Convolution,
    fusion: Fusion,
}

impl FusedNetwork {
    /// Lays out a checkpoint's weights.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, which its own checks rule out.
    pub fn new(checkpoint: &Checkpoint) -> Result<Self, Error> {
        let architecture = checkpoint.architecture();
        let (depths, kernels) = (
            architecture.variant.depths(),
            architecture.variant.kernels(),
        );
        let read = Reader::new(checkpoint);
        let encoders = (0..5)
            .map(|stage| {
                let name = format!("encoder{}", stage + 1);
                let layers = (0..depths[stage])
                    .map(|layer| {
                        read.large_kernel(&format!("{name}.block.{layer}"), kernels[stage])
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Encoder {
                    layers,
                    widen: read.convolution(
                        &format!("{name}.up.conv.0"),
                        &format!("{name}.up.conv.1"),
                        // What is lost to rounding here goes through the whole network and grows.
                        Algorithm::Direct,
                    )?,
                })
            })
            .collect::<Result<_, Error>>()?;
        let decoders = (2..=5)
            .rev()
            .map(|stage| {
                let up = read.convolution(
                    &format!("Up{stage}.up.1"),
                    &format!("Up{stage}.up.2"),
                    Algorithm::Winograd,
                )?;
                Ok(Decoder {
                    up,
                    fusion: read.fusion(&format!("Up_conv{stage}.conv"), Algorithm::Winograd)?,
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            architecture,
            stem: read.convolution("stem.conv.0", "stem.conv.1", Algorithm::Direct)?,
            encoders,
            decoders,
            head: read.pointwise("Conv_1x1")?,
        })
    }

    /// One image `[channels, height, width]`, row by row, to logits `[classes, height, width]`.
    ///
    /// All threads of rayon's pool, the one that is installed or else the global one, work on it. How many they are
    /// changes nothing in the result, to the last bit.
    ///
    /// # Errors
    /// [`Error::InputShape`] when the channels or the sides do not fit.
    pub fn forward(
        &self,
        image: &[f32],
        [channels, height, width]: [usize; 3],
    ) -> Result<Vec<f32>, Error> {
        self.architecture
            .check_image(image.len(), [channels, height, width])?;
        // Inside of the pool from here to the end: to go in from outside wakes threads, and there are dozens of passes.
        Ok(rayon::scope(|_| {
            self.logits(image, [channels, height, width])
        }))
    }

    fn logits(&self, image: &[f32], [channels, height, width]: [usize; 3]) -> Vec<f32> {
        let scratch = Scratch::default();
        let mut x = Map::from_planes(image, height, width, channels, 1);
        x = self.stem.apply(&x, self.encoders[0].margin(), &scratch);
        let mut skips = Vec::with_capacity(4);
        for (stage, encoder) in self.encoders.iter().enumerate() {
            if stage > 0 {
                let pooled = x.max_pool(encoder.margin());
                skips.push(x);
                x = pooled;
            }
            for (index, layer) in encoder.layers.iter().enumerate() {
                let last = index + 1 == encoder.layers.len();
                x = layer.apply(&x, if last { 1 } else { layer.margin() }, &scratch);
            }
            // The skip connection is read by a 3×3 kernel, as is the upsampled map.
            x = encoder.widen.apply(&x, 1, &scratch);
        }
        for decoder in &self.decoders {
            let upsampled = decoder.up.apply(&x.upsample(1), 1, &scratch);
            if let Some(skip) = skips.pop() {
                x = decoder.fusion.apply(&skip, &upsampled, 1, &scratch);
            }
        }
        self.head.apply_to_planes(&x)
    }
}

impl Encoder {
    /// How far its first layer reaches beyond a pixel.
    fn margin(&self) -> usize {
        self.layers.first().map_or(1, LargeKernel::margin)
    }
}
