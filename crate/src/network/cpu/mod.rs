//! CMUNeXt on the CPU, one pass for each block of the paper's figure.
//!
//! The arithmetic is that of the burn modules, and tests prove the results equal; what differs is the order of the loops.
//! Activations are channel-last, so that a pixel's channels are consecutive SIMD lanes, and every map has a margin of zeros
//! as wide as the next kernel reaches, so that no loop tests where the image ends.
//!
//! The kernels are written once for any width of vectors ([`simd`]). The widest that the processor has is found at run time, and each
//! pass takes the widest that its channels fill ([`width`]); in WebAssembly there is one width, and its code is all there is.
//!
//! The decoders' 3×3 convolutions, two thirds of all the arithmetic, are computed by Winograd's algorithm, the encoders' tap by
//! tap. On the reference vectors the error is then that of computing all of them tap by tap (root mean square 1.87e-6 of the
//! range of S, 1.09e-5 of base, 7.19e-5 of L). With Winograd in the encoders too it is 14, 9 and 57 per cent larger, and L is
//! further from PyTorch than is allowed.
//!
//! | pass | replaces | never written to memory |
//! |---|---|---|
//! | [`ConvBlock`] | conv3×3, BN (folded), ReLU | |
//! | [`LargeKernelLayer`] | depthwise, GELU, BN, residual, 1×1, GELU, BN (folded), 1×1, GELU, BN | the 4C hidden channels |
//! | [`SkipFusion`] | concat, grouped conv3×3, GELU, BN (folded), 1×1, GELU, BN (folded), 1×1, GELU, BN | concat, 2C, 4C |

mod buffers;
mod dense;
mod kernels;
mod map;
#[cfg(feature = "bench")]
mod passes;
mod simd;
#[cfg(test)]
mod tests;
mod weights;
mod width;
mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

use buffers::BufferPool;
use kernels::{ConvBlock, Head, LargeKernelLayer, SkipFusion};
use map::Map;
use weights::Algorithm;
use width::Width;

use crate::Error;
use crate::network::architecture::Architecture;
use crate::network::folding;
use crate::weights::Checkpoint;

/// The network with its weights in the order in which the CPU reads them.
#[derive(Debug)]
pub struct CpuNetwork {
    architecture: Architecture,
    stem: ConvBlock,
    encoders: Vec<Encoder>,
    /// Deepest first.
    decoders: Vec<Decoder>,
    head: Head,
    /// Memory of earlier images. In WebAssembly each image has its own.
    #[cfg(not(target_family = "wasm"))]
    pool: BufferPool,
}

#[derive(Debug)]
struct Encoder {
    layers: Vec<LargeKernelLayer>,
    widen: ConvBlock,
}

#[derive(Debug)]
struct Decoder {
    up: ConvBlock,
    fusion: SkipFusion,
}

impl CpuNetwork {
    /// Folds and arranges a checkpoint's weights.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, which its own checks rule out.
    pub fn new(checkpoint: &Checkpoint) -> Result<Self, Error> {
        Self::with_widths(checkpoint, &Width::all())
    }

    /// The same with vectors of these widths only, the widest first.
    fn with_widths(checkpoint: &Checkpoint, widths: &[Width]) -> Result<Self, Error> {
        let architecture = checkpoint.architecture();
        let layout = architecture.layout();
        let block = |block, algorithm| {
            let conv = folding::Conv::read_block(block, checkpoint)?;
            Ok::<_, Error>(ConvBlock::new(&conv, algorithm, widths))
        };
        let layer = |layer| {
            let layer = folding::LargeKernelLayer::read(layer, checkpoint)?;
            Ok::<_, Error>(LargeKernelLayer::new(&layer, widths))
        };
        let encoders = layout.encoders.iter().map(|encoder| {
            Ok(Encoder {
                layers: encoder.layers.iter().map(layer).collect::<Result<_, _>>()?,
                // A rounding error here passes through the whole network and grows.
                widen: block(&encoder.widen, Algorithm::Direct)?,
            })
        });
        let decoders = layout.decoders.iter().map(|decoder| {
            let fusion = folding::SkipFusion::read(&decoder.fusion, checkpoint)?;
            Ok(Decoder {
                up: block(&decoder.up, Algorithm::Winograd)?,
                fusion: SkipFusion::new(&fusion, Algorithm::Winograd, widths),
            })
        });
        Ok(Self {
            architecture,
            stem: block(&layout.stem, Algorithm::Direct)?,
            encoders: encoders.collect::<Result<_, Error>>()?,
            decoders: decoders.collect::<Result<_, Error>>()?,
            head: Head::new(folding::Conv::read(&layout.head, checkpoint)?),
            #[cfg(not(target_family = "wasm"))]
            pool: BufferPool::default(),
        })
    }

    /// One image `[channels, height, width]`, row by row, to logits `[classes, height, width]`.
    ///
    /// It runs on all threads of rayon's installed pool, or of the global one. Their number does not change a bit of the result.
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
        // The dozens of passes all run inside the pool: entering it from outside wakes threads each time.
        Ok(rayon::scope(|_| {
            self.logits(image, [channels, height, width])
        }))
    }

    fn logits(&self, image: &[f32], [channels, height, width]: [usize; 3]) -> Vec<f32> {
        #[cfg(target_family = "wasm")]
        let pool = &BufferPool::default();
        #[cfg(not(target_family = "wasm"))]
        let pool = &self.pool;
        let mut x = Map::from_planes(image, height, width, channels, 1, pool);
        let replace = |x: &mut Map, next: Map| std::mem::replace(x, next).recycle(pool);
        let next = self.stem.apply(&x, self.encoders[0].margin(), pool);
        replace(&mut x, next);
        let mut skips = Vec::with_capacity(4);
        for (stage, encoder) in self.encoders.iter().enumerate() {
            if stage > 0 {
                let pooled = x.max_pool(encoder.margin(), pool);
                skips.push(std::mem::replace(&mut x, pooled));
            }
            for (index, layer) in encoder.layers.iter().enumerate() {
                let last = index + 1 == encoder.layers.len();
                let next = layer.apply(&x, if last { 1 } else { layer.margin() }, pool);
                replace(&mut x, next);
            }
            // The skip connection is read by a 3×3 kernel, as is the upsampled map.
            let next = encoder.widen.apply(&x, 1, pool);
            replace(&mut x, next);
        }
        for decoder in &self.decoders {
            let next = x.upsample(1, pool);
            replace(&mut x, next);
            let next = decoder.up.apply(&x, 1, pool);
            replace(&mut x, next);
            if let Some(skip) = skips.pop() {
                let next = decoder.fusion.apply(&skip, &x, 1, pool);
                replace(&mut x, next);
                skip.recycle(pool);
            }
        }
        let logits = self.head.apply_to_planes(&x);
        x.recycle(pool);
        logits
    }
}

impl Encoder {
    /// The margin that its first layer needs.
    fn margin(&self) -> usize {
        self.layers.first().map_or(1, LargeKernelLayer::margin)
    }
}
