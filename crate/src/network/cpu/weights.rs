//! From folded weights to the order in which the kernels read them.

use super::dense::Dense;
use super::kernels::{Affine, Bottleneck, Conv3x3, ConvBlock, Head, LargeKernelLayer, SkipFusion};
use super::width::Width;
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
    /// `widths` are those to choose from, the widest first, here and below.
    pub fn new(conv: &folding::Conv, algorithm: Algorithm, widths: &[Width]) -> Self {
        let width = Width::filled(widths, &Conv3x3::filling(conv, algorithm));
        Self {
            convolution: Conv3x3::new(conv, algorithm, width),
            width,
        }
    }
}

impl Conv3x3 {
    /// The numbers of channels that fill whole blocks.
    fn filling(conv: &folding::Conv, algorithm: Algorithm) -> Vec<usize> {
        match algorithm {
            Algorithm::Direct => vec![conv.outputs()],
            Algorithm::Winograd => vec![conv.outputs(), conv.inputs()],
        }
    }

    fn new(conv: &folding::Conv, algorithm: Algorithm, width: Width) -> Self {
        let winograd = match algorithm {
            Algorithm::Direct => None,
            Algorithm::Winograd => Some(Winograd::new(&conv.weights, &conv.bias, width)),
        };
        Self {
            direct: Dense::new(conv, width),
            winograd,
        }
    }
}

impl Dense {
    fn new(conv: &folding::Conv, width: Width) -> Self {
        let (inputs, taps, size) = (conv.inputs(), conv.side * conv.side, width.block());
        let mut weights = Vec::with_capacity(conv.weights.len());
        for block in 0..conv.outputs() / size {
            for tap in 0..taps {
                for input in 0..inputs {
                    weights.extend((0..size).map(|lane| {
                        conv.weights[((block * size + lane) * inputs + input) * taps + tap]
                    }));
                }
            }
        }
        Self {
            weights,
            bias: conv.bias.clone(),
            side: conv.side,
            inputs,
        }
    }
}

impl Affine {
    fn new(norm: &folding::Affine) -> Self {
        Self {
            scale: norm.scale.clone(),
            shift: norm.shift.clone(),
        }
    }
}

impl Bottleneck {
    fn new(block: &folding::Bottleneck, width: Width) -> Self {
        Self {
            expand: Dense::new(&block.expand, width),
            project: Dense::new(&block.project, width),
            norm: Affine::new(&block.norm),
        }
    }
}

impl LargeKernelLayer {
    pub fn new(layer: &folding::LargeKernelLayer, widths: &[Width]) -> Self {
        let width = Width::filled(widths, &[layer.depthwise.outputs()]);
        // One input for each output, so that the dense order is `[channel / block][tap][block]`.
        let Dense {
            weights,
            bias,
            side,
            ..
        } = Dense::new(&layer.depthwise, width);
        Self {
            side,
            weights,
            bias,
            norm: Affine::new(&layer.norm),
            bottleneck: Bottleneck::new(&layer.bottleneck, width),
            width,
        }
    }
}

impl SkipFusion {
    pub fn new(fusion: &folding::SkipFusion, algorithm: Algorithm, widths: &[Width]) -> Self {
        let width = Width::filled(widths, &Conv3x3::filling(&fusion.skip, algorithm));
        Self {
            skip: Conv3x3::new(&fusion.skip, algorithm, width),
            upsampled: Conv3x3::new(&fusion.upsampled, algorithm, width),
            bottleneck: Bottleneck::new(&fusion.bottleneck, width),
            width,
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
