//! The network as burn modules, trained by burn's autodiff on any of its devices.

use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer, OptimizerRecord, SgdConfig};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bytes, Device, Tensor, TensorData};

use super::config::{Loss, Optimiser, Recipe};
use super::epoch::Batch;
use super::learner::{Learner, fault};
use crate::Error;
use crate::network::{Architecture, CmuNext};
use crate::weights::Checkpoint;

/// A network and its optimiser.
pub(super) struct Autodiff {
    architecture: Architecture,
    loss: Loss,
    device: Device,
    network: CmuNext,
    optimiser: ModuleOptimizer,
}

impl Autodiff {
    /// A learner that begins with `network`, which is on `device`; both are burn's autodiff.
    pub(super) fn new(
        device: Device,
        recipe: &Recipe,
        architecture: Architecture,
        network: CmuNext,
    ) -> Self {
        Self {
            architecture,
            loss: recipe.loss,
            device,
            network,
            optimiser: optimiser(recipe),
        }
    }
}

impl Learner for Autodiff {
    fn step(&mut self, batch: Batch, rate: f64) -> Result<f64, Error> {
        let Batch {
            count,
            side,
            images,
            truths,
        } = batch;
        let tensor = |values: Vec<f32>, channels: usize| {
            let data = TensorData::new(values, [count, channels, side, side]);
            Tensor::<4>::from_data(data, &self.device)
        };
        let logits = self.network.try_forward(tensor(images, 3))?;
        let loss = self.loss.of(logits, tensor(truths, 1));
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        // The optimiser takes the network by value, and a clone shares its tensors.
        let network = self.network.clone();
        self.network = self.optimiser.step(rate, network, gradients);
        Ok(f64::from(loss.into_scalar::<f32>()))
    }

    fn weights(&self) -> Result<Checkpoint, Error> {
        Checkpoint::from_network(&self.network, self.architecture)
    }

    fn save(&self) -> Result<[Vec<u8>; 2], Error> {
        let record = |error: RecordError| fault("it cannot be recorded", error);
        // Batch statistics lag one step behind until `valid` takes them in, for all clones at once.
        let _ = self.network.valid();
        let network = self.network.clone().into_record().into_bytes();
        let optimiser = self.optimiser.to_record().into_bytes();
        Ok([
            network.map_err(record)?.to_vec(),
            optimiser.map_err(record)?.to_vec(),
        ])
    }

    fn load(&mut self, [network, optimiser]: [Vec<u8>; 2]) -> Result<(), Error> {
        self.network = ModuleRecord::from_bytes(Bytes::from_bytes_vec(network))
            .and_then(|record| self.network.clone().try_load_record(record))
            .map_err(|error| fault("network", error))?;
        self.optimiser = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(optimiser))
            .map(|record| self.optimiser.clone().load_record(record))
            .map_err(|error| fault("optimiser", error))?;
        Ok(())
    }
}

fn optimiser(recipe: &Recipe) -> ModuleOptimizer {
    let clip = recipe.clip.map(GradientClippingConfig::Norm);
    match recipe.optimiser {
        Optimiser::AdamW { weight_decay } => AdamWConfig::new()
            .with_weight_decay(weight_decay)
            .with_epsilon(1e-8)
            .with_grad_clipping(clip)
            .init(),
        Optimiser::Sgd { weight_decay } => SgdConfig::new()
            .with_momentum(Some(MomentumConfig::new().with_dampening(0.0)))
            .with_weight_decay(Some(WeightDecayConfig::new(weight_decay)))
            .with_gradient_clipping(clip)
            .init(),
    }
}
