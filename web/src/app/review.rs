//! What a person decided about a document while working through many.

pub use delineo::collection::{Decision, Review};

use crate::protocol::DocumentId;

/// So many steps can be taken back.
const MOST: usize = 1000;

/// What documents were like before each change of their reviews, so that the last one can be taken back. It goes across
/// documents: who accepts a picture is on the next one at once.
#[derive(Clone, Debug, Default)]
pub struct ReviewLog {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    document: DocumentId,
    before: Review,
    is_typing: bool,
}

impl ReviewLog {
    /// A review is about to change. All that is typed into one note is one step.
    pub fn record(&mut self, document: DocumentId, before: Review, is_typing: bool) {
        let goes_on = is_typing
            && self
                .steps
                .last()
                .is_some_and(|last| last.is_typing && last.document == document);
        if goes_on {
            return;
        }
        if self.steps.len() == MOST {
            self.steps.remove(0);
        }
        self.steps.push(Step {
            document,
            before,
            is_typing,
        });
    }

    /// Whether there is a step to take back.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Takes the last step out: the document, and its review before.
    pub fn take_last(&mut self) -> Option<(DocumentId, Review)> {
        let step = self.steps.pop()?;
        Some((step.document, step.before))
    }

    /// A document is no more.
    pub fn forget(&mut self, document: DocumentId) {
        self.steps.retain(|step| step.document != document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_into_one_note_is_one_step() {
        let mut log = ReviewLog::default();
        let note = |note: &str| Review {
            note: note.to_owned(),
            ..Review::default()
        };
        log.record(DocumentId(1), note(""), true);
        log.record(DocumentId(1), note("a"), true);
        log.record(DocumentId(2), note(""), true);
        log.record(DocumentId(2), note("b"), false);
        log.record(DocumentId(2), note("b"), true);
        assert_eq!(log.take_last(), Some((DocumentId(2), note("b"))));
        assert_eq!(log.take_last(), Some((DocumentId(2), note("b"))));
        assert_eq!(log.take_last(), Some((DocumentId(2), note(""))));
        assert_eq!(log.take_last(), Some((DocumentId(1), note(""))));
        assert!(log.is_empty());
    }

    #[test]
    fn the_log_does_not_grow_for_ever() {
        let mut log = ReviewLog::default();
        for id in 0..2 * MOST as u32 {
            log.record(DocumentId(id), Review::default(), false);
        }
        assert_eq!(log.steps.len(), MOST);
        log.forget(DocumentId(2 * MOST as u32 - 1));
        assert_eq!(log.steps.len(), MOST - 1);
    }
}
