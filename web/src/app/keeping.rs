//! What is kept on this device: which documents and files the store has, which it has yet to get, and what the person is
//! told of it. The orders themselves are given in `update/keeping.rs`.

use std::collections::{BTreeMap, BTreeSet};

use delineo::imaging::Rendering;
use delineo::measure::Spacing;

use super::documents::Document;
use super::edits::Edits;
use super::ids::FileId;
use super::importing::Beginning;
use super::kept_map::{MapCopies, MapOrigin};
use super::opened::Opened;
use super::proposal::Proposal;
use super::review::Review;
use super::stored::{StoredDocument, StoredSession};
use super::wording;
use crate::protocol::{DocumentId, Settings, Summary};
use crate::session::messages::{Fault, Found, Item, Key};

/// How far the page is with the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Nothing is kept.
    #[default]
    Off,
    /// The store looks for it.
    Opening,
    /// This page keeps its documents.
    Writer,
    /// Another tab does.
    Reader,
    /// It is being deleted.
    Deleting,
    /// It cannot be had.
    Unavailable(Fault),
}

/// What is kept on this device.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    pub(super) state: State,
    /// How much room it takes, in bytes.
    pub bytes: f64,
    /// Whether the browser promised not to delete it by itself.
    pub is_persistent: Option<bool>,
    /// What could not be kept last, and why.
    pub(super) trouble: Option<Fault>,
    pub(super) documents: BTreeMap<DocumentId, Kept>,
    pub(super) files: BTreeMap<DocumentId, KeptFile>,
    /// Copies of probability maps.
    pub(super) maps: MapCopies,
    /// Whether the person was told which pictures came back with another model's border.
    pub(super) has_said_who_drew: bool,
    /// Files of the session whose documents have yet to be found.
    pub(super) found: BTreeMap<Key, FileId>,
    /// What was found of the session as a whole.
    pub(super) found_session: StoredSession,
    /// Documents whose files were not copied before the page ended: they go on when their files are opened again.
    pub(super) orphans: Vec<(Key, StoredDocument)>,
    /// Names of pictures whose border is another one than when the person left them.
    pub(super) redrawn: Vec<String>,
    /// How many records were found that this version cannot read. They stay where they are.
    pub(super) unreadable: usize,
    /// What was kept of the session as a whole, and whether that is on its way.
    pub(super) session: (Option<StoredSession>, bool),
    /// The page has all documents, and the store is started again after it ended.
    pub(super) is_resuming: bool,
    /// What the store has found since.
    resumed: BTreeSet<Item>,
    pub(super) deaths: u32,
    /// The documents and files that were numbered last, see `App::members`.
    pub(super) members: Option<(usize, u64, Option<DocumentId>)>,
    last_key: u32,
}

/// What the store has of a document.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub key: Key,
    /// The state that was handed over last.
    pub sent: Option<Fingerprint>,
    /// Whether the store has yet to answer.
    pub is_on_its_way: bool,
    /// Whether the last state could not be kept.
    pub has_failed: bool,
    /// Whether the store has a state of it, or may have.
    pub is_there: bool,
}

/// What the store has of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptFile {
    pub key: Key,
    pub file: FileId,
    pub copy: Copy,
    /// Whether the copy is the only file that the page has.
    pub is_restored: bool,
}

/// How far the copy of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    Due,
    OnItsWay,
    There,
    Failed,
}

/// Tells states of a document apart at little cost.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fingerprint {
    review: Review,
    summary: Option<Summary>,
    truths: Vec<DocumentId>,
    beginning: Option<Beginning>,
    work: Option<WorkFingerprint>,
}

#[derive(Clone, Debug, PartialEq)]
struct WorkFingerprint {
    wanted: Rendering,
    settings: Settings,
    proposal: Option<Proposal>,
    inherited: Option<Spacing>,
    origin: Option<MapOrigin>,
    map: Option<Key>,
    ignores_depth_marks: bool,
    revision: u64,
}

