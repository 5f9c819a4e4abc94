//! The app's state, and what the page reads off it. What can be derived is a method here and not stored.

use std::collections::{BTreeMap, BTreeSet};

use delineo::mask::{Cleaning, Style};
use delineo::measure::Spacing;

use super::background::Background;
use super::command::Sheet;
use super::documents::{Document, Documents};
use super::effect::Effect;
use super::engines::{Engine, Engines, Phase};
use super::gathering::Gathering;
use super::importing::Importing;
use super::keeping::Keeping;
use super::listing::Listing;
use super::models::Models;
use super::notices::Notices;
use super::numbers::Numbers;
use super::opened::{Opened, SegmentationState};
use super::overlay::Overlay;
use super::preferences::{Mode, Preferences};
use super::review::ReviewLog;
use super::stage::Stage;
use super::tally::Tally;
use crate::protocol::{
    DeviceKind, DeviceReport, DocumentId, MaskSpec, Modality, Segmentation, Views,
};

/// The app. It changes only in [`App::update`].
#[derive(Clone, Debug, Default)]
pub struct App {
    /// What this device remembers.
    pub preferences: Preferences,
    /// Open images.
    pub documents: Documents,
    /// The list of them.
    pub listing: Listing,
    /// Models.
    pub models: Models,
    /// Engines.
    pub engines: Engines,
    /// What is prepared while the person does something else.
    pub background: Background,
    /// The export of all documents, while it is made.
    pub gathering: Option<Gathering>,
    /// Archives and annotations on their way in.
    pub importing: Importing,
    /// The overlay.
    pub overlay: Overlay,
    /// The stage.
    pub stage: Stage,
    /// Sentences on the screen.
    pub notices: Notices,
    /// The sheet that is open.
    pub sheet: Option<Sheet>,
    /// Use without a network.
    pub offline: Offline,
    /// What is kept on this device.
    pub keeping: Keeping,
    /// How the person writes numbers.
    pub numbers: Numbers,
    /// Whether the page has little room, so that the list opens only by hand.
    pub is_narrow: bool,
    /// Whether the browser lets a person choose a folder.
    pub has_folder_picker: bool,
    /// Whether the browser lets a person choose a file that the page writes part by part.
    pub has_save_picker: bool,
    /// Whether the browser lets a person choose a folder into which the page writes files.
    pub has_save_folder_picker: bool,
    /// What can be taken back of the reviews.
    pub(super) review_log: ReviewLog,
    /// What came so far of arrivals of which more follows.
    pub(super) tallies: BTreeMap<u32, Tally>,
    /// Scales for all images of a size, for as long as the page is open.
    pub(super) common_scales: Vec<CommonScale>,
    /// The device that the page's address asks for.
    pub(super) asked_device: Option<DeviceKind>,
    /// The model that the page's address asks for.
    pub(super) asked_model: Option<String>,
    /// Whether the CPU's engine may have threads.
    pub(super) may_share_memory: bool,
    /// Samples that were asked for and are not there.
    pub(super) samples: Vec<(Modality, u32)>,
    /// Files that the service worker was asked to keep.
    pub(super) kept_offline: BTreeSet<String>,
    /// How many samples there have been.
    pub(super) sample_count: u32,
    /// Whether the browser asks before the page is closed.
    pub(super) is_guarded: bool,
    pub(super) effects: Vec<Effect>,
}

/// A scale that the person set for all images of a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CommonScale {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Height of a pixel over its width.
    pub aspect: f64,
    /// Millimetres per pixel.
    pub spacing: Spacing,
}

/// How far the page is with its use without a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offline {
    /// Whether the service worker was asked for.
    pub is_registered: bool,
    /// Whether all that is needed is on this device and verified.
    pub is_ready: bool,
    /// Whether the person has yet to be told that.
    pub is_untold: bool,
    /// Whether a new version waits or has taken over.
    pub has_update: bool,
}

impl App {
    /// The app before anything has happened.
    pub fn new(preferences: Preferences) -> Self {
        Self {
            preferences,
            ..Self::default()
        }
    }

    /// The image on the stage.
    pub fn shown(&self) -> Option<&Opened> {
        self.documents.shown().map(|(_, opened)| opened)
    }

    /// Whether the mask of the image on the stage is there.
    pub fn has_mask(&self) -> bool {
        self.mask().is_some()
    }

    /// Whether the list of documents is open. Beside several pictures it opens by itself where there is room.
    pub fn is_list_open(&self) -> bool {
        !self.documents.is_empty()
            && if self.opens_list_by_itself() {
                self.preferences.list
            } else {
                self.listing.is_open
            }
    }

    /// Whether the list is open unless the person closed it.
    pub(super) fn opens_list_by_itself(&self) -> bool {
        !self.is_narrow && self.documents.len() > 1
    }

    /// The document that is chosen: on its way to the stage, or there.
    pub fn chosen(&self) -> Option<DocumentId> {
        self.documents.opening_id().or(self.documents.shown_id())
    }

    /// The document so many rows of the list after the chosen one.
    pub(super) fn beside(&self, step: isize) -> Option<DocumentId> {
        self.listing.beside(self.chosen()?, step)
    }

    /// Whether the person waits for an image or its segmentation.
    pub fn awaits_document(&self) -> bool {
        self.documents.opening_id().is_some()
            || self
                .shown()
                .is_some_and(|shown| shown.segmentation == SegmentationState::Pending)
    }

    /// Whether the engine is stopped until the person starts it again.
    pub fn is_stopped(&self) -> bool {
        self.engines.stopped.is_some()
    }

