//! What is kept of a document, and of the session as a whole. The JSON of these types is the format of version
//! [`crate::session::version::VERSION`]: a field that is added takes its default where it is missing; anything else that changes
//! is a new version with a migration.

use std::collections::BTreeMap;

use delineo::imaging::Rendering;
use delineo::measure::Spacing;
use serde::{Deserialize, Serialize};

use super::documents::Document;
use super::edits::Edits;
use super::importing::Beginning;
use super::kept_map::{KeptMap, MapOrigin};
use super::opened::Opened;
use super::proposal::Proposal;
use super::review::Review;
use crate::protocol::{ImageFacts, ModelKey, Settings, Summary, Views};
use crate::session::messages::Key;

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
    /// How it is to begin once it was segmented first.
    #[serde(default)]
    pub beginning: Option<Beginning>,
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
    /// Whether the person does not want the scale that the depth marks propose.
    #[serde(default)]
    pub ignores_depth_marks: bool,
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
    /// SHA-256 of its weights: whether the model is still the same.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The copy.
    #[serde(default)]
    pub copy: Option<StoredCopy>,
}

/// The copy of a probability map, a [`delineo::MapCopy`]. It says itself what exports need to know of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCopy {
    /// Its file.
    pub file: Key,
    /// What sentences call the model.
    pub name: String,
    /// The frame and the window that it is of.
    #[serde(default)]
    pub rendering: Rendering,
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

impl StoredDocument {
    /// A document as it is kept; `key_of` tells the copies of its files by their numbers.
    pub fn of(document: &Document, key_of: impl Fn(crate::protocol::DocumentId) -> Key) -> Self {
        let truths = document.truths.iter().map(|truth| StoredTruth {
            name: truth.name.clone(),
            source: key_of(truth.id),
        });
        Self {
            name: document.name.clone(),
            folder: document.folder.clone(),
            source: key_of(document.id),
            truths: truths.collect(),
            review: document.review.clone(),
            summary: document.summary,
            beginning: document.beginning,
            opened: document.opened.as_ref().map(StoredWork::of),
        }
    }

    /// Gives a document that just came what was known of it.
    pub fn give_to(self, document: &mut Document) {
        document.folder = self.folder;
        document.review = self.review;
        document.summary = self.summary;
        document.beginning = self.beginning;
        document.opened = self.opened.map(StoredWork::into_opened);
    }

    /// The file with the copy of its probability map.
    pub fn map(&self) -> Option<Key> {
        let map = self.opened.as_ref()?.map.as_ref()?;
        map.copy.as_ref().map(|copy| copy.file)
    }

    /// The copies of all files that it came with.
    pub fn files(&self) -> impl Iterator<Item = Key> {
        std::iter::once(self.source).chain(self.truths.iter().map(|truth| truth.source))
    }
}

impl StoredWork {
    fn of(opened: &Opened) -> Self {
        let origin = opened.origin.as_ref().or(opened.left_with.as_ref());
        let map = origin.map(|origin| StoredMap {
            model: origin.model.clone(),
            views: origin.views,
            sha256: origin.sha256.clone(),
            copy: opened
                .kept_map
                .as_ref()
                .filter(|kept| kept.origin == *origin)
                .map(|kept| StoredCopy {
                    file: kept.key,
                    name: kept.name.clone(),
                    rendering: kept.rendering,
                }),
        });
        Self {
            image: opened.image.clone(),
            rendering: opened.wanted,
            settings: opened.settings,
            proposal: opened.proposal.clone(),
            edits: opened.edits_by_frame(),
            inherited: opened.inherited,
            ignores_depth_marks: opened.ignores_depth_marks,
            map,
        }
    }

