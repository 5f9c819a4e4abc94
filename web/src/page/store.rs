//! The page's state, in one place. Components read it and call [`crate::conductor`]; they hold no state
//! that matters.
//!
//! The store is a handful of handles and therefore `Copy`. What belongs to JavaScript (files, the worker, bitmaps)
//! lives in storage that never leaves the thread.

use std::rc::Rc;

use delineo::manifest::Manifest;
use delineo::mask::Cleaning;
use delineo_web::protocol::{Area, DeviceReport, Export, Modality, Request, Settings, Stage};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::easel::Easel;
use crate::engine::Engine;
use crate::history::History;
use crate::preferences::Preferences;
use crate::queue::{Keepsake, Queue};
use crate::sight::{Sight, Size};
use crate::successor::Gpu;
use crate::tuning::Tuning;

/// The picture on the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its number in the queue.
    pub id: u32,
    /// The file's name.
    pub name: String,
    /// Own width in pixels.
    pub width: u32,
    /// Own height in pixels.
    pub height: u32,
    /// What it looks like.
    pub modality: Modality,
    /// What became of it while it was read.
    pub remarks: Vec<String>,
    /// How its probability map stands.
    pub border: Border,
}

impl Shown {
    /// Its own size.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    /// Whether there is one whose network has yet to run.
    pub fn is_awaited(shown: &Option<Self>) -> bool {
        shown
            .as_ref()
            .is_some_and(|shown| shown.border == Border::Awaited)
    }

    fn is_found(shown: &Option<Self>) -> bool {
        shown
            .as_ref()
            .is_some_and(|shown| matches!(shown.border, Border::Found(_)))
    }
}

/// How the probability map of the picture stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Border {
    /// The network has yet to run, or runs.
    Awaited,
    /// It is there, after so many milliseconds of network.
    Found(f64),
    /// The network failed; the person was told.
    Failed,
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A folder that this site publishes.
    Published(String),
    /// A person's own weights.
    Own(Rc<OwnModel>),
}

impl Source {
    /// The key that it has among the [`Offer`]s.
    pub fn key(&self) -> String {
        match self {
            Self::Published(id) => format!("published/{id}"),
            Self::Own(model) => format!("own/{}", model.name),
        }
    }

    /// What an engine is asked to load it, and the file that goes with that.
    pub fn request(&self) -> (Request, JsValue) {
        match self {
            Self::Published(id) => (
                Request::LoadPublished { id: id.clone() },
                JsValue::UNDEFINED,
            ),
            Self::Own(own) => {
                let request = Request::LoadOwn {
                    name: own.name.clone(),
                    manifest: own.manifest.clone(),
                };
                (request, own.weights.clone().into())
            }
        }
    }
}

/// A person's own weights, as they were dropped or as they were remembered.
#[derive(Clone, Debug)]
pub struct OwnModel {
    /// The file's name.
    pub name: String,
    /// The file.
    pub weights: Blob,
    /// The text of its `model.json`, if it has one.
    pub manifest: Option<String>,
}

/// The model that runs.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many parameters it has.
    pub parameters: u32,
    /// Where it came from.
    pub source: Source,
    /// Whether the app chose it rather than the person.
    pub automatic: bool,
}

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// [`Source::key`].
    pub key: String,
    /// What the person reads.
    pub label: String,
    /// Whether it is remembered on this device only.
    pub own: bool,
    /// What it was trained for, in the words of `model.json`; empty where that was not asked.
    pub modalities: Vec<String>,
    /// Size of its weights; 0 where that was not asked.
    pub bytes: u64,
}

impl Offer {
    /// Where the site's own model comes from.
    pub fn published(&self) -> Option<Source> {
        let id = self.key.strip_prefix("published/")?;
        Some(Source::Published(id.to_owned()))
    }
}

/// How far the engine is.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    /// The worker is being loaded, or chooses its device.
    Starting,
    /// There is a device but no model, because loading one failed.
    Modelless,
    /// A model is being loaded.
    Loading,
    /// Pictures can be opened.
    Ready,
    /// It stopped too often.
    Stopped,
}

/// Something that takes a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// What.
    pub stage: Stage,
    /// How much of it is done, where that is known.
    pub fraction: Option<f32>,
    /// When it began, in milliseconds since the page was opened.
    pub since: f64,
}

/// What the main pointer does on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Moves the picture.
    Move,
    /// Draws lesion.
    Add,
    /// Draws background.
    Erase,
}

/// The canvas: its size in device pixels and how many of them make a CSS pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Device pixels.
    pub width: u32,
    /// Device pixels.
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

impl Canvas {
    /// Its size in device pixels.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    /// Its middle.
    pub fn middle(&self) -> (f64, f64) {
        (f64::from(self.width) / 2.0, f64::from(self.height) / 2.0)
    }
}

