//! The weights of a network in one buffer of vectors, in the order in which the kernels read them, and where each block's
//! weights lie in it.

use super::bottleneck::{BottleneckAtLaunch, THREADS};
use super::fusion::{FusionAtLaunch, HeadAtLaunch};
use super::layer::LayerAtLaunch;
use super::tile::{GROUP, LANES};
use crate::Error;
use crate::network::folding::{self, Affine, Bottleneck, Conv, LargeKernelLayer, SkipFusion};
use crate::weights::Checkpoint;

/// Where a network's weights lie.
#[derive(Debug)]
pub struct PackedNetwork {
    /// Vectors in the buffer.
    pub size: usize,
    pub stem: PackedConv,
    /// The layers of each encoder, and its widening convolution.
    pub encoders: Vec<(Vec<PackedLayer>, PackedConv)>,
    /// The convolution after the upsampling, and the fusion of each decoder, deepest first.
    pub decoders: Vec<(PackedConv, PackedFusion)>,
    pub head: PackedHead,
}

/// Where the weights of a 3×3 convolution lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedConv {
    /// Vectors of input channels.
    pub blocks: usize,
    /// Groups of output channels.
    pub groups: usize,
    /// First vector of the weights.
    pub weights: usize,
    /// First vector of the biases.
    pub bias: usize,
}

/// Where the weights of a bottleneck lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedBottleneck {
    /// Vectors of input channels.
    pub inputs: usize,
    /// Groups of output channels.
    pub groups: usize,
    at: [usize; 5],
}

/// Where the weights of a large-kernel layer lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedLayer {
    /// Side of the depthwise kernel.
    pub side: usize,
    pub bottleneck: PackedBottleneck,
    depthwise: usize,
    mixing: usize,
}

/// Where the weights of a skip fusion lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedFusion {
    /// Both halves: `blocks` of each, `groups` of both.
    pub grouped: PackedConv,
    pub bottleneck: PackedBottleneck,
}

/// Where the weights of the head lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedHead {
    pub classes: usize,
    weights: usize,
    bias: usize,
}

impl PackedNetwork {
    /// Folds and arranges a checkpoint's weights; with them comes the buffer's content, a whole number of vectors.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, which its own checks rule out.
    pub fn new(checkpoint: &Checkpoint) -> Result<(Self, Vec<f32>), Error> {
        let layout = checkpoint.architecture().layout();
        let mut pack = Packer::default();
        let stem = pack.conv(&Conv::read_block(&layout.stem, checkpoint)?);
        let mut encoders = Vec::with_capacity(layout.encoders.len());
        for encoder in &layout.encoders {
            let mut layers = Vec::with_capacity(encoder.layers.len());
            for layer in &encoder.layers {
                layers.push(pack.layer(&LargeKernelLayer::read(layer, checkpoint)?));
            }
            let widen = Conv::read_block(&encoder.widen, checkpoint)?;
            encoders.push((layers, pack.conv(&widen)));
        }
        let mut decoders = Vec::with_capacity(layout.decoders.len());
        for decoder in &layout.decoders {
            let up = pack.conv(&Conv::read_block(&decoder.up, checkpoint)?);
            let fusion = pack.fusion(&SkipFusion::read(&decoder.fusion, checkpoint)?);
            decoders.push((up, fusion));
        }
        let head = pack.head(&Conv::read(&layout.head, checkpoint)?);
        let values = pack.into_values();
        let network = Self {
            size: values.len() / LANES,
            stem,
            encoders,
            decoders,
            head,
        };
        Ok((network, values))
    }
}

impl PackedBottleneck {
    /// Units of a workgroup.
    pub fn units(&self) -> usize {
        THREADS / self.groups
    }

    pub fn launch(&self) -> BottleneckAtLaunch {
        let [expand, expand_bias, project, project_bias, norm] = self.at;
        BottleneckAtLaunch::new(
            expand,
            expand_bias,
            project,
            project_bias,
            norm,
            self.inputs,
            self.groups,
            self.units(),
        )
    }
}

impl PackedLayer {
    pub fn launch(&self) -> LayerAtLaunch {
        LayerAtLaunch::new(self.depthwise, self.mixing, self.bottleneck.launch())
    }
}

impl PackedFusion {
    pub fn launch(&self) -> FusionAtLaunch {
        FusionAtLaunch::new(
            self.grouped.weights,
            self.grouped.bias,
            self.bottleneck.launch(),
        )
    }
}

impl PackedHead {
    /// For probabilities of a temperature, or for logits where there is none.
    pub fn launch(&self, temperature: Option<f32>) -> HeadAtLaunch {
        let sharpness = temperature.map_or(0.0, |temperature| 1.0 / temperature);
        HeadAtLaunch::new(self.weights, self.bias, self.classes, sharpness)
    }
}

