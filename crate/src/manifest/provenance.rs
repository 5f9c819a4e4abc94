//! How weights came to be.

use serde::{Deserialize, Serialize};

/// How weights came to be: enough to repeat it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The command line.
    pub command: String,
    /// Delineo's version.
    pub version: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// SHA-256 over settings, starting weights and data: trainings with the same one are the same.
    pub training: String,
    /// Epochs that were run, and the one that was kept.
    pub epochs: [usize; 2],
    /// Seconds that it took.
    pub seconds: f64,
    /// The data sets.
    pub data: Vec<DataUsed>,
    /// Score on the val parts by which the epoch was chosen.
    pub score: f64,
    /// The same with the weights rounded to float16.
    pub score_in_half_precision: f64,
}

/// A data set as a training used it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataUsed {
    /// Its name.
    pub name: String,
    /// Images to learn from.
    pub train: usize,
    /// Images to choose by.
    pub val: usize,
    /// SHA-256 over names, parts and bytes.
    pub sha256: String,
}