/// The sheets that cover the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Model, device, privacy.
    About,
    /// Keys.
    Shortcuts,
}

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something did not work; stays until it is dismissed or the next attempt.
    Error,
    /// Worth knowing; goes by itself unless it offers something to do.
    Info,
}

/// What a notice offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// Start the engine afresh.
    RestartEngine,
    /// Load the model again.
    RetryModel,
    /// Run the network again.
    RetrySegment,
    /// Remember the person's own model.
    Remember,
    /// Take over the new version of the app.
    Update,
}

/// A sentence to the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number.
    pub id: u32,
    /// How serious.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// What can be done about it.
    pub offered: Option<Offered>,
}

/// All state.
#[derive(Clone, Copy)]
pub struct Store {
    /// What is remembered.
    pub preferences: RwSignal<Preferences>,
    /// Open pictures.
    pub queue: RwSignal<Queue<Blob>, LocalStorage>,
    /// The picture that is wanted but not shown yet.
    pub opening: RwSignal<Option<u32>>,
    /// The picture on the stage.
    pub shown: RwSignal<Option<Shown>>,
    /// Threshold, class and cleaning of the picture on the stage.
    pub settings: RwSignal<Settings>,
    /// The model that these were made for.
    pub tuning: RwSignal<Option<Tuning>>,
    /// Corrections of the picture on the stage.
    pub history: RwSignal<History>,
    /// What is visible of it.
    pub sight: RwSignal<Sight>,
    /// The canvas.
    pub canvas: RwSignal<Canvas>,
    /// How large the mask is, once counted.
    pub area: RwSignal<Option<Area>>,
    /// Whether the plain image is shown for comparison.
    pub comparing: RwSignal<bool>,
    /// What the main pointer does.
    pub tool: RwSignal<Tool>,
    /// Where the keyboard holds the brush, in canvas pixels; in the middle unless it was moved.
    pub brush_at: RwSignal<Option<(f64, f64)>>,
    /// How far the engine is.
    pub readiness: RwSignal<Readiness>,
    /// What takes a while just now.
    pub activity: RwSignal<Option<Activity>>,
    /// The device that runs, as its engine reports it.
    pub device: RwSignal<Option<DeviceReport>>,
    /// What is known of the GPU.
    pub gpu: RwSignal<Gpu>,
    /// The model that runs.
    pub model: RwSignal<Option<Model>, LocalStorage>,
    /// The model that is being loaded, or is to be once there is a device.
    pub wanted_model: RwSignal<Option<Source>, LocalStorage>,
    /// Whether the app chooses the model by what each picture shows.
    pub automatic: RwSignal<bool>,
    /// Models to choose from.
    pub offers: RwSignal<Vec<Offer>>,
    /// Whether a sample is being made.
    pub sampling: RwSignal<bool>,
    /// The file that is being written.
    pub exporting: RwSignal<Option<Export>>,
    /// Sentences on the screen.
    pub notices: RwSignal<Vec<Notice>>,
    /// The sheet that is open.
    pub sheet: RwSignal<Option<Sheet>>,
    /// Whether the app works without a network.
    pub offline_ready: RwSignal<bool>,
    /// The worker and what it was asked.
    pub engine: StoredValue<Engine, LocalStorage>,
    /// The canvases and what is on them.
    pub easel: StoredValue<Easel, LocalStorage>,
}

impl Store {
    /// Whether the person waits for a picture or its border. Tracked.
    pub fn awaits_picture(self) -> bool {
        self.opening.with(Option::is_some) || self.shown.with(Shown::is_awaited)
    }

    /// The state at the start.
    pub fn new() -> Self {
        Self {
            preferences: RwSignal::new(Preferences::recall()),
            queue: RwSignal::new_local(Queue::default()),
            opening: RwSignal::new(None),
            shown: RwSignal::new(None),
            settings: RwSignal::new(default_settings(0.5)),
            tuning: RwSignal::new(None),
            history: RwSignal::new(History::default()),
            sight: RwSignal::new(Sight::default()),
            canvas: RwSignal::new(Canvas {
                width: 0,
                height: 0,
                ratio: 1.0,
            }),
            area: RwSignal::new(None),
            comparing: RwSignal::new(false),
            tool: RwSignal::new(Tool::Move),
            brush_at: RwSignal::new(None),
            readiness: RwSignal::new(Readiness::Starting),
            activity: RwSignal::new(None),
            device: RwSignal::new(None),
            gpu: RwSignal::new(Gpu::Asked),
            model: RwSignal::new_local(None),
            wanted_model: RwSignal::new_local(None),
            automatic: RwSignal::new(false),
            offers: RwSignal::new(Vec::new()),
            sampling: RwSignal::new(false),
            exporting: RwSignal::new(None),
            notices: RwSignal::new(Vec::new()),
            sheet: RwSignal::new(None),
            offline_ready: RwSignal::new(false),
            engine: StoredValue::new_local(Engine::default()),
            easel: StoredValue::new_local(Easel::default()),
        }
    }

