//! Gradient descent for the small networks: Adam with decoupled weight decay, one example after the other in batches.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::super::classifier::{Network, OUTPUTS, Unit, softmax};
use super::recipe::Recipe;

/// One picture as the networks see it.
pub(super) struct Example {
    pub inputs: Vec<f32>,
    pub output: usize,
    /// How much it counts; the mean over all is 1.
    pub weight: f32,
}

const BATCH: usize = 64;

/// Of the right output; the others share what is left, so that probabilities stay honest.
const CERTAINTY: f32 = 0.97;

/// A number that is learnt, with the averages of Adam (Kingma and Ba 2015).
#[derive(Clone, Default)]
struct Learnt {
    value: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Learnt {
    fn new(value: Vec<f32>) -> Self {
        let zeros = vec![0.0; value.len()];
        Self {
            value,
            gradient: zeros.clone(),
            first: zeros.clone(),
            second: zeros,
        }
    }

    fn step(&mut self, rate: f32, decay: f32, time: i32) {
        let corrected = |average: f32, factor: f32| average / (1.0 - factor.powi(time));
        for index in 0..self.value.len() {
            let gradient = self.gradient[index];
            self.gradient[index] = 0.0;
            self.first[index] = 0.9 * self.first[index] + 0.1 * gradient;
            self.second[index] = 0.999 * self.second[index] + 0.001 * gradient * gradient;
            let spread = corrected(self.second[index], 0.999).sqrt() + 1e-7;
            let change = corrected(self.first[index], 0.9) / spread;
            self.value[index] -= rate * (change + decay * self.value[index]);
        }
    }
}

/// Weights `[units, inputs]` and biases of a layer.
struct Layer {
    inputs: usize,
    weights: Learnt,
    biases: Learnt,
}

impl Layer {
    /// He et al. 2015.
    fn new(inputs: usize, units: usize, random: &mut ChaCha8Rng) -> Self {
        let limit = (6.0 / inputs as f32).sqrt();
        let weights = (0..inputs * units)
            .map(|_| limit * (2.0 * random.random::<f32>() - 1.0))
            .collect();
        Self {
            inputs,
            weights: Learnt::new(weights),
            biases: Learnt::new(vec![0.0; units]),
        }
    }

    fn sums(&self, inputs: &[f32]) -> Vec<f32> {
        let rows = self.weights.value.chunks_exact(self.inputs);
        rows.zip(&self.biases.value)
            .map(|(row, bias)| bias + row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>())
            .collect()
    }

    /// Adds to the gradients and gives those of the inputs.
    fn back(&mut self, inputs: &[f32], gradients: &[f32]) -> Vec<f32> {
        let mut before = vec![0.0; self.inputs];
        for (unit, gradient) in gradients.iter().enumerate() {
            if *gradient == 0.0 {
                continue;
            }
            self.biases.gradient[unit] += gradient;
            let range = unit * self.inputs..(unit + 1) * self.inputs;
            let weights = &self.weights.value[range.clone()];
            let sums = &mut self.weights.gradient[range];
            for (((sum, weight), input), before) in
                sums.iter_mut().zip(weights).zip(inputs).zip(&mut before)
            {
                *sum += gradient * input;
                *before += gradient * weight;
            }
        }
        before
    }

    fn units(&self) -> Vec<Unit> {
        let rows = self.weights.value.chunks_exact(self.inputs);
        rows.zip(&self.biases.value)
            .map(|(row, bias)| Unit {
                weights: row.to_vec(),
                bias: *bias,
            })
            .collect()
    }
}

/// Trains one network; `which` tells it from the others of the recipe.
pub(super) fn train(examples: &[Example], recipe: &Recipe, which: usize) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(recipe.seed.wrapping_mul(1000) + which as u64);
    let inputs = examples.first().map_or(0, |example| example.inputs.len());
    let mut hidden = Layer::new(inputs, recipe.hidden, &mut random);
    let mut outputs = Layer::new(recipe.hidden, OUTPUTS, &mut random);
    let mut order: Vec<_> = (0..examples.len()).collect();
    let steps = recipe.epochs * examples.len().div_ceil(BATCH);
    let mut time = 0;
    let kept = 1.0 - recipe.dropout;
    for _ in 0..recipe.epochs {
        for place in (1..order.len()).rev() {
            order.swap(place, random.random_range(0..=place));
        }
        for batch in order.chunks(BATCH) {
            for index in batch {
                let example = &examples[*index];
                let mut drop = |value: f32| {
                    let stays = random.random::<f32>() < kept;
                    if stays { value / kept } else { 0.0 }
                };
                let seen: Vec<_> = example.inputs.iter().map(|value| drop(*value)).collect();
                let sums = hidden.sums(&seen);
                let active: Vec<_> = sums.iter().map(|sum| drop(sum.max(0.0))).collect();
                let logits = outputs.sums(&active);
                let probabilities = softmax(std::array::from_fn(|output| logits[output]));
                let wrong = (1.0 - CERTAINTY) / (OUTPUTS - 1) as f32;
                let scale = example.weight / batch.len() as f32;
                let gradients: [f32; OUTPUTS] = std::array::from_fn(|output| {
                    let target = if output == example.output {
                        CERTAINTY
                    } else {
                        wrong
                    };
                    scale * (probabilities[output] - target)
                });
                let mut before = outputs.back(&active, &gradients);
                for (gradient, active) in before.iter_mut().zip(&active) {
                    *gradient = if *active > 0.0 { *gradient / kept } else { 0.0 };
                }
                hidden.back(&seen, &before);
            }
            time += 1;
            // From nothing to the highest in a twentieth of the steps, then down along a cosine.
            let part = time as f32 / steps as f32;
            let rise = (20.0 * part).min(1.0);
            let rate =
                recipe.learning_rate * rise * 0.5 * (1.0 + (std::f32::consts::PI * part).cos());
            for layer in [&mut hidden, &mut outputs] {
                layer.weights.step(rate, recipe.weight_decay, time);
                layer.biases.step(rate, 0.0, time);
            }
        }
    }
    Network {
        hidden: hidden.units(),
        outputs: outputs.units(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_line_divides_is_learnt_and_the_same_seed_gives_the_same_network() {
        let recipe = Recipe {
            seed: 3,
            hidden: 12,
            networks: 1,
            epochs: 120,
            learning_rate: 0.02,
            weight_decay: 0.0,
            dropout: 0.0,
            false_warnings: 0.02,
            sets: Vec::new(),
        };
        let examples: Vec<_> = (0..400)
            .map(|index| {
                let (x, y) = (
                    (index % 20) as f32 / 10.0 - 0.95,
                    (index / 20) as f32 / 10.0 - 0.95,
                );
                Example {
                    inputs: vec![x, y],
                    output: usize::from(x * y > 0.0),
                    weight: 1.0,
                }
            })
            .collect();
        let network = train(&examples, &recipe, 0);
        let right = examples
            .iter()
            .filter(|example| network.probabilities(&example.inputs)[example.output] > 0.5);
        assert!(right.count() > 380);
        assert_eq!(network, train(&examples, &recipe, 0));
    }
}
