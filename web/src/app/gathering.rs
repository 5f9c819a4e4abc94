//! The export of all documents at once: which of them come into the archive, in which order, and how far it is.
//!
//! The engine makes the archive and keeps none of it: the bytes of each step go to the shell, which keeps them as parts of one
//! file. With an engine that takes over or dies it begins anew, since the archive was that engine's.

use std::collections::VecDeque;

use super::event::EngineId;
use crate::protocol::DocumentId;

/// The files of each document in an archive: ids of `delineo::export::FORMATS`.
pub const FORMATS: [&str; 3] = ["mask", "overlay", "probability"];
/// The files about all of them: ids of `delineo::collection::SETS`.
pub const SETS: [&str; 3] = ["measurements", "coco", "session"];
/// What the archive is called.
pub const FILE_NAME: &str = "delineo-export.zip";

/// An archive that is being made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathering {
    /// The engine that makes it, once it has begun.
    pub(super) engine: Option<EngineId>,
    /// Those that are still to come.
    pub(super) waiting: VecDeque<DocumentId>,
    /// Those that are in it, and the version of their corrections.
    pub(super) added: Vec<(DocumentId, u64)>,
    /// How many could not be segmented.
    pub(super) failed: usize,
}

impl Gathering {
    /// Begins anew with these documents, in their order.
    pub(super) fn begin(&mut self, engine: EngineId, documents: Vec<DocumentId>) {
        *self = Self {
            engine: Some(engine),
            waiting: documents.into(),
            ..Self::default()
        };
    }

    /// How many documents were dealt with, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.added.len() + self.failed;
        (done, done + self.waiting.len())
    }
}
