//! What comes in that is no picture itself: archives, and what other programs or this one say of pictures (COCO, LabelMe, sessions).
//!
//! An engine says what is in such a file. Files of an archive come in as those of a folder do; what is said of pictures waits until
//! all that came together is there, and then finds its documents by their names.

use std::collections::{BTreeMap, VecDeque};

use delineo::mask::Cleaning;
use serde::{Deserialize, Serialize};

use super::ids::{FileId, PayloadId};
use super::opened::Opened;
use crate::contents::Described;
use crate::protocol::DocumentId;

/// So often a file may end an engine.
pub(super) const MOST_TRIES: u32 = 2;

/// What is on its way in.
#[derive(Clone, Debug, Default)]
pub struct Importing {
    /// Files whose content has yet to be told, the first first.
    pub(super) waiting: VecDeque<Waiting>,
    /// Archives whose files are coming in.
    pub(super) coming: usize,
    /// What is said of pictures.
    pub(super) said: Vec<Said>,
    /// For which documents masks are on their way, and the names of the files that have them.
    pub(super) attaching: BTreeMap<u32, Vec<(DocumentId, String)>>,
    /// What came of it so far.
    pub(super) tally: ImportTally,
    last_id: u32,
}

/// A file whose content has yet to be told.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub file: FileId,
    /// Folders and name.
    pub path: String,
    /// Whether it is no archive.
    pub is_annotations: bool,
    /// How often an engine was asked.
    pub tries: u32,
}

impl Waiting {
    /// Without its folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether it came in a folder, so that the person did not choose it.
    pub fn is_in_folder(&self) -> bool {
        self.path.contains('/')
    }
}

/// What a file says of pictures.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The file's name.
    pub name: String,
    /// Of what the masks are parts.
    pub masks: Whole,
    pub described: Vec<Described>,
}

/// What has parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// A file.
    File(FileId),
    /// What came with an answer.
    Payload(PayloadId),
}

/// What was taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ImportTally {
    /// The names of the files, up to two.
    pub names: Vec<String>,
    /// Masks to compare with.
    pub truths: usize,
    /// Masks from which corrections go on.
    pub starts: usize,
    /// Decisions, flags and notes.
    pub reviews: usize,
    /// Thresholds.
    pub settings: usize,
    /// Pictures with work of their own, which stays.
    pub kept: usize,
    /// Pictures that are not open.
    pub unknown: usize,
    /// What could not be read, and why for the first.
    pub left_out: (usize, Option<String>),
}

/// How a document that has yet to be opened is to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// Threshold and cleaning.
    #[serde(default)]
    pub settings: Option<(f32, Cleaning)>,
    /// Whether corrections go on from the true mask.
    #[serde(default)]
    pub from_truth: bool,
}

impl Beginning {
    /// Begins, as steps that can be undone. Nothing of it would be lost with the document.
    pub fn apply(self, opened: &mut Opened) {
        if let Some((threshold, cleaning)) = self.settings {
            opened.set(|settings| settings.threshold = threshold);
            opened.set(|settings| settings.cleaning = cleaning);
        }
        if self.from_truth {
            opened.edits.start_from_truth();
        }
        let version = opened.edits.version();
        opened.edits.mark_exported(version);
    }
}

impl Importing {
    /// Whether all that came together is there.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.coming == 0
    }

    /// A number for masks that are on their way.
    pub(super) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }
}

impl ImportTally {
    /// A file was read.
    pub fn name(&mut self, name: &str) {
        if self.names.len() < 2 {
            self.names.push(name.to_owned());
        }
    }

    /// Whether nothing was taken over.
    pub fn is_in_vain(&self) -> bool {
        self.truths + self.starts + self.reviews + self.settings + self.kept == 0
    }

    /// What is worth knowing; empty where nothing is.
    pub fn sentence(&self) -> String {
        let of = match self.names.as_slice() {
            [] => return String::new(),
            [only] => format!("“{only}”: "),
            _ => String::new(),
        };
        let mut parts = Vec::new();
        let mut say = |count: usize, one: &str, many: &str| match count {
            0 => {}
            1 => parts.push(one.to_owned()),
            _ => parts.push(many.replace('#', &count.to_string())),
        };
        say(
            self.truths,
            "One mask is taken for the true mask of its picture; “Start from this mask” corrects it.",
            "# masks are taken for the true masks of their pictures; “Start from this mask” corrects them.",
        );
        say(
            self.starts,
            "One mask is back, to go on with.",
            "# masks are back, to go on with.",
        );
        say(
            self.reviews,
            "One decision is back.",
            "# decisions are back.",
        );
        if self.starts + self.reviews + self.truths == 0 {
            say(
                self.settings,
                "One threshold is back.",
                "# thresholds are back.",
            );
        }
        say(
            self.kept,
            "One picture has work of its own, which stays.",
            "# pictures have work of their own, which stays.",
        );
        say(
            self.unknown,
            "One picture that is named there is not open: open it first, or drop both together.",
            "# pictures that are named there are not open: open them first, or drop all together.",
        );
        say(
            self.left_out.0,
            "One picture was left out.",
            "# pictures were left out.",
        );
        let why = self.left_out.1.clone();
        parts.extend(why.map(|why| super::wording::sentence(&why)));
        format!("{of}{}", parts.join(" ")).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_over_is_one_notice() {
        let mut tally = ImportTally::default();
        assert_eq!(tally.sentence(), "");
        tally.name("coco.json");
        tally.truths = 3;
        tally.unknown = 1;
        assert_eq!(
            tally.sentence(),
            "“coco.json”: 3 masks are taken for the true masks of their pictures; “Start from this mask” corrects them. One picture that is named there is not open: open it first, or drop both together."
        );
        let mut tally = ImportTally::default();
        tally.name("1.json");
        tally.name("2.json");
        tally.unknown = 2;
        tally.left_out = (1, Some("a.png: it has no outlines".to_owned()));
        assert!(tally.is_in_vain());
        assert_eq!(
            tally.sentence(),
            "2 pictures that are named there are not open: open them first, or drop all together. One picture was left out. a.png: it has no outlines."
        );
    }
}
