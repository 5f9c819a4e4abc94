//! Whether closing the page would lose work, and what the person is told of what is kept on this device.

use super::command::Command;
use super::documents::Document;
use super::keeping::State;
use super::notices::{Notice, Offer, Tone};
use super::opened::Opened;
use super::review::Review;
use super::state::App;
use super::wording;

/// So many open documents are work, also without a correction.
const MANY: usize = 10;

impl App {
    /// Whether the person is to be asked whether their work is kept: once, when there is some. The question waits for
    /// failures, news and a new version; other offers wait for it.
    pub fn asks_to_keep(&self) -> bool {
        let can_wait = |offer: &Offer| offer.command != Command::Update;
        let is_offer = |notice: &Notice| {
            notice.tone == Tone::Info && notice.offer.as_ref().is_some_and(can_wait)
        };
        self.preferences.keep_session.is_none()
            && self.stage.drawing.is_none()
            && self.notices.current().is_none_or(is_offer)
            && (self.documents.len() >= MANY || self.documents.iter().any(has_work))
    }

    /// The sentence on the screen: one at a time, also beside the question.
    pub fn notice(&self) -> Option<&Notice> {
        self.notices.current().filter(|_| !self.asks_to_keep())
    }

    /// Whether closing the page would lose work on a document.
    pub(super) fn is_at_risk(&self, document: &Document) -> bool {
        let opened = document.opened.as_ref();
        let has_unsaved =
            opened.is_some_and(Opened::has_unsaved_edits) || document.review != Review::default();
        has_unsaved && !self.keeping.is_safe(document)
    }

    /// What is kept on this device, as sentences.
    pub fn session_sentence(&self) -> String {
        let keeping = &self.keeping;
        let pictures = wording::pictures(keeping.count());
        match keeping.state() {
            State::Off => format!(
                "Nothing is kept: what you do is gone when you close the page. Kept work stays on this device and is sent nowhere.{}",
                keeping.caution()
            ),
            State::Opening => "Looking for your work on this device…".to_owned(),
            State::Deleting => "Deleting…".to_owned(),
            State::Unavailable(fault) => {
                format!("Nothing is kept. {fault} Export your work before you close the page.")
            }
            State::Reader => format!(
                "{pictures}, open for work in another tab. Here they can only be looked at."
            ),
            State::Writer => match &keeping.trouble {
                Some(fault) => format!(
                    "Not everything could be kept. {fault} Export your work before you close the page."
                ),
                None => format!(
                    "Kept on this device: {pictures}, {}.{}",
                    wording::megabytes(keeping.bytes),
                    keeping.caution()
                ),
            },
        }
    }
}

fn has_work(document: &Document) -> bool {
    let opened = document.opened.as_ref();
    document.review != Review::default()
        || opened.is_some_and(|opened| {
            opened
                .all_edits()
                .any(|edits| edits.can_undo() || edits.can_redo())
        })
}
