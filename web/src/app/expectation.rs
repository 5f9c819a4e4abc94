//! What is to be expected of the model's mask before anybody knows the truth, and of an empty one, where a lesion would be
//! likeliest.

use delineo::mask::Confidence;

use super::row::{confidence, is_empty};
use super::state::App;

/// A probability below which no place is likelier than the others.
const FAINTEST: f32 = 0.10;
/// The likeliest region is what reaches this part of the highest probability.
const REGION: f32 = 0.75;

/// What is said beside the mask on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expectation {
    /// Of a mask.
    Mask {
        /// Its expected IoU with the truth, 0 to 1.
        iou: f32,
    },
    /// The mask is empty, but some place is likelier than the others.
    Nothing {
        /// Threshold on the probability.
        threshold: f32,
        /// The highest probability.
        peak: f32,
    },
}

impl Expectation {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Mask { iou } => {
                let word = match Confidence::of(*iou) {
                    Confidence::LikelyGood => "Likely good",
                    Confidence::Check => "Check this border",
                    Confidence::Poor => "Poor border",
                };
                format!("{word}: an IoU of about {iou:.1} is expected.")
            }
            Self::Nothing { threshold, peak } => {
                format!("Nothing is above {threshold:.2}. The likeliest place reaches {peak:.2}.")
            }
        }
    }
}

impl App {
    /// What is said beside the mask on the stage: why to doubt it, else what is to be expected of it.
    pub fn mask_sentence(&self) -> String {
        let doubt = self
            .shown()
            .and_then(|shown| self.models.doubt(&shown.image));
        let expected = || self.expectation().map(|expected| expected.sentence());
        doubt.or_else(expected).unwrap_or_default()
    }

    /// What is to be expected of the mask on the stage; nothing once it was corrected by hand, while that is not known, and
    /// of an image that the models were not made for.
    pub fn expectation(&self) -> Option<Expectation> {
        let (document, opened) = self.documents.shown()?;
        let summary = document.summary?;
        let is_of_mask = opened.summarised.is_some() && opened.summarised == self.mask();
        if !is_of_mask || !opened.edits.corrections().is_empty() {
            return None;
        }
        if !is_empty(document) {
            let is_known =
                confidence(document).is_some() && self.models.doubt(&opened.image).is_none();
            let iou = summary.confidence;
            return is_known.then_some(Expectation::Mask { iou });
        }
        let (threshold, peak) = (opened.settings.threshold, 1.0 - summary.confidence);
        // Above it, and removed as too small an island.
        let is_below = peak < threshold;
        (is_below && peak >= FAINTEST).then_some(Expectation::Nothing { threshold, peak })
    }

    /// The threshold at which the likeliest region of an empty mask shows.
    pub(super) fn likeliest(&self) -> Option<f32> {
        match self.expectation()? {
            Expectation::Nothing { peak, .. } => Some(peak * REGION),
            Expectation::Mask { .. } => None,
        }
    }
}