    /// Whether the engine still has to be started or to load its first model.
    pub fn is_starting(&self) -> bool {
        !self.is_stopped()
            && self.engines.serving.as_ref().is_none_or(|engine| {
                engine.phase != Phase::Ready || engine.models.is_empty() && engine.is_busy()
            })
    }

    /// The device that serves, with the reason where that is the CPU.
    pub fn device(&self) -> Option<(&DeviceReport, Option<String>)> {
        let report = self.engines.serving.as_ref()?.report.as_ref()?;
        let why = match report.kind {
            DeviceKind::Gpu => None,
            DeviceKind::Cpu => self.engines.why_cpu(),
        };
        Some((report, why))
    }

    /// Whether the mask has no pixel.
    pub fn is_mask_empty(&self) -> bool {
        self.shown()
            .and_then(|shown| shown.area)
            .is_some_and(|area| area.exact && area.pixels < 0.5)
    }

    /// How the mask looks.
    pub fn style(&self) -> Style {
        self.preferences.style(self.stage.canvas.ratio)
    }

    /// The mask of the image on the stage, where its probability maps are in the engine that serves.
    pub fn mask(&self) -> Option<MaskSpec> {
        let mask = self.wanted_mask()?;
        let engine = self.engines.serving.as_ref()?;
        // Whatever is asked after it is opened anew is about other maps.
        let is_opening = engine.is_opening(mask.segmentation.document);
        (engine.has_maps(&mask.segmentation) && !is_opening).then_some(mask)
    }

    /// The mask of the image on the stage, once it was segmented.
    pub fn wanted_mask(&self) -> Option<MaskSpec> {
        let (document, opened) = self.documents.shown()?;
        Some(self.mask_of(document, opened, opened.maps()?.clone()))
    }

    /// The mask of a document by these maps, or by the true mask that takes their place.
    pub(super) fn mask_of(
        &self,
        document: &Document,
        opened: &Opened,
        segmentation: Segmentation,
    ) -> MaskSpec {
        let truths = self.starts_from(document, opened);
        let mut settings = opened.settings;
        if truths > 0 {
            // A true mask is taken as it is.
            settings.threshold = 0.5;
            settings.cleaning = Cleaning::default();
        }
        MaskSpec {
            segmentation,
            settings,
            edits: opened.edits.version(),
            truths,
        }
    }

    /// From how many files the true mask was made from which the corrections start; 0 where they start from the model's, or
    /// the engine does not have the true mask yet.
    fn starts_from(&self, document: &Document, opened: &Opened) -> u32 {
        let has_it = |engine: &Engine| engine.has_truths(document);
        if opened.edits.starts_from_truth() && self.engines.serving.as_ref().is_some_and(has_it) {
            document.truths.len() as u32
        } else {
            0
        }
    }

    /// From how many files the mask on the stage starts.
    pub(super) fn started_from(&self) -> u32 {
        let shown = self.documents.shown();
        shown.map_or(0, |(document, opened)| self.starts_from(document, opened))
    }

    /// Whether the mask of a document starts from a true one that the engine does not have yet.
    pub(super) fn awaits_truth(&self, document: &Document, opened: &Opened) -> bool {
        opened.edits.starts_from_truth()
            && !document.truths.is_empty()
            && self.starts_from(document, opened) == 0
    }

    /// How the mask is drawn: a difference only where there is a truth.
    pub fn mode(&self) -> Mode {
        match self.preferences.mode {
            Mode::Difference if !self.can_show_difference() => Mode::Both,
            mode => mode,
        }
    }

    /// Whether the image on the stage has a true mask to be compared with.
    pub fn can_show_difference(&self) -> bool {
        let shown = self.documents.shown();
        shown.is_some_and(|(document, _)| !document.truths.is_empty())
    }

    /// With how many files of true masks the overlay is compared; 0 where it shows the mask alone.
    pub(super) fn difference(&self) -> u32 {
        let (Some((document, _)), Some(engine)) = (self.documents.shown(), &self.engines.serving)
        else {
            return 0;
        };
        let is_wanted = self.preferences.mode == Mode::Difference;
        if is_wanted && engine.has_truths(document) {
            document.truths.len() as u32
        } else {
            0
        }
    }

    /// Where the mask ends and the truth begins, as a part of the image's width; none where their difference is shown.
    pub(super) fn wipe(&self) -> Option<f32> {
        let is_wanted = self.mode() == Mode::Difference;
        let percent = self.stage.wipe.filter(|_| is_wanted)?;
        Some(f32::from(percent) / 100.0)
    }

    /// The probability maps that the image on the stage needs.
    pub(super) fn wanted_maps(&self) -> Option<Segmentation> {
        let (document, opened) = self.documents.shown()?;
        self.maps_for(document, opened)
    }

    /// The probability maps that a document needs.
    pub(super) fn maps_for(&self, document: &Document, opened: &Opened) -> Option<Segmentation> {
        self.wanted_models().maps_for(document.id, opened)
    }

    /// Whether flipped and turned views can be averaged for the image on the stage.
    pub fn has_views(&self) -> bool {
        self.shown()
            .is_some_and(|shown| Views::of(shown.image.modality).is_some())
    }

    /// Whether the image on the stage is another tab's to change.
    pub fn is_read_only(&self) -> bool {
        let shown = self.documents.shown_id();
        shown.is_some_and(|shown| self.keeping.is_read_only(shown))
    }

    /// Whether a sample is to come.
    pub fn awaits_sample(&self) -> bool {
        !self.samples.is_empty()
    }
}
