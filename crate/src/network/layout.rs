//! The network block by block: the one description of its convolutions and normalisations, their order, shapes and names.
//!
//! The burn modules are built from it, and the CPU path, the GPU path, the checkpoints, widening and libtorch walk it. Every
//! layer has two names:
//!
//! | authors' state dict | path in the burn modules (`CmuNext`) |
//! |---|---|
//! | `stem.conv.{0,1}` | `stem.{conv,norm}` |
//! | `encoderN.block.I.{0.fn.0, 0.fn.2, 1, 3, 4, 6}` | `encoderN.layers.I.{depthwise, …, project_norm}` |
//! | `encoderN.up.conv.{0,1}` | `encoderN.widen.{conv,norm}` |
//! | `UpN.up.{1,2}` | `upN.{conv,norm}` |
//! | `Up_convN.conv.{0,2,3,5,6,8}` | `fusionN.{grouped, …, project_norm}` |
//! | `Conv_1x1` | `head` |

use std::array;

use super::architecture::Architecture;

/// Name of the first tensor in the authors' state dict, `[width, channels of the image, 3, 3]`.
pub const FIRST: &str = "stem.conv.0.weight";
/// Name of the head's weights, `[classes, width, 1, 1]`.
pub const LAST: &str = "Conv_1x1.weight";

/// Widening inside the inverted bottleneck (paper, equations 2 to 4).
const EXPANSION: usize = 4;

/// The whole network.
#[derive(Clone, Debug)]
pub struct Layout {
    /// From the image to the first encoder's width.
    pub stem: ConvBlock,
    /// From the full resolution to a sixteenth; a 2×2 maximum pooling lies between each two.
    pub encoders: [Encoder; 5],
    /// From a sixteenth to the full resolution. The first reads the last encoder and the skip connection of the last but one.
    pub decoders: [Decoder; 4],
    /// From the first encoder's width to the classes, 1×1.
    pub head: Conv,
}

/// A convolution with a bias that keeps the sides.
#[derive(Clone, Debug)]
pub struct Conv {
    /// Name in the authors' state dict, without `.weight` or `.bias`.
    pub name: String,
    /// Path in the burn modules, likewise.
    pub path: String,
    /// Output channels.
    pub outputs: usize,
    /// Input channels, of all groups together.
    pub inputs: usize,
    /// Groups that the channels are divided into.
    pub groups: usize,
    /// Width and height of the kernel.
    pub side: usize,
}

/// A batch normalisation.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Name in the authors' state dict, without `.weight`, `.bias`, `.running_mean` or `.running_var`.
    pub name: String,
    /// Path in the burn modules, likewise.
    pub path: String,
    /// Channels, each normalised on its own.
    pub channels: usize,
}

/// 3×3 convolution, batch normalisation, ReLU.
#[derive(Clone, Debug)]
pub struct ConvBlock {
    /// The convolution.
    pub conv: Conv,
    /// Its normalisation, before the ReLU.
    pub norm: Norm,
}

/// 1×1 convolution, GELU, batch normalisation, 1×1 convolution, GELU, batch normalisation.
#[derive(Clone, Debug)]
pub struct Bottleneck {
    /// To four times the outputs of `project`.
    pub expand: Conv,
    /// After the first GELU.
    pub expand_norm: Norm,
    /// To the block's outputs.
    pub project: Conv,
    /// After the second GELU.
    pub project_norm: Norm,
}

/// Depthwise convolution, GELU, batch normalisation, residual, then the bottleneck (paper, equations 1 to 3).
#[derive(Clone, Debug)]
pub struct LargeKernelLayer {
    /// One group for each channel.
    pub depthwise: Conv,
    /// After the GELU, before the residual.
    pub depthwise_norm: Norm,
    /// At a constant width.
    pub bottleneck: Bottleneck,
}

/// One stage of the encoder.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// At the incoming width.
    pub layers: Vec<LargeKernelLayer>,
    /// To the stage's own width.
    pub widen: ConvBlock,
}

/// Grouped 3×3 convolution, GELU, batch normalisation, then the bottleneck (paper, equation 4).
#[derive(Clone, Debug)]
pub struct SkipFusion {
    /// Two groups: the channels of the skip connection, then those from below.
    pub grouped: Conv,
    /// After the GELU.
    pub grouped_norm: Norm,
    /// To half of the channels.
    pub bottleneck: Bottleneck,
}

