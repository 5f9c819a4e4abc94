//! The network in libtorch's operators: its tensors, by the authors' names for them, and the forward pass.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

use crate::Error;
use crate::network::Architecture;
use crate::network::layout::{Bottleneck, Conv, ConvBlock, Encoder, Layout, Norm};
use crate::weights::Checkpoint;

/// How fast the running batch statistics follow, and what is added to the variance: PyTorch's defaults, burn's too.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

impl From<TchError> for Error {
    fn from(error: TchError) -> Self {
        Self::Device {
            device: "libtorch",
            reason: error.to_string(),
        }
    }
}

/// The network in training.
pub(super) struct Network {
    architecture: Architecture,
    layout: Layout,
    device: Device,
    tensors: BTreeMap<String, Tensor>,
}

impl Network {
    pub(super) fn new(weights: &Checkpoint, device: Device) -> Result<Self, Error> {
        let mut network = Self {
            architecture: weights.architecture(),
            layout: weights.architecture().layout(),
            device,
            tensors: BTreeMap::new(),
        };
        for (name, shape) in weights.tensors() {
            let is_trained = !name.contains(".running_");
            let tensor = network.tensor(weights.values(&name)?, &shape)?;
            let tensor = tensor.f_set_requires_grad(is_trained)?;
            network.tensors.insert(name, tensor);
        }
        Ok(network)
    }

    pub(super) fn weights(&self) -> Result<Checkpoint, Error> {
        let tensors = self.tensors.iter();
        let tensors = tensors.map(|(name, tensor)| Ok((name.clone(), values(tensor)?)));
        let tensors = tensors.collect::<Result<_, Error>>()?;
        Ok(Checkpoint::of_tensors(self.architecture, tensors))
    }

    pub(super) fn device(&self) -> Device {
        self.device
    }

    /// The tensors that are trained.
    pub(super) fn trained(&mut self) -> impl Iterator<Item = (&String, &mut Tensor)> {
        let tensors = self.tensors.iter_mut();
        tensors.filter(|(_, tensor)| tensor.requires_grad())
    }

    /// A tensor of these numbers, where the network is.
    pub(super) fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Tensor, TchError> {
        let shape: Vec<i64> = shape.iter().map(|side| *side as i64).collect();
        Tensor::f_from_slice(values)?
            .f_view(shape.as_slice())?
            .f_to(self.device)
    }

    /// Images `[count, channels, height, width]`, as the kernels like them: channel by channel at each pixel.
    pub(super) fn images(
        &self,
        values: &[f32],
        shape: &[usize],
        kind: Kind,
    ) -> Result<Tensor, TchError> {
        self.tensor(values, shape)?
            .f_permute([0, 2, 3, 1])?
            .f_to_kind(kind)?
            .f_contiguous()?
            .f_permute([0, 3, 1, 2])
    }

    fn weight(&self, layer: &str, parameter: &str) -> Result<&Tensor, Error> {
        let name = format!("{layer}.{parameter}");
        let tensor = self.tensors.get(&name);
        tensor.ok_or_else(|| Error::TensorData {
            tensor: name,
            reason: "it is missing".to_owned(),
        })
    }

    /// `[batch, in_channels, height, width]` to logits `[batch, classes, height, width]`; batch normalisation by the batch,
    /// whose statistics the running ones follow.
    pub(super) fn forward(&self, image: &Tensor) -> Result<Tensor, Error> {
        let mut x = self.norm_relu(image, &self.layout.stem)?;
        let mut skips = Vec::new();
        for (stage, encoder) in self.layout.encoders.iter().enumerate() {
            if stage > 0 {
                let skip = x;
                x = skip.f_max_pool2d(2, 2, 0, 1, false)?;
                skips.push(skip);
            }
            x = self.encoder(x, encoder)?;
        }
        for (decoder, skip) in self.layout.decoders.iter().zip(skips.iter().rev()) {
            let (_, _, height, width) = skip.size4()?;
            x = x.f_upsample_bilinear2d([height, width], false, None, None)?;
            x = self.norm_relu(&x, &decoder.up)?;
            x = Tensor::f_cat(&[skip, &x], 1)?;
            let fusion = &decoder.fusion;
            x = self.gelu_norm(&x, &fusion.grouped, &fusion.grouped_norm)?;
            x = self.bottleneck(&x, &fusion.bottleneck)?;
        }
        self.conv(&x, &self.layout.head)
    }

    /// A convolution that keeps the sides.
    fn conv(&self, x: &Tensor, conv: &Conv) -> Result<Tensor, Error> {
        let weight = self.weight(&conv.name, "weight")?.f_to_kind(x.kind())?;
        let bias = self.weight(&conv.name, "bias")?.f_to_kind(x.kind())?;
        let (padding, groups) = ((conv.side / 2) as i64, conv.groups as i64);
        Ok(x.f_conv2d(&weight, Some(&bias), 1, padding, 1, groups)?)
    }

    fn norm(&self, x: &Tensor, norm: &Norm) -> Result<Tensor, Error> {
        let [weight, bias, mean, var] =
            Norm::PARTS.map(|part| self.weight(&norm.name, part).map(Some));
        Ok(x.f_batch_norm(weight?, bias?, mean?, var?, true, MOMENTUM, EPSILON, true)?)
    }

    /// Convolution, GELU, batch normalisation.
    fn gelu_norm(&self, x: &Tensor, conv: &Conv, norm: &Norm) -> Result<Tensor, Error> {
        self.norm(&self.conv(x, conv)?.f_gelu("none")?, norm)
    }

    /// Convolution, batch normalisation, ReLU.
    fn norm_relu(&self, x: &Tensor, block: &ConvBlock) -> Result<Tensor, Error> {
        let x = self.norm(&self.conv(x, &block.conv)?, &block.norm)?;
        Ok(x.f_relu()?)
    }

    fn bottleneck(&self, x: &Tensor, block: &Bottleneck) -> Result<Tensor, Error> {
        let x = self.gelu_norm(x, &block.expand, &block.expand_norm)?;
        self.gelu_norm(&x, &block.project, &block.project_norm)
    }

    fn encoder(&self, mut x: Tensor, encoder: &Encoder) -> Result<Tensor, Error> {
        for layer in &encoder.layers {
            x = x.f_add(&self.gelu_norm(&x, &layer.depthwise, &layer.depthwise_norm)?)?;
            x = self.bottleneck(&x, &layer.bottleneck)?;
        }
        self.norm_relu(&x, &encoder.widen)
    }
}

/// The numbers of a tensor, row by row.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let flat = tensor
        .f_detach()?
        .f_to(Device::Cpu)?
        .f_contiguous()?
        .f_view(-1)?;
    Vec::try_from(flat)
}
