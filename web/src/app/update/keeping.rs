//! Keeping the work on this device. After each event [`App::keep`] compares every document with what the store has of it
//! and hands over what changed. A document is handed over again only after the store answered, so that a slow disk gets
//! the latest state and not a queue of old ones.

use std::collections::BTreeSet;

use crate::app::command::Command;
use crate::app::documents::Document;
use crate::app::effect::Effect;
use crate::app::ids::FileId;
use crate::app::keeping::{Copy, Fingerprint, Keeping, Kept, KeptFile, State, file_ids};
use crate::app::notices::{Offer, Tone};
use crate::app::stage::Tool;
use crate::app::state::App;
use crate::app::stored::{StoredDocument, StoredScale, StoredSession};
use crate::protocol::DocumentId;
use crate::session::messages::{Fault, Item, Key, Message, Order};

/// So many documents are handed over at a time.
const MOST_DOCUMENTS: usize = 16;
/// So many files are copied at a time: the picture on the stage must not wait for a folder.
const MOST_FILES: usize = 2;
/// A store that ends so often is not started again.
const MOST_DEATHS: u32 = 3;

impl App {
    /// Has the store look for the session; with `ask` the browser is asked not to delete it by itself.
    pub(super) fn open_session(&mut self, ask: bool) {
        self.keeping.state = State::Opening;
        self.effects.push(Effect::OpenSession { ask });
    }

    /// The person wants their work kept, or no longer.
    pub(super) fn keep_session(&mut self, is_on: bool) {
        match (is_on, &self.keeping.state) {
            (true, State::Off | State::Unavailable(_)) => {
                self.keeping.deaths = 0;
                self.keeping.is_resuming = !self.keeping.documents.is_empty();
                self.open_session(true);
            }
            (true, _) => self.try_again_to_keep(),
            (false, State::Off) => {}
            (false, _) => return self.delete_session(),
        }
        self.preferences.keep_session = Some(is_on);
    }

    /// Deletes everything that is kept.
    pub(super) fn delete_session(&mut self) {
        match self.keeping.state {
            State::Reader => {
                self.fail(
                    "Nothing was deleted: your work is open in another tab. Delete it there.",
                );
            }
            State::Off | State::Opening | State::Deleting => {}
            State::Writer | State::Unavailable(_) => {
                self.keeping.state = State::Deleting;
                self.order(Order::Delete, None);
            }
        }
    }

    /// The store said something.
    pub(super) fn session_said(&mut self, message: Message, files: Vec<FileId>) {
        match message {
            Message::Listening => {}
            Message::Found(found) => self.session_found(found, files),
            Message::Kept { item, bytes } => {
                self.keeping.bytes = bytes;
                self.keeping.settle(item, None);
                self.map_copy_settled(item, None);
                if self.keeping.trouble.is_some() && self.keeping.has_all() {
                    self.keeping.trouble = None;
                }
            }
            Message::NotKept { item, fault } => {
                if self.map_copy_settled(item, Some(&fault)) {
                    // The picture is segmented anew: no work is lost, and where there is no room others say so.
                    return;
                }
                self.keeping.settle(item, Some(&fault));
                let is_news = self.keeping.trouble.as_ref() != Some(&fault);
                self.keeping.trouble = Some(fault.clone());
                if is_news {
                    self.say_not_kept(item, &fault);
                }
            }
            Message::Deleted => self.session_deleted(),
            Message::NotDeleted(fault) => {
                self.fail(format!(
                    "Not everything could be deleted. {fault} Try again."
                ));
                self.keeping.state = State::Unavailable(fault);
            }
            Message::Unavailable(fault) => {
                self.fail(format!(
                    "Your work is not kept on this device. {fault} Export it before you close the page."
                ));
                self.keeping.state = State::Unavailable(fault);
            }
        }
    }

    /// The store is gone. It is started again, and gets again what it may not have kept.
    pub(super) fn session_ended(&mut self, reason: String) {
        self.effects.push(Effect::CloseSession);
        if self.keeping.state == State::Deleting {
            return self.session_said(Message::NotDeleted(Fault::Disk(reason)), Vec::new());
        }
        if !matches!(
            self.keeping.state,
            State::Opening | State::Writer | State::Reader
        ) {
            return;
        }
        self.engines
            .incidents
            .push(format!("The store ended: {reason}"));
        self.keeping.deaths += 1;
        if self.keeping.state != State::Opening {
            self.keeping.is_resuming = true;
        } else if !self.keeping.is_resuming {
            // What has come of it comes again.
            self.take_out_kept();
        }
        self.keeping.forget_orders();
        if self.keeping.deaths > MOST_DEATHS {
            return self.session_said(Message::Unavailable(Fault::Disk(reason)), Vec::new());
        }
        self.open_session(false);
    }

