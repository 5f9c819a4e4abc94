//! Archives, and what is said of pictures: asking what is in them, and finding the documents that they speak of.

use std::collections::BTreeSet;

use delineo::collection::ImageNames;
use delineo::intake::Kind;

use crate::app::arrival::ArrivedFile;
use crate::app::documents::Document;
use crate::app::edits::Edits;
use crate::app::effect::Effect;
use crate::app::engines::Purpose;
use crate::app::ids::{EngineId, FileId, PayloadId};
use crate::app::importing::{Beginning, MOST_TRIES, Said, Waiting, Whole};
use crate::app::review::Review;
use crate::app::state::App;
use crate::app::wording;
use crate::contents::{Contents, Described, Part};
use crate::protocol::{DocumentId, Request};

/// Why a file is not asked for again.
const STOPPED: &str = "This file stopped the engine twice, so it is not opened.";

impl App {
    /// An archive or annotations came in. What is in them is asked once all that came with them is there.
    pub(super) fn take_for_import(&mut self, arrived: &ArrivedFile) {
        self.importing.waiting.push_back(Waiting {
            file: arrived.file,
            path: arrived.path(),
            is_annotations: arrived.kind == Kind::Annotations,
            tries: 0,
        });
    }

    /// Whether an engine is to be asked what is in a file.
    pub(super) fn awaits_contents(&self) -> bool {
        !self.importing.waiting.is_empty() && self.tallies.is_empty()
    }

    /// Asks what is in the next file.
    pub(super) fn ask_contents(&mut self, engine: EngineId, now: f64) {
        let Some(first) = self.importing.waiting.front_mut() else {
            return;
        };
        first.tries += 1;
        let (file, path) = (first.file, first.path.clone());
        if first.tries > MOST_TRIES {
            return self.not_unpacked(file, STOPPED);
        }
        let request = Request::Unpack { path };
        self.ask(engine, Purpose::Unpack(file), request, Some(file), now);
    }

    fn take_waiting(&mut self, file: FileId) -> Option<Waiting> {
        let mut waiting = self.importing.waiting.iter();
        let place = waiting.position(|waiting| waiting.file == file)?;
        self.importing.waiting.remove(place)
    }

    /// It is known what is in a file.
    pub(super) fn unpacked(&mut self, file: FileId, contents: Contents, masks: PayloadId) {
        match self.take_waiting(file) {
            None => self.effects.push(Effect::DropPayload(masks)),
            Some(waiting) if waiting.is_annotations => {
                self.effects.push(Effect::DropFile(file));
                let left_out = &mut self.importing.tally.left_out;
                left_out.0 += contents.refused.len() + contents.more_refused;
                left_out.1 = left_out.1.take().or(contents.refused.into_iter().next());
                self.say_of_pictures(&waiting, Whole::Payload(masks), contents.described);
            }
            Some(waiting) => {
                self.effects.push(Effect::DropPayload(masks));
                self.take_archive(&waiting, contents);
            }
        }
    }

    fn take_archive(&mut self, archive: &Waiting, contents: Contents) {
        let name = archive.name();
        let Contents {
            members,
            described,
            refused,
            more_refused,
        } = contents;
        let is_of_use = |kind| matches!(kind, Kind::Image | Kind::Annotations);
        let has_any = members.iter().any(|member| is_of_use(member.kind));
        if !has_any && described.is_empty() && refused.is_empty() {
            self.fail(format!("There is no image in “{name}”."));
        }
        for sentence in &refused {
            let sentence = wording::sentence(sentence);
            self.notices.refuse(format!("{name}: {sentence}"));
        }
        if more_refused > 0 {
            self.notices.refuse(format!(
                "{name}: {more_refused} more files in it cannot be opened."
            ));
        }
        if has_any {
            self.importing.coming += 1;
            self.effects.push(Effect::AdoptMembers {
                archive: archive.file,
                members,
            });
        }
        if described.is_empty() {
            self.effects.push(Effect::DropFile(archive.file));
        } else {
            self.say_of_pictures(archive, Whole::File(archive.file), described);
        }
    }

    fn say_of_pictures(&mut self, from: &Waiting, masks: Whole, described: Vec<Described>) {
        self.importing.tally.name(from.name());
        self.importing.said.push(Said {
            name: from.name().to_owned(),
            masks,
            described,
        });
    }

    /// It cannot be said what is in a file.
    pub(super) fn not_unpacked(&mut self, file: FileId, message: &str) {
        let Some(waiting) = self.take_waiting(file) else {
            return;
        };
        self.effects.push(Effect::DropFile(file));
        let text = format!("{}: {}", waiting.name(), wording::sentence(message));
        if waiting.is_in_folder() {
            // The person did not choose it; it is one sentence with whatever else was left out.
            let tally = &mut self.importing.tally;
            tally.name(waiting.name());
            tally.left_out.0 += 1;
            tally.left_out.1.get_or_insert(text);
        } else {
            self.notices.refuse(text);
        }
    }