    /// The work as it was, with the network yet to run.
    pub fn into_opened(self) -> Opened {
        let mut opened = Opened::with_edits(self.image, self.rendering, self.edits);
        opened.settings = self.settings;
        opened.proposal = self.proposal;
        opened.inherited = self.inherited;
        if let Some(map) = self.map {
            let origin = MapOrigin {
                model: map.model,
                sha256: map.sha256,
                views: map.views,
            };
            opened.kept_map = map.copy.map(|copy| KeptMap {
                key: copy.file,
                origin: origin.clone(),
                name: copy.name,
                rendering: copy.rendering,
                file: None,
                stands: true,
            });
            opened.left_with = Some(origin);
        }
        opened.ignores_depth_marks = self.ignores_depth_marks;
        opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::review::Decision;
    use crate::session::fake_disk::{FakeFile, Power, example};
    use crate::session::journal::Header;
    use crate::session::store::{Contents, Store, read_only};
    use crate::session::version::VERSION;

    fn documents(contents: &Contents) -> Vec<StoredDocument> {
        let texts = contents.documents.values();
        let parsed = texts.map(|text| match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => panic!("{error}: {text}"),
        });
        parsed.collect()
    }

    #[test]
    fn a_session_of_version_0_is_read_and_rewritten_in_the_version_of_today() {
        let journal = example(0, include_str!("../session/examples/version-0.txt"));
        let power = Power::for_bytes(usize::MAX);
        let files = [journal, Vec::new()].map(|bytes| FakeFile::new(&power, bytes));
        let Ok((store, contents)) = Store::open(files) else {
            panic!("it was not opened");
        };
        let all = documents(&contents);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].review.decision, Decision::Accepted);
        let work = all[0].opened.as_ref();
        let edits = work.and_then(|work| work.edits.get(&0));
        assert_eq!(edits.map(|edits| edits.corrections().len()), Some(2));
        assert_eq!(edits.map(Edits::can_undo), Some(true));
        let files = store.into_files().map(|file| file.after_crash());
        let header = Header::read(&files[1]);
        assert_eq!(header.map(|header| header.version), Some(VERSION));
        assert!(files[0].is_empty());
        assert_eq!(read_only(&files), Ok(contents));
    }

    #[test]
    fn a_session_of_version_1_is_read_as_it_was_written() {
        let journal = example(1, include_str!("../session/examples/version-1.txt"));
        let Ok(contents) = read_only(&[journal, Vec::new()]) else {
            panic!("it was not read");
        };
        let [document] = &documents(&contents)[..] else {
            panic!("{contents:?}");
        };
        let work = document.opened.as_ref();
        let edits = work.and_then(|work| work.edits.get(&0));
        assert_eq!(edits.map(Edits::can_redo), Some(true));
        assert_eq!(edits.map(Edits::has_diameters), Some(true));
        assert!(edits.is_some_and(|edits| edits.calibration().is_some()));
        assert_eq!(document.review.note, "blurred at the edge");
        assert_eq!(document.files().collect::<Vec<_>>(), [Key(1), Key(3)]);
        assert!(contents.session.is_some() && contents.files.len() == 1);
        // Its map has a number for a copy that was never made.
        assert_eq!(document.map(), None);
        let map = work.and_then(|work| work.map.as_ref());
        assert_eq!(map.and_then(|map| map.views), Some(Views::All));
    }

    #[test]
    fn a_session_of_version_2_is_read_with_the_copies_of_its_maps() {
        let journal = example(2, include_str!("../session/examples/version-2.txt"));
        let Ok(contents) = read_only(&[journal, Vec::new()]) else {
            panic!("it was not read");
        };
        let [document] = &documents(&contents)[..] else {
            panic!("{contents:?}");
        };
        assert_eq!(document.map(), Some(Key(7)));
        let opened = document.opened.clone().map(StoredWork::into_opened);
        let kept = opened.as_ref().and_then(|opened| opened.kept_map.as_ref());
        assert_eq!(
            kept.map(|kept| (kept.name.as_str(), kept.stands, kept.rendering.frame)),
            Some(("Skin lesions", true, 3))
        );
        assert!(kept.is_some_and(|kept| kept.origin.sha256.is_some()));
        assert_eq!(contents.files.len(), 2);
    }
}
