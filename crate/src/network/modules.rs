//! The network as burn modules: what trains, what every other path is held to, and what runs on a GPU.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use super::{Architecture, ConvBlock, Encoder, SIDE_MULTIPLE, SkipFusion, UpConv};
use crate::Error;

/// The network. Its numbers come from [`crate::weights::Checkpoint::load_into`].
#[derive(Module, Debug)]
pub struct CmuNext {
    stem: ConvBlock,
    encoder1: Encoder,
    encoder2: Encoder,
    encoder3: Encoder,
    encoder4: Encoder,
    encoder5: Encoder,
    pool: MaxPool2d,
    up5: UpConv,
    fusion5: SkipFusion,
    up4: UpConv,
    fusion4: SkipFusion,
    up3: UpConv,
    fusion3: SkipFusion,
    up2: UpConv,
    fusion2: SkipFusion,
    head: Conv2d,
    #[module(skip)]
    in_channels: usize,
}

impl CmuNext {
    /// A network with freshly initialised weights on `device`.
    pub fn new(architecture: Architecture, device: &Device) -> Self {
        let dims = architecture.variant.dims();
        let depths = architecture.variant.depths();
        let kernels = architecture.variant.kernels();
        let encoder = |stage: usize| {
            let incoming = dims[stage.saturating_sub(1)];
            Encoder::new(incoming, dims[stage], depths[stage], kernels[stage], device)
        };
        let up = |stage: usize| UpConv::new(dims[stage], dims[stage - 1], device);
        let fusion = |stage: usize| SkipFusion::new(2 * dims[stage - 1], dims[stage - 1], device);
        Self {
            stem: ConvBlock::new(architecture.in_channels, dims[0], device),
            encoder1: encoder(0),
            encoder2: encoder(1),
            encoder3: encoder(2),
            encoder4: encoder(3),
            encoder5: encoder(4),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            up5: up(4),
            fusion5: fusion(4),
            up4: up(3),
            fusion4: fusion(3),
            up3: up(2),
            fusion3: fusion(2),
            up2: up(1),
            fusion2: fusion(1),
            head: Conv2dConfig::new([dims[0], architecture.classes], [1, 1]).init(device),
            in_channels: architecture.in_channels,
        }
    }

    /// `[batch, in_channels, height, width]` to logits `[batch, classes, height, width]`.
    ///
    /// # Errors
    /// [`Error::InputShape`] when the channels or the sides do not fit.
    pub fn try_forward(&self, image: Tensor<4>) -> Result<Tensor<4>, Error> {
        let [_, channels, height, width] = image.dims();
        let fits = |side: usize| side > 0 && side.is_multiple_of(SIDE_MULTIPLE);
        if channels != self.in_channels || !fits(height) || !fits(width) {
            return Err(Error::InputShape {
                channels: self.in_channels,
                found: image.dims().to_vec(),
            });
        }
        Ok(self.forward(image))
    }

    /// As [`Self::try_forward`], for an input that is known to fit.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let x1 = self.encoder1.forward(self.stem.forward(image));
        let x2 = self.encoder2.forward(self.pool.forward(x1.clone()));
        let x3 = self.encoder3.forward(self.pool.forward(x2.clone()));
        let x4 = self.encoder4.forward(self.pool.forward(x3.clone()));
        let x5 = self.encoder5.forward(self.pool.forward(x4.clone()));

        let d5 = self.fusion5.forward(x4, self.up5.forward(x5));
        let d4 = self.fusion4.forward(x3, self.up4.forward(d5));
        let d3 = self.fusion3.forward(x2, self.up3.forward(d4));
        let d2 = self.fusion2.forward(x1, self.up2.forward(d3));
        self.head.forward(d2)
    }
}
