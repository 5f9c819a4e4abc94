//! The network as burn modules: what is trained, what every other path is compared with, and what runs where no other path can.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use super::architecture::{Architecture, SIDE_MULTIPLE};
use super::blocks::{ConvBlock, Encoder, SkipFusion, UpConv, conv};
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
        let layout = architecture.layout();
        let [first, second, third, fourth, fifth] = &layout.encoders;
        let [decoder5, decoder4, decoder3, decoder2] = &layout.decoders;
        Self {
            stem: ConvBlock::new(&layout.stem, device),
            encoder1: Encoder::new(first, device),
            encoder2: Encoder::new(second, device),
            encoder3: Encoder::new(third, device),
            encoder4: Encoder::new(fourth, device),
            encoder5: Encoder::new(fifth, device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            up5: UpConv::new(&decoder5.up, device),
            fusion5: SkipFusion::new(&decoder5.fusion, device),
            up4: UpConv::new(&decoder4.up, device),
            fusion4: SkipFusion::new(&decoder4.fusion, device),
            up3: UpConv::new(&decoder3.up, device),
            fusion3: SkipFusion::new(&decoder3.fusion, device),
            up2: UpConv::new(&decoder2.up, device),
            fusion2: SkipFusion::new(&decoder2.fusion, device),
            head: conv(&layout.head, device),
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
