//! The export of all documents at once: in which formats, which of them come into the archive, in which order, and how far it
//! is.
//!
//! The engine makes the archive and keeps none of it: the bytes of each step go to the shell, which keeps them as parts of one
//! file that is downloaded, or writes them to a file that the person chose. With an engine that takes over or dies the archive
//! begins anew, since it was that engine's.

use std::collections::{BTreeSet, VecDeque};

use delineo::collection::SETS;
use delineo::export::FORMATS;

use super::ids::EngineId;
use crate::protocol::DocumentId;

/// What is exported unless the person chooses: ids of `delineo::export::FORMATS` and `delineo::collection::SETS`.
pub const USUAL: [&str; 5] = ["mask", "overlay", "probability", "measurements", "coco"];
/// What is in every archive, so that the masks can be made again.
pub const ALWAYS: &str = "session";
/// What the archive is called.
const NAME: &str = "delineo-export";
/// A download is in the memory of some browsers until it is whole: with so many bytes it is saved, and the rest comes
/// into another archive.
const MOST_BYTES: u64 = 1 << 29;

/// The formats that can be chosen, by id and label: those of the files of each document, then those about all documents.
pub fn offered() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = FORMATS.iter().map(|format| (format.id, format.label));
    let sets = SETS.iter().map(|set| (set.id, set.label));
    files.chain(sets.filter(|(id, _)| *id != ALWAYS))
}

/// What to consider about a choice of formats, as a sentence.
pub fn advice(chosen: &[String]) -> Option<&'static str> {
    let has = |id: &str| chosen.iter().any(|other| other == id);
    let refers = has("dicom-seg") || has("dicom-probability");
    (refers && !has("dicom-image")).then_some(
        "DICOM SEG of a picture that is no DICOM refers to its DICOM image: choose that too.",
    )
}

/// Of these ids those of the files of each document, in the order of their table.
pub(super) fn formats(chosen: &[String]) -> Vec<String> {
    let ids = FORMATS.iter().map(|format| format.id);
    let is_chosen = |id: &&str| chosen.iter().any(|other| other == id);
    ids.filter(is_chosen).map(str::to_owned).collect()
}

/// Likewise those about all documents.
pub(super) fn sets(chosen: &[String]) -> Vec<String> {
    let ids = SETS.iter().map(|set| set.id);
    let is_chosen = |id: &&str| *id == ALWAYS || chosen.iter().any(|other| other == id);
    ids.filter(is_chosen).map(str::to_owned).collect()
}

/// Where the archive goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The browser's downloads.
    #[default]
    Download,
    /// A file that the person chose, written as the archive is made.
    File,
}

/// An archive that is being made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathering {
    /// Where it goes.
    pub(super) target: Target,
    /// The engine that makes it, once it has begun.
    pub(super) engine: Option<EngineId>,
    /// Those that are still to come.
    pub(super) waiting: VecDeque<DocumentId>,
    /// Those that are in it, and the version of their corrections.
    pub(super) added: Vec<(DocumentId, u64)>,
    /// One that the engine could not add, and why: to be noted next.
    pub(super) refused: Option<(DocumentId, String)>,
    /// Those that were not exported.
    pub(super) failed: BTreeSet<DocumentId>,
    /// Those in archives that were saved before.
    pub(super) saved: BTreeSet<DocumentId>,
    /// How many archives those are.
    pub(super) archives: u32,
    /// Size of the archive so far.
    pub(super) bytes: u64,
    /// Whether a part is on its way to the file: the next one waits for it.
    pub(super) is_writing: bool,
    /// Whether all is written and the file is being closed.
    pub(super) is_closing: bool,
}

impl Gathering {
    /// None yet, to go there.
    pub(super) fn to(target: Target) -> Self {
        Self {
            target,
            ..Self::default()
        }
    }

    /// Begins an archive with those of these documents, in their order, that are in none yet.
    pub(super) fn begin(&mut self, engine: EngineId, documents: impl Iterator<Item = DocumentId>) {
        self.engine = Some(engine);
        self.added.clear();
        self.failed.retain(|id| self.saved.contains(id));
        self.refused = None;
        self.bytes = 0;
        self.waiting = documents.filter(|id| !self.saved.contains(id)).collect();
    }

    /// Whether the archive is large enough, and more is to come.
    pub(super) fn is_full(&self) -> bool {
        self.target == Target::Download
            && self.bytes >= MOST_BYTES
            && !self.added.is_empty()
            && !self.waiting.is_empty()
    }

    /// What the archive is called that is whole now.
    pub(super) fn file_name(&self) -> String {
        match (self.archives, self.waiting.is_empty()) {
            (0, true) => format!("{NAME}.zip"),
            (before, _) => format!("{NAME}-{}.zip", before + 1),
        }
    }

    /// What a file is called unless the person calls it otherwise.
    pub(super) fn proposed_name() -> String {
        format!("{NAME}.zip")
    }

    /// How many documents were dealt with, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let open = |id: &&DocumentId| !self.saved.contains(id);
        let done = self.saved.len() + self.added.len() + self.failed.iter().filter(open).count();
        (done, done + self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_the_library_can_be_chosen_under_an_id_of_its_own() {
        let ids: BTreeSet<&str> = offered().map(|(id, _)| id).collect();
        assert_eq!(ids.len() + 1, FORMATS.len() + SETS.len());
        for id in USUAL {
            assert!(ids.contains(id), "{id}");
        }
    }

    #[test]
    fn what_a_dicom_segmentation_refers_to_is_advised_where_it_is_not_chosen() {
        let chosen =
            |ids: &[&str]| -> Vec<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        assert_eq!(advice(&chosen(&USUAL)), None);
        assert!(advice(&chosen(&["mask", "dicom-seg"])).is_some());
        assert_eq!(advice(&chosen(&["dicom-seg", "dicom-image"])), None);
        for id in ["dicom-seg", "dicom-probability", "dicom-image"] {
            assert!(offered().any(|(other, _)| other == id), "{id}");
        }
    }

    #[test]
    fn an_id_that_is_no_more_is_left_out_and_the_session_is_always_there() {
        let chosen = ["yolo", "poem", "nnunet", "mask"].map(str::to_owned);
        assert_eq!(formats(&chosen), ["mask", "yolo"]);
        assert_eq!(sets(&chosen), ["nnunet", "session"]);
    }
}
