//! Documents that are prepared while the person looks at another one: opened, segmented and summed up, the nearest first.
//!
//! Two things are prepared. Of every document the list wants a summary; once it has that, the engine closes a document
//! that is far away. The nearest ones stay open in the engine and their images are kept by the page, as many as memory
//! allows, so that a step to one of them shows it within a frame. What is near is decided here and not by the order of
//! use: a pass over thousands of documents would push the neighbours out of whatever keeps the last ones used.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use delineo::imaging::Rendering;

use super::documents::{Document, Opened, SegmentationState};
use super::engines::Pending;
use super::kept_map::KeptMap;
use super::overlay::Wish;
use super::state::App;
use crate::protocol::{Area, DocumentId, MaskSpec, Modality, ModelKey, Segmentation, Views};

/// How many documents are ready beside the one on the stage, at most.
pub const MOST_READY: usize = 32;
/// How many pixels they have together, at most: three bytes each in the engine, four on the page.
pub const MOST_PIXELS: u64 = 24_000_000;
/// For how many of them the overlay is drawn ahead.
pub const PAINTED_AHEAD: usize = 4;
/// How long the person must do nothing before others are prepared.
pub const QUIET: Duration = Duration::from_millis(200);
/// A thumbnail's longer side in pixels, at most.
pub const THUMBNAIL: u32 = 80;
/// The time left is told from so many documents.
const TIMED: usize = 16;
/// Documents are counted again after so many milliseconds.
const RECOUNT: f64 = 200.0;

/// Whether documents are prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All of them.
    #[default]
    Running,
    /// None, until the person lets it go on.
    Paused,
    /// Those next to the one on the stage alone.
    Stopped,
}

/// What is prepared, and how far that is.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// Whether documents are prepared.
    pub mode: Mode,
    /// Whether the person has done nothing for a while.
    pub is_quiet: bool,
    /// The document that is being prepared.
    pub(super) at: Option<DocumentId>,
    /// Images that the page keeps, that on the stage among them.
    pub(super) images: BTreeMap<DocumentId, KeptImage>,
    /// Milliseconds that the engine spent on the document at hand.
    spent: f64,
    /// The same for the last documents that were done.
    times: VecDeque<f64>,
    count: Count,
    counted_at: f64,
}

/// An image that the page keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptImage {
    /// Its frame and window.
    pub rendering: Rendering,
    /// The overlay that was asked for ahead of its time, and what came.
    pub ahead: Option<(Wish, Option<Area>)>,
}

/// How many documents there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    all: usize,
    /// Segmented and summed up, or known to be impossible.
    done: usize,
}

/// How far the preparing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Documents that are done.
    pub done: usize,
    /// All documents.
    pub all: usize,
    /// Seconds that are left, once that can be told.
    pub seconds: Option<u64>,
    /// Whether it goes on, waits or was stopped.
    pub mode: Mode,
}

impl Background {
    /// How far it is; nothing where there is nothing to do.
    pub fn progress(&self) -> Option<Progress> {
        let Count { all, done } = self.count;
        let left = all.checked_sub(done).filter(|left| *left > 0 && all > 1)?;
        let mean = self.times.iter().sum::<f64>() / self.times.len() as f64;
        let seconds = (mean * left as f64 / 1000.0).ceil();
        Some(Progress {
            done,
            all,
            seconds: seconds.is_finite().then_some(seconds as u64),
            mode: self.mode,
        })
    }

    /// Whether there is something to pause.
    pub fn can_pause(&self) -> bool {
        self.mode == Mode::Running && self.progress().is_some()
    }

    /// Whether there is something to go on with.
    pub fn can_resume(&self) -> bool {
        self.mode != Mode::Running && self.progress().is_some()
    }

    /// Whether there is something to stop.
    pub fn can_stop(&self) -> bool {
        self.mode != Mode::Stopped && self.progress().is_some()
    }

    /// Waits.
    pub fn pause(&mut self) {
        self.mode = Mode::Paused;
    }

    /// Goes on.
    pub fn resume(&mut self) {
        self.mode = Mode::Running;
    }

    /// Leaves all but the neighbours as they are.
    pub fn stop(&mut self) {
        self.mode = Mode::Stopped;
    }

    /// How many images the page keeps.
    pub fn kept(&self) -> usize {
        self.images.len()
    }

    /// An answer came for a document that is being prepared.
    pub(super) fn spend(&mut self, pending: &Pending, now: f64) {
        // A model is loaded once, not for every document.
        if pending.is_background && pending.purpose.suspect().is_some() {
            self.spent += (now - pending.asked).max(0.0);
        }
    }

    /// A document is done.
    pub(super) fn finish(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        if self.times.len() == TIMED {
            self.times.pop_front();
        }
        self.times.push_back(spent);
    }

    /// Another document is prepared.
    pub(super) fn turn_to(&mut self, id: DocumentId) {
        if self.at != Some(id) {
            self.at = Some(id);
            self.spent = 0.0;
        }
    }

    /// The page keeps an image, in the place of an earlier one of the same document.
    pub(super) fn keep(&mut self, id: DocumentId, rendering: Rendering) {
        let ahead = None;
        self.images.insert(id, KeptImage { rendering, ahead });
    }

    /// Overlays that were drawn ahead count no longer.
    pub(super) fn forget_overlays(&mut self) {
        for image in self.images.values_mut() {
            image.ahead = None;
        }
    }

    /// Documents are to be counted again at once: something else changed than one more that is done.
    pub(super) fn recount_soon(&mut self) {
        self.counted_at = f64::NEG_INFINITY;
    }
}

/// The models that documents need, found once for all of them.
pub(super) struct Wanted<'a> {
    /// Each with the SHA-256 of its weights, where that is known.
    models: [(Modality, Option<(&'a ModelKey, Option<&'a str>)>); 2],
    /// Until the models are known nothing can be said of what was kept.
    are_listed: bool,
    with_views: bool,
}

impl Wanted<'_> {
    /// The copy of a document's map, where the document is shown by it and something else made it than would now.
    pub(super) fn kept_by_another<'o>(&self, opened: &'o Opened) -> Option<&'o KeptMap> {
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
    fn present(&self, modality: Modality) -> (Option<(&ModelKey, Option<&str>)>, Option<Views>) {
        let mut models = self.models.iter();
        let model = models.find_map(|(of, model)| (*of == modality).then_some(*model));
        let views = Views::of(modality).filter(|_| self.with_views);
        (model.flatten(), views)
    }

    /// The probability maps that a document needs.
    pub(super) fn maps_for(&self, document: DocumentId, opened: &Opened) -> Option<Segmentation> {
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
    pub(super) fn is_done(&self, opened: &Opened) -> bool {
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
    pub(super) fn is_current(&self, opened: &Opened) -> bool {
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
