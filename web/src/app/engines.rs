//! The engines: the one that serves, the GPU's while it gets ready, what each was asked and what each holds.
//!
//! The CPU's engine serves first, because it is there at once. The GPU's is ten times the download and compiles for
//! seconds, so it gets ready behind it; then both are timed and the faster one serves.
//!
//! ```text
//!   Unknown ── adapter ──▶ Expected ── idle ──▶ Preparing ── checked and timed ──▶ Ready ── work to do ──▶ Serving
//!      └──── none, or whatever goes wrong on the way ───▶ Refused      └── the CPU is faster ──▶ Slower
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use delineo::imaging::Rendering;

use super::documents::Document;
use super::effect::EngineBuild;
use super::ids::{EngineId, FileId};
use super::kept_map::MapOrigin;
use super::preferences::Timing;
use crate::protocol::{
    DeviceReport, DocumentId, Frame, GatherStep, MaskSpec, MeasureSpec, ModelKey, RequestId,
    Segmentation, Task,
};

/// How often an engine is started again by itself within [`RECENTLY`].
pub const MOST_RESTARTS: usize = 3;
/// Milliseconds after which a death says nothing any more about how the engine fares.
pub const RECENTLY: f64 = 600_000.0;

/// A worker that runs the engine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Its number.
    pub id: EngineId,
    /// Its program.
    pub build: EngineBuild,
    /// How far it is.
    pub phase: Phase,
    /// When it was started, in milliseconds of the page's clock.
    pub since: f64,
    /// What it was asked and has not answered, oldest first.
    pub pending: VecDeque<Pending>,
    /// Its device, once it has one.
    pub report: Option<DeviceReport>,
    /// Models that it has.
    pub models: BTreeSet<ModelKey>,
    /// The documents that it has open.
    pub held: BTreeMap<DocumentId, Held>,
}

/// What an engine has of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The frame and the window.
    pub rendering: Rendering,
    /// The probability maps.
    pub maps: Option<Segmentation>,
    /// The version of the corrections; nothing where that is not known.
    pub edits: Option<u64>,
    /// The files of the true mask, in the order in which it got them.
    pub truths: Vec<DocumentId>,
}

impl Held {
    /// A document that was just opened.
    pub fn new(rendering: Rendering) -> Self {
        Self {
            rendering,
            maps: None,
            edits: Some(0),
            truths: Vec::new(),
        }
    }
}

/// How far an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its worker does not listen yet.
    Launching,
    /// It was asked for its device.
    Starting,
    /// It can be asked anything.
    Ready,
}

/// A request that was not answered yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub id: RequestId,
    /// What it was for.
    pub purpose: Purpose,
    /// Whether nobody waits for it.
    pub is_background: bool,
    /// When it was asked, in milliseconds of the page's clock.
    pub asked: f64,
    /// What the engine says that it is at.
    pub progress: Option<(Task, Option<f32>)>,
}

/// What a request was for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// The device.
    Start,
    /// A model.
    Load(ModelKey),
    /// Forgetting a model.
    Unload,
    /// How fast a model is.
    Time,
    /// A document.
    Open {
        /// Which one.
        document: DocumentId,
        /// Which frame and window of it.
        rendering: Rendering,
        /// Whether a bitmap of it comes with the answer.
        with_picture: bool,
    },
    /// Its probability maps.
    Segment(Segmentation),
    /// The same from the copy that is kept.
    RestoreMaps(Segmentation),
    /// A copy of them, to be kept, and what made them.
    PackMaps(Segmentation, MapOrigin),
    /// What the list says of it.
    Summarise(MaskSpec),
    /// Its corrections.
    Edit(DocumentId),
    /// A frame of the overlay.
    Paint(MaskSpec, Frame),
    /// The frame with which a document comes on the stage.
    PaintAhead(MaskSpec, Frame),
    /// The figures.
    Measure(MeasureSpec),
    /// A file of a true mask.
    AttachTruth {
        /// Of which document.
        document: DocumentId,
        /// Its number.
        file: DocumentId,
        /// How many came before it.
        place: usize,
    },
    /// What is in a file.
    Unpack(FileId),
    /// A file.
    Export {
        /// Of which document.
        document: DocumentId,
        /// Of which of its frames.
        frame: u32,
        /// The id of the format.
        format: &'static str,
        /// With this version of the corrections.
        edits: u64,
        /// Whether it goes to the clipboard.
        to_clipboard: bool,
    },
    /// A step for the archive of all documents.
    Gather(GatherStep),
    /// A synthetic image.
    Sample,
    /// Closing a document.
    Close,
}