    /// Hands over what changed.
    pub(super) fn keep(&mut self) {
        if self.is_read_only() && self.stage.tool != Tool::Move {
            self.stage.tool = Tool::Move;
            self.stage.let_go();
        }
        let is_drawing = self.stage.drawing.is_some() || self.stage.held.is_some();
        if self.keeping.state != State::Writer || is_drawing || self.stage.is_playing {
            return;
        }
        let members = self.members();
        // Until the store has forgotten what was closed, there is something to do each time.
        if self.keeping.members != Some(members) {
            self.number_documents();
            let is_settled = self.forget_closed();
            self.keeping.members = is_settled.then_some(members);
        }
        self.keep_documents();
        self.remove_outdated_maps();
        self.keep_files();
        self.keep_common();
    }

    /// Tells whether documents or files came or went: how many there are, and the sum of their numbers, which only ever
    /// grow, so that another set of as many has another sum.
    fn members(&self) -> (usize, u64, Option<DocumentId>) {
        let ids = self.documents.iter().flat_map(file_ids);
        let (count, sum) = ids.fold((0, 0), |(count, sum), id| {
            (count + 1, sum + u64::from(id.0))
        });
        (
            count,
            sum,
            self.documents.closed().map(|document| document.id),
        )
    }

    /// Gives numbers to documents and files that came.
    fn number_documents(&mut self) {
        let new: Vec<DocumentId> = self
            .documents
            .iter()
            .map(|document| document.id)
            .filter(|id| !self.keeping.documents.contains_key(id))
            .collect();
        for id in new {
            let key = match self.take_orphan(id) {
                Some(key) => key,
                None => self.keeping.next_key(),
            };
            self.keeping.documents.insert(id, Kept::new(key));
        }
        for document in self.documents.iter() {
            let truths = document.truths.iter().map(|truth| (truth.id, truth.file));
            for (id, file) in std::iter::once((document.id, document.file)).chain(truths) {
                if !self.keeping.files.contains_key(&id) {
                    let key = self.keeping.next_key();
                    self.keeping.files.insert(id, KeptFile::new(key, file));
                }
            }
        }
    }

    /// A file that was opened again takes over the work that waited for it.
    fn take_orphan(&mut self, id: DocumentId) -> Option<Key> {
        let document = self.documents.get_mut(id)?;
        let is_it = |stored: &StoredDocument| {
            stored.name == document.name
                && (stored.folder == document.folder || document.folder.is_empty())
        };
        let place = self
            .keeping
            .orphans
            .iter()
            .position(|(_, stored)| is_it(stored))?;
        let (key, stored) = self.keeping.orphans.remove(place);
        if document.opened.is_none() {
            stored.give_to(document);
            // The copy of its map went when its file was missing.
            if let Some(opened) = &mut document.opened {
                opened.kept_map = None;
            }
        }
        Some(key)
    }

    /// What was closed is forgotten; its files when it cannot be opened again any more.
    ///
    /// Says whether nothing is left to be forgotten.
    fn forget_closed(&mut self) -> bool {
        let mut is_settled = true;
        let closed = self.documents.closed().map(|document| document.id);
        let open: BTreeSet<DocumentId> =
            self.documents.iter().map(|document| document.id).collect();
        let gone: Vec<DocumentId> = self
            .keeping
            .documents
            .keys()
            .filter(|id| !open.contains(id))
            .copied()
            .collect();
        for id in gone {
            let Some(kept) = self.keeping.documents.get_mut(&id) else {
                continue;
            };
            if kept.is_there && !kept.is_on_its_way {
                kept.is_there = false;
                kept.sent = None;
                let key = kept.key;
                self.order(Order::RemoveDocument(key), None);
            } else if kept.is_there {
                is_settled = false;
            } else if closed != Some(id) {
                self.keeping.documents.remove(&id);
            }
        }
        let closed = self.documents.closed();
        let needed: BTreeSet<DocumentId> = self
            .documents
            .iter()
            .chain(closed)
            .flat_map(file_ids)
            .collect();
        let unneeded: Vec<DocumentId> = self
            .keeping
            .files
            .keys()
            .filter(|id| !needed.contains(id))
            .copied()
            .collect();
        for id in unneeded {
            let copy = self.keeping.files.get(&id).map(|file| file.copy);
            if copy == Some(Copy::OnItsWay) {
                // A copy that is being made is deleted when it is there.
                is_settled = false;
            } else if let Some(file) = self.keeping.files.remove(&id)
                && file.copy == Copy::There
            {
                self.order(Order::RemoveFile(file.key), None);
            }
        }
        for key in self.keeping.maps.take_unneeded(&needed) {
            self.order(Order::RemoveFile(key), None);
        }
        is_settled
    }

