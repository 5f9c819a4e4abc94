//! The network as libtorch's operators make it: tensors by the authors' names for them, and the pass.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

use crate::Error;
use crate::network::Architecture;
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
    device: Device,
    tensors: BTreeMap<String, Tensor>,
}

impl Network {
    pub(super) fn new(weights: &Checkpoint, device: Device) -> Result<Self, Error> {
        let mut network = Self {
            architecture: weights.architecture(),
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
        let mut x = self.norm_relu(image, "stem.conv", 0)?;
        let mut skips = Vec::new();
        for (stage, depth) in self.architecture.variant.depths().into_iter().enumerate() {
            if stage > 0 {
                let skip = x;
                x = skip.f_max_pool2d(2, 2, 0, 1, false)?;
                skips.push(skip);
            }
            x = self.encoder(x, stage + 1, depth)?;
        }
        for (stage, skip) in skips.iter().enumerate().rev() {
            let (_, _, height, width) = skip.size4()?;
            x = x.f_upsample_bilinear2d([height, width], false, None, None)?;
            x = self.norm_relu(&x, &format!("Up{}.up", stage + 2), 1)?;
            x = Tensor::f_cat(&[skip, &x], 1)?;
            let within = format!("Up_conv{}.conv", stage + 2);
            for first in [0, 3, 6] {
                x = self.gelu_norm(&x, &within, first)?;
            }
        }
        self.conv(&x, "Conv_1x1")
    }

    /// A convolution that keeps the sides; the kernel's shape says which.
    fn conv(&self, x: &Tensor, layer: &str) -> Result<Tensor, Error> {
        let weight = self.weight(layer, "weight")?.f_to_kind(x.kind())?;
        let bias = self.weight(layer, "bias")?.f_to_kind(x.kind())?;
        let (_, incoming, kernel, _) = weight.size4()?;
        let groups = x.size4()?.1 / incoming;
        Ok(x.f_conv2d(&weight, Some(&bias), 1, kernel / 2, 1, groups)?)
    }

    fn norm(&self, x: &Tensor, layer: &str) -> Result<Tensor, Error> {
        let [weight, bias, mean, var] = ["weight", "bias", "running_mean", "running_var"]
            .map(|parameter| self.weight(layer, parameter).map(Some));
        Ok(x.f_batch_norm(weight?, bias?, mean?, var?, true, MOMENTUM, EPSILON, true)?)
    }

    /// Convolution, GELU, batch normalisation; the layers' last names differ by two.
    fn gelu_norm(&self, x: &Tensor, within: &str, first: usize) -> Result<Tensor, Error> {
        let x = self.conv(x, &format!("{within}.{first}"))?;
        let x = x.f_gelu("none")?;
        self.norm(&x, &format!("{within}.{}", first + 2))
    }

    /// Convolution, batch normalisation, ReLU; the layers' last names differ by one.
    fn norm_relu(&self, x: &Tensor, within: &str, first: usize) -> Result<Tensor, Error> {
        let x = self.conv(x, &format!("{within}.{first}"))?;
        let x = self.norm(&x, &format!("{within}.{}", first + 1))?;
        Ok(x.f_relu()?)
    }

    fn encoder(&self, mut x: Tensor, stage: usize, depth: usize) -> Result<Tensor, Error> {
        for layer in 0..depth {
            let within = format!("encoder{stage}.block.{layer}");
            x = x.f_add(&self.gelu_norm(&x, &format!("{within}.0.fn"), 0)?)?;
            x = self.gelu_norm(&x, &within, 1)?;
            x = self.gelu_norm(&x, &within, 4)?;
        }
        self.norm_relu(&x, &format!("encoder{stage}.up.conv"), 0)
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