impl Purpose {
    /// What it is called while it takes a while; nothing for what goes on unnoticed.
    pub fn task(&self) -> Option<Task> {
        match self {
            Self::Start => Some(Task::Device),
            Self::Load(_) => Some(Task::Model),
            Self::Open { .. } | Self::RestoreMaps(_) => Some(Task::Decode),
            Self::Segment(_) => Some(Task::Segment),
            Self::Export { .. } => Some(Task::Export),
            Self::Sample => Some(Task::Sample),
            Self::Unpack(_) => Some(Task::Unpack),
            Self::Unload
            | Self::Time
            | Self::Edit(_)
            | Self::PackMaps(..)
            | Self::Summarise(_)
            | Self::Gather(_)
            | Self::Paint(..)
            | Self::PaintAhead(..)
            | Self::Measure(_)
            | Self::AttachTruth { .. }
            | Self::Close => None,
        }
    }

    /// The document that it is about, where a fault of the engine may be that document's.
    pub fn suspect(&self) -> Option<DocumentId> {
        match self {
            Self::Open { document, .. } | Self::AttachTruth { document, .. } => Some(*document),
            Self::Segment(maps) | Self::RestoreMaps(maps) => Some(maps.document),
            Self::Summarise(mask) => Some(mask.segmentation.document),
            _ => None,
        }
    }
}

impl Engine {
    /// One that is just being started.
    pub fn new(id: EngineId, build: EngineBuild, now: f64) -> Self {
        Self {
            id,
            build,
            phase: Phase::Launching,
            since: now,
            pending: VecDeque::new(),
            report: None,
            models: BTreeSet::new(),
            held: BTreeMap::new(),
        }
    }

    /// Whether it has all files of the true mask of a document that it has open, and no others.
    pub fn has_truths(&self, document: &Document) -> bool {
        let wanted = document.truths.iter().map(|truth| truth.id);
        let held = self.held.get(&document.id);
        held.is_some_and(|held| held.truths.iter().copied().eq(wanted))
    }

    /// Takes a request off the list.
    pub fn answered(&mut self, id: RequestId) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.id == id)?;
        self.pending.remove(place)
    }

    /// Whether it is asked something of this kind.
    pub fn is_asked(&self, is_meant: impl Fn(&Purpose) -> bool) -> bool {
        self.pending
            .iter()
            .any(|pending| is_meant(&pending.purpose))
    }

    /// Whether it has these probability maps.
    pub fn has_maps(&self, maps: &Segmentation) -> bool {
        let held = self.held.get(&maps.document);
        held.is_some_and(|held| held.maps.as_ref() == Some(maps))
    }

    /// Whether it is asked to open a document, anew or for the first time.
    pub fn is_opening(&self, id: DocumentId) -> bool {
        self.is_asked(
            |purpose| matches!(purpose, Purpose::Open { document, .. } if *document == id),
        )
    }

    /// Whether it owes an answer that somebody waits for.
    pub fn is_busy(&self) -> bool {
        let is_awaited =
            |pending: &Pending| !pending.is_background && pending.purpose.task().is_some();
        self.phase != Phase::Ready || self.pending.iter().any(is_awaited)
    }

    /// Whether it owes nothing at all.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Ready && self.pending.is_empty()
    }
}

