//! Where a training computes, and the learner for it.

use burn::tensor::Device;

use super::autodiff::Autodiff;
use super::config::Recipe;
use super::learner::Learner;
#[cfg(feature = "libtorch")]
use super::libtorch::Libtorch;
use crate::Error;
use crate::network::{Architecture, CmuNext};
use crate::weights::Checkpoint;

/// Where a training computes.
#[derive(Clone, Debug)]
pub enum On {
    /// burn, with its own kernels.
    Burn(Device),
    /// libtorch: faster than burn on a CPU.
    #[cfg(feature = "libtorch")]
    Libtorch(tch::Device),
}

/// A learner that begins with `start`, or with random weights.
pub(super) fn learner(
    on: &On,
    recipe: &Recipe,
    architecture: Architecture,
    start: Option<&Checkpoint>,
) -> Result<Box<dyn Learner>, Error> {
    match on {
        On::Burn(device) => {
            let device = device.clone().autodiff();
            let network = begin(&device, recipe, architecture, start)?;
            Ok(Box::new(Autodiff::new(
                device,
                recipe,
                architecture,
                network,
            )))
        }
        #[cfg(feature = "libtorch")]
        On::Libtorch(device) => {
            let network = begin(&crate::device::cpu(), recipe, architecture, start)?;
            let start = Checkpoint::from_network(&network, architecture)?;
            Ok(Box::new(Libtorch::new(*device, recipe, &start)?))
        }
    }
}

/// The weights before the first step.
fn begin(
    device: &Device,
    recipe: &Recipe,
    architecture: Architecture,
    start: Option<&Checkpoint>,
) -> Result<CmuNext, Error> {
    device.seed(recipe.seed);
    match start {
        Some(weights) => weights.load_into(device),
        None => Ok(CmuNext::new(architecture, device)),
    }
}

#[cfg(all(test, feature = "libtorch"))]
mod tests {
    use super::*;
    use crate::device;
    use crate::phantom;
    use crate::training::config::{Loss, Optimiser};
    use crate::training::epoch::Batch;
    use crate::training::schedule::Schedule;

    const SIDE: u32 = 64;

    fn start() -> Checkpoint {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/recipes/bootstrap-s/weights.safetensors"
        );
        Checkpoint::from_bytes(std::fs::read(path).expect("it is in the repository"))
            .expect("a checkpoint")
    }

    fn batch(number: u32) -> Batch {
        let mut batch = Batch {
            count: 2,
            side: SIDE as usize,
            images: Vec::new(),
            truths: Vec::new(),
        };
        for phantom in [
            phantom::dermoscopy(number, SIDE, SIDE),
            phantom::ultrasound(number, SIDE, SIDE),
        ] {
            for channel in 0..3 {
                let values = phantom.image.pixels().map(|p| f32::from(p.0[channel]));
                batch.images.extend(values.map(|v| v / 64.0 - 2.0));
            }
            let truth = phantom.mask.bits().iter().map(|p| f32::from(*p));
            batch.truths.extend(truth);
        }
        batch
    }

    fn recipe(optimiser: Optimiser) -> Recipe {
        Recipe {
            seed: 4,
            batch: 2,
            stages: Vec::new(),
            optimiser,
            learning_rate: 0.0,
            schedule: Schedule::Poly { power: 0.9 },
            loss: Loss {
                bce: 0.5,
                balance: 0.5,
                dice: 1.0,
                lesion_smoothing: None,
            },
            average: 0.0,
            clip: Some(1.0),
            bfloat16: false,
            validate_every: 1,
        }
    }

    fn step(on: &On, recipe: &Recipe) -> (f64, Checkpoint) {
        let start = start();
        let mut learner =
            learner(on, recipe, start.architecture(), Some(&start)).expect("a learner");
        let loss = learner.step(batch(0), 1e-3).expect("a step");
        (loss, learner.weights().expect("weights"))
    }

    /// By how much two checkpoints differ (root mean square), over what the first has moved from the start.
    fn difference(expected: &Checkpoint, found: &Checkpoint, is_running: bool) -> f64 {
        let start = start();
        let (mut differ, mut moved) = (0.0, 0.0);
        let tensors = expected.tensors().into_iter();
        for (name, _) in tensors.filter(|(name, _)| name.contains(".running_") == is_running) {
            let of = |weights: &Checkpoint| weights.values(&name).expect("named").to_vec();
            for ((a, b), from) in of(expected).iter().zip(of(found)).zip(of(&start)) {
                differ += f64::from(a - b).powi(2);
                moved += f64::from(a - from).powi(2);
            }
        }
        (differ / moved).sqrt()
    }

    #[test]
    fn libtorch_learns_as_the_burn_modules_do() {
        // AdamW's first step is as long for a gradient of nothing but rounding, as before batch normalisation, as for any.
        for (optimiser, tolerance) in [
            (Optimiser::Sgd { weight_decay: 1e-4 }, 1e-3),
            (Optimiser::AdamW { weight_decay: 0.02 }, 2e-2),
        ] {
            let recipe = recipe(optimiser);
            let (loss, expected) = step(&On::Burn(device::cpu()), &recipe);
            let (found_loss, found) = step(&On::Libtorch(tch::Device::Cpu), &recipe);
            assert!((loss - found_loss).abs() < 1e-5, "{loss} and {found_loss}");
            let weights = difference(&expected, &found, false);
            assert!(weights < tolerance, "{optimiser:?}: {weights}");
            // PyTorch divides the running variance by one less than the pixels, burn by the pixels: 32 at the deepest.
            let running = difference(&expected, &found, true);
            assert!(running < 0.1, "{running}");
        }
    }

    #[test]
    fn in_bfloat16_a_step_leads_the_same_way() {
        let recipe = recipe(Optimiser::Sgd { weight_decay: 1e-4 });
        let libtorch = On::Libtorch(tch::Device::Cpu);
        let (loss, expected) = step(&libtorch, &recipe);
        let rough = Recipe {
            bfloat16: true,
            ..recipe
        };
        let (found_loss, found) = step(&libtorch, &rough);
        assert!((loss - found_loss).abs() < 0.01, "{loss} and {found_loss}");
        let weights = difference(&expected, &found, false);
        assert!(weights < 0.05, "{weights}");
    }

    #[test]
    fn libtorch_goes_on_from_what_it_saved_as_if_it_had_not_stopped() {
        let recipe = recipe(Optimiser::AdamW { weight_decay: 0.02 });
        let start = start();
        let fresh = || {
            let on = On::Libtorch(tch::Device::Cpu);
            learner(&on, &recipe, start.architecture(), Some(&start)).expect("a learner")
        };
        let mut whole = fresh();
        whole.step(batch(0), 1e-3).expect("a step");
        let saved = whole.save().expect("it is saved");
        whole.step(batch(1), 1e-3).expect("a step");
        let mut resumed = fresh();
        resumed.load(saved).expect("it goes on");
        resumed.step(batch(1), 1e-3).expect("a step");
        let (expected, found) = (whole.weights(), resumed.weights());
        let (expected, found) = (expected.expect("weights"), found.expect("weights"));
        for (name, _) in expected.tensors() {
            assert_eq!(
                expected.values(&name).ok(),
                found.values(&name).ok(),
                "{name}"
            );
        }
    }
}