impl Fingerprint {
    pub fn of(document: &Document) -> Self {
        Self {
            review: document.review.clone(),
            summary: document.summary,
            truths: document.truths.iter().map(|truth| truth.id).collect(),
            beginning: document.beginning,
            work: document.opened.as_ref().map(|opened| WorkFingerprint {
                wanted: opened.wanted,
                settings: opened.settings,
                proposal: opened.proposal.clone(),
                inherited: opened.inherited,
                origin: opened.origin.clone(),
                map: map_of(opened),
                ignores_depth_marks: opened.ignores_depth_marks,
                revision: revision(opened),
            }),
        }
    }

    /// Whether a document is in this state still. Copies nothing: it is asked of all documents after each event.
    pub fn is_of(&self, document: &Document) -> bool {
        let truths = document.truths.iter().map(|truth| truth.id);
        self.review == document.review
            && self.summary == document.summary
            && self.truths.iter().copied().eq(truths)
            && self.beginning == document.beginning
            && match (&self.work, &document.opened) {
                (None, None) => true,
                (Some(work), Some(opened)) => {
                    work.revision == revision(opened)
                        && work.wanted == opened.wanted
                        && work.settings == opened.settings
                        && work.proposal == opened.proposal
                        && work.inherited == opened.inherited
                        && work.origin == opened.origin
                        && work.map == map_of(opened)
                        && work.ignores_depth_marks == opened.ignores_depth_marks
                }
                _ => false,
            }
    }
}

/// The copy of its map.
fn map_of(opened: &Opened) -> Option<Key> {
    opened.kept_map.as_ref().map(|kept| kept.key)
}

/// Every change makes it larger, whichever frame is on the stage.
fn revision(opened: &Opened) -> u64 {
    opened.all_edits().map(Edits::revision).sum()
}

impl Keeping {
    /// How far the page is with it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether this page keeps its documents.
    pub fn is_writing(&self) -> bool {
        self.state == State::Writer
    }

    /// Whether a document is another tab's to change.
    pub fn is_read_only(&self, id: DocumentId) -> bool {
        self.state == State::Reader && self.documents.contains_key(&id)
    }

    /// How many documents are kept.
    pub fn count(&self) -> usize {
        self.documents.values().filter(|kept| kept.is_there).count()
    }

    /// Whether all that was done to a document, and its files, are on the disk.
    pub fn is_safe(&self, document: &Document) -> bool {
        let Some(kept) = self.documents.get(&document.id) else {
            return false;
        };
        let has_files = || {
            let ids = file_ids(document);
            ids.filter_map(|id| self.files.get(&id))
                .all(|file| file.copy == Copy::There)
        };
        let is_sent = || kept.sent.as_ref().is_some_and(|sent| sent.is_of(document));
        match self.state {
            State::Reader => true,
            State::Writer => !kept.is_on_its_way && !kept.has_failed && is_sent() && has_files(),
            _ => false,
        }
    }

    /// Which pictures have another border than when the person left them.
    pub(super) fn redrawn_sentence(&self) -> String {
        format!(
            "Another model, or another version of it, made the border again under your work on {}. Look at it before you go on.",
            wording::named(&self.redrawn)
        )
    }

    /// A number that nothing in the session has.
    pub(super) fn next_key(&mut self) -> Key {
        self.last_key += 1;
        Key(self.last_key)
    }

    /// A number that something in the session has.
    pub(super) fn note_key(&mut self, key: Key) {
        self.last_key = self.last_key.max(key.0);
    }

    /// The numbers of all files that documents need, also of those that wait to be.
    pub(super) fn needed_files(&self) -> BTreeSet<Key> {
        let orphans = self.orphans.iter().flat_map(|(_, stored)| stored.files());
        self.files
            .values()
            .map(|file| file.key)
            .chain(orphans)
            .collect()
    }

    /// Why the copies may go by themselves; nothing where the browser promised that they do not.
    pub(super) fn caution(&self) -> &'static str {
        match self.is_persistent {
            Some(true) => "",
            _ => {
                " The browser may delete it when the device runs short of room, and a private window forgets it when it is closed: export what matters."
            }
        }
    }
}

impl Kept {
    /// Of a document that the store knows nothing of.
    pub fn new(key: Key) -> Self {
        Self {
            key,
            sent: None,
            is_on_its_way: false,
            has_failed: false,
            is_there: false,
        }
    }

    /// Of a document as the store has it.
    pub fn restored(key: Key, document: &Document) -> Self {
        Self {
            sent: Some(Fingerprint::of(document)),
            is_there: true,
            ..Self::new(key)
        }
    }

