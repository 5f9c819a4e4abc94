//! Whether an image is of a kind that models were made for: dermoscopy, breast or thyroid ultrasound, or none of these.
//!
//! 304 numbers of a sample of 128 by 128 places (brightness, colours, edges and texture at several scales, layout) go
//! through three small networks, whose parameters are `parameters.bin` beside this file. The feature `judgement-training`
//! makes that file from folders of pictures; `docs/judgement.md` says which, and how often the judgement is right.
//!
//! A judgement warns and forbids nothing; which model is proposed is [`Modality::of`]'s business.

mod classifier;
mod features;
mod sample;
#[cfg(feature = "judgement-training")]
pub mod training;

use std::sync::LazyLock;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::classifier::{Classifier, OUTPUTS};
use self::sample::Sample;
use crate::modality::Modality;

/// What an image shows. Serialised as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Skin through a dermatoscope.
    Dermoscopy,
    /// B-mode ultrasound of the breast.
    BreastUltrasound,
    /// B-mode ultrasound of the thyroid gland.
    ThyroidUltrasound,
    /// None of these.
    Other,
}

impl Kind {
    /// All, in the order of the networks' outputs.
    pub const ALL: [Self; OUTPUTS] = [
        Self::Dermoscopy,
        Self::BreastUltrasound,
        Self::ThyroidUltrasound,
        Self::Other,
    ];

    /// The word for it in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dermoscopy => "dermoscopy",
            Self::BreastUltrasound => "breast-ultrasound",
            Self::ThyroidUltrasound => "thyroid-ultrasound",
            Self::Other => "other",
        }
    }

    /// The modality of images of this kind, where it has one that there are models for.
    pub fn modality(self) -> Option<Modality> {
        match self {
            Self::Dermoscopy => Some(Modality::Dermoscopy),
            Self::BreastUltrasound | Self::ThyroidUltrasound => Some(Modality::Ultrasound),
            Self::Other => None,
        }
    }
}

/// What an image was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The kind.
    pub kind: Kind,
    /// Its probability, 0 to 1.
    pub confidence: f32,
}

impl Default for Judgement {
    /// Of an image that was not looked at: nothing is doubted.
    fn default() -> Self {
        Self {
            kind: Kind::Dermoscopy,
            confidence: 0.0,
        }
    }
}

/// What is said of an image that is none of the kinds, on the page and in what is written of it.
pub const WARNING: &str =
    "This does not look like dermoscopy or ultrasound. The border may mean nothing.";

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    Classifier::read(include_bytes!("parameters.bin")).expect("parameters of this version")
});

impl Judgement {
    /// What `image` looks like. It looks at a quarter of a million pixels at most and takes a few milliseconds.
    pub fn of(image: &RgbImage) -> Self {
        let Some(sample) = Sample::of(image) else {
            return Self {
                kind: Kind::Other,
                confidence: 1.0,
            };
        };
        Self::by(&CLASSIFIER, &features::of(&sample))
    }

    fn by(classifier: &Classifier, features: &[f32]) -> Self {
        let probabilities = classifier.probabilities(features);
        let [known @ .., other] = probabilities;
        let (mut kind, mut confidence) = (Kind::Other, other);
        if other < classifier.limit {
            confidence = f32::MIN;
            for (one, probability) in Kind::ALL.into_iter().zip(known) {
                if probability > confidence {
                    (kind, confidence) = (one, probability);
                }
            }
        }
        Self { kind, confidence }
    }

    /// What to tell a person who has a model for `modalities` (words of `model.json`) run on the image: that the image is of
    /// no kind that the model was made for. Nothing where the model does not say what it is for, or is for something else.
    pub fn warning(self, modalities: &[String]) -> Option<&'static str> {
        let mut known = Kind::ALL.map(Kind::word).to_vec();
        known.extend(Modality::ALL.map(Modality::word));
        let is_known = |word: &String| known.contains(&word.as_str());
        let is_answerable = !modalities.is_empty() && modalities.iter().all(is_known);
        (self.kind == Kind::Other && is_answerable).then_some(WARNING)
    }
}

#[cfg(test)]
mod tests;
