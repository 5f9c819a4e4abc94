//! The random numbers that augmentation draws.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// Whether something of this probability happens.
pub(super) fn happens(chance: f32, random: &mut ChaCha8Rng) -> bool {
    // Drawn even when nothing can happen, so that one setting does not shift the others' numbers.
    random.random::<f32>() < chance
}

/// Evenly from `-amount` to `amount`.
pub(super) fn around(amount: f32, random: &mut ChaCha8Rng) -> f32 {
    amount * (2.0 * random.random::<f32>() - 1.0)
}

/// A factor from `1 / limit` to `limit`, evenly in its logarithm; 1 where the limit is 0.
pub(super) fn factor(limit: f32, random: &mut ChaCha8Rng) -> f32 {
    around(limit.max(1.0).ln(), random).exp()
}
