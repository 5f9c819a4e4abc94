//! The app's state, and what the page reads off it. What can be derived is a method here and not stored.

use std::collections::{BTreeMap, BTreeSet};

use delineo::export;
use delineo::mask::{Cleaning, Style};
use delineo::measure::Spacing;

use super::background::Background;
use super::command::{Availability, Command, Sheet};
use super::documents::{Document, Documents, Opened, SegmentationState};
use super::effect::Effect;
use super::engines::{Engine, Engines, Gpu, Pending, Phase};
use super::gathering::Gathering;
use super::importing::Importing;
use super::keeping::{self, Keeping};
use super::listing::{Filter, Listing};
use super::models::Models;
use super::notices::Notices;
use super::numbers::Numbers;
use super::overlay::Overlay;
use super::preferences::{Mode, Preferences};
use super::review::ReviewLog;
use super::stage::{Ruler, Stage, Tool};
use super::tally::Tally;
use super::wording;
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

/// Something that takes a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// What.
    pub task: crate::protocol::Task,
    /// How much of it is done, where that is known.
    pub fraction: Option<f32>,
    /// When it began, in milliseconds of the page's clock.
    pub since: f64,
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

    /// What takes a while just now.
    pub fn activity(&self) -> Option<Activity> {
        let engine = self.engines.serving.as_ref()?;
        if engine.phase != Phase::Ready {
            return Some(Activity {
                task: crate::protocol::Task::Device,
                fraction: None,
                since: engine.since,
            });
        }
        let current = self.documents.current_id();
        let is_awaited = |pending: &&Pending| {
            !pending.is_background || self.awaits_document() && pending.purpose.suspect() == current
        };
        engine
            .pending
            .iter()
            .filter(is_awaited)
            .find_map(|pending| {
                let task = pending.purpose.task()?;
                let (task, fraction) = pending.progress.unwrap_or((task, None));
                Some(Activity {
                    task,
                    fraction,
                    since: pending.asked,
                })
            })
    }

    /// One word for the state of the whole page: the styles use it.
    pub fn page_state(&self) -> &'static str {
        if self.is_stopped() {
            return "stopped";
        }
        if self.stage.is_playing {
            return "done";
        }
        if self.activity().is_some() {
            return "busy";
        }
        match self.shown().map(|shown| &shown.segmentation) {
            None => "empty",
            Some(SegmentationState::Done { .. }) => "done",
            Some(SegmentationState::Pending) => "busy",
            Some(SegmentationState::Failed) => "failed",
        }
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

    /// Which device serves, as a sentence; empty before that is known.
    pub fn device_sentence(&self) -> String {
        self.device().map_or_else(String::new, |(report, why)| {
            wording::device(report, why.as_deref())
        })
    }

    /// What GPU and CPU take, as a sentence, where both were measured.
    pub fn timing_sentence(&self) -> Option<String> {
        let timing = self.engines.timing.as_ref()?;
        Some(format!(
            "Measured on this device, a segmentation: {} on the GPU ({}), {} on the CPU.",
            wording::duration(timing.gpu),
            timing.adapter,
            wording::duration(timing.cpu)
        ))
    }

    /// How far the app is, as a sentence.
    pub fn status(&self) -> String {
        if self.is_stopped() {
            return "The engine is stopped.".to_owned();
        }
        if self.stage.is_playing {
            return "Playing. The border is drawn when the frames stop.".to_owned();
        }
        if let Some(gathering) = &self.gathering {
            let (done, all) = gathering.progress();
            return format!("Exporting all pictures, {done} of {all}…");
        }
        if let Some(activity) = self.activity() {
            return format!("{}…", wording::task(activity.task));
        }
        let Some(shown) = self.shown() else {
            let is_without_model = self.models.are_listed() && self.models.active().is_none();
            return if is_without_model && !self.is_starting() {
                "No model is loaded.".to_owned()
            } else {
                "Ready.".to_owned()
            };
        };
        match &shown.segmentation {
            SegmentationState::Pending => "Ready.".to_owned(),
            SegmentationState::Failed => "No border was found.".to_owned(),
            SegmentationState::Done { .. } if self.is_mask_empty() => {
                "No border found at this threshold. Lower it, or draw by hand.".to_owned()
            }
            SegmentationState::Done { maps, milliseconds } => {
                let by = if self.models.is_automatic() {
                    format!(" by “{}”", self.models.name(&maps.model))
                } else {
                    String::new()
                };
                format!("Border found in {}{by}.", wording::duration(*milliseconds))
            }
        }
    }

    /// How large the mask is, as a sentence, once that is known exactly.
    pub fn area_sentence(&self) -> String {
        match self
            .shown()
            .filter(|shown| shown.maps().is_some())
            .and_then(|shown| shown.area)
        {
            Some(area) if area.exact && area.pixels < 0.5 => "The mask is empty.".to_owned(),
            Some(area) if area.exact => {
                format!("The mask covers {}.", wording::percent(area.fraction))
            }
            _ => String::new(),
        }
    }

    /// Whether the mask has no pixel.
    pub fn is_mask_empty(&self) -> bool {
        self.shown()
            .and_then(|shown| shown.area)
            .is_some_and(|area| area.exact && area.pixels < 0.5)
    }

    /// What the image says to those who cannot see it. Begins with the file's name.
    pub fn alternative(&self) -> Option<String> {
        let (document, opened) = self.documents.shown()?;
        Some(wording::alternative(
            &document.name,
            &opened.image,
            opened.scale().as_ref(),
            opened.area.as_ref(),
        ))
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
    fn started_from(&self) -> u32 {
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

    /// Whether a command can be carried out now. A button of a command that cannot is disabled; a key says the reason.
    pub fn availability(&self, command: &Command) -> Availability {
        let shown = self.shown();
        if keeping::changes_document(command) && self.is_read_only() {
            return Availability::Waits(keeping::READ_ONLY);
        }
        match command {
            Command::Export(format) | Command::Copy(format) => {
                if export::by_id(format).is_none() || shown.is_none() {
                    Availability::Disabled
                } else if self.documents.opening_id().is_some() {
                    Availability::Waits("Nothing was exported: another image is being opened.")
                } else if !self.has_mask() {
                    Availability::Waits("Nothing was exported: there is no mask yet.")
                } else if self.started_from() == 0
                    && shown.is_some_and(|shown| shown.edits.starts_from_truth())
                    && self.can_show_difference()
                {
                    Availability::Waits("Nothing was exported: the true mask is still being read.")
                } else if *format == export::REPORT && self.measured().is_none() {
                    Availability::Waits("Nothing was exported: the mask was not measured yet.")
                } else {
                    Availability::Enabled
                }
            }
            Command::Dab if self.stage.tool == Tool::Scale => Availability::when(shown.is_some()),
            Command::Take(Tool::Scale) => Availability::when(shown.is_some()),
            Command::ApplyScale { .. } => {
                let is_drawn = matches!(self.stage.ruler, Some(Ruler { to: Some(_), .. }));
                Availability::when(shown.is_some() && is_drawn)
            }
            Command::RemoveScale => Availability::when(shown.is_some_and(|shown| {
                let set = shown.calibration().map(|last| last.spacing.is_some());
                set.unwrap_or(shown.image.scale.is_none() && shown.inherited.is_some())
            })),
            Command::UseDepthMarks | Command::IgnoreDepthMarks => {
                Availability::when(self.depth_marks().is_some())
            }
            Command::ResetDiameters => {
                Availability::when(shown.is_some_and(|shown| shown.edits.has_diameters()))
            }
            Command::CopyReport if shown.is_none() => Availability::Disabled,
            Command::CopyReport if self.measured().is_none() => {
                Availability::Waits("Nothing was copied: the mask was not measured yet.")
            }
            Command::ToggleWipe | Command::SetWipe(_) => {
                Availability::when(self.mode() == Mode::Difference)
            }
            Command::ShowLikeliest => Availability::when(self.likeliest().is_some()),
            Command::StartFromTruth => Availability::when(
                self.can_show_difference()
                    && self.has_mask()
                    && shown.is_some_and(|shown| !shown.edits.starts_from_truth()),
            ),
            Command::RemoveTruth if shown.is_some_and(|shown| shown.edits.starts_from_truth()) => {
                Availability::Waits(
                    "The mask starts from this one. Undo that, or clear the corrections, first.",
                )
            }
            Command::RemoveTruth | Command::SetMode(Mode::Difference) => {
                Availability::when(self.can_show_difference())
            }
            Command::SetBoxThreshold(_) => Availability::when(self.drawn_box().is_some()),
            Command::SetThreshold(_)
            | Command::StepThreshold(_)
            | Command::SetClass(_)
            | Command::ToggleLargestRegion
            | Command::ToggleFillHoles
            | Command::ToggleIslands
            | Command::SetIslands(_)
            | Command::Dab => Availability::when(shown.is_some_and(|shown| shown.maps().is_some())),
            Command::Undo => Availability::when(
                self.stage.outline.is_some() || shown.is_some_and(|shown| shown.edits.can_undo()),
            ),
            Command::Redo => Availability::when(shown.is_some_and(|shown| shown.edits.can_redo())),
            Command::ClearEdits => {
                Availability::when(shown.is_some_and(|shown| !shown.edits.is_empty()))
            }
            Command::SetFrame(_) | Command::StepFrame(_) | Command::TogglePlay => {
                Availability::when(shown.is_some_and(|shown| shown.image.frames > 1))
            }
            Command::SetWindow(None) => Availability::when(shown.is_some_and(|shown| {
                shown.image.windowing.is_some() && shown.wanted.window.is_some()
            })),
            Command::SetWindow(Some(_)) => {
                Availability::when(shown.is_some_and(|shown| shown.image.windowing.is_some()))
            }
            Command::PauseProcessing => Availability::when(self.background.can_pause()),
            Command::ResumeProcessing => Availability::when(self.background.can_resume()),
            Command::StopProcessing => Availability::when(self.background.can_stop()),
            Command::Step(step) => Availability::when(self.beside(*step).is_some()),
            Command::ExportAll | Command::ExportAllToFile => {
                let can = !self.documents.is_empty() && self.gathering.is_none();
                let has_way = self.has_save_picker || *command == Command::ExportAll;
                Availability::when(can && has_way)
            }
            Command::OpenFolder => Availability::when(self.has_folder_picker),
            Command::ToggleList => Availability::when(!self.documents.is_empty()),
            Command::Accept if shown.is_none() => Availability::Disabled,
            Command::Accept if shown.is_some_and(|shown| shown.maps().is_none()) => {
                Availability::Waits("Nothing was accepted: there is no mask yet.")
            }
            Command::Reject | Command::Flag | Command::WriteNote => {
                Availability::when(shown.is_some())
            }
            Command::NextUndecided => Availability::when(self.listing.count(Filter::Undecided) > 0),
            Command::UndoReview => Availability::when(!self.review_log.is_empty()),
            Command::SetBrush(_) | Command::ScaleBrush(_) => {
                Availability::when(self.stage.tool.stroke_kind().is_some())
            }
            Command::Zoom(..)
            | Command::Pan(..)
            | Command::TurnAside(_)
            | Command::Fit
            | Command::ActualSize
            | Command::ToggleFit
            | Command::Arrow(..)
            | Command::Compare(true) => Availability::when(shown.is_some()),
            _ => Availability::Enabled,
        }
    }

    /// What a developer needs to know to find a fault. No images, and no file names: those may name a patient.
    pub fn diagnostics(&self) -> String {
        let engine = self.engines.serving.as_ref();
        let gpu = match &self.engines.gpu {
            Gpu::Preparing {
                adapter,
                engine,
                milliseconds,
            } => {
                format!(
                    "preparing {adapter}, {:?}, {milliseconds:?} ms",
                    engine.phase
                )
            }
            Gpu::Ready { adapter, .. } => format!("ready, {adapter}"),
            other => format!("{other:?}"),
        };
        let mut lines = vec![
            format!("Delineo: {}", env!("CARGO_PKG_VERSION")),
            format!("Device: {}", self.device_sentence()),
            format!("GPU: {gpu}"),
            format!("Timing: {:?}", self.engines.timing),
            format!(
                "Engine: {:?}",
                engine.map(|engine| (engine.build, engine.phase))
            ),
            format!(
                "Activity: {:?}",
                self.activity().map(|activity| activity.task)
            ),
            self.model_diagnostics(),
        ];
        lines.push(match self.shown() {
            None => "Image: none".to_owned(),
            Some(shown) => format!(
                "Image: {}×{}, looks like {}, taken for {} ({:.2}), segmentation {}, {} corrections, {:?}, {:?}",
                shown.image.width,
                shown.image.height,
                shown.image.modality.word(),
                shown.image.judgement.kind.word(),
                shown.image.judgement.confidence,
                match &shown.segmentation {
                    SegmentationState::Pending => "pending".to_owned(),
                    SegmentationState::Done { milliseconds, .. } => {
                        format!("done in {milliseconds:.0} ms")
                    }
                    SegmentationState::Failed => "failed".to_owned(),
                },
                shown.edits.corrections().len(),
                shown.settings,
                shown.area
            ),
        });
        let canvas = self.stage.canvas;
        lines.push(format!(
            "Canvas: {}×{} at {}",
            canvas.width, canvas.height, canvas.ratio
        ));
        lines.push(format!("Images: {}", self.documents.len()));
        lines.push(format!("Offline: {:?}", self.offline));
        lines.push(format!("Session: {:?}", self.keeping.state()));
        lines.push(format!("Deaths: {:?}", self.engines.deaths));
        lines.extend(
            self.engines
                .incidents
                .iter()
                .map(|incident| format!("Incident: {incident}")),
        );
        lines.join("\n")
    }

    fn model_diagnostics(&self) -> String {
        let Some((key, info)) = self.models.active() else {
            return "Model: none".to_owned();
        };
        let manifest = &info.manifest;
        // The name of a person's own file is theirs.
        let id = match key {
            crate::protocol::ModelKey::Published(id) => id.as_str(),
            crate::protocol::ModelKey::Own(_) => "own",
        };
        let input = &manifest.input;
        format!(
            "Model: {id}, {}, CMUNeXt-{}, {} parameters, {} classes, {}×{} {:?} {:?} divisor {}, weights {}",
            if self.models.choice.is_none() {
                "chosen by the app"
            } else {
                "chosen"
            },
            manifest.variant,
            info.parameters,
            manifest.classes.len(),
            input.width,
            input.height,
            input.channels,
            input.resize,
            input.divisor,
            manifest.weights.sha256
        )
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
