//! What a row of the list says of a document.

use delineo::mask::Confidence;

use super::documents::Document;
use super::edits::Edits;
use super::opened::SegmentationState;
use super::review::{Decision, Review};
use super::wording;
use crate::protocol::{Area, DocumentId, ModelKey};

/// What became of a document, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No mask could be made.
    Failed,
    /// Corrected and not exported since.
    Corrected,
    /// Exported as it is.
    Exported,
    /// The mask has no pixel.
    Empty,
    /// Never on the stage.
    Unseen,
    /// On the stage before, and nothing else to say.
    Seen,
}

impl State {
    /// The state of a document.
    pub fn of(document: &Document) -> Self {
        let opened = document.opened.as_ref();
        let is_failed =
            opened.is_some_and(|opened| opened.segmentation == SegmentationState::Failed);
        if is_failed || document.failure.is_some() {
            Self::Failed
        } else if opened.is_some_and(|opened| {
            !opened.has_unsaved_edits() && opened.all_edits().any(Edits::is_exported)
        }) {
            Self::Exported
        } else if is_corrected(document) {
            Self::Corrected
        } else if is_empty(document) {
            Self::Empty
        } else if !document.is_seen {
            Self::Unseen
        } else {
            Self::Seen
        }
    }

    /// The word for it; nothing for the usual state.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Corrected => "corrected",
            Self::Exported => "exported",
            Self::Empty => "empty",
            Self::Unseen => "not seen yet",
            Self::Seen => "",
        }
    }
}

pub(super) fn is_corrected(document: &Document) -> bool {
    let opened = document.opened.as_ref();
    opened.is_some_and(|opened| opened.all_edits().any(|edits| !edits.is_empty()))
}

/// How large the mask is: what was counted last.
pub(super) fn area(document: &Document) -> Option<Area> {
    let shown = document.opened.as_ref().and_then(|opened| opened.area);
    shown.or(document.summary.map(|summary| summary.area))
}

pub(super) fn is_empty(document: &Document) -> bool {
    area(document).is_some_and(|area| area.pixels < 0.5)
}

/// The Dice coefficient with the true mask, where it was measured.
pub(super) fn dice(document: &Document) -> Option<f64> {
    let (_, measured) = &**document.opened.as_ref()?.measured.as_ref()?;
    Some(measured.comparison.as_ref()?.dice)
}

/// How well a document's mask is expected to agree with the truth, in words; nothing of an empty mask, and of weights of
/// whose probabilities nothing is known.
pub(super) fn confidence(document: &Document) -> Option<Confidence> {
    let summary = document.summary?;
    let opened = document.opened.as_ref();
    let of = opened.and_then(|opened| opened.summarised.as_ref());
    let is_own = of.is_some_and(|mask| matches!(mask.segmentation.model, ModelKey::Own(_)));
    (!is_own && !is_empty(document)).then(|| Confidence::of(summary.confidence))
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The document.
    pub id: DocumentId,
    /// The file's name.
    pub name: String,
    /// The folders it came in.
    pub folder: String,
    /// What became of it, in words; not that it was not seen yet.
    pub state: String,
    /// The decision about it.
    pub decision: Decision,
    /// Whether it is flagged.
    pub is_flagged: bool,
    /// Whether it was never on the stage.
    pub is_unseen: bool,
    /// How large its mask is, as a part of the image.
    pub area: String,
    /// How well it is expected to agree with the truth.
    pub confidence: String,
}

impl Row {
    /// The row of a document.
    pub fn of(document: &Document) -> Self {
        let Review {
            decision,
            is_flagged,
            note,
        } = &document.review;
        let state = State::of(document);
        let is_unseen = state == State::Unseen;
        let words = [
            match decision {
                Decision::Undecided => "",
                Decision::Accepted => "accepted",
                Decision::Rejected => "rejected",
            },
            if *is_flagged { "flagged" } else { "" },
            // A dot says that it was not seen yet.
            if is_unseen { "" } else { state.word() },
            if note.is_empty() { "" } else { "note" },
        ];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let area = area(document).map_or_else(String::new, |area| {
            wording::roughly(&area).to_owned() + &wording::percent(area.fraction)
        });
        let confidence = confidence(document).map_or("", Confidence::word);
        Self {
            id: document.id,
            name: document.name.clone(),
            folder: document.folder.clone(),
            state: words.join(", "),
            decision: *decision,
            is_flagged: *is_flagged,
            is_unseen,
            area,
            confidence: confidence.to_owned(),
        }
    }

    /// All but the name, for a screen reader.
    pub fn description(&self) -> String {
        let unseen = if self.is_unseen {
            State::Unseen.word()
        } else {
            ""
        };
        let parts = [
            unseen,
            &self.state,
            &self.area,
            &self.confidence,
            &self.folder,
        ];
        let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        said.join(", ")
    }
}
