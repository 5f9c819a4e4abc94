//! Averages of weights: the running one of a training, which scores better than the last step's (Polyak and Juditsky 1992), and
//! the mean of several trainings.

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

/// The mean of checkpoints, number by number; nothing of none. Trainings that went different ways from one start have a mean
/// that is often better than each of them (model soups, Wortsman et al., ICML 2022); those of different starts have none of use.
///
/// # Errors
/// [`Error::Training`] when they are not all of one architecture.
pub fn mean(
    checkpoints: impl IntoIterator<Item = Checkpoint>,
) -> Result<Option<Checkpoint>, Error> {
    let mut mean: Option<Checkpoint> = None;
    for (count, checkpoint) in (1u16..).zip(checkpoints) {
        match &mut mean {
            None => mean = Some(checkpoint),
            Some(mean) if mean.architecture() == checkpoint.architecture() => {
                mean.blend(&checkpoint, 1.0 / f32::from(count))?;
            }
            Some(mean) => {
                return Err(Error::Training(format!(
                    "the weights to start from are of different networks, {:?} and {:?}",
                    mean.architecture(),
                    checkpoint.architecture()
                )));
            }
        }
    }
    Ok(mean)
}