/// One stage of the decoder.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// After the bilinear doubling of the sides, to the width of the skip connection.
    pub up: ConvBlock,
    /// Joins the skip connection and the result of `up`.
    pub fusion: SkipFusion,
}

/// A tensor of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name in the authors' state dict.
    pub name: String,
    /// Path in the burn modules.
    pub path: String,
    /// For the weights of a convolution `[outputs, inputs of a group, side, side]`, else `[channels]`.
    pub shape: Vec<usize>,
}

impl Layout {
    /// The layout of an architecture.
    pub fn new(architecture: &Architecture) -> Self {
        let variant = architecture.variant;
        let (dims, depths, kernels) = (variant.dims(), variant.depths(), variant.kernels());
        Self {
            stem: ConvBlock::new("stem.conv", 0, "stem", [architecture.in_channels, dims[0]]),
            encoders: array::from_fn(|stage| {
                let channels = dims[stage.saturating_sub(1)];
                let encoder = format!("encoder{}", stage + 1);
                let layer = |layer| {
                    let name = format!("{encoder}.block.{layer}");
                    let path = format!("{encoder}.layers.{layer}");
                    LargeKernelLayer::new(&name, &path, channels, kernels[stage])
                };
                let (name, path) = (format!("{encoder}.up.conv"), format!("{encoder}.widen"));
                Encoder {
                    layers: (0..depths[stage]).map(layer).collect(),
                    widen: ConvBlock::new(&name, 0, &path, [channels, dims[stage]]),
                }
            }),
            decoders: array::from_fn(|index| {
                let stage = 4 - index;
                let (deep, channels, number) = (dims[stage], dims[stage - 1], stage + 1);
                let (up, fusion) = (format!("Up{number}.up"), format!("Up_conv{number}.conv"));
                Decoder {
                    up: ConvBlock::new(&up, 1, &format!("up{number}"), [deep, channels]),
                    fusion: SkipFusion::new(&fusion, &format!("fusion{number}"), channels),
                }
            }),
            head: Conv {
                name: "Conv_1x1".to_owned(),
                path: "head".to_owned(),
                outputs: architecture.classes,
                inputs: dims[0],
                groups: 1,
                side: 1,
            },
        }
    }

    /// Every tensor in the authors' state dict, `num_batches_tracked` apart, in the order of the data.
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        self.stem.tensors(&mut tensors);
        for encoder in &self.encoders {
            for layer in &encoder.layers {
                layer.depthwise.tensors(&mut tensors);
                layer.depthwise_norm.tensors(&mut tensors);
                layer.bottleneck.tensors(&mut tensors);
            }
            encoder.widen.tensors(&mut tensors);
        }
        for Decoder { up, fusion } in &self.decoders {
            up.tensors(&mut tensors);
            fusion.grouped.tensors(&mut tensors);
            fusion.grouped_norm.tensors(&mut tensors);
            fusion.bottleneck.tensors(&mut tensors);
        }
        self.head.tensors(&mut tensors);
        tensors
    }
}

impl Architecture {
    /// The network block by block.
    pub fn layout(&self) -> Layout {
        Layout::new(self)
    }

    /// Name and shape of every tensor in the authors' state dict, `num_batches_tracked` apart.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let tensors = self.layout().tensors().into_iter();
        tensors.map(|tensor| (tensor.name, tensor.shape)).collect()
    }

    /// Trainable numbers; running statistics are not counted, as is usual.
    pub fn parameters(&self) -> usize {
        self.tensors()
            .iter()
            .filter(|(name, _)| !name.contains(".running_"))
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }
}

impl Conv {
    /// Shape of the weights, `[outputs, inputs of a group, side, side]`.
    pub fn shape(&self) -> [usize; 4] {
        [
            self.outputs,
            self.inputs / self.groups,
            self.side,
            self.side,
        ]
    }

    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        let parts = [
            ("weight", self.shape().to_vec()),
            ("bias", vec![self.outputs]),
        ];
        tensors.extend(parts.map(|(part, shape)| Tensor {
            name: format!("{}.{part}", self.name),
            path: format!("{}.{part}", self.path),
            shape,
        }));
    }
}

impl Norm {
    /// Last parts of the tensors' names in the authors' state dict: scale, shift, mean and variance of each channel.
    pub const PARTS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

    /// The same in the burn modules.
    const PATHS: [&str; 4] = ["gamma", "beta", "running_mean", "running_var"];

    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        let parts = Self::PARTS.into_iter().zip(Self::PATHS);
        tensors.extend(parts.map(|(part, path)| Tensor {
            name: format!("{}.{part}", self.name),
            path: format!("{}.{path}", self.path),
            shape: vec![self.channels],
        }));
    }
}