    /// Says something. Errors replace an equal error; at most four sentences stay on the screen.
    pub fn tell(&self, tone: Tone, text: impl Into<String>, offered: Option<Offered>) {
        let text = text.into();
        self.notices.update(|notices| {
            let id = notices.iter().map(|notice| notice.id).max().unwrap_or(0) + 1;
            notices.retain(|notice| {
                notice.text != text && (offered.is_none() || notice.offered != offered)
            });
            notices.push(Notice {
                id,
                tone,
                text,
                offered,
            });
            let surplus = notices.len().saturating_sub(4);
            notices.drain(..surplus);
        });
    }

    /// Says what did not work.
    pub fn fail(&self, text: impl Into<String>) {
        self.tell(Tone::Error, text, None);
    }

    /// Takes a sentence off the screen.
    pub fn dismiss(&self, id: u32) {
        self.notices
            .update(|notices| notices.retain(|notice| notice.id != id));
    }

    /// A new attempt: what went wrong before no longer matters, unless it still waits for the person's word.
    pub fn forget_errors(&self) {
        self.keep_notices(|notice| notice.tone != Tone::Error || notice.offered.is_some());
    }

    /// There is no longer a reason to offer this.
    pub fn withdraw(&self, offered: Offered) {
        self.keep_notices(|notice| notice.offered != Some(offered));
    }

    fn keep_notices(&self, keeps: impl Fn(&Notice) -> bool) {
        if self
            .notices
            .with_untracked(|notices| !notices.iter().all(&keeps))
        {
            self.notices.update(|notices| notices.retain(&keeps));
        }
    }

    /// Whether the network's answer for the picture on the stage is there. Tracked.
    pub fn has_border(&self) -> bool {
        self.shown.with(Shown::is_found)
    }

    /// Likewise, for what happens once.
    pub fn has_border_now(&self) -> bool {
        self.shown.with_untracked(Shown::is_found)
    }

    /// Whether the network's answer for the picture on the stage stays away.
    pub fn has_failed_now(&self) -> bool {
        self.shown.with_untracked(|shown| {
            shown
                .as_ref()
                .is_some_and(|shown| shown.border == Border::Failed)
        })
    }

    /// The device that runs and, where that is the CPU, why. Tracked.
    pub fn running_device(&self) -> Option<DeviceReport> {
        let mut report = self.device.get()?;
        if !report.gpu {
            report.why = report.why.or(self.gpu.get().why_cpu());
        }
        Some(report)
    }

    /// Whether this is the model that runs.
    pub fn runs(&self, source: &Source) -> bool {
        self.model.with_untracked(|model| {
            model
                .as_ref()
                .is_some_and(|model| model.source.key() == source.key())
        })
    }

    /// Whether the app chose the model that runs: the person has just taken it over, or left the choice to the app.
    pub fn set_model_automatic(&self, automatic: bool) {
        self.model.update(|model| {
            if let Some(model) = model {
                model.automatic = automatic;
            }
        });
    }

    /// Puts what the person did with the picture on the stage back into the queue.
    pub fn keep(&self) {
        let Some(id) = self
            .shown
            .with_untracked(|shown| shown.as_ref().map(|shown| shown.id))
        else {
            return;
        };
        let keepsake = Keepsake {
            settings: self.settings.get_untracked(),
            tuning: self.tuning.get_untracked(),
            history: self.history.get_untracked(),
            sight: self.sight.get_untracked(),
        };
        self.queue.update(|queue| {
            if let Some(picture) = queue.get_mut(id) {
                picture.keepsake = Some(keepsake);
            }
        });
    }

    /// Gives the picture on the stage the settings that the model proposes.
    pub fn begin_settings(&self) {
        let tuning = self.running_tuning();
        let threshold = tuning.as_ref().map_or(0.5, Tuning::threshold);
        self.settings.set(default_settings(threshold));
        self.tuning.set(tuning);
    }

    /// Makes the settings of the picture on the stage fit the model that is about to take it on.
    pub fn carry_settings(&self) {
        let running = self.running_tuning();
        if let (Some(before), Some(running)) = (self.tuning.get_untracked(), &running) {
            let settings = self.settings.get_untracked();
            let carried = before.carried(settings, running);
            if carried != settings {
                self.settings.set(carried);
            }
        }
        self.tuning.set(running);
    }

    fn running_tuning(&self) -> Option<Tuning> {
        self.model
            .with_untracked(|model| model.as_ref().map(Tuning::to))
    }
}

fn default_settings(threshold: f32) -> Settings {
    Settings {
        class: 0,
        threshold,
        cleaning: Cleaning::default(),
    }
}
