//! Network, loss and optimiser in libtorch's own operators: burn's autodiff takes the gradients of grouped convolutions
//! channel by channel and those of GELU and batch normalisation in many passes over memory; libtorch has a kernel for each, on a
//! CPU and on an NVIDIA GPU. Activations lie channel by channel at each pixel, which its kernels prefer, and are in bfloat16
//! where the recipe says so. A test compares the steps with those of the burn modules.

mod loss;
mod network;

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Device, Kind, TchError, Tensor, no_grad};

use super::config::{Optimiser, Recipe};
use super::epoch::Batch;
use super::learner::{Learner, fault};
use crate::Error;
use crate::weights::Checkpoint;
use network::{Network, values};

/// Decay of the moments of AdamW, and what keeps its quotient finite.
const BETAS: [f64; 2] = [0.9, 0.999];
const ADAM_EPSILON: f64 = 1e-8;

const SGD_MOMENTUM: f64 = 0.9;

/// Name of the number of steps among the saved moments.
const STEPS: &str = "steps";

/// A network and its optimiser.
pub(super) struct Libtorch {
    recipe: Recipe,
    network: Network,
    /// Of each trained tensor the running mean of its gradient (AdamW) or its velocity (SGD), and with AdamW that of the
    /// gradient's square.
    moments: BTreeMap<String, Vec<Tensor>>,
    steps: i32,
}

impl Libtorch {
    /// A learner that begins with `start`.
    pub(super) fn new(device: Device, recipe: &Recipe, start: &Checkpoint) -> Result<Self, Error> {
        let mut network = Network::new(start, device)?;
        let moments = match recipe.optimiser {
            Optimiser::AdamW { .. } => 2,
            Optimiser::Sgd { .. } => 1,
        };
        let zeros = |tensor: &Tensor| {
            let zeros = (0..moments).map(|_| tensor.f_detach()?.f_zeros_like());
            zeros.collect::<Result<Vec<_>, TchError>>()
        };
        let moments = network.trained();
        let moments = moments.map(|(name, tensor)| Ok((name.clone(), zeros(tensor)?)));
        let moments = moments.collect::<Result<_, TchError>>()?;
        Ok(Self {
            recipe: recipe.clone(),
            network,
            moments,
            steps: 0,
        })
    }

    /// Moves the weights by their gradients as burn's optimisers of these settings do.
    fn update(&mut self, rate: f64) -> Result<(), TchError> {
        for (name, tensor) in self.network.trained() {
            let Some(moments) = self.moments.get_mut(name) else {
                continue;
            };
            let mut gradient = tensor.f_grad()?;
            if let Some(limit) = self.recipe.clip {
                // All of it where the gradient is: to read a norm back would let a GPU wait for each tensor.
                let scale = gradient.f_norm()?.f_add_scalar(1e-6)?.f_reciprocal()?;
                let scale = scale.f_mul_scalar(f64::from(limit))?.f_clamp_max(1.0)?;
                gradient = gradient.f_mul(&scale)?;
            }
            match (self.recipe.optimiser, moments.as_mut_slice()) {
                (Optimiser::AdamW { weight_decay }, [mean, square]) => {
                    let [beta1, beta2] = BETAS;
                    *mean = mean.f_lerp(&gradient, 1.0 - beta1)?;
                    *square = square.f_lerp(&gradient.f_square()?, 1.0 - beta2)?;
                    let [bias1, bias2] = BETAS.map(|beta| 1.0 - beta.powi(self.steps));
                    let deviation = square.f_div_scalar(bias2)?.f_sqrt()?;
                    let towards = mean
                        .f_div_scalar(bias1)?
                        .f_div(&deviation.f_add_scalar(ADAM_EPSILON)?)?;
                    let _ = tensor.f_mul_scalar_(1.0 - rate * f64::from(weight_decay))?;
                    let _ = tensor.f_sub_(&towards.f_mul_scalar(rate)?)?;
                }
                (Optimiser::Sgd { weight_decay }, [velocity]) => {
                    let pull = tensor.f_mul_scalar(f64::from(weight_decay))?;
                    gradient = gradient.f_add(&pull)?;
                    *velocity = velocity.f_mul_scalar(SGD_MOMENTUM)?.f_add(&gradient)?;
                    let _ = tensor.f_sub_(&velocity.f_mul_scalar(rate)?)?;
                }
                _ => {}
            }
            tensor.zero_grad();
        }
        Ok(())
    }
}

impl Learner for Libtorch {
    fn step(&mut self, batch: Batch, rate: f64) -> Result<f64, Error> {
        let kind = if self.recipe.bfloat16 {
            Kind::BFloat16
        } else {
            Kind::Float
        };
        let shape = [batch.count, 3, batch.side, batch.side];
        let images = self.network.images(&batch.images, &shape, kind)?;
        let logits = self.network.forward(&images)?;
        let logits = logits.f_to_kind(Kind::Float)?;
        let shape = [batch.count, 1, batch.side, batch.side];
        let truths = self.network.tensor(&batch.truths, &shape)?;
        let loss = self.recipe.loss.of_libtorch(&logits, &truths)?;
        loss.f_backward()?;
        self.steps += 1;
        no_grad(|| self.update(rate))?;
        Ok(loss.f_double_value(&[])?)
    }

    fn weights(&self) -> Result<Checkpoint, Error> {
        self.network.weights()
    }

    fn save(&self) -> Result<[Vec<u8>; 2], Error> {
        let mut moments = BTreeMap::from([(STEPS.to_owned(), self.steps.to_le_bytes().to_vec())]);
        for (name, tensors) in &self.moments {
            for (index, tensor) in tensors.iter().enumerate() {
                let bytes = values(tensor)?.into_iter().flat_map(f32::to_le_bytes);
                moments.insert(format!("{name}.{index}"), bytes.collect());
            }
        }
        let encode = |error: safetensors::SafeTensorError| Error::Encode(error.to_string());
        let views = moments
            .iter()
            .map(|(name, bytes)| Ok((name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(encode)?;
        Ok([
            self.weights()?.to_safetensors(false)?,
            safetensors::serialize(views, None).map_err(encode)?,
        ])
    }

    fn load(&mut self, [network, optimiser]: [Vec<u8>; 2]) -> Result<(), Error> {
        self.network = Network::new(&Checkpoint::from_bytes(network)?, self.network.device())?;
        let file = SafeTensors::deserialize(&optimiser).map_err(|e| fault("optimiser", e))?;
        let part = |name: &str| {
            let view = file.tensor(name).map_err(|e| fault("optimiser", e))?;
            Ok::<_, Error>(view.data().as_chunks::<4>().0.to_vec())
        };
        let steps = part(STEPS)?;
        self.steps = steps.first().map_or(0, |bytes| i32::from_le_bytes(*bytes));
        for (name, tensors) in &mut self.moments {
            for (index, tensor) in tensors.iter_mut().enumerate() {
                let bytes = part(&format!("{name}.{index}"))?;
                let values: Vec<f32> = bytes.into_iter().map(f32::from_le_bytes).collect();
                let saved = Tensor::f_from_slice(&values)?.f_view_as(tensor)?;
                tensor.f_copy_(&saved)?;
            }
        }
        Ok(())
    }
}