    fn keep_documents(&mut self) {
        let on_their_way = self
            .keeping
            .documents
            .values()
            .filter(|kept| kept.is_on_its_way)
            .count();
        let room = MOST_DOCUMENTS.saturating_sub(on_their_way);
        if room == 0 {
            return;
        }
        let shown = self
            .documents
            .shown_id()
            .and_then(|id| self.documents.get(id));
        let keeping = &mut self.keeping;
        // The one on the stage first: that is where the work is done.
        let due: Vec<&Document> = shown
            .into_iter()
            .chain(
                self.documents
                    .iter()
                    .filter(|document| Some(document.id) != shown.map(|shown| shown.id)),
            )
            .filter(|document| {
                keeping
                    .documents
                    .get(&document.id)
                    .is_some_and(|kept| kept.is_due(document))
            })
            .take(room)
            .collect();
        for document in due {
            let Keeping {
                documents, files, ..
            } = &mut *keeping;
            let Some(kept) = documents.get_mut(&document.id) else {
                continue;
            };
            let stored = StoredDocument::of(document, |id| {
                files.get(&id).map_or(Key(0), |file| file.key)
            });
            // Plain data is always written.
            let Ok(text) = serde_json::to_string(&stored) else {
                continue;
            };
            kept.sent = Some(Fingerprint::of(document));
            kept.is_on_its_way = true;
            kept.is_there = true;
            kept.has_failed = false;
            let key = kept.key;
            self.effects.push(Effect::Store {
                order: Order::PutDocument { key, text },
                file: None,
            });
        }
    }

    fn keep_files(&mut self) {
        let copies = || self.keeping.files.values().map(|file| file.copy);
        if copies().all(|copy| copy != Copy::Due) {
            return;
        }
        let on_their_way = copies().filter(|copy| *copy == Copy::OnItsWay).count();
        let room = MOST_FILES.saturating_sub(on_their_way);
        if room == 0 {
            return;
        }
        let shown = self.documents.shown().map(|(document, _)| document);
        let shown: Vec<DocumentId> = shown.into_iter().flat_map(file_ids).collect();
        let is_first = |id: &DocumentId| shown.contains(id);
        let files = self.keeping.files.iter();
        let due = files.filter(|(_, file)| file.copy == Copy::Due);
        let (first, rest): (Vec<DocumentId>, Vec<DocumentId>) =
            due.map(|(id, _)| *id).partition(is_first);
        let due = first.into_iter().chain(rest).take(room);
        for id in due.collect::<Vec<_>>() {
            if let Some(file) = self.keeping.files.get_mut(&id) {
                file.copy = Copy::OnItsWay;
                let (key, file) = (file.key, file.file);
                self.order(Order::PutFile(key), Some(file));
            }
        }
    }

    fn keep_common(&mut self) {
        let shown = self
            .documents
            .shown_id()
            .and_then(|id| self.keeping.documents.get(&id));
        let session = StoredSession {
            shown: shown.map(|kept| kept.key),
            scales: self
                .common_scales
                .iter()
                .map(|scale| StoredScale {
                    width: scale.width,
                    height: scale.height,
                    aspect: scale.aspect,
                    spacing: scale.spacing,
                })
                .collect(),
        };
        let (kept, is_on_its_way) = &mut self.keeping.session;
        if *is_on_its_way || kept.as_ref() == Some(&session) {
            return;
        }
        let Ok(text) = serde_json::to_string(&session) else {
            return;
        };
        *kept = Some(session);
        *is_on_its_way = true;
        self.order(Order::PutSession(text), None);
    }

    fn try_again_to_keep(&mut self) {
        self.keeping.trouble = None;
        self.keeping.maps.try_again();
        for kept in self
            .keeping
            .documents
            .values_mut()
            .filter(|kept| kept.has_failed)
        {
            kept.sent = None;
            kept.has_failed = false;
        }
        for file in self
            .keeping
            .files
            .values_mut()
            .filter(|file| file.copy == Copy::Failed)
        {
            file.copy = Copy::Due;
        }
    }

    fn say_not_kept(&mut self, item: Item, fault: &Fault) {
        let document = self.keeping.documents.iter().find(|(id, kept)| match item {
            Item::Document(key) => kept.key == key,
            Item::File(key) => self
                .keeping
                .files
                .get(id)
                .is_some_and(|file| file.key == key),
            Item::Session => false,
        });
        let name = document
            .and_then(|(id, _)| self.documents.get(*id))
            .map(|document| document.name.as_str());
        let what = name.map_or_else(|| "Your latest work".to_owned(), |name| format!("“{name}”"));
        let text = format!(
            "{what} is not kept on this device. {fault} Export your work before you close the page."
        );
        let offer = Offer {
            label: "Try again",
            command: Command::KeepSession(true),
        };
        self.notices.tell(Tone::Error, text, Some(offer));
    }

    pub(super) fn order(&mut self, order: Order, file: Option<FileId>) {
        self.effects.push(Effect::Store { order, file });
    }
}
