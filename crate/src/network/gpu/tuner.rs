//! Which workgroup suits the device, by measuring. It matters to the kernels whose threads need nothing of each other
//! ([`convolution`](super::convolution), [`upsampled`](super::upsampled)); the others' is given by the unit that they
//! compute together.

use super::GpuNetwork;
use super::plan::Step;
use crate::Error;

/// Threads of a workgroup along x and y, of which each computes a tile of 2 × 4 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workgroup([u8; 2]);

impl Workgroup {
    /// Those that are tried, the usual one first: one warp of most GPUs, as square as the tiles allow. What is narrower than
    /// eight took half as long again on Mesa's lavapipe, what is wider than sixteen idles on the deepest maps.
    const ALL: [Self; 4] = [Self([8, 4]), Self([16, 2]), Self([8, 8]), Self([16, 4])];

    /// One of those that are tried, such as a tuner's earlier answer; nothing for any other.
    pub fn new(threads: [u8; 2]) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.0 == threads)
    }

    /// Threads along x and y.
    pub fn threads(self) -> [u8; 2] {
        self.0
    }
}

impl Default for Workgroup {
    fn default() -> Self {
        Self::ALL[0]
    }
}

/// How much faster another workgroup than the usual one must be: less is noise.
const WORTH_IT: f64 = 0.95;
/// Milliseconds. Where an image takes longer with the usual workgroup, the others are not tried: to compile their kernels would
/// take long too, as it does on software adapters.
const PATIENCE: f64 = 30.0;
/// Measurements of each, of which the best counts.
const ROUNDS: usize = 3;

impl GpuNetwork {
    /// Measures which workgroup is the fastest for images of these sides, height first, and uses it from now on. `clock`
    /// gives milliseconds; `pause` is waited for after each kernel that had to be compiled and after each measurement.
    ///
    /// # Errors
    /// [`Error::Device`] when the GPU fails.
    pub async fn tune(
        &self,
        sides: [usize; 2],
        clock: impl Fn() -> f64,
        mut pause: impl AsyncFnMut(),
    ) -> Result<Workgroup, Error> {
        let steps: Vec<usize> = self.with_plan(sides, |plan| {
            let steps = plan.steps().iter().enumerate();
            let tuned = steps.filter(|(_, step)| Step::is_tuned(step));
            tuned.map(|(index, _)| index).collect()
        });
        let mut times = Vec::with_capacity(Workgroup::ALL.len());
        for workgroup in Workgroup::ALL {
            self.set_workgroup(workgroup);
            for step in &steps {
                self.launch_step(sides, *step);
                pause().await;
            }
            self.finished().await?;
            let mut best = f64::INFINITY;
            for _ in 0..ROUNDS {
                let start = clock();
                for step in &steps {
                    self.launch_step(sides, *step);
                }
                self.finished().await?;
                best = best.min(clock() - start);
                pause().await;
            }
            times.push(best);
            if best > PATIENCE {
                break;
            }
        }
        let workgroup = fastest(&times);
        self.set_workgroup(workgroup);
        Ok(workgroup)
    }

    async fn finished(&self) -> Result<(), Error> {
        self.client.sync().await.map_err(|error| Error::Device {
            device: "GPU",
            reason: error.to_string(),
        })
    }
}

/// The one with the least of the times, which are in the order of [`Workgroup::ALL`], if that is worth a change.
fn fastest(times: &[f64]) -> Workgroup {
    let tried = Workgroup::ALL.into_iter().zip(times);
    let best = tried.min_by(|(_, a), (_, b)| a.total_cmp(b));
    match (best, times.first()) {
        (Some((workgroup, best)), Some(usual)) if *best < WORTH_IT * usual => workgroup,
        _ => Workgroup::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_workgroup_stays_unless_another_is_clearly_faster() {
        assert_eq!(fastest(&[10.0, 9.8, 9.6, 9.7]), Workgroup::default());
        assert_eq!(fastest(&[10.0, 9.0, 8.0, 9.7]), Workgroup([8, 8]));
        assert_eq!(fastest(&[0.0, 0.0, 0.0, 0.0]), Workgroup::default());
        assert_eq!(fastest(&[80.0]), Workgroup::default());
    }

    #[test]
    fn an_answer_that_was_kept_is_taken_back_and_no_other() {
        for workgroup in Workgroup::ALL {
            assert_eq!(Workgroup::new(workgroup.threads()), Some(workgroup));
        }
        assert_eq!(Workgroup::new([255, 255]), None);
        assert_eq!(Workgroup::new([0, 4]), None);
    }
}