/// What is known of the GPU.
#[derive(Clone, Debug, Default)]
pub enum Gpu {
    /// Whether there is one is being found out.
    #[default]
    Unknown,
    /// There is one, of this name, and its engine is to come.
    Expected(String),
    /// Its engine is started, loads, is checked and timed.
    Preparing {
        /// Its name.
        adapter: String,
        /// Its engine.
        engine: Box<Engine>,
        /// What a segmentation takes, once it was timed.
        milliseconds: Option<f64>,
    },
    /// Its engine takes over with the next work.
    Ready {
        /// Its name.
        adapter: String,
        /// Its engine.
        engine: Box<Engine>,
    },
    /// Its engine serves.
    Serving(String),
    /// It works, but the CPU is faster.
    Slower(String),
    /// It does not run, for this reason.
    Refused(String),
}

/// All engines.
#[derive(Clone, Debug, Default)]
pub struct Engines {
    /// The one that serves; none while one is started again, or where none can be.
    pub serving: Option<Engine>,
    /// The GPU.
    pub gpu: Gpu,
    /// What was measured at this visit or an earlier one.
    pub timing: Option<Timing>,
    /// Whether it is not started again before the person says so; the reason.
    pub stopped: Option<String>,
    /// When engines died, in milliseconds of the page's clock; what is long ago no longer counts.
    pub deaths: Vec<f64>,
    /// How often it died on the GPU at this visit.
    pub gpu_deaths: u32,
    /// What happened, for the diagnostics.
    pub incidents: Vec<String>,
    /// Whether an engine died that had threads, so that the CPU has one thread from now on.
    pub are_threads_blamed: bool,
    last_engine: u32,
    last_request: u32,
}

impl Engines {
    /// The one that serves and the GPU's while it gets ready.
    fn all_mut(&mut self) -> impl Iterator<Item = &mut Engine> {
        let candidate = match &mut self.gpu {
            Gpu::Preparing { engine, .. } | Gpu::Ready { engine, .. } => Some(&mut **engine),
            _ => None,
        };
        self.serving.iter_mut().chain(candidate)
    }

    /// An engine by its number.
    pub fn get_mut(&mut self, id: EngineId) -> Option<&mut Engine> {
        self.all_mut().find(|engine| engine.id == id)
    }

    /// A model's file is to be loaded anew: no engine has it any more.
    pub fn forget_model(&mut self, key: &ModelKey) {
        for engine in self.all_mut() {
            engine.models.remove(key);
            for held in engine.held.values_mut() {
                held.maps.take_if(|maps| maps.model == *key);
            }
        }
    }

    /// Whether an engine serves.
    pub fn serves(&self, id: EngineId) -> bool {
        self.serving.as_ref().is_some_and(|engine| engine.id == id)
    }

    /// A number for a new engine.
    pub fn next_engine(&mut self) -> EngineId {
        self.last_engine += 1;
        EngineId(self.last_engine)
    }

    /// A number for a new request.
    pub fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    /// Why the CPU serves, where it does and there is something to say.
    pub fn why_cpu(&self) -> Option<String> {
        match &self.gpu {
            Gpu::Unknown | Gpu::Serving(_) => None,
            Gpu::Expected(_) | Gpu::Preparing { .. } => Some("the GPU is getting ready".to_owned()),
            Gpu::Ready { .. } => Some("the GPU takes over with the next image".to_owned()),
            Gpu::Slower(adapter) => Some(format!("it is faster here than the GPU ({adapter})")),
            Gpu::Refused(reason) => Some(reason.clone()),
        }
    }

    /// Whether the line and the processor are needed for the GPU's engine, or soon will be.
    pub fn is_gpu_under_way(&self) -> bool {
        match &self.gpu {
            Gpu::Unknown | Gpu::Expected(_) => true,
            Gpu::Preparing { engine, .. } => engine.models.is_empty(),
            _ => false,
        }
    }
}
