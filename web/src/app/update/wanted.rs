//! What documents need: the model, the mask by it and a summary of that mask; and how many have it.

use crate::app::background::Count;
use crate::app::documents::Document;
use crate::app::opened::{Opened, SegmentationState};
use crate::app::state::App;
use crate::protocol::{MaskSpec, Modality, ModelKey, Views};

/// Documents are counted again after so many milliseconds.
const RECOUNT: f64 = 200.0;

/// The models that documents need, found once for all of them.
pub(super) struct Wanted<'a> {
    models: [(Modality, Option<&'a ModelKey>); 2],
    with_views: bool,
}

impl Wanted<'_> {
    /// Whether a document's summary is of the model that it needs now, whatever the person changed since.
    pub fn is_done(&self, opened: &Opened) -> bool {
        let Some(mask) = &opened.summarised else {
            return false;
        };
        let modality = opened.image.modality;
        let model = self.models.iter().find(|(of, _)| *of == modality);
        let views = Views::of(modality).filter(|_| self.with_views);
        model.and_then(|(_, model)| *model) == Some(&mask.segmentation.model)
            && mask.segmentation.views == views
    }

    /// Whether a document's summary is of its mask as it is.
    pub fn is_current(&self, opened: &Opened) -> bool {
        let is_same = |mask: &MaskSpec| {
            // A mask that starts from the truth has settings of its own.
            (mask.settings == opened.settings
                || mask.truths > 0 && opened.edits.starts_from_truth())
                && mask.edits == opened.edits.version()
                && mask.segmentation.rendering == opened.wanted
        };
        opened.summarised.as_ref().is_some_and(is_same) && self.is_done(opened)
    }
}

impl App {
    /// The models that documents need.
    pub(super) fn wanted_models(&self) -> Wanted<'_> {
        Wanted {
            models: Modality::ALL.map(|modality| (modality, self.models.wanted(Some(modality)))),
            with_views: self.preferences.views,
        }
    }

    /// The mask of a document as its settings make it, by the model that it needs.
    pub(super) fn mask_for(&self, document: &Document, opened: &Opened) -> Option<MaskSpec> {
        let maps = self.maps_for(document, opened)?;
        Some(self.mask_of(document, opened, maps))
    }

    /// Counts the documents again, if that was not done just now.
    pub(super) fn count(&mut self, now: f64) {
        let all = self.documents.len();
        let background = &self.background;
        if all == background.count.all && now - background.counted_at < RECOUNT {
            return;
        }
        let wanted = self.wanted_models();
        let is_done = |document: &&Document| {
            document.failure.is_some()
                || document.opened.as_ref().is_some_and(|opened| {
                    matches!(opened.segmentation, SegmentationState::Failed)
                        || wanted.is_done(opened)
                })
        };
        let done = self.documents.iter().filter(is_done).count();
        self.background.count = Count { all, done };
        self.background.counted_at = now;
    }
}
