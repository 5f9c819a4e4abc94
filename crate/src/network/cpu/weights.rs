//! From folded weights to the order in which the kernels read them.

use super::dense::Dense;
use super::kernels::{Affine, Bottleneck, Conv3x3, ConvBlock, Head, LargeKernelLayer, SkipFusion};
use super::simd::BLOCK;
use super::winograd::Winograd;
use crate::network::folding;

/// How a 3×3 convolution is computed where the map allows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Tap by tap.
    Direct,
    /// Winograd's: a quarter of the multiplications, and up to three times the rounding error.
    Winograd,
}

impl ConvBlock {
    pub fn new(conv: &folding::Conv, algorithm: Algorithm) -> Self {
        Self(Conv3x3::new(conv, algorithm))
    }
}

impl Conv3x3 {
    fn new(conv: &folding::Conv, algorithm: Algorithm) -> Self {
        let winograd = match algorithm {
            Algorithm::Direct => None,
            Algorithm::Winograd => Winograd::new(&conv.weights, &blocks(&conv.bias)),
        };
        Self {
            direct: Dense::new(conv),
            winograd,
        }
    }
}

impl Dense {
    fn new(conv: &folding::Conv) -> Self {
        let (inputs, taps) = (conv.inputs(), conv.side * conv.side);
        let mut weights = Vec::with_capacity(conv.weights.len() / BLOCK);
        for block in 0..conv.outputs() / BLOCK {
            for tap in 0..taps {
                for input in 0..inputs {
                    weights.push(std::array::from_fn(|lane| {
                        conv.weights[((block * BLOCK + lane) * inputs + input) * taps + tap]
                    }));
                }
            }
        }
        Self {
            weights,
            bias: blocks(&conv.bias),
            side: conv.side,
            inputs,
        }
    }
}

impl Affine {
    fn new(norm: &folding::Affine) -> Self {
        Self {
            scale: blocks(&norm.scale),
            shift: blocks(&norm.shift),
        }
    }
}

impl Bottleneck {
    fn new(block: &folding::Bottleneck) -> Self {
        Self {
            expand: Dense::new(&block.expand),
            project: Dense::new(&block.project),
            norm: Affine::new(&block.norm),
        }
    }
}

impl LargeKernelLayer {
    pub fn new(layer: &folding::LargeKernelLayer) -> Self {
        // One input for each output, so that the dense order is `[channel / BLOCK][tap][BLOCK]`.
        let Dense {
            weights,
            bias,
            side,
            ..
        } = Dense::new(&layer.depthwise);
        Self {
            side,
            weights,
            bias,
            norm: Affine::new(&layer.norm),
            bottleneck: Bottleneck::new(&layer.bottleneck),
        }
    }
}

impl SkipFusion {
    pub fn new(fusion: &folding::SkipFusion, algorithm: Algorithm) -> Self {
        Self {
            skip: Conv3x3::new(&fusion.skip, algorithm),
            upsampled: Conv3x3::new(&fusion.upsampled, algorithm),
            bottleneck: Bottleneck::new(&fusion.bottleneck),
        }
    }
}

impl Head {
    pub fn new(conv: folding::Conv) -> Self {
        let rows = conv.weights.chunks_exact(conv.inputs());
        Self {
            weights: rows.map(<[f32]>::to_vec).collect(),
            bias: conv.bias,
        }
    }
}

/// Every width in CMUNeXt is a multiple of [`BLOCK`].
fn blocks(values: &[f32]) -> Vec<[f32; BLOCK]> {
    values.as_chunks::<BLOCK>().0.to_vec()
}
