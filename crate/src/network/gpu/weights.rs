//! From the fused path's weights to one buffer of vectors, in the order in which the kernels read them.

use super::bottleneck::{BottleneckAtLaunch, THREADS};
use super::fusion::{FusionAtLaunch, HeadAtLaunch};
use super::layer::LayerAtLaunch;
use super::tile::{GROUP, LANES};
use crate::network::fused::kernels::{
    self, Bottleneck, Convolution, Dense, Fusion, LargeKernel, Pointwise, Spatial,
};

// The CPU's kernels and the GPU's work on groups of the same number of channels.
const _: () = assert!(kernels::BLOCK == GROUP);

/// A 3×3 convolution in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct ConvolutionAt {
    /// Vectors of input channels.
    pub blocks: usize,
    /// Groups of output channels.
    pub groups: usize,
    /// First vector of the weights.
    pub weights: usize,
    /// First vector of the biases.
    pub bias: usize,
}

/// A bottleneck in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Bottlenecks {
    /// Vectors of input channels.
    pub inputs: usize,
    /// Groups of output channels.
    pub groups: usize,
    at: [usize; 5],
}

/// A large-kernel layer in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Layers {
    /// Side of the depthwise kernel.
    pub side: usize,
    pub bottleneck: Bottlenecks,
    depthwise: usize,
    mixing: usize,
}

/// A skip fusion in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Fusions {
    /// Both halves: `blocks` of each, `groups` of both.
    pub grouped: ConvolutionAt,
    pub bottleneck: Bottlenecks,
}

/// The head in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub classes: usize,
    weights: usize,
    bias: usize,
}

impl Bottlenecks {
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

impl Layers {
    pub fn launch(&self) -> LayerAtLaunch {
        LayerAtLaunch::new(self.depthwise, self.mixing, self.bottleneck.launch())
    }
}

impl Fusions {
    pub fn launch(&self) -> FusionAtLaunch {
        FusionAtLaunch::new(
            self.grouped.weights,
            self.grouped.bias,
            self.bottleneck.launch(),
        )
    }
}

impl Head {
    /// With the temperature of the probabilities that are asked for; the logits are, where there is none.
    pub fn launch(&self, temperature: Option<f32>) -> HeadAtLaunch {
        let sharpness = temperature.map_or(0.0, |temperature| 1.0 / temperature);
        HeadAtLaunch::new(self.weights, self.bias, self.classes, sharpness)
    }
}

/// The buffer as it grows.
#[derive(Debug, Default)]
pub struct Packer {
    values: Vec<f32>,
}

impl Packer {
    /// All of it, a whole number of vectors.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// `[group][block][kx][ky][lane][8]`, inputs filled up with zeros to whole vectors.
    pub fn convolution(
        &mut self,
        Convolution(Spatial { direct: dense, .. }): &Convolution,
    ) -> ConvolutionAt {
        ConvolutionAt {
            blocks: dense.inputs.div_ceil(LANES),
            groups: dense.bias.len(),
            weights: self.taps(dense),
            bias: self.blocks(&dense.bias),
        }
    }

    pub fn layer(&mut self, layer: &LargeKernel) -> Layers {
        let taps = layer.side * layer.side;
        let depthwise = self.here();
        for group in layer.weights.chunks_exact(taps) {
            for half in 0..GROUP / LANES {
                for kx in 0..layer.side {
                    for ky in 0..layer.side {
                        self.lanes(&group[ky * layer.side + kx], half);
                    }
                }
            }
        }
        let mixing = self.here();
        for ((bias, scale), shift) in layer
            .bias
            .iter()
            .zip(&layer.norm.scale)
            .zip(&layer.norm.shift)
        {
            for half in 0..GROUP / LANES {
                self.lanes(bias, half);
                self.lanes(scale, half);
                self.lanes(shift, half);
            }
        }
        Layers {
            side: layer.side,
            bottleneck: self.bottleneck(&layer.bottleneck),
            depthwise,
            mixing,
        }
    }

    pub fn fusion(&mut self, fusion: &Fusion) -> Fusions {
        let (skip, upsampled) = (&fusion.skip.direct, &fusion.upsampled.direct);
        let weights = self.taps(skip);
        self.taps(upsampled);
        let bias = self.blocks(&skip.bias);
        self.blocks(&upsampled.bias);
        Fusions {
            grouped: ConvolutionAt {
                blocks: skip.inputs / LANES,
                groups: 2 * skip.bias.len(),
                weights,
                bias,
            },
            bottleneck: self.bottleneck(&fusion.bottleneck),
        }
    }

    pub fn head(&mut self, head: &Pointwise) -> Head {
        let weights = self.here();
        self.values.extend(head.weights.iter().flatten());
        let bias = self.here();
        for value in &head.bias {
            self.values.extend([*value; LANES]);
        }
        Head {
            classes: head.bias.len(),
            weights,
            bias,
        }
    }

    fn bottleneck(&mut self, bottleneck: &Bottleneck) -> Bottlenecks {
        let expand = self.blocks(&bottleneck.expand.weights);
        let expand_bias = self.blocks(&bottleneck.expand.bias);
        let project = self.blocks(&bottleneck.project.weights);
        let project_bias = self.blocks(&bottleneck.project.bias);
        let norm = self.here();
        for (scale, shift) in bottleneck.norm.scale.iter().zip(&bottleneck.norm.shift) {
            self.values.extend(scale);
            self.values.extend(shift);
        }
        Bottlenecks {
            inputs: bottleneck.expand.inputs / LANES,
            groups: bottleneck.project.bias.len(),
            at: [expand, expand_bias, project, project_bias, norm],
        }
    }

    /// The weights of a 3×3 convolution.
    fn taps(&mut self, dense: &Dense) -> usize {
        let weights = self.here();
        for group in dense.weights.chunks_exact(9 * dense.inputs) {
            for block in 0..dense.inputs.div_ceil(LANES) {
                for kx in 0..3 {
                    for ky in 0..3 {
                        for input in block * LANES..(block + 1) * LANES {
                            let values = if input < dense.inputs {
                                group[(ky * 3 + kx) * dense.inputs + input]
                            } else {
                                [0.0; GROUP]
                            };
                            self.values.extend(values);
                        }
                    }
                }
            }
        }
        weights
    }

    fn here(&self) -> usize {
        self.values.len() / LANES
    }

    fn blocks(&mut self, blocks: &[[f32; GROUP]]) -> usize {
        let at = self.here();
        self.values.extend(blocks.iter().flatten());
        at
    }

    fn lanes(&mut self, block: &[f32; GROUP], half: usize) {
        self.values.extend(&block[half * LANES..(half + 1) * LANES]);
    }
}