impl ConvBlock {
    /// The authors number the layers of a block; the convolution is number `first`.
    fn new(name: &str, first: usize, path: &str, [inputs, outputs]: [usize; 2]) -> Self {
        Self {
            conv: Conv {
                name: format!("{name}.{first}"),
                path: format!("{path}.conv"),
                outputs,
                inputs,
                groups: 1,
                side: 3,
            },
            norm: Norm {
                name: format!("{name}.{}", first + 1),
                path: format!("{path}.norm"),
                channels: outputs,
            },
        }
    }

    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        self.conv.tensors(tensors);
        self.norm.tensors(tensors);
    }
}

impl Bottleneck {
    /// The authors number the layers of a block; the first convolution is number `first`.
    fn new(name: &str, first: usize, path: &str, [inputs, outputs]: [usize; 2]) -> Self {
        let hidden = EXPANSION * outputs;
        let conv = |number: usize, part: &str, inputs, outputs| Conv {
            name: format!("{name}.{number}"),
            path: format!("{path}.{part}"),
            outputs,
            inputs,
            groups: 1,
            side: 1,
        };
        let norm = |number: usize, part: &str, channels| Norm {
            name: format!("{name}.{number}"),
            path: format!("{path}.{part}"),
            channels,
        };
        Self {
            expand: conv(first, "expand", inputs, hidden),
            expand_norm: norm(first + 2, "expand_norm", hidden),
            project: conv(first + 3, "project", hidden, outputs),
            project_norm: norm(first + 5, "project_norm", outputs),
        }
    }

    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        self.expand.tensors(tensors);
        self.expand_norm.tensors(tensors);
        self.project.tensors(tensors);
        self.project_norm.tensors(tensors);
    }
}

impl LargeKernelLayer {
    fn new(name: &str, path: &str, channels: usize, side: usize) -> Self {
        Self {
            depthwise: Conv {
                name: format!("{name}.0.fn.0"),
                path: format!("{path}.depthwise"),
                outputs: channels,
                inputs: channels,
                groups: channels,
                side,
            },
            depthwise_norm: Norm {
                name: format!("{name}.0.fn.2"),
                path: format!("{path}.depthwise_norm"),
                channels,
            },
            bottleneck: Bottleneck::new(name, 1, path, [channels, channels]),
        }
    }
}

impl SkipFusion {
    /// `channels` of the skip connection and as many from below.
    fn new(name: &str, path: &str, channels: usize) -> Self {
        Self {
            grouped: Conv {
                name: format!("{name}.0"),
                path: format!("{path}.grouped"),
                outputs: 2 * channels,
                inputs: 2 * channels,
                groups: 2,
                side: 3,
            },
            grouped_norm: Norm {
                name: format!("{name}.2"),
                path: format!("{path}.grouped_norm"),
                channels: 2 * channels,
            },
            bottleneck: Bottleneck::new(name, 3, path, [2 * channels, channels]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Variant;

    fn architecture(variant: Variant) -> Architecture {
        Architecture {
            variant,
            in_channels: 3,
            classes: 1,
        }
    }

    /// Counts read with PyTorch's `numel` from the authors' networks.
    #[test]
    fn the_variants_have_the_published_number_of_parameters() {
        for (variant, expected) in [
            (Variant::S, 417_505),
            (Variant::Base, 3_149_185),
            (Variant::L, 8_286_721),
        ] {
            assert_eq!(architecture(variant).parameters(), expected, "{variant}");
        }
    }

    #[test]
    fn the_ends_of_the_network_have_their_names() {
        let layout = architecture(Variant::S).layout();
        let [first, last] = [&layout.stem.conv, &layout.head].map(|conv| &conv.name);
        assert_eq!(
            [format!("{first}.weight"), format!("{last}.weight")],
            [FIRST, LAST]
        );
    }

    #[test]
    fn no_two_tensors_share_a_name_or_a_path() {
        for variant in Variant::ALL {
            let tensors = architecture(variant).layout().tensors();
            for of in [|t: &Tensor| t.name.clone(), |t: &Tensor| t.path.clone()] {
                let mut names: Vec<String> = tensors.iter().map(of).collect();
                names.sort();
                names.dedup();
                assert_eq!(names.len(), tensors.len(), "{variant}");
            }
        }
    }
}
