//! What a training says while it runs, and what it leaves behind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::Stage;
use super::journal::Row;
use crate::manifest::{DataUsed, Input};
use crate::weights::Checkpoint;

/// Where a training keeps what it needs to go on.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `state.safetensors` is the state; `journal.csv` and `journal.svg` say how it went.
    pub folder: &'a Path,
    /// How old the saved state may be when the training is killed; it is saved after every epoch too.
    pub save_every: Duration,
    /// Epoch, counted from 1, after which it goes no further and makes the best of what it has: 0 trains nothing more, and all
    /// that the recipe has are trained where it is not given.
    pub until: Option<usize>,
}

impl Place<'_> {
    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state.safetensors")
    }
}

/// How far a training is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Epoch that runs, counted from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done, over all epochs.
    pub step: usize,
    /// Steps in all, estimated from this epoch's.
    pub steps: usize,
    /// Side of the input in pixels.
    pub side: u32,
    /// Mean loss of this epoch so far.
    pub loss: f64,
    /// Seconds that the rest will take.
    pub remaining: f64,
    /// The row of an epoch that has just ended.
    pub row: Option<&'a Row>,
}

/// What a training leaves behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The weights of the best epoch.
    pub weights: Checkpoint,
    /// How images become the input, at the size of the best epoch.
    pub input: Input,
    /// Score and number, from 1, of the best epoch.
    pub best: (f64, usize),
    /// That score with the weights rounded to float16.
    pub score_in_half_precision: f64,
    /// All epochs.
    pub rows: Vec<Row>,
    /// What it learnt from.
    pub data: Vec<DataUsed>,
    /// SHA-256 of configuration and data.
    pub training: String,
}

/// Steps that remain after `done` (epochs, and steps of the next one), counted in steps of the size `side`, if a step
/// takes as long as it has pixels. An epoch has `in_epoch` steps.
pub(super) fn steps_left(
    stages: &[Stage],
    side: u32,
    done: (usize, usize),
    in_epoch: usize,
) -> f64 {
    let pixels = |side: u32| f64::from(side) * f64::from(side);
    let sides = stages
        .iter()
        .flat_map(|stage| std::iter::repeat_n(stage.side, stage.epochs));
    let left = sides.enumerate().map(|(epoch, of)| {
        let steps = match epoch.cmp(&done.0) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => in_epoch.saturating_sub(done.1),
            std::cmp::Ordering::Greater => in_epoch,
        };
        steps as f64 * pixels(of) / pixels(side)
    });
    left.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_in_steps_of_the_present_size() {
        let stages = [
            Stage {
                side: 128,
                epochs: 2,
            },
            Stage {
                side: 256,
                epochs: 1,
            },
        ];
        // Of 10 steps an epoch: 4 here, 10 here, and 10 of four times the pixels.
        assert_eq!(steps_left(&stages, 128, (0, 6), 10), 4.0 + 10.0 + 40.0);
        assert_eq!(steps_left(&stages, 256, (2, 5), 10), 5.0);
        assert_eq!(steps_left(&stages, 256, (3, 0), 10), 0.0);
    }
}
