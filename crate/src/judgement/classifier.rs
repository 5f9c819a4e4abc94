//! A few small networks of one hidden layer whose answers are averaged, and the file that holds them.
//!
//! The file, little-endian: inputs, hidden units, outputs and networks as `u32`; the limit on the probability of the last
//! output as `f32`; mean and reciprocal deviation of each input as `f32`; then of each network, for each hidden unit and
//! after them for each output, a step and a bias as `f32` and the weights as `i8` in steps.

use super::features::COUNT;

/// The last output is that of pictures of no known kind.
pub(super) const OUTPUTS: usize = 4;

/// One weighted sum: weights and a bias.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unit {
    pub weights: Vec<f32>,
    pub bias: f32,
}

impl Unit {
    pub fn sum(&self, inputs: &[f32]) -> f32 {
        let sum: f32 = self.weights.iter().zip(inputs).map(|(w, x)| w * x).sum();
        self.bias + sum
    }
}

/// Hidden units, which cut off below zero, and outputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Network {
    pub hidden: Vec<Unit>,
    pub outputs: Vec<Unit>,
}

impl Network {
    /// Probabilities of the outputs.
    pub fn probabilities(&self, inputs: &[f32]) -> [f32; OUTPUTS] {
        let hidden: Vec<_> = self
            .hidden
            .iter()
            .map(|unit| unit.sum(inputs).max(0.0))
            .collect();
        let logits: [f32; OUTPUTS] = std::array::from_fn(|index| {
            self.outputs
                .get(index)
                .map_or(0.0, |unit| unit.sum(&hidden))
        });
        softmax(logits)
    }
}

pub(super) fn softmax(logits: [f32; OUTPUTS]) -> [f32; OUTPUTS] {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers = logits.map(|logit| (logit - highest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// What a classifier knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classifier {
    /// Mean of each input in training.
    pub means: Vec<f32>,
    /// One over the deviation of each input in training.
    pub rates: Vec<f32>,
    pub networks: Vec<Network>,
    /// Probability of the last output from which it is the answer.
    pub limit: f32,
}

/// An input that is further from its mean, in deviations, counts as this far.
const FURTHEST: f32 = 4.0;

impl Classifier {
    /// Inputs as the networks take them.
    pub fn standardised(&self, features: &[f32]) -> Vec<f32> {
        let scales = self.means.iter().zip(&self.rates);
        features
            .iter()
            .zip(scales)
            .map(|(value, (mean, rate))| ((value - mean) * rate).clamp(-FURTHEST, FURTHEST))
            .collect()
    }

    /// Probabilities of the outputs, the mean over the networks.
    pub fn probabilities(&self, features: &[f32]) -> [f32; OUTPUTS] {
        let inputs = self.standardised(features);
        let mut sums = [0.0; OUTPUTS];
        for network in &self.networks {
            for (sum, probability) in sums.iter_mut().zip(network.probabilities(&inputs)) {
                *sum += probability;
            }
        }
        sums.map(|sum| sum / self.networks.len().max(1) as f32)
    }

    /// Reads the file. None where it is damaged or for other features.
    pub fn read(file: &[u8]) -> Option<Self> {
        let mut rest = Rest(file);
        let [inputs, hidden, outputs, networks] = [(); 4].map(|()| rest.word());
        let (inputs, hidden, outputs, networks) = (inputs?, hidden?, outputs?, networks?);
        if inputs != COUNT || outputs != OUTPUTS || hidden > 1024 || networks > 64 {
            return None;
        }
        let limit = rest.number()?;
        let means = rest.numbers(inputs)?;
        let rates = rest.numbers(inputs)?;
        let network = |rest: &mut Rest| {
            Some(Network {
                hidden: (0..hidden)
                    .map(|_| rest.unit(inputs))
                    .collect::<Option<_>>()?,
                outputs: (0..outputs)
                    .map(|_| rest.unit(hidden))
                    .collect::<Option<_>>()?,
            })
        };
        let networks = (0..networks)
            .map(|_| network(&mut rest))
            .collect::<Option<_>>()?;
        rest.0.is_empty().then_some(Self {
            means,
            rates,
            networks,
            limit,
        })
    }

    /// Writes the file; weights are rounded to 255 steps a unit.
    #[cfg(any(test, feature = "judgement-training"))]
    pub fn write(&self) -> Vec<u8> {
        let hidden = self
            .networks
            .first()
            .map_or(0, |network| network.hidden.len());
        let mut file = Vec::new();
        for count in [self.means.len(), hidden, OUTPUTS, self.networks.len()] {
            file.extend((count as u32).to_le_bytes());
        }
        let numbers = [self.limit];
        for number in numbers.iter().chain(&self.means).chain(&self.rates) {
            file.extend(number.to_le_bytes());
        }
        for network in &self.networks {
            for unit in network.hidden.iter().chain(&network.outputs) {
                let largest = unit
                    .weights
                    .iter()
                    .fold(0.0_f32, |largest, w| largest.max(w.abs()));
                let step = (largest / 127.0).max(f32::MIN_POSITIVE);
                file.extend(step.to_le_bytes());
                file.extend(unit.bias.to_le_bytes());
                file.extend(unit.weights.iter().map(|w| (w / step).round() as i8 as u8));
            }
        }
        file
    }
}

/// What of a file was not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<usize> {
        let word = u32::from_le_bytes(*self.bytes(4)?.first_chunk()?);
        usize::try_from(word).ok()
    }

    fn number(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(*self.bytes(4)?.first_chunk()?))
    }

    fn numbers(&mut self, count: usize) -> Option<Vec<f32>> {
        (0..count).map(|_| self.number()).collect()
    }

    fn unit(&mut self, inputs: usize) -> Option<Unit> {
        let (step, bias) = (self.number()?, self.number()?);
        let weights = self.bytes(inputs)?.iter();
        Some(Unit {
            weights: weights.map(|byte| f32::from(*byte as i8) * step).collect(),
            bias,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classifier() -> Classifier {
        let unit = |count: usize, seed: usize| Unit {
            weights: (0..count)
                .map(|i| ((i * 7 + seed) % 11) as f32 * 0.1 - 0.5)
                .collect(),
            bias: seed as f32 * 0.25 - 0.5,
        };
        let network = |seed| Network {
            hidden: (0..5).map(|index| unit(COUNT, index + seed)).collect(),
            outputs: (0..OUTPUTS)
                .map(|index| unit(5, 2 * index + seed))
                .collect(),
        };
        Classifier {
            means: vec![0.5; COUNT],
            rates: vec![2.0; COUNT],
            networks: vec![network(0), network(1)],
            limit: 0.5,
        }
    }

    #[test]
    fn what_is_written_is_read_again_up_to_the_rounding_of_weights() {
        let classifier = classifier();
        let read = Classifier::read(&classifier.write()).expect("readable");
        assert_eq!(
            read.write(),
            Classifier::read(&read.write()).expect("again").write()
        );
        let features: Vec<_> = (0..COUNT).map(|i| (i % 13) as f32 / 13.0).collect();
        let (a, b) = (
            classifier.probabilities(&features),
            read.probabilities(&features),
        );
        assert!(
            a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.05),
            "{a:?} {b:?}"
        );
        assert!((b.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_damaged_file_is_not_read() {
        let file = classifier().write();
        assert!(Classifier::read(&file[..file.len() - 1]).is_none());
        assert!(Classifier::read(&[file.clone(), vec![0]].concat()).is_none());
        assert!(Classifier::read(&[]).is_none());
        let mut other = file;
        other[0] ^= 1;
        assert!(Classifier::read(&other).is_none());
    }
}
