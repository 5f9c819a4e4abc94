//! The threshold with the best mean IoU.

use super::Confusion;

/// Thresholds tried: 0.01 to 0.99 in steps of 0.01.
const STEPS: usize = 99;

/// Mean IoU of many images at each threshold from 0.01 to 0.99.
#[derive(Clone, Debug)]
pub struct ThresholdSweep {
    sums: [f64; STEPS],
    weight: f64,
}

impl Default for ThresholdSweep {
    fn default() -> Self {
        Self {
            sums: [0.0; STEPS],
            weight: 0.0,
        }
    }
}

impl ThresholdSweep {
    /// Adds an image: its probabilities, 1 in `truth` where the lesion is, and what the image weighs among others.
    pub fn add(&mut self, probabilities: &[f32], truth: &[u8], weight: f64) {
        // Pixels by how many thresholds they reach, outside and inside the true lesion.
        let mut pixels = [[0_u64; STEPS + 1]; 2];
        for (probability, truth) in probabilities.iter().zip(truth) {
            let guess = (probability * 100.0) as usize;
            let guess = guess.min(STEPS);
            // The product may round across a threshold; comparing with it decides.
            let reached = if guess < STEPS && *probability >= threshold(guess) {
                guess + 1
            } else if guess > 0 && *probability < threshold(guess - 1) {
                guess - 1
            } else {
                guess
            };
            pixels[usize::from(*truth == 1)][reached] += 1;
        }
        let total = pixels.map(|counts| counts.iter().sum::<u64>());
        let mut below = [0, 0];
        for (step, sum) in self.sums.iter_mut().enumerate() {
            for (below, counts) in below.iter_mut().zip(&pixels) {
                *below += counts[step];
            }
            let counts = Confusion {
                tp: total[1] - below[1],
                fp: total[0] - below[0],
                fn_: below[1],
                tn: below[0],
            };
            *sum += weight * counts.iou();
        }
        self.weight += weight;
    }

    /// Thresholds and the mean IoU at each.
    pub fn curve(&self) -> impl Iterator<Item = (f32, f64)> {
        let weight = self.weight.max(f64::MIN_POSITIVE);
        let sums = self.sums.iter().enumerate();
        sums.map(move |(step, sum)| (threshold(step), sum / weight))
    }

    /// The threshold with the greatest mean IoU, and that IoU; of equals the one nearest to 0.5.
    pub fn best(&self) -> (f32, f64) {
        let away = |threshold: f32| (threshold - 0.5).abs();
        self.curve().fold((0.5, f64::MIN), |best, here| {
            let closer = here.1 == best.1 && away(here.0) < away(best.0);
            if here.1 > best.1 || closer {
                here
            } else {
                best
            }
        })
    }
}

fn threshold(step: usize) -> f32 {
    (step + 1) as f32 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;

    #[test]
    fn the_curve_is_the_iou_of_the_mask_at_each_threshold() {
        let images: Vec<(Vec<f32>, Vec<u8>)> = [3, 5, 7]
            .map(|factor| {
                // Every threshold occurs among the probabilities, so that equality is tried.
                let probabilities = (0..404).map(|i| (i * factor % 101) as f32 / 100.0);
                let truth = (0..404).map(|i| u8::from(i * factor % 101 > 30 + 6 * factor));
                (probabilities.collect(), truth.collect())
            })
            .into();
        let mut sweep = ThresholdSweep::default();
        for (probabilities, truth) in &images {
            sweep.add(probabilities, truth, 2.0);
        }
        for (threshold, iou) in sweep.curve() {
            let ious = images.iter().map(|(probabilities, truth)| {
                let bits = probabilities.iter().map(|p| u8::from(*p >= threshold));
                let [mask, truth] = [bits.collect(), truth.clone()].map(|b| Mask::new(404, 1, b));
                Confusion::of(&mask, &truth).expect("equal sizes").iou()
            });
            let mean = ious.sum::<f64>() / 3.0;
            assert!((iou - mean).abs() < 1e-12, "{threshold}: {iou} and {mean}");
        }
        let (best, iou) = sweep.best();
        assert!(sweep.curve().all(|(_, other)| other <= iou), "{best}");
    }

    #[test]
    fn of_equally_good_thresholds_the_one_nearest_to_a_half_is_taken() {
        let mut sweep = ThresholdSweep::default();
        sweep.add(&[0.05, 0.3, 0.8], &[0, 0, 1], 1.0);
        assert_eq!(sweep.best(), (0.5, 1.0));
        sweep.add(&[0.6, 0.9], &[0, 1], 1.0);
        assert_eq!(sweep.best(), (0.61, 1.0));
    }
}