    /// Gives what is said of pictures to their documents, once all that came together is there.
    pub(super) fn settle_imports(&mut self) {
        let importing = &self.importing;
        let has_news = !importing.said.is_empty() || !importing.tally.names.is_empty();
        if !has_news || !importing.is_settled() || !self.tallies.is_empty() {
            return;
        }
        let said = std::mem::take(&mut self.importing.said);
        let paths: Vec<(String, DocumentId)> = self
            .documents
            .iter()
            .map(|document| (document.path(), document.id))
            .collect();
        let names = ImageNames::new(paths.iter().map(|(path, id)| (path.as_str(), *id)));
        // Of a document all masks of one arrival count together, in the place of those before.
        let mut replaced = BTreeSet::new();
        for Said {
            name,
            masks,
            described,
        } in said
        {
            let mut parts = Vec::new();
            let mut of = Vec::new();
            for described in described {
                let Some(id) = names.find(&described.image) else {
                    self.importing.tally.unknown += 1;
                    continue;
                };
                if let Some(part) = self.give(id, described, &mut replaced) {
                    parts.push(part);
                    of.push((id, name.clone()));
                }
            }
            self.keep_parts(masks, parts, of);
        }
        let tally = std::mem::take(&mut self.importing.tally);
        let sentence = tally.sentence();
        if tally.is_in_vain() {
            self.fail(sentence);
        } else if !sentence.is_empty() {
            self.news(sentence, None);
        }
    }

    /// Gives a document what is said of it; what the person did to it stays. Returns the mask that it needs.
    fn give(
        &mut self,
        id: DocumentId,
        described: Described,
        replaced: &mut BTreeSet<DocumentId>,
    ) -> Option<Part> {
        let Described {
            mask,
            is_start,
            settings,
            review,
            ..
        } = described;
        let document = self.documents.get(id)?;
        let is_worked_on = is_worked_on(document);
        let is_reviewed = document.review != Review::default();
        let has_mask = mask.is_some() || !document.truths.is_empty();
        let is_same = is_reviewed && document.review == review;
        let tally = &mut self.importing.tally;
        if is_worked_on || is_reviewed && !is_same && review != Review::default() {
            tally.kept += 1;
        }
        if !is_reviewed && review != Review::default() {
            tally.reviews += 1;
            self.review(id, false, |before| *before = review);
        }
        if is_worked_on {
            return None;
        }
        let beginning = Beginning {
            settings,
            from_truth: is_start && has_mask,
        };
        let tally = &mut self.importing.tally;
        tally.starts += usize::from(beginning.from_truth);
        tally.truths += usize::from(mask.is_some() && !beginning.from_truth);
        tally.settings += usize::from(settings.is_some());
        if mask.is_some() && replaced.insert(id) {
            self.drop_truths(id);
        }
        if beginning != Beginning::default() {
            self.begin_with(id, beginning);
        }
        mask
    }

    /// At once where the document has its own settings by now, else once it has.
    fn begin_with(&mut self, id: DocumentId, beginning: Beginning) {
        let Some(document) = self.documents.get_mut(id) else {
            return;
        };
        match &mut document.opened {
            Some(opened) if opened.proposal.is_some() => beginning.apply(opened),
            _ => document.beginning = Some(beginning),
        }
    }

    fn keep_parts(&mut self, whole: Whole, parts: Vec<Part>, of: Vec<(DocumentId, String)>) {
        if parts.is_empty() {
            self.effects.push(match whole {
                Whole::File(file) => Effect::DropFile(file),
                Whole::Payload(payload) => Effect::DropPayload(payload),
            });
            return;
        }
        let id = self.importing.next_id();
        self.importing.attaching.insert(id, of);
        self.effects.push(Effect::KeepParts { id, whole, parts });
    }

    /// The masks are there as files.
    pub(super) fn parts_kept(&mut self, id: u32, files: Vec<FileId>) {
        let of = self.importing.attaching.remove(&id).unwrap_or_default();
        let mut of = of.into_iter();
        for file in files {
            match of.next() {
                Some((document, name)) if self.documents.get(document).is_some() => {
                    self.documents.add_truth(document, file, name, None);
                }
                _ => self.effects.push(Effect::DropFile(file)),
            }
        }
        // The page has no memory for the others.
        if of.next().is_some() {
            self.fail("Not all masks could be read: the browser has no memory for them. Drop them in parts.");
        }
    }
}

/// Whether the person corrected its mask or changed its settings.
fn is_worked_on(document: &Document) -> bool {
    let opened = document.opened.as_ref();
    opened.is_some_and(|opened| opened.all_edits().any(Edits::can_undo))
}
