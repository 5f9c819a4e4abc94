//! How well a mask is expected to agree with the truth, before anybody knows the truth.

use serde::{Deserialize, Serialize};

use super::binary::Mask;
use super::cleaning::Cleaning;
use super::map::ProbabilityMap;

/// What to expect of a mask, in three words. How often each is right is measured by `delineo evaluate` and told in
/// `docs/models.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Much of the border is likely to be wrong.
    Poor,
    /// Somebody should look at it.
    Check,
    /// The border is likely to be good.
    LikelyGood,
}

impl Confidence {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Poor, Self::Check, Self::LikelyGood];

    /// Of an [expected IoU](ProbabilityMap::expected_iou).
    pub fn of(expected_iou: f32) -> Self {
        if expected_iou >= LIKELY_GOOD {
            Self::LikelyGood
        } else if expected_iou >= CHECK {
            Self::Check
        } else {
            Self::Poor
        }
    }

    /// In words, for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::LikelyGood => "likely good",
            Self::Check => "check",
            Self::Poor => "poor",
        }
    }
}

/// Expected IoU from which a mask is likely good, chosen on the validation parts: there at most one such mask in fifty has
/// an IoU below 0.5.
const LIKELY_GOOD: f32 = 0.70;
/// And below which it is poor: there most of such masks have an IoU below 0.5.
const CHECK: f32 = 0.50;

impl ProbabilityMap {
    /// The expected intersection of the mask and the truth over their expected union, 0 to 1, if each pixel is lesion with
    /// its own probability: Σ p over the mask / (pixels of the mask + Σ p outside it), on the network's grid and before
    /// corrections by hand. None of an empty mask. It is worth as much as the probabilities are calibrated.
    pub fn expected_iou(&self, threshold: f32, cleaning: Cleaning) -> Option<f32> {
        let (width, height) = (self.width() as u32, self.height() as u32);
        let mask = Mask::make(self, width, height, threshold, cleaning, &[]);
        let (mut both, mut either, mut pixels) = (0.0, 0.0, 0_u32);
        for (probability, on) in self.values().iter().zip(mask.bits()) {
            let probability = f64::from(*probability);
            if *on == 1 {
                both += probability;
                either += 1.0;
                pixels += 1;
            } else {
                either += probability;
            }
        }
        (pixels > 0).then(|| (both / either) as f32)
    }

    /// The highest probability.
    pub fn peak(&self) -> f32 {
        self.values().iter().copied().fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_iou_is_the_expected_intersection_over_the_expected_union() {
        let map = ProbabilityMap::new(2, 2, vec![0.9, 0.7, 0.1, 0.3]);
        let expected = map.expected_iou(0.5, Cleaning::default());
        // A probability is rounded to a multiple of 1 / 32 768.
        assert!((expected.expect("a mask") - 1.6 / 2.4).abs() < 4e-5);
        assert!((map.peak() - 0.9).abs() < 2e-5);
    }

    #[test]
    fn an_empty_mask_has_no_expected_iou() {
        let map = ProbabilityMap::new(2, 1, vec![0.2, 0.4]);
        assert_eq!(map.expected_iou(0.5, Cleaning::default()), None);
    }

    #[test]
    fn a_mask_without_doubt_is_likely_good_and_one_of_all_doubt_is_poor() {
        let sure = ProbabilityMap::new(2, 1, vec![1.0, 0.0]);
        let expected = |map: &ProbabilityMap| map.expected_iou(0.5, Cleaning::default());
        assert_eq!(
            expected(&sure).map(Confidence::of),
            Some(Confidence::LikelyGood)
        );
        let unsure = ProbabilityMap::new(2, 1, vec![0.51, 0.48]);
        assert_eq!(
            expected(&unsure).map(Confidence::of),
            Some(Confidence::Poor)
        );
    }
}