    /// Whether it has yet to be handed over as it is now.
    pub fn is_due(&self, document: &Document) -> bool {
        !self.is_on_its_way && !self.sent.as_ref().is_some_and(|sent| sent.is_of(document))
    }
}

impl KeptFile {
    /// A file that has yet to be copied.
    pub fn new(key: Key, file: FileId) -> Self {
        Self {
            key,
            file,
            copy: Copy::Due,
            is_restored: false,
        }
    }
}

impl Keeping {
    /// A file that came from the store.
    pub(super) fn hold_restored(&mut self, id: DocumentId, key: Key, file: FileId) {
        let kept = KeptFile {
            copy: Copy::There,
            is_restored: true,
            ..KeptFile::new(key, file)
        };
        self.files.insert(id, kept);
    }

    /// A document cannot be opened: work on it stays on this device, where another browser or version may read it.
    pub(super) fn leave(&mut self, document: &Document) {
        if document.opened.is_none() {
            return;
        }
        self.documents.remove(&document.id);
        self.maps.leave(document.id);
        for id in file_ids(document) {
            if self
                .files
                .get(&id)
                .is_some_and(|file| file.copy == Copy::There)
            {
                self.files.remove(&id);
            }
        }
    }

    /// The document of a number.
    pub(super) fn document_of(&self, key: Key) -> Option<DocumentId> {
        let mut all = self.documents.iter();
        all.find(|(_, kept)| kept.key == key).map(|(id, _)| *id)
    }

    /// The store answered an order, with a fault where it was not carried out.
    pub(super) fn settle(&mut self, item: Item, fault: Option<&Fault>) {
        match item {
            Item::Session => {
                self.session.1 = false;
            }
            Item::Document(key) => {
                if let Some(kept) = self.documents.values_mut().find(|kept| kept.key == key) {
                    kept.is_on_its_way = false;
                    kept.has_failed = fault.is_some();
                }
            }
            Item::File(key) => {
                let file = self.files.values_mut().find(|file| file.key == key);
                if let Some(file) = file.filter(|file| file.copy == Copy::OnItsWay) {
                    file.copy = if fault.is_none() {
                        Copy::There
                    } else {
                        Copy::Failed
                    };
                }
            }
        }
    }

    /// Whether nothing is missing on the disk that was handed over.
    pub(super) fn has_all(&self) -> bool {
        self.documents.values().all(|kept| !kept.has_failed)
            && self.files.values().all(|file| file.copy != Copy::Failed)
    }

    /// A part of what is on the disk, while the page has it all. With the last part it is known what has to be kept again.
    /// Returned are the documents whose maps are to be.
    pub(super) fn resume(&mut self, found: &Found) -> Vec<DocumentId> {
        let documents = found.documents.iter().map(|(key, _)| Item::Document(*key));
        let files = found.files.iter().copied().map(Item::File);
        self.resumed.extend(documents.chain(files));
        if !found.is_last {
            return Vec::new();
        }
        let resumed = std::mem::take(&mut self.resumed);
        self.is_resuming = false;
        self.session = (None, false);
        for kept in self.documents.values_mut() {
            if !resumed.contains(&Item::Document(kept.key)) {
                kept.is_there = false;
                kept.sent = None;
            }
        }
        for file in self.files.values_mut() {
            if !resumed.contains(&Item::File(file.key)) {
                file.copy = Copy::Due;
            }
        }
        self.maps.resume(&resumed)
    }

    /// Whatever the store was at may not have been done.
    pub(super) fn forget_orders(&mut self) {
        self.session = (None, false);
        self.maps.forget_orders();
        for kept in self
            .documents
            .values_mut()
            .filter(|kept| kept.is_on_its_way)
        {
            kept.is_on_its_way = false;
            kept.sent = None;
        }
        for file in self
            .files
            .values_mut()
            .filter(|file| file.copy == Copy::OnItsWay)
        {
            file.copy = Copy::Due;
        }
    }
}

/// The numbers of a document's files.
pub(super) fn file_ids(document: &Document) -> impl Iterator<Item = DocumentId> {
    std::iter::once(document.id).chain(document.truths.iter().map(|truth| truth.id))
}
