//! What a threshold does to the masks of many images, and the threshold that serves them best.

use serde::{Deserialize, Serialize};

use super::confusion::{Confusion, FALSE_POSITIVE_AREA};

/// Thresholds tried: 0.01 to 0.99 in steps of 0.01.
const STEPS: usize = 99;
/// What a lesion without a mask, or a false alarm, costs beside the IoU, in which the first counts as 0 and the second
/// does not count.
const COST: f64 = 0.1;

/// Many images at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThresholdPoint {
    /// The threshold on the probability.
    pub threshold: f32,
    /// Mean IoU over the images with a lesion.
    pub iou: f64,
    /// Share of the images with a lesion whose mask is empty.
    pub without_mask: f64,
    /// Share of the images without a lesion on which more than 1 % of the area is called one; 0 where there are none.
    pub false_alarms: f64,
}

impl ThresholdPoint {
    /// What thresholds are chosen by: the mean IoU, less a tenth of the share of lesions without a mask and a tenth of the
    /// share of false alarms. IoU alone hardly tells an empty mask from a bad one, though only the latter can be corrected.
    pub fn score(&self) -> f64 {
        self.iou - COST * (self.without_mask + self.false_alarms)
    }
}

/// Weighted sums over the images of one kind, with a lesion or without.
#[derive(Clone, Debug)]
struct Sums<const N: usize> {
    sums: [[f64; N]; STEPS],
    weight: f64,
}

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Self {
            sums: [[0.0; N]; STEPS],
            weight: 0.0,
        }
    }
}

impl<const N: usize> Sums<N> {
    fn add(&mut self, weight: f64, values: impl Fn(usize) -> [f64; N]) {
        for (step, sums) in self.sums.iter_mut().enumerate() {
            for (sum, value) in sums.iter_mut().zip(values(step)) {
                *sum += weight * value;
            }
        }
        self.weight += weight;
    }

    fn means(&self, step: usize) -> [f64; N] {
        self.sums[step].map(|sum| sum / self.weight.max(f64::MIN_POSITIVE))
    }
}

/// What each threshold from 0.01 to 0.99 does to many images.
#[derive(Clone, Debug, Default)]
pub struct ThresholdSweep {
    /// IoU, and 1 where the mask is empty.
    lesions: Sums<2>,
    /// 1 where there is a false alarm.
    normals: Sums<1>,
}

impl ThresholdSweep {
    /// Adds an image: its probabilities, 1 in `truth` where the lesion is, and what the image weighs among others of its
    /// kind, with a lesion or without.
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
        // From the number that reach a threshold to those that reach at least it.
        for counts in &mut pixels {
            for step in (0..STEPS).rev() {
                counts[step] += counts[step + 1];
            }
        }
        let [outside, inside] = pixels;
        let at = |step: usize| Confusion {
            tp: inside[step + 1],
            fp: outside[step + 1],
            fn_: inside[0] - inside[step + 1],
            tn: outside[0] - outside[step + 1],
        };
        if inside[0] > 0 {
            self.lesions.add(weight, |step| {
                let counts = at(step);
                [counts.iou(), f64::from(counts.tp + counts.fp == 0)]
            });
        } else {
            self.normals.add(weight, |step| {
                [f64::from(
                    at(step).false_positive_area() > FALSE_POSITIVE_AREA,
                )]
            });
        }
    }

    /// All thresholds, from the lowest.
    pub fn curve(&self) -> impl Iterator<Item = ThresholdPoint> {
        (0..STEPS).map(|step| {
            let [iou, without_mask] = self.lesions.means(step);
            let [false_alarms] = self.normals.means(step);
            ThresholdPoint {
                threshold: threshold(step),
                iou,
                without_mask,
                false_alarms,
            }
        })
    }

    /// The threshold with the greatest [score](ThresholdPoint::score); of equals the one nearest to 0.5.
    pub fn best(&self) -> ThresholdPoint {
        let away = |point: &ThresholdPoint| (point.threshold - 0.5).abs();
        let better = |a: ThresholdPoint, b: ThresholdPoint| {
            let closer = a.score() == b.score() && away(&b) < away(&a);
            if b.score() > a.score() || closer {
                b
            } else {
                a
            }
        };
        self.curve().reduce(better).unwrap_or_default()
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
        for ThresholdPoint { threshold, iou, .. } in sweep.curve() {
            let ious = images.iter().map(|(probabilities, truth)| {
                let bits = probabilities.iter().map(|p| u8::from(*p >= threshold));
                let [mask, truth] = [bits.collect(), truth.clone()].map(|b| Mask::new(404, 1, b));
                Confusion::of(&mask, &truth).expect("equal sizes").iou()
            });
            let mean = ious.sum::<f64>() / 3.0;
            assert!((iou - mean).abs() < 1e-12, "{threshold}: {iou} and {mean}");
        }
        let best = sweep.best();
        assert!(
            sweep.curve().all(|other| other.score() <= best.score()),
            "{best:?}"
        );
    }

    #[test]
    fn of_equally_good_thresholds_the_one_nearest_to_a_half_is_taken() {
        let mut sweep = ThresholdSweep::default();
        sweep.add(&[0.05, 0.3, 0.8], &[0, 0, 1], 1.0);
        let best = |sweep: &ThresholdSweep| (sweep.best().threshold, sweep.best().iou);
        assert_eq!(best(&sweep), (0.5, 1.0));
        sweep.add(&[0.6, 0.9], &[0, 1], 1.0);
        assert_eq!(best(&sweep), (0.61, 1.0));
    }

    #[test]
    fn an_empty_mask_is_counted_where_there_is_a_lesion_and_an_alarm_where_there_is_none() {
        let mut sweep = ThresholdSweep::default();
        let (low, high) = ([[0.3; 5], [0.1; 5]].concat(), [[0.8; 5], [0.1; 5]].concat());
        let (lesion, nothing) = ([[1; 5], [0; 5]].concat(), [0; 10]);
        sweep.add(&low, &lesion, 1.0);
        sweep.add(&high, &lesion, 1.0);
        sweep.add(&low, &nothing, 1.0);
        // One pixel of a hundred is not over 1 % of the area, two are.
        for on in [1, 2] {
            let image: Vec<f32> = (0..100).map(|i| if i < on { 0.9 } else { 0.0 }).collect();
            sweep.add(&image, &[0; 100], 0.5);
        }
        let at = |threshold: f32| {
            let point = sweep.curve().find(|point| point.threshold == threshold);
            let point = point.expect("it is tried");
            (point.iou, point.without_mask, point.false_alarms)
        };
        assert_eq!(at(0.2), (1.0, 0.0, 0.75));
        assert_eq!(at(0.5), (0.5, 0.5, 0.25));
        assert_eq!(at(0.85), (0.0, 1.0, 0.25));
    }

    #[test]
    fn the_threshold_is_lowered_for_a_mask_at_all_but_not_into_false_alarms() {
        let mut sweep = ThresholdSweep::default();
        let lesion = [[1; 5], [0; 5]].concat();
        sweep.add(&[[0.9; 5], [0.1; 5]].concat(), &lesion, 1.0);
        // Missed above 0.3; below it the mask is beside the lesion, which the IoU does not notice.
        sweep.add(&[[0.0; 5], [0.3; 5]].concat(), &lesion, 1.0);
        assert_eq!(sweep.best().threshold, 0.3);
        sweep.add(&[0.35; 10], &[0; 10], 2.0);
        assert_eq!(sweep.best().threshold, 0.5);
    }
}
