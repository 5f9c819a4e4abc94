//! Probability maps that are kept on this device with their documents, so that a picture comes back with the border that the
//! person left, at once, whatever became of the model since.
//!
//! ```text
//!   network ran ──▶ PackMaps ──▶ PutFile (a file of its own beside the journal) ──▶ on the disk
//!                                                                                    │
//!      segmented anew ◀── no copy, or a damaged one                       PutDocument names it (StoredCopy)
//!                                                                                    │
//!      RestoreMaps ◀── the engine lacks the maps of a document that is shown by its copy ◀── found again
//! ```
//!
//! - The engine packs and unpacks ([`delineo::MapCopy`]): the page hands over files and sees no map.
//! - A copy is a file of its own, not a part of the journal: the journal is read and rewritten as a whole. A new map is a new file;
//!   the record names it once it is on the disk, and the file before it is removed once the record without it is. So at each
//!   moment a record names a whole file, or none.
//! - The page lets go of a copy that it made once it is on the disk. Those of a session that was found are used: a document is
//!   shown by its copy ([`KeptMap::stands`]) until the person chooses a model, views or "Segment again".
//! - Where the present model made it, the copy saves running the network, nothing else is different
//!   (`Segmentation::weights` is none). Where another one did, or another version, the document has that one's maps, exports name
//!   it, and the person is told.
//! - A copy is a help: where one cannot be written or read, the picture is segmented anew and nothing else is lost. Pictures that
//!   were segmented before the person had their work kept, and that the engine has closed since, have none until they are opened
//!   again.
//!
//! What of this is done when is in `update/kept_maps.rs`.

use std::collections::{BTreeMap, BTreeSet};

use delineo::imaging::Rendering;

use super::ids::FileId;
use crate::protocol::{DocumentId, ModelKey, Segmentation, Views};
use crate::session::messages::{Fault, Item, Key};

/// What made a probability map: the same makes the same again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapOrigin {
    /// The model.
    pub model: ModelKey,
    /// SHA-256 of its weights, hexadecimal, where it is known.
    pub sha256: Option<String>,
    /// As a mean over these views.
    pub views: Option<Views>,
}

impl MapOrigin {
    /// Whether these maps are, by their names, what it made; weights that are not named are `present`.
    pub fn is_of(&self, maps: &Segmentation, present: Option<&str>) -> bool {
        let weights = maps.weights.as_deref().or(present);
        self.model == maps.model
            && self.views == maps.views
            && weights.is_some()
            && self.sha256.as_deref() == weights
    }
}

/// The copy of a document's probability map that is on this device.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptMap {
    /// The copy.
    pub key: Key,
    /// What made the map.
    pub origin: MapOrigin,
    /// What sentences call the model.
    pub name: String,
    /// The frame and the window that it is of.
    pub rendering: Rendering,
    /// The copy, where the page can hand it to an engine.
    pub file: Option<FileId>,
    /// Whether the document is shown by it, rather than by what the present model makes.
    pub stands: bool,
}

impl KeptMap {
    /// Whether an engine can be given it for a document in this frame and window.
    pub fn can_stand(&self, rendering: Rendering) -> bool {
        self.stands && self.file.is_some() && self.rendering == rendering
    }
}

/// What the store has of copies of maps.
#[derive(Clone, Debug, Default)]
pub(super) struct MapCopies {
    on_their_way: BTreeMap<Key, (DocumentId, KeptMap)>,
    there: BTreeMap<Key, DocumentId>,
    /// Of documents that have another one by now.
    outdated: Vec<(Key, DocumentId)>,
    /// Documents whose maps could not be kept: it is not tried again by itself.
    refused: BTreeSet<DocumentId>,
}

impl MapCopies {
    /// A copy is handed over.
    pub fn begin(&mut self, id: DocumentId, map: KeptMap) {
        self.on_their_way.insert(map.key, (id, map));
    }

    /// A copy that came from the store.
    pub fn hold_restored(&mut self, key: Key, id: DocumentId) {
        self.there.insert(key, id);
    }

    /// Whether a document's map is on its way, or cannot be kept.
    pub fn is_settled(&self, id: DocumentId) -> bool {
        self.refused.contains(&id) || self.on_their_way.values().any(|(of, _)| *of == id)
    }

    /// Whether a file is a copy of a map that is on its way.
    pub fn is_on_its_way(&self, key: Key) -> bool {
        self.on_their_way.contains_key(&key)
    }

    /// A document's map cannot be packed or kept.
    pub fn refuse(&mut self, id: DocumentId) {
        self.refused.insert(id);
    }

    /// The store answered about a file. Returned is a map that is on the disk now.
    pub fn settle(&mut self, key: Key, fault: Option<&Fault>) -> Option<(DocumentId, KeptMap)> {
        let (id, map) = self.on_their_way.remove(&key)?;
        if fault.is_some() {
            self.refused.insert(id);
            return None;
        }
        self.there.insert(key, id);
        Some((id, map))
    }

    /// A copy is no document's any more, once the store has that document without it.
    pub fn outdate(&mut self, key: Key) {
        if let Some(id) = self.there.get(&key) {
            self.outdated.push((key, *id));
        }
    }

    /// The copies that can be removed, of documents that the store has as they are.
    pub fn take_outdated(&mut self, is_settled: impl Fn(DocumentId) -> bool) -> Vec<Key> {
        let (due, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.outdated)
            .into_iter()
            .partition(|(_, id)| is_settled(*id));
        self.outdated = left;
        for (key, _) in &due {
            self.there.remove(key);
        }
        due.into_iter().map(|(key, _)| key).collect()
    }

    /// The copies of documents that are no more.
    pub fn take_unneeded(&mut self, needed: &BTreeSet<DocumentId>) -> Vec<Key> {
        let gone = self.there.iter().filter(|(_, id)| !needed.contains(id));
        let gone: Vec<Key> = gone.map(|(key, _)| *key).collect();
        self.there.retain(|_, id| needed.contains(id));
        self.outdated.retain(|(_, id)| needed.contains(id));
        gone
    }

    /// What belongs to a document stays on this device, and is none of this page's business.
    pub fn leave(&mut self, id: DocumentId) {
        self.there.retain(|_, of| *of != id);
        self.outdated.retain(|(_, of)| *of != id);
    }

    /// Whatever the store was at may not have been done: it is packed again.
    pub fn forget_orders(&mut self) {
        self.on_their_way.clear();
        self.refused.clear();
    }

    /// What could not be kept may be tried again.
    pub fn try_again(&mut self) {
        self.refused.clear();
    }

    /// The store is there again with these items. Returned are the documents whose copies are gone.
    pub fn resume(&mut self, found: &BTreeSet<Item>) -> Vec<DocumentId> {
        let is_gone = |key: &Key| !found.contains(&Item::File(*key));
        let gone = self.there.iter().filter(|(key, _)| is_gone(key));
        let gone: Vec<DocumentId> = gone.map(|(_, id)| *id).collect();
        self.there.retain(|key, _| !is_gone(key));
        self.outdated.retain(|(key, _)| !is_gone(key));
        gone
    }
}
