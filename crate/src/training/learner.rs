//! What turns batches into better weights.

use super::epoch::Batch;
use crate::Error;
use crate::weights::Checkpoint;

/// Weights in training, with all that the next step needs besides a batch.
pub(super) trait Learner {
    /// Takes one step, and returns the loss before it.
    fn step(&mut self, batch: Batch, rate: f64) -> Result<f64, Error>;

    /// The weights after the last step.
    fn weights(&self) -> Result<Checkpoint, Error>;

    /// The network and the optimiser, for [`Self::load`].
    fn save(&self) -> Result<[Vec<u8>; 2], Error>;

    /// Continues from what [`Self::save`] returned.
    fn load(&mut self, saved: [Vec<u8>; 2]) -> Result<(), Error>;
}

/// Why a saved state cannot be loaded.
pub(super) fn fault(what: &str, reason: impl std::fmt::Display) -> Error {
    Error::Training(format!("its saved state cannot be used, {what}: {reason}"))
}
