//! The building blocks of CMUNeXt, named as the paper names them.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::{gelu, relu};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};

/// Widening inside the inverted bottleneck.
const EXPANSION: usize = 4;

/// A convolution that keeps the sides.
fn conv(channels: [usize; 2], kernel: usize, groups: usize, device: &Device) -> Conv2d {
    let padding = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_groups(groups)
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .init(device)
}

fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).init(device)
}

/// 3×3 convolution, batch normalisation, ReLU.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvBlock {
    /// From `input` to `output` channels.
    pub fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            conv: conv([input, output], 3, 1, device),
            norm: norm(output, device),
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
    /// At a constant width of `channels`, with a `kernel` × `kernel` depthwise convolution.
    pub fn new(channels: usize, kernel: usize, device: &Device) -> Self {
        let wide = EXPANSION * channels;
        Self {
            depthwise: conv([channels, channels], kernel, channels, device),
            depthwise_norm: norm(channels, device),
            expand: conv([channels, wide], 1, 1, device),
            expand_norm: norm(wide, device),
            project: conv([wide, channels], 1, 1, device),
            project_norm: norm(channels, device),
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
    /// From `input` to `output` channels.
    pub fn new(input: usize, output: usize, depth: usize, kernel: usize, device: &Device) -> Self {
        Self {
            layers: (0..depth)
                .map(|_| LargeKernelLayer::new(input, kernel, device))
                .collect(),
            widen: ConvBlock::new(input, output, device),
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
    /// From `input` to `output` channels.
    pub fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            conv: conv([input, output], 3, 1, device),
            norm: norm(output, device),
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
    /// From `input` channels (skip and upsampled together) to `output`; the bottleneck is four times `output` wide.
    pub fn new(input: usize, output: usize, device: &Device) -> Self {
        let wide = EXPANSION * output;
        Self {
            grouped: conv([input, input], 3, 2, device),
            grouped_norm: norm(input, device),
            expand: conv([input, wide], 1, 1, device),
            expand_norm: norm(wide, device),
            project: conv([wide, output], 1, 1, device),
            project_norm: norm(output, device),
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
