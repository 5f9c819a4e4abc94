//! What goes into a collection and what comes out of it.

use serde::{Deserialize, Serialize};

use crate::export::Segmentation;
use crate::manifest::Manifest;
use crate::measure::{Measurements, Record, Scale, Uncertainty};
use crate::tta::Views;

/// A segmented image.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// Where the image was, below the folder that all of them share: `clinic/left/lesion.jpg`.
    pub path: &'a str,
    /// The image with its mask.
    pub segmentation: &'a Segmentation<'a>,
    /// The scale, where it is known.
    pub scale: Option<&'a Scale>,
    /// The model that made the probability map, where one did.
    pub model: Option<&'a ModelInfo>,
    /// The views that were averaged.
    pub views: Option<Views>,
    /// SHA-256 of the image's file, where it is known.
    pub sha256: Option<&'a str>,
    /// What a person decided.
    pub review: Review,
}

impl Item<'_> {
    /// What is measured of it, as `delineo measure` does.
    pub fn record(&self) -> Record {
        let of = self.segmentation;
        let size = of.image.dimensions();
        let found = Measurements::of(of.mask(), self.scale);
        let uncertainty = self.model.and(found.whole.as_ref()).map(|whole| {
            Uncertainty::of_whole(
                whole,
                of.map,
                size,
                of.threshold,
                of.cleaning,
                of.corrections,
            )
        });
        Record {
            found,
            uncertainty,
            size,
            threshold: self.model.map(|_| of.threshold),
        }
    }

    /// Whether it belongs into data sets: a mask that a person rejected does not.
    pub(super) fn is_usable(&self) -> bool {
        self.review.decision != Decision::Rejected
    }
}

/// What tells one model from all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its folder's name.
    pub id: String,
    /// The name that a person reads.
    pub name: String,
    /// SHA-256 of the weights, hexadecimal.
    pub sha256: String,
    /// The threshold that it comes with.
    pub threshold: f32,
    /// Its classes, in the order of its outputs.
    pub classes: Vec<String>,
    /// What it is for.
    pub modalities: Vec<String>,
}

impl ModelInfo {
    /// What `model.json` says.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            id: manifest.id.clone(),
            name: manifest.name.clone(),
            sha256: manifest.weights.sha256.clone(),
            threshold: manifest.threshold,
            classes: manifest.classes.clone(),
            modalities: manifest.modalities.clone(),
        }
    }
}

/// Decision, flag and note of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether the mask is good.
    pub decision: Decision,
    /// Whether the person wants to come back to it.
    pub is_flagged: bool,
    /// In their own words.
    pub note: String,
}

/// Whether a mask is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Not decided yet.
    #[default]
    Undecided,
    /// It may be used.
    Accepted,
    /// It must not be used.
    Rejected,
}

/// A file of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Folders and name, separated by `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}
