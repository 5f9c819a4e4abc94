//! The score that the authors of CMUNeXt report, so that figures can be put beside the paper's.

use serde::{Deserialize, Serialize};

use crate::mask::{Mask, ProbabilityMap};

/// IoU and F1 of one image as `iou_score` computes them in `utils/metrics.py` of github.com/FengheTan9/CMUNeXt (commit
/// ecae508) for a batch of one; the paper's figures are their means over the images.
///
/// Prediction and truth are compared at the network's size (256×256 there), where the truth was resized to the
/// nearest pixel (albumentations' `Resize`). The prediction is the probability over 0.5, whatever threshold the model
/// has. IoU is `(intersection + 1e-5) / (union + 1e-5)`. F1 is `2 SE PC / (SE + PC + 1e-6)` of sensitivity
/// `tp / (tp + fn + 1e-6)` and precision `tp / (tp + fp + 1e-6)`, and for these two the truth is `GT == max(GT)`,
/// so that an empty truth counts as full.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorsScore {
    /// Intersection over union.
    pub iou: f64,
    /// F1.
    pub f1: f64,
}

impl AuthorsScore {
    /// Scores a probability map against the truth at the image's size.
    pub fn of(map: &ProbabilityMap, truth: &Mask) -> Self {
        let truth = nearest(truth, map.width(), map.height());
        let full = truth.iter().all(|on| !on);
        let (mut both, mut either, mut tp, mut predicted, mut positive) = (0, 0, 0, 0, 0);
        for (probability, truth) in map.values().iter().zip(truth) {
            let prediction = *probability > 0.5;
            both += u32::from(prediction && truth);
            either += u32::from(prediction || truth);
            tp += u32::from(prediction && (truth || full));
            predicted += u32::from(prediction);
            positive += u32::from(truth || full);
        }
        let [both, either, tp, predicted, positive] =
            [both, either, tp, predicted, positive].map(f64::from);
        let (sensitivity, precision) = (tp / (positive + 1e-6), tp / (predicted + 1e-6));
        Self {
            iou: (both + 1e-5) / (either + 1e-5),
            f1: 2.0 * sensitivity * precision / (sensitivity + precision + 1e-6),
        }
    }
}

/// The mask resized as OpenCV's `INTER_NEAREST` does: pixel `floor(i * from / to)` along each axis.
fn nearest(mask: &Mask, width: usize, height: usize) -> Vec<bool> {
    let from = (mask.width() as usize, mask.height() as usize);
    if from.0 == 0 || from.1 == 0 {
        return vec![false; width * height];
    }
    let index = |from: usize, to: usize| {
        let scale = from as f64 / to as f64;
        move |i: usize| ((i as f64 * scale) as usize).min(from - 1)
    };
    let (column, row) = (index(from.0, width), index(from.1, height));
    let bits = mask.bits();
    (0..height)
        .flat_map(|y| {
            let line = &bits[row(y) * from.0..][..from.0];
            (0..width).map(move |x| line[column(x)] == 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(probabilities: &[f32], truth: &[u8]) -> [f64; 2] {
        let map = ProbabilityMap::new(truth.len(), 1, probabilities.to_vec());
        let score = AuthorsScore::of(&map, &Mask::new(truth.len() as u32, 1, truth.to_vec()));
        [score.iou, score.f1]
    }

    fn close(found: [f64; 2], expected: [f64; 2]) -> bool {
        let pairs = found.iter().zip(expected);
        pairs.map(|(a, b)| (a - b).abs()).all(|error| error < 1e-12)
    }

    // The expected values: the authors' lines run in PyTorch 2.9.0 on these probabilities in place of the sigmoid.

    #[test]
    fn the_score_is_that_of_the_authors_code() {
        let found = score(&[0.9, 0.6, 0.5, 0.2], &[0, 1, 1, 0]);
        assert!(
            close(found, [0.3333355555481482, 0.499999250000625]),
            "{found:?}"
        );
    }

    #[test]
    fn an_empty_truth_counts_as_full_for_f1_as_in_the_authors_code() {
        let found = score(&[0.1, 0.2], &[0, 0]);
        assert!(close(found, [1.0, 0.0]), "{found:?}");
        let found = score(&[0.1, 0.7, 0.9], &[0, 0, 0]);
        assert!(
            close(found, [4.9999750001249995e-06, 0.7999992000004]),
            "{found:?}"
        );
    }

    #[test]
    fn the_truth_is_taken_from_the_nearest_pixel_as_opencv_does() {
        // floor(i * 7 / 3): columns 0, 2, 4; floor(i * 2 / 5): columns 0, 0, 0, 1, 1
        let mask = Mask::new(7, 1, vec![0, 1, 0, 1, 1, 0, 1]);
        assert_eq!(nearest(&mask, 3, 1), [false, false, true]);
        assert_eq!(nearest(&mask, 3, 2)[3..], [false, false, true]);
        assert_eq!(
            nearest(&Mask::new(2, 1, vec![0, 1]), 5, 1),
            [false, false, false, true, true]
        );
    }
}
