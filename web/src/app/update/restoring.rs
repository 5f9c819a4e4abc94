//! The session as it is found: its documents become this page's, another tab's to look at, or none once it is deleted.

use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::ids::FileId;
use crate::app::keeping::{Keeping, Kept, State};
use crate::app::kept_map::{KeptMap, MapCopies, MapOrigin};
use crate::app::notices::Tone;
use crate::app::review::Decision;
use crate::app::state::{App, CommonScale};
use crate::app::stored::{StoredDocument, StoredScale};
use crate::app::wording;
use crate::protocol::DocumentId;
use crate::session::messages::{Access, Found, Key, Order};

/// What a second tab says.
const ELSEWHERE: &str = "Your work is open in another tab. Here you can look at it, but not change it, and what you open here is not kept.";

impl App {
    pub(super) fn session_found(&mut self, found: Found, files: Vec<FileId>) {
        if self.keeping.is_resuming {
            // The page has it all already; of interest is what the disk does not have.
            self.effects.extend(files.into_iter().map(Effect::DropFile));
            let without_map = self.keeping.resume(&found);
            self.forget_map_copies(without_map);
            if found.is_last {
                self.begin_access(found.access, found.bytes);
            }
            return;
        }
        if self.keeping.state == State::Reader {
            // The other tab is gone: what it left takes the place of what was only looked at.
            self.take_out_kept();
            self.keeping.state = State::Opening;
            self.notices.take_back(ELSEWHERE);
            // What could not be done meanwhile can be done now.
            self.notices.forget_errors();
            self.news("The other tab was closed. You can go on here.", None);
        }
        if let Some(text) = found.session {
            self.keeping.found_session = serde_json::from_str(&text).unwrap_or_default();
        }
        for (key, file) in found.files.into_iter().zip(files) {
            self.keeping.note_key(key);
            self.keeping.found.insert(key, file);
        }
        for (key, text) in found.documents {
            self.keeping.note_key(key);
            match serde_json::from_str::<StoredDocument>(&text) {
                Ok(stored) => self.restore(key, stored),
                Err(_) => self.keeping.unreadable += 1,
            }
        }
        if found.is_last {
            self.finish_restoring(found.access, found.bytes);
        }
    }

    /// Appends a document of the session, with its work. One whose file is missing waits for that.
    fn restore(&mut self, key: Key, stored: StoredDocument) {
        let map = stored.map();
        for file in stored.files().chain(map) {
            self.keeping.note_key(file);
        }
        let Some(file) = self.keeping.found.remove(&stored.source) else {
            self.keeping.orphans.push((key, stored));
            return;
        };
        let Some(id) = self.documents.append([(file, stored.name.clone())]) else {
            return;
        };
        self.keeping.hold_restored(id, stored.source, file);
        for truth in &stored.truths {
            if let Some(file) = self.keeping.found.remove(&truth.source) {
                self.documents.add_truth(id, file, truth.name.clone(), None);
                let added = self
                    .documents
                    .get(id)
                    .and_then(|document| document.truths.last());
                if let Some(added) = added.map(|truth| truth.id) {
                    self.keeping.hold_restored(added, truth.source, file);
                }
            }
        }
        let map = map.and_then(|key| Some((key, self.keeping.found.remove(&key)?)));
        if let Some((key, _)) = map {
            self.keeping.maps.hold_restored(key, id);
        }
        if let Some(document) = self.documents.get_mut(id) {
            stored.give_to(document);
            if let Some(opened) = &mut document.opened {
                // One whose file is not there is not there.
                let kept = opened.kept_map.take().zip(map);
                opened.kept_map = kept.map(|(kept, (_, file))| KeptMap {
                    file: Some(file),
                    ..kept
                });
            }
            self.keeping
                .documents
                .insert(id, Kept::restored(key, document));
        }
    }

    fn finish_restoring(&mut self, access: Access, bytes: f64) {
        let needed = self.keeping.needed_files();
        let unneeded = std::mem::take(&mut self.keeping.found);
        let is_writer = access == Access::Writer;
        for (key, file) in unneeded {
            // A record that cannot be read may need it.
            if is_writer && !needed.contains(&key) && self.keeping.unreadable == 0 {
                self.order(Order::RemoveFile(key), None);
            }
            self.effects.push(Effect::DropFile(file));
        }
        let session = std::mem::take(&mut self.keeping.found_session);
        for scale in &session.scales {
            let StoredScale {
                width,
                height,
                aspect,
                spacing,
            } = *scale;
            self.common_scales.retain(|other| {
                (other.width, other.height, other.aspect) != (width, height, aspect)
            });
            self.common_scales.push(CommonScale {
                width,
                height,
                aspect,
                spacing,
            });
        }
        self.keeping.session = (Some(session.clone()), false);
        let is_bare = self.documents.shown_id().is_none() && self.documents.opening_id().is_none();
        let shown = session.shown.and_then(|key| self.keeping.document_of(key));
        let first = self.keeping.documents.keys().next().copied();
        if is_bare && let Some(id) = shown.or(first) {
            self.documents.open(id);
        }
        self.say_what_is_missing();
        self.begin_access(access, bytes);
        self.say_what_others_drew();
        // What came back is prepared once the page rests.
        self.person_acted();
    }

