//! The building blocks of CMUNeXt, named as the paper names them.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::{gelu, relu};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};

use super::layout;

/// A convolution that keeps the sides.
pub(super) fn conv(layout: &layout::Conv, device: &Device) -> Conv2d {
    let padding = layout.side / 2;
    Conv2dConfig::new([layout.inputs, layout.outputs], [layout.side, layout.side])
        .with_groups(layout.groups)
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .init(device)
}

fn norm(layout: &layout::Norm, device: &Device) -> BatchNorm {
    BatchNormConfig::new(layout.channels).init(device)
}

/// 3×3 convolution, batch normalisation, ReLU.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvBlock {
    /// With freshly initialised weights.
    pub fn new(layout: &layout::ConvBlock, device: &Device) -> Self {
        Self {
            conv: conv(&layout.conv, device),
            norm: norm(&layout.norm, device),
        }
    }

    /// `[batch, input, height, width]` to `[batch, output, height, width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

/// One CMUNeXt layer (paper, equations 1 to 3): a residual large-kernel depthwise convolution for distant context,
/// then an inverted bottleneck of two pointwise convolutions that mixes the channels.
#[derive(Module, Debug)]
pub struct LargeKernelLayer {
    depthwise: Conv2d,
    depthwise_norm: BatchNorm,
    expand: Conv2d,
    expand_norm: BatchNorm,
    project: Conv2d,
    project_norm: BatchNorm,
}

impl LargeKernelLayer {
    /// With freshly initialised weights.
    pub fn new(layout: &layout::LargeKernelLayer, device: &Device) -> Self {
        let bottleneck = &layout.bottleneck;
        Self {
            depthwise: conv(&layout.depthwise, device),
            depthwise_norm: norm(&layout.depthwise_norm, device),
            expand: conv(&bottleneck.expand, device),
            expand_norm: norm(&bottleneck.expand_norm, device),
            project: conv(&bottleneck.project, device),
            project_norm: norm(&bottleneck.project_norm, device),
        }
    }

    /// `[batch, channels, height, width]`, shape kept.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mixed = self
            .depthwise_norm
            .forward(gelu(self.depthwise.forward(x.clone())));
        let x = x + mixed;
        let x = self.expand_norm.forward(gelu(self.expand.forward(x)));
        self.project_norm.forward(gelu(self.project.forward(x)))
    }
}

/// An encoder stage: `depth` large-kernel layers at the incoming width, then a [`ConvBlock`] to the stage's width.
#[derive(Module, Debug)]
pub struct Encoder {
    layers: Vec<LargeKernelLayer>,
    widen: ConvBlock,
}

impl Encoder {
    /// With freshly initialised weights.
    pub fn new(layout: &layout::Encoder, device: &Device) -> Self {
        let layers = layout.layers.iter();
        Self {
            layers: layers
                .map(|layer| LargeKernelLayer::new(layer, device))
                .collect(),
            widen: ConvBlock::new(&layout.widen, device),
        }
    }

    /// `[batch, input, height, width]` to `[batch, output, height, width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x));
        self.widen.forward(x)
    }
}

/// Bilinear doubling of the sides, then a [`ConvBlock`] to the width of the skip connection.
#[derive(Module, Debug)]
pub struct UpConv {
    conv: Conv2d,
    norm: BatchNorm,
}

impl UpConv {
    /// With freshly initialised weights.
    pub fn new(layout: &layout::ConvBlock, device: &Device) -> Self {
        Self {
            conv: conv(&layout.conv, device),
            norm: norm(&layout.norm, device),
        }
    }

    /// `[batch, input, height, width]` to `[batch, output, 2 * height, 2 * width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        // The authors' `nn.Upsample` has align_corners = false; burn's default is true.
        let doubled = InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size([2 * height, 2 * width]);
        relu(
            self.norm
                .forward(self.conv.forward(interpolate(x, doubled))),
        )
    }
}

/// Skip fusion (paper, equation 4): a grouped convolution that treats the skip connection and the upsampled features
/// apart, then an inverted bottleneck that fuses them.
#[derive(Module, Debug)]
pub struct SkipFusion {
    grouped: Conv2d,
    grouped_norm: BatchNorm,
    expand: Conv2d,
    expand_norm: BatchNorm,
    project: Conv2d,
    project_norm: BatchNorm,
}

impl SkipFusion {
    /// With freshly initialised weights.
    pub fn new(layout: &layout::SkipFusion, device: &Device) -> Self {
        let bottleneck = &layout.bottleneck;
        Self {
            grouped: conv(&layout.grouped, device),
            grouped_norm: norm(&layout.grouped_norm, device),
            expand: conv(&bottleneck.expand, device),
            expand_norm: norm(&bottleneck.expand_norm, device),
            project: conv(&bottleneck.project, device),
            project_norm: norm(&bottleneck.project_norm, device),
        }
    }

    /// `[batch, input / 2, height, width]` twice to `[batch, output, height, width]`.
    pub fn forward(&self, skip: Tensor<4>, upsampled: Tensor<4>) -> Tensor<4> {
        let x = Tensor::cat(vec![skip, upsampled], 1);
        let x = self.grouped_norm.forward(gelu(self.grouped.forward(x)));
        let x = self.expand_norm.forward(gelu(self.expand.forward(x)));
        self.project_norm.forward(gelu(self.project.forward(x)))
    }
}
