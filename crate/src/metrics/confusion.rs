//! Counts of pixels, and the ratios that papers report.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::mask::Mask;

/// Share of an image without a lesion above which what is found there counts as a false alarm.
pub const FALSE_POSITIVE_AREA: f64 = 0.01;

/// Pixels by prediction and truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Lesion in both.
    pub tp: u64,
    /// Lesion in the prediction only.
    pub fp: u64,
    /// Lesion in the truth only.
    #[serde(rename = "fn")]
    pub fn_: u64,
    /// Lesion in neither.
    pub tn: u64,
}

impl Confusion {
    /// Counts the pixels of a prediction against the truth.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn of(prediction: &Mask, truth: &Mask) -> Result<Self, Error> {
        same_size(prediction, truth)?;
        let both = prediction.bits().iter().zip(truth.bits());
        let tp = both.map(|(a, b)| u64::from(a & b)).sum();
        let (fp, fn_) = (prediction.area() - tp, truth.area() - tp);
        Ok(Self {
            tp,
            fp,
            fn_,
            tn: prediction.bits().len() as u64 - tp - fp - fn_,
        })
    }

    /// Intersection over union, `tp / (tp + fp + fn)`; 1 when both masks are empty.
    pub fn iou(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp + self.fn_)
    }

    /// Dice coefficient (F1), `2 tp / (2 tp + fp + fn)`; 1 when both masks are empty.
    pub fn dice(&self) -> f64 {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// Sensitivity (recall), `tp / (tp + fn)`; 1 when the truth is empty.
    pub fn sensitivity(&self) -> f64 {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// Precision (positive predictive value), `tp / (tp + fp)`; 1 when the prediction is empty.
    pub fn precision(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp)
    }

    /// Specificity, `tn / (tn + fp)`; 1 when the truth covers the whole image.
    pub fn specificity(&self) -> f64 {
        ratio(self.tn, self.tn + self.fp)
    }

    /// Signed error of the area relative to the truth, `(fp - fn) / (tp + fn)`: 0.1 is a tenth too large. None when the
    /// truth is empty.
    pub fn area_error(&self) -> Option<f64> {
        let truth = self.tp + self.fn_;
        (truth > 0).then(|| (self.fp as f64 - self.fn_ as f64) / truth as f64)
    }

    /// Share of the image that is lesion in the prediction only, `fp / all`; 0 for an image without pixels.
    pub fn false_positive_area(&self) -> f64 {
        match self.tp + self.fp + self.fn_ + self.tn {
            0 => 0.0,
            all => self.fp as f64 / all as f64,
        }
    }
}

/// Refuses masks of different sizes.
pub(super) fn same_size(prediction: &Mask, truth: &Mask) -> Result<(), Error> {
    let [prediction, truth] = [prediction, truth].map(|mask| (mask.width(), mask.height()));
    if prediction == truth {
        Ok(())
    } else {
        Err(Error::MaskSizes { prediction, truth })
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(prediction: &[u8], truth: &[u8]) -> Confusion {
        let mask = |bits: &[u8]| Mask::new(bits.len() as u32, 1, bits.to_vec());
        Confusion::of(&mask(prediction), &mask(truth)).expect("equal sizes")
    }

    #[test]
    fn the_ratios_are_those_of_the_definitions() {
        let counts = confusion(&[1, 1, 1, 0, 0, 0, 0, 0], &[0, 1, 1, 1, 1, 0, 0, 0]);
        assert_eq!(
            counts,
            Confusion {
                tp: 2,
                fp: 1,
                fn_: 2,
                tn: 3
            }
        );
        assert_eq!(counts.iou(), 2.0 / 5.0);
        assert_eq!(counts.dice(), 4.0 / 7.0);
        assert_eq!(counts.sensitivity(), 2.0 / 4.0);
        assert_eq!(counts.precision(), 2.0 / 3.0);
        assert_eq!(counts.specificity(), 3.0 / 4.0);
        assert_eq!(counts.area_error(), Some(-1.0 / 4.0));
        assert_eq!(counts.false_positive_area(), 1.0 / 8.0);
    }

    #[test]
    fn an_area_error_needs_a_lesion() {
        assert_eq!(confusion(&[1; 4], &[0; 4]).area_error(), None);
        assert_eq!(confusion(&[0; 4], &[1; 4]).area_error(), Some(-1.0));
    }

    #[test]
    fn two_empty_masks_agree_perfectly() {
        let counts = confusion(&[0; 4], &[0; 4]);
        assert_eq!([counts.iou(), counts.dice()], [1.0, 1.0]);
        assert_eq!([counts.sensitivity(), counts.precision()], [1.0, 1.0]);
    }

    #[test]
    fn an_empty_mask_against_a_lesion_scores_zero() {
        let missed = confusion(&[0; 4], &[1; 4]);
        assert_eq!(
            [missed.iou(), missed.dice(), missed.sensitivity()],
            [0.0; 3]
        );
        assert_eq!([missed.precision(), missed.specificity()], [1.0; 2]);
        let invented = confusion(&[1; 4], &[0; 4]);
        assert_eq!(
            [invented.iou(), invented.dice(), invented.precision()],
            [0.0; 3]
        );
        assert_eq!(invented.specificity(), 0.0);
    }

    #[test]
    fn masks_of_different_sizes_are_refused() {
        let error = Confusion::of(&Mask::new(2, 1, vec![0; 2]), &Mask::new(1, 2, vec![0; 2]));
        assert!(matches!(error, Err(Error::MaskSizes { .. })));
    }
}