    pub(super) fn begin_access(&mut self, access: Access, bytes: f64) {
        self.keeping.bytes = bytes;
        self.keeping.state = match access {
            Access::Writer => State::Writer,
            Access::Reader => State::Reader,
        };
        if access == Access::Reader {
            // It stays until it is dismissed or no longer true.
            self.notices.tell(Tone::Info, ELSEWHERE.to_owned(), None);
        }
    }

    fn say_what_is_missing(&mut self) {
        let names: Vec<&str> = self
            .keeping
            .orphans
            .iter()
            .map(|(_, stored)| stored.name.as_str())
            .collect();
        if !names.is_empty() {
            let text = format!(
                "The page ended before these files were copied: {}. Open them again; the work on them is kept.",
                names.join(", ")
            );
            self.fail(text);
        }
        if self.keeping.unreadable > 0 {
            let pictures = wording::pictures(self.keeping.unreadable);
            self.fail(format!(
                "This version of Delineo cannot read what is kept of {pictures}. It stays on this device."
            ));
        }
    }

    /// A picture of the session was segmented again. Where another model did it, the mask under the person's corrections and
    /// decision is another one, which must not happen without a word.
    pub(super) fn say_if_redrawn(&mut self, id: DocumentId, left: &MapOrigin, now: &MapOrigin) {
        let Some(document) = self.documents.get(id) else {
            return;
        };
        let rests_on_it = document.review.decision != Decision::Undecided
            || document.opened.as_ref().is_some_and(|opened| {
                opened
                    .all_edits()
                    .any(|edits| !edits.is_empty() && !edits.starts_from_truth())
            });
        // Sessions of earlier versions did not note the weights.
        if left.sha256.is_none() || left.sha256 == now.sha256 || !rests_on_it {
            return;
        }
        let name = document.name.clone();
        self.notices.take_back(&self.keeping.redrawn_sentence());
        self.keeping.redrawn.push(name);
        let text = self.keeping.redrawn_sentence();
        self.fail(text);
    }

    /// Nothing is left on this device. What came from there is closed: the page has no other file of it.
    pub(super) fn session_deleted(&mut self) {
        let count = self.keeping.count();
        self.preferences.keep_session = Some(false);
        self.effects.push(Effect::CloseSession);
        self.take_out_kept_only();
        let left: Vec<DocumentId> = self.documents.iter().map(|document| document.id).collect();
        self.forget_map_copies(left);
        self.keeping = Keeping::default();
        self.notices.withdraw(&Command::KeepSession(true));
        let text = match count {
            0 => "Nothing of your work is kept on this device.".to_owned(),
            _ => format!(
                "Deleted from this device: {}, with all work on them.",
                wording::pictures(count)
            ),
        };
        self.news(text, None);
    }

    /// Closes all documents of the session.
    pub(super) fn take_out_kept(&mut self) {
        let ids: Vec<DocumentId> = self.keeping.documents.keys().copied().collect();
        self.take_out(ids);
        self.keeping.documents.clear();
        self.keeping.files.clear();
        self.keeping.maps = MapCopies::default();
        self.keeping.orphans.clear();
        self.keeping.unreadable = 0;
        let found = std::mem::take(&mut self.keeping.found);
        self.effects
            .extend(found.into_values().map(Effect::DropFile));
    }

    /// Closes the documents whose only file is the copy.
    fn take_out_kept_only(&mut self) {
        let files = self
            .keeping
            .files
            .iter()
            .filter(|(_, file)| file.is_restored);
        let ids: Vec<DocumentId> = files.map(|(id, _)| *id).collect();
        let closed = self.documents.closed().map(|document| document.id);
        if closed.is_some_and(|closed| ids.contains(&closed)) {
            self.notices.withdraw(&Command::Reopen);
        }
        self.take_out(ids);
    }

    fn take_out(&mut self, ids: Vec<DocumentId>) {
        for id in ids {
            let was_shown = self.documents.shown_id() == Some(id);
            let Some(closed) = self.documents.close(id) else {
                continue;
            };
            self.effects
                .extend(closed.document().files().map(Effect::DropFile));
            if was_shown {
                self.clear_stage();
            }
        }
    }
}
