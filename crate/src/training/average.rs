//! A running average of the weights, which scores better than the last step's (Polyak and Juditsky 1992).

use crate::Error;
use crate::weights::Checkpoint;

/// Steps between two looks at the weights. Reading them back each time would cost a GPU more than it gains.
pub(super) const EVERY: usize = 4;

/// Takes the network's weights into `average` after step `step`, counted from 1, with `decay` a step, `passed` steps after
/// the last time.
///
/// Early on the average is short, so that it does not cling to random weights.
pub(super) fn follow(
    average: &mut Checkpoint,
    decay: f64,
    network: &Checkpoint,
    step: usize,
    passed: usize,
) -> Result<(), Error> {
    let decay = decay.min((1.0 + step as f64) / (10.0 + step as f64));
    average.blend(network, (1.0 - decay.powi(passed as i32)) as f32)
}
