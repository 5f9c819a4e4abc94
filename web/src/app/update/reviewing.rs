//! Going through many documents: decisions, flags and notes, and the way from one document to the next.

use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::filter::Filter;
use crate::app::review::{Decision, Review};
use crate::app::state::App;
use crate::protocol::DocumentId;

impl App {
    /// Has a document shown at the person's word.
    pub(super) fn go_to(&mut self, id: DocumentId) {
        self.notices.forget_errors();
        self.documents.open(id);
    }

    /// A key was pressed whose command cannot be carried out: the end of the list is said, because one who works by keys
    /// does not look at the buttons.
    pub(super) fn say_why_not(&mut self, command: &Command) {
        let is_filtered = self.listing.filter() != Filter::All;
        let text = match command {
            _ if self.chosen().is_none() => return,
            Command::Step(1..) if is_filtered => "This is the last picture of the list.",
            Command::Step(1..) => "This is the last picture.",
            Command::Step(_) if is_filtered => "This is the first picture of the list.",
            Command::Step(_) => "This is the first picture.",
            Command::NextUndecided => return self.say_all_are_decided(),
            _ => return,
        };
        self.news(text, None);
    }

    pub(super) fn toggle_list(&mut self) {
        if self.opens_list_by_itself() {
            self.preferences.list = !self.preferences.list;
        } else {
            self.listing.is_open = !self.listing.is_open;
        }
    }

    /// Decides about the document on the stage, and goes on.
    pub(super) fn decide(&mut self, decision: Decision) {
        if let Some(id) = self.documents.shown_id() {
            self.review(id, false, |review| review.decision = decision);
            // Not from the one on its way: a second press before that is there must not skip it.
            self.go_to_undecided(Some(id));
        }
    }

    pub(super) fn flag(&mut self) {
        if let Some(id) = self.documents.shown_id() {
            self.review(id, false, |review| review.is_flagged = !review.is_flagged);
        }
    }

    /// The note is written in the controls.
    pub(super) fn write_note(&mut self) {
        self.preferences.controls = true;
        self.effects.push(Effect::FocusNote);
    }

    pub(super) fn set_note(&mut self, id: DocumentId, note: String) {
        self.review(id, true, |review| review.note = note);
    }

    pub(super) fn review(
        &mut self,
        id: DocumentId,
        is_typing: bool,
        change: impl FnOnce(&mut Review),
    ) {
        let Some(document) = self.documents.get_mut(id) else {
            return;
        };
        let before = document.review.clone();
        change(&mut document.review);
        if document.review != before {
            self.review_log.record(id, before, is_typing);
        }
    }

    /// Shows the next document of the list without a decision.
    pub(super) fn next_undecided(&mut self) {
        self.go_to_undecided(self.chosen());
    }

    fn go_to_undecided(&mut self, after: Option<DocumentId>) {
        // The decision of this event counts.
        self.listing.follow(&mut self.documents);
        match self.listing.next_undecided(after) {
            Some(next) if Some(next) == self.chosen() && Some(next) == after => self.news(
                "This is the only picture of the list without a decision.",
                None,
            ),
            Some(next) => self.go_to(next),
            None => self.say_all_are_decided(),
        }
    }

    fn say_all_are_decided(&mut self) {
        let count = |filter| self.listing.count(filter);
        let (open, accepted, rejected) = (
            count(Filter::Undecided),
            count(Filter::Accepted),
            count(Filter::Rejected),
        );
        let text = if open > 0 {
            format!("Nothing in this list is left to decide; {open} outside it are.")
        } else {
            format!("Every picture is decided: {accepted} accepted, {rejected} rejected.")
        };
        self.news(text, None);
    }

    /// Takes the last change of a review back, and shows whose it was.
    pub(super) fn undo_review(&mut self) {
        while let Some((id, before)) = self.review_log.take_last() {
            if let Some(document) = self.documents.get_mut(id) {
                document.review = before;
                let text = format!(
                    "The last decision about “{}” was taken back.",
                    document.name
                );
                self.go_to(id);
                self.news(text, None);
                return;
            }
        }
    }
}
