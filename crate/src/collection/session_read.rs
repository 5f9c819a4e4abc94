//! `session.json`, read: which masks were exported, and what a person decided about them.

use serde::Deserialize;

use super::item::{Decision, Review};
use super::session::VERSION;
use crate::Error;
use crate::mask::Cleaning;
use crate::names::{self, PictureName};

/// What a session says of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionImage {
    /// Folders and name, separated by `/`.
    pub path: String,
    /// The paths of all its files, from the folder or the archive in which the session is.
    pub files: Vec<String>,
    /// That of its mask, where there is one.
    pub mask: Option<String>,
    /// Whether the mask is more than what threshold and cleaning make of the model's probabilities.
    pub is_corrected: bool,
    /// Threshold on the probability, 0.01 to 0.99, and the cleaning after it.
    pub settings: Option<(f32, Cleaning)>,
    /// Decision, flag and note.
    pub review: Review,
}

#[derive(Debug, Deserialize)]
struct File {
    format: String,
    version: u32,
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Debug, Deserialize)]
struct Image {
    path: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    threshold: Option<f64>,
    #[serde(default)]
    cleaning: Option<Cleaning>,
    #[serde(default)]
    corrections: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    decision: Decision,
    #[serde(default)]
    flagged: bool,
    #[serde(default)]
    note: String,
    #[serde(default)]
    files: Vec<String>,
}

/// Whether a text is that of a session, well or not.
pub fn is_session(text: &str) -> bool {
    text.contains("\"delineo-session\"")
}

/// The images of a session that did not fail.
///
/// # Errors
/// [`Error::Annotations`] when it is none, or one of a later version.
pub fn read_session(bytes: &[u8]) -> Result<Vec<SessionImage>, Error> {
    let text = crate::text::decode(bytes);
    let file: File =
        serde_json::from_str(&text).map_err(|error| Error::Annotations(error.to_string()))?;
    if file.format != "delineo-session" {
        return Err(Error::Annotations("it is no session of Delineo".to_owned()));
    }
    if file.version > VERSION {
        return Err(Error::Annotations(format!(
            "it is a session of version {}, and this Delineo reads up to {VERSION}; update it",
            file.version
        )));
    }
    let images = file.images.into_iter();
    let images = images.filter(|image| image.error.is_none());
    Ok(images.map(Image::into_session).collect())
}

impl Image {
    fn into_session(self) -> SessionImage {
        let is_mask = |file: &&String| {
            let stem = names::stem(std::path::Path::new(file.as_str())).to_string_lossy();
            file.ends_with(".png")
                && matches!(
                    names::by_ending(&stem),
                    PictureName::Mask { part: None, .. }
                )
        };
        // Those of a mask of no model say nothing of the model's.
        let threshold = self.threshold.filter(|_| self.model.is_some());
        let threshold = threshold.map(|threshold| threshold as f32);
        let threshold = threshold.filter(|threshold| (0.01..=0.99).contains(threshold));
        SessionImage {
            mask: self.files.iter().find(is_mask).cloned(),
            files: self.files,
            // A mask of no model is another one that somebody started from.
            is_corrected: !self.corrections.is_empty() || self.model.is_none(),
            settings: threshold.map(|threshold| (threshold, self.cleaning.unwrap_or_default())),
            review: Review {
                decision: self.decision,
                is_flagged: self.flagged,
                note: self.note,
            },
            path: self.path,
        }
    }
}
