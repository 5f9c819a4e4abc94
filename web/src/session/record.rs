//! What is kept of a document, and of the session as a whole. The JSON of these types is the format of version
//! [`super::version::VERSION`]: a field that is added takes its default where it is missing; anything else that changes
//! is a new version with a migration.

use std::collections::BTreeMap;

use delineo::imaging::Rendering;
use delineo::measure::Spacing;
use serde::{Deserialize, Serialize};

use super::messages::Key;
use crate::app::edits::Edits;
use crate::app::models::Proposal;
use crate::app::review::Review;
use crate::protocol::{ImageFacts, ModelKey, Settings, Summary, Views};

/// A document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredDocument {
    /// The file's name.
    pub name: String,
    /// The folders in which it came, joined by `/`.
    #[serde(default)]
    pub folder: String,
    /// The copy of the file.
    pub source: Key,
    /// Copies of the files with its true mask.
    #[serde(default)]
    pub truths: Vec<StoredTruth>,
    /// What the person decided about it.
    #[serde(default)]
    pub review: Review,
    /// What the list says of its mask.
    #[serde(default)]
    pub summary: Option<Summary>,
    /// What is known since it was opened first.
    #[serde(default)]
    pub opened: Option<StoredWork>,
}

/// A file with a true mask, or a part of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredTruth {
    /// Its name.
    pub name: String,
    /// The copy of the file.
    pub source: Key,
}

/// The work on a document that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredWork {
    /// What the engine said of the image.
    pub image: ImageFacts,
    /// The frame and the window that the person chose.
    #[serde(default)]
    pub rendering: Rendering,
    /// Class, threshold and cleaning.
    pub settings: Settings,
    /// What the settings were proposed by.
    #[serde(default)]
    pub proposal: Option<Proposal>,
    /// Corrections, calibrations and diameters of each frame, with what can be undone and redone.
    #[serde(default)]
    pub edits: BTreeMap<u32, Edits>,
    /// Millimetres per pixel that the person set for all images of this size.
    #[serde(default)]
    pub inherited: Option<Spacing>,
    /// The probability map that the mask was made from.
    #[serde(default)]
    pub map: Option<StoredMap>,
}

/// Where a probability map came from, and its copy where there is one. Without a copy the same model makes it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMap {
    /// The model.
    pub model: ModelKey,
    /// As a mean over these views.
    #[serde(default)]
    pub views: Option<Views>,
    /// The copy: float32, little-endian, row by row, at the model's size.
    #[serde(default)]
    pub copy: Option<Key>,
}

/// What is known of the session as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredSession {
    /// The document on the stage.
    #[serde(default)]
    pub shown: Option<Key>,
    /// Scales for all images of a size.
    #[serde(default)]
    pub scales: Vec<StoredScale>,
    /// The highest number that was used, so that none is used twice.
    #[serde(default)]
    pub last_key: u32,
}

/// A scale for all images of a size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredScale {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Height of a pixel over its width.
    pub aspect: f64,
    /// Millimetres per pixel.
    pub spacing: Spacing,
}