/// The buffer while it is filled.
#[derive(Debug, Default)]
pub struct Packer {
    values: Vec<f32>,
}

impl Packer {
    /// All of it, a whole number of vectors.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// A 3×3 convolution.
    pub fn conv(&mut self, conv: &Conv) -> PackedConv {
        PackedConv {
            blocks: conv.inputs().div_ceil(LANES),
            groups: conv.outputs() / GROUP,
            weights: self.weights(conv),
            bias: self.numbers(&conv.bias),
        }
    }

    pub fn layer(&mut self, layer: &LargeKernelLayer) -> PackedLayer {
        let LargeKernelLayer {
            depthwise:
                Conv {
                    weights,
                    bias,
                    side,
                },
            norm: Affine { scale, shift },
            bottleneck,
        } = layer;
        let taps = side * side;
        let depthwise = self.here();
        // `[block][kx][ky][lane]`
        for block in weights.chunks_exact(LANES * taps) {
            for kx in 0..*side {
                for ky in 0..*side {
                    let lanes = block.chunks_exact(taps);
                    self.values.extend(lanes.map(|lane| lane[ky * side + kx]));
                }
            }
        }
        let mixing = self.here();
        // `[block][bias, scale, shift][lane]`
        let blocks = bias.chunks_exact(LANES).zip(scale.chunks_exact(LANES));
        for ((bias, scale), shift) in blocks.zip(shift.chunks_exact(LANES)) {
            self.values
                .extend([bias, scale, shift].into_iter().flatten());
        }
        PackedLayer {
            side: *side,
            bottleneck: self.bottleneck(bottleneck),
            depthwise,
            mixing,
        }
    }

    pub fn fusion(&mut self, fusion: &SkipFusion) -> PackedFusion {
        let folding::SkipFusion {
            skip, upsampled, ..
        } = fusion;
        let weights = self.weights(skip);
        self.weights(upsampled);
        let bias = self.numbers(&skip.bias);
        self.numbers(&upsampled.bias);
        PackedFusion {
            grouped: PackedConv {
                blocks: skip.inputs() / LANES,
                groups: 2 * skip.outputs() / GROUP,
                weights,
                bias,
            },
            bottleneck: self.bottleneck(&fusion.bottleneck),
        }
    }

    pub fn head(&mut self, head: &Conv) -> PackedHead {
        let weights = self.numbers(&head.weights);
        let bias = self.here();
        for value in &head.bias {
            self.values.extend([*value; LANES]);
        }
        PackedHead {
            classes: head.outputs(),
            weights,
            bias,
        }
    }

    fn bottleneck(&mut self, bottleneck: &Bottleneck) -> PackedBottleneck {
        let Bottleneck {
            expand,
            project,
            norm,
        } = bottleneck;
        let (expand_at, expand_bias) = (self.weights(expand), self.numbers(&expand.bias));
        let (project_at, project_bias) = (self.weights(project), self.numbers(&project.bias));
        let norm_at = self.here();
        let groups = norm.scale.chunks_exact(GROUP);
        for (scale, shift) in groups.zip(norm.shift.chunks_exact(GROUP)) {
            self.values.extend(scale);
            self.values.extend(shift);
        }
        PackedBottleneck {
            inputs: expand.inputs() / LANES,
            groups: project.outputs() / GROUP,
            at: [expand_at, expand_bias, project_at, project_bias, norm_at],
        }
    }

    /// The weights of a dense convolution, `[group][block][kx][ky][lane][8]`, inputs filled up with zeros to whole vectors.
    fn weights(&mut self, conv: &Conv) -> usize {
        let (side, inputs) = (conv.side, conv.inputs());
        let (taps, at) = (side * side, self.here());
        for group in conv.weights.chunks_exact(GROUP * inputs * taps) {
            for block in 0..inputs.div_ceil(LANES) {
                for kx in 0..side {
                    for ky in 0..side {
                        for input in block * LANES..(block + 1) * LANES {
                            let outputs = group.chunks_exact(inputs * taps);
                            let tap = input * taps + ky * side + kx;
                            let value = |output: &[f32]| output.get(tap).copied().unwrap_or(0.0);
                            self.values.extend(outputs.map(value));
                        }
                    }
                }
            }
        }
        at
    }

    /// Numbers in their own order, whole vectors.
    fn numbers(&mut self, values: &[f32]) -> usize {
        let at = self.here();
        self.values.extend(values);
        at
    }

    fn here(&self) -> usize {
        self.values.len() / LANES
    }
}
