//! What documents need: the model, the mask by it and a summary of that mask; and how many have it.

use crate::app::background::Count;
use crate::app::documents::Document;
use crate::app::kept_map::KeptMap;
use crate::app::opened::{Opened, SegmentationState};
use crate::app::state::App;
use crate::protocol::{DocumentId, MaskSpec, Modality, ModelKey, Segmentation, Views};

/// Documents are counted again after so many milliseconds.
const RECOUNT: f64 = 200.0;

/// A model with the SHA-256 of its weights, where that is known.
type Present<'a> = Option<(&'a ModelKey, Option<&'a str>)>;

/// The models that documents need, found once for all of them.
pub(in crate::app) struct Wanted<'a> {
    models: [(Modality, Present<'a>); 2],
    /// Until the models are known nothing can be said of what was kept.
    are_listed: bool,
    with_views: bool,
}

impl Wanted<'_> {
    /// The copy of a document's map, where the document is shown by it and something else made it than would now.
    pub fn kept_by_another<'o>(&self, opened: &'o Opened) -> Option<&'o KeptMap> {
        let kept = opened.kept_map.as_ref()?;
        let (present, views) = self.present(opened.image.modality);
        let is_same = present.is_some_and(|(model, sha256)| {
            kept.origin.model == *model
                && kept.origin.views == views
                && sha256.is_some()
                && kept.origin.sha256.as_deref() == sha256
        });
        (self.are_listed && !is_same && kept.can_stand(opened.rendering)).then_some(kept)
    }

    /// The model for a modality, with the SHA-256 of its weights, and the views.
    fn present(&self, modality: Modality) -> (Present<'_>, Option<Views>) {
        let mut models = self.models.iter();
        let model = models.find_map(|(of, model)| (*of == modality).then_some(*model));
        let views = Views::of(modality).filter(|_| self.with_views);
        (model.flatten(), views)
    }

    /// The probability maps that a document needs.
    pub fn maps_for(&self, document: DocumentId, opened: &Opened) -> Option<Segmentation> {
        let rendering = opened.rendering;
        if let Some(kept) = self.kept_by_another(opened) {
            return Some(Segmentation {
                document,
                rendering,
                model: kept.origin.model.clone(),
                views: kept.origin.views,
                weights: kept.origin.sha256.clone(),
            });
        }
        let (model, views) = self.present(opened.image.modality);
        Some(Segmentation {
            document,
            rendering,
            model: model?.0.clone(),
            views,
            weights: None,
        })
    }

    /// Whether a document's summary is of the model that it needs now, whatever the person changed since.
    pub fn is_done(&self, opened: &Opened) -> bool {
        let Some(mask) = &opened.summarised else {
            return false;
        };
        let Segmentation {
            model,
            views,
            weights,
            ..
        } = &mask.segmentation;
        if let Some(kept) = self.kept_by_another(opened) {
            return kept.origin.model == *model
                && kept.origin.views == *views
                && kept.origin.sha256 == *weights;
        }
        let (present, present_views) = self.present(opened.image.modality);
        present.is_some_and(|(present, _)| present == model)
            && present_views == *views
            && weights.is_none()
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
    pub(in crate::app) fn wanted_models(&self) -> Wanted<'_> {
        Wanted {
            models: Modality::ALL.map(|modality| {
                let model = self.models.wanted(Some(modality));
                (
                    modality,
                    model.map(|model| (model, self.models.sha256(model))),
                )
            }),
            are_listed: self.models.are_listed(),
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
