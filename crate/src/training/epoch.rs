//! One epoch: which pictures, in which order, varied how. All of it follows from the seed and the epoch's number.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

use super::augmentation::Augmentation;
use super::pictures::Picture;
use crate::manifest::Input;

/// Batches prepared ahead of the one that the device works on.
const AHEAD: usize = 3;

/// Images and truths of one step.
pub(super) struct Batch {
    pub(super) count: usize,
    pub(super) side: usize,
    /// `[count, 3, side, side]`
    pub(super) images: Vec<f32>,
    /// `[count, 1, side, side]`
    pub(super) truths: Vec<f32>,
}

/// Random numbers that belong to `place` in `epoch` and to nothing else.
pub(super) fn random(seed: u64, epoch: usize, place: usize) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(epoch as u64).to_le_bytes());
    key[16..24].copy_from_slice(&(place as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Indices of the pictures of an epoch, shuffled. `weights[i]` says how often picture `i` is seen: its whole part
/// always, its fraction by chance.
pub(super) fn order(weights: &[f64], seed: u64, epoch: usize) -> Vec<usize> {
    let mut random = random(seed, epoch, usize::MAX);
    let mut order = Vec::new();
    for (index, weight) in weights.iter().enumerate() {
        let again = random.random::<f64>() < weight.fract();
        let times = weight.trunc() as usize + usize::from(again);
        order.extend(std::iter::repeat_n(index, times));
    }
    order.shuffle(&mut random);
    order
}

/// Everything that a batch is made of but the pictures' order.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) pictures: &'a [Picture],
    pub(super) augmentation: &'a Augmentation,
    pub(super) input: &'a Input,
    pub(super) batch: usize,
    pub(super) side: usize,
    pub(super) seed: u64,
    pub(super) epoch: usize,
}

impl<'a> Source<'a> {
    /// The batches of an epoch from number `from` on, prepared on a thread of their own.
    pub(super) fn batches<'scope>(
        self,
        scope: &'scope Scope<'scope, 'a>,
        order: Vec<usize>,
        from: usize,
    ) -> Receiver<Batch> {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            for (number, indices) in order.chunks(self.batch).enumerate().skip(from) {
                // The receiver hangs up when the training stops early.
                if sender.send(self.batch(number, indices)).is_err() {
                    break;
                }
            }
        });
        receiver
    }

    fn batch(&self, number: usize, indices: &[usize]) -> Batch {
        let sample = |(place, index): (usize, &usize)| {
            let mut random = random(self.seed, self.epoch, number * self.batch + place);
            let picture = &self.pictures[*index];
            let sample = self.augmentation.apply(picture, self.side, &mut random);
            let image = sample.normalised(&self.input.mean, &self.input.std);
            (image.collect::<Vec<_>>(), sample.mask)
        };
        let samples = indices.par_iter().enumerate().map(sample);
        let (images, truths): (Vec<_>, Vec<_>) = samples.unzip();
        Batch {
            count: indices.len(),
            side: self.side,
            images: images.concat(),
            truths: truths.concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_of_two_and_a_half_shows_a_picture_two_or_three_times() {
        let weights = [2.5; 200];
        let order = order(&weights, 7, 3);
        let times = |index: usize| order.iter().filter(|i| **i == index).count();
        assert!((0..200).all(|index| matches!(times(index), 2 | 3)));
        // Expected 500 with a deviation of sqrt(200 / 4) = 7.
        assert!((460..540).contains(&order.len()), "{}", order.len());
    }

    #[test]
    fn an_epochs_order_depends_on_seed_and_epoch_alone() {
        let weights = [1.0; 50];
        assert_eq!(order(&weights, 1, 2), order(&weights, 1, 2));
        assert_ne!(order(&weights, 1, 2), order(&weights, 1, 3));
        assert_ne!(order(&weights, 1, 2), order(&weights, 2, 2));
    }
}
