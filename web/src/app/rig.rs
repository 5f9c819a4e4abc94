//! A stage for scenarios: the app, with a shell and engines that do as they are told.
//!
//! The engines keep to the protocol strictly: a request about a document, model, segmentation or version of corrections
//! that they do not have is a fault of the app, and every scenario ends with the question whether there was one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use delineo::imaging::{Rendering, Window, Windowing};
use delineo::intake::Kind as FileKind;
use delineo::manifest::Manifest;
use delineo::mask::Mask;
use delineo::measure::{DepthMarks, Measurements, Side};
use delineo::metrics::Comparison;

use super::arrival::{Arrival, ArrivedFile, Stamp, Way};
use super::command::Command;
use super::effect::{Effect, EngineBuild};
use super::event::{Event, Surroundings, Timer};
use super::folders::{self, Brought};
use super::ids::{EngineId, FileId, PayloadId};
use super::model_entry::{OwnModel, PublishedModel};
use super::opened::SegmentationState;
use super::preferences::Preferences;
use super::stage::Canvas;
use super::state::App;
use crate::contents::Contents;
use crate::protocol::{
    Answer, Area, DeviceKind, DeviceReport, DocumentId, GatherStep, GatheredFile, ImageFacts,
    Judgement, Kind, MaskSpec, MeasureSpec, Measured, Message, Modality, ModelKey, Networks,
    Request, RequestId, Segmentation, Summary,
};

/// A file that came in: what it is, and what tells it from others.
type Came = (FileId, FileKind, Option<Stamp>);

/// A worker as the protocol says it is.
#[derive(Debug)]
pub struct FakeEngine {
    pub build: EngineBuild,
    pub requests: VecDeque<(RequestId, Request)>,
    models: BTreeSet<ModelKey>,
    pub documents: BTreeMap<DocumentId, FakeDocument>,
    listens: bool,
}

/// A document that an engine has open.
#[derive(Debug)]
pub struct FakeDocument {
    rendering: Rendering,
    maps: Option<Segmentation>,
    edits: u64,
    truths: u32,
}

/// The app and all that is around it.
pub struct Rig {
    pub app: App,
    pub now: f64,
    pub engines: BTreeMap<EngineId, FakeEngine>,
    pub timers: BTreeSet<Timer>,
    /// Effects that nothing here acts on, in order.
    pub seen: Vec<Effect>,
    /// What the app asked that it should not have.
    pub faults: Vec<String>,
    /// The steps of archives, in the order in which they were asked.
    pub gathered: Vec<GatherStep>,
    /// How large the engine says the bytes of a step are, the files in them, and the pictures that it cannot add.
    pub gathered_bytes: u64,
    pub gathered_files: Vec<GatheredFile>,
    pub unaddable: BTreeSet<String>,
    /// What is in archives and annotations, by their names.
    pub contents: BTreeMap<String, Contents>,
    /// Events that come a little later.
    pub later: VecDeque<Event>,
    /// Names that the engine refuses to open.
    pub broken_files: BTreeSet<String>,
    /// The version of all models, which their weights follow.
    pub model_version: u8,
    /// Documents whose maps were taken from a copy, in order, and whether copies are damaged.
    pub restored: Vec<DocumentId>,
    pub are_maps_damaged: bool,
    /// Models that cannot be loaded.
    pub broken_models: BTreeSet<String>,
    /// The image on the stage, by its document's number.
    pub on_stage: Option<DocumentId>,
    pub overlays: u32,
    /// Documents of which the page keeps an image, an overlay, a thumbnail.
    pub images: BTreeSet<DocumentId>,
    pub kept_overlays: BTreeSet<DocumentId>,
    pub thumbnails: BTreeSet<DocumentId>,
    /// The most documents that an engine had open, and the most images that the page kept.
    pub most_held: usize,
    pub most_images: usize,
    /// Documents that were segmented, in order.
    pub segmented: Vec<DocumentId>,
    /// What a segmentation takes on each device.
    pub gpu_milliseconds: f64,
    /// The highest probability; above it masks are empty.
    pub peak: f32,
    next_file: u32,
    next_arrival: u32,
    next_payload: u32,
    payloads: BTreeMap<PayloadId, DocumentId>,
}

/// What an engine says of an image: names with `cine` have frames, names with `deep` have more than 8 bits, and the pixels
/// of names with `tall` are twice as high as wide. Names with `screenshot` are of no kind that models were made for,
/// ultrasound of names with `thyroid` is of the thyroid, names with `marks` have depth marks, and those with `numbered` also their distance.
pub fn facts(name: &str, modality: Modality, rendering: Rendering) -> ImageFacts {
    let range = (0.0, 4095.0);
    let whole = Window::between(range.0, range.1);
    ImageFacts {
        width: 320,
        height: 200,
        format: "PNG".to_owned(),
        modality,
        judgement: Judgement {
            kind: match modality {
                _ if name.contains("screenshot") => Kind::Other,
                Modality::Dermoscopy => Kind::Dermoscopy,
                Modality::Ultrasound if name.contains("thyroid") => Kind::ThyroidUltrasound,
                Modality::Ultrasound => Kind::BreastUltrasound,
            },
            confidence: 0.9,
        },
        remarks: Vec::new(),
        frames: if name.contains("cine") { 24 } else { 1 },
        frame_time: Some(40.0),
        windowing: name.contains("deep").then(|| Windowing {
            shown: rendering.window.unwrap_or(whole),
            range,
            presets: vec![("Whole range".to_owned(), whole)],
        }),
        scale: None,
        depth_marks: name.contains("marks").then_some(DepthMarks {
            side: Side::Left,
            x: 10.5,
            top: 20.5,
            period_px: 25.0,
            marks: 7,
            likely_mm: name.contains("numbered").then_some(5.0),
        }),
        pixel_aspect: if name.contains("tall") { 2.0 } else { 1.0 },
    }
}

/// Of a mask of 100 × 50 pixels in an image of [`facts`], or of none above the highest probability.
fn measured(spec: &MeasureSpec, peak: f32) -> Measured {
    let is_empty = spec.mask.settings.threshold > peak;
    let on = |at: usize| {
        !is_empty && (100..200).contains(&(at % 320)) && (100..150).contains(&(at / 320))
    };
    let mask = Mask::new(
        320,
        200,
        (0..320 * 200).map(|at| u8::from(on(at))).collect(),
    );
    let compared = (spec.truths > 0).then(|| Comparison::of(&mask, &mask, None));
    Measured {
        area: Area {
            pixels: mask.area() as f64,
            fraction: mask.area() as f64 / 64000.0,
            exact: true,
        },
        measurements: Measurements::of(&mask, spec.scale.as_ref()),
        uncertainty: None,
        proportions: None,
        outline: None,
        comparison: compared.and_then(Result::ok),
    }
}

/// Files with `two` in their names hold two networks.
fn networks(name: &str, asked: Option<String>) -> Networks {
    let all = ["model", "ema"].map(|name| (name.to_owned(), name.to_owned()));
    if name.contains("two") {
        Networks {
            all: all.to_vec(),
            chosen: asked.or(Some("model".to_owned())),
            remarks: Vec::new(),
        }
    } else {
        Networks::default()
    }
}

pub fn skin() -> ModelKey {
    ModelKey::Published("skin".to_owned())
}

pub fn breast() -> ModelKey {
    ModelKey::Published("breast".to_owned())
}

pub fn own_model(digest: &str, name: &str, file: Option<FileId>) -> OwnModel {
    OwnModel {
        digest: digest.into(),
        name: name.to_owned(),
        file,
        manifest: None,
        is_remembered: false,
    }
}

/// What a published model is for, and its threshold.
fn made_for(id: &str) -> (&'static str, f32) {
    match id {
        "skin" => ("dermoscopy", 0.4),
        "thyroid" => ("thyroid-ultrasound", 0.6),
        _ => ("ultrasound", 0.55),
    }
}

fn manifest(id: &str, modality: &str, threshold: f32) -> Box<Manifest> {
    let mut manifest = Manifest::assumed(id, "S", 3, 1, b"");
    manifest.id = id.to_owned();
    manifest.name = id.to_owned();
    manifest.modalities = vec![modality.to_owned()];
    manifest.threshold = threshold;
    manifest.weights.file = "weights.safetensors".to_owned();
    Box::new(manifest)
}

impl Rig {
    /// A page that has just begun: two models are listed, and there is no GPU.
    pub fn new() -> Self {
        let mut rig = Self::bare(Surroundings::default());
        rig.tell(Event::AdapterFound(Err(
            "This browser has no WebGPU.".to_owned()
        )));
        rig.list_models();
        rig
    }

    /// A page that has begun and heard nothing yet.
    pub fn bare(surroundings: Surroundings) -> Self {
        Self::with(Preferences::default(), surroundings)
    }

    pub fn with(preferences: Preferences, surroundings: Surroundings) -> Self {
        let mut rig = Self {
            app: App::new(preferences),
            now: 0.0,
            engines: BTreeMap::new(),
            timers: BTreeSet::new(),
            seen: Vec::new(),
            faults: Vec::new(),
            gathered: Vec::new(),
            gathered_bytes: 100,
            gathered_files: Vec::new(),
            unaddable: BTreeSet::new(),
            model_version: 1,
            restored: Vec::new(),
            are_maps_damaged: false,
            contents: BTreeMap::new(),
            later: VecDeque::new(),
            broken_files: BTreeSet::new(),
            broken_models: BTreeSet::new(),
            on_stage: None,
            overlays: 0,
            images: BTreeSet::new(),
            kept_overlays: BTreeSet::new(),
            thumbnails: BTreeSet::new(),
            most_held: 0,
            most_images: 0,
            segmented: Vec::new(),
            gpu_milliseconds: 5.0,
            peak: 1.0,
            next_file: 1,
            next_arrival: 0,
            next_payload: 1,
            payloads: BTreeMap::new(),
        };
        rig.tell(Event::Begun(surroundings));
        rig.tell(Event::CanvasResized(Canvas {
            width: 800,
            height: 600,
            ratio: 1.0,
        }));
        rig
    }

    pub fn list_models(&mut self) {
        self.list(&["skin", "breast"]);
    }

    /// The site has these models: see [`made_for`].
    pub fn list(&mut self, ids: &[&str]) {
        let sha256 = self.weights();
        let published = ids.iter().map(|id| {
            let (modality, threshold) = made_for(id);
            let mut manifest = manifest(id, modality, threshold);
            manifest.weights.sha256.clone_from(&sha256);
            PublishedModel {
                id: (*id).to_owned(),
                manifest: Ok(manifest),
            }
        });
        let published: Vec<_> = published.collect();
        self.tell(Event::ModelsListed {
            published: Ok(published),
            own: Vec::new(),
        });
    }

    /// SHA-256 of the weights of all models.
    pub fn weights(&self) -> String {
        format!("{:064x}", self.model_version)
    }

    pub fn tell(&mut self, event: Event) {
        self.now += 1.0;
        for effect in self.app.update(event, self.now) {
            self.run(effect);
        }
    }

    /// A command about what is on the stage.
    pub fn send(&mut self, command: Command) {
        let document = self.app.documents.shown_id();
        self.tell(Event::Command { command, document });
    }

    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::StartWorker { engine, build } => {
                self.engines.insert(
                    engine,
                    FakeEngine {
                        build,
                        requests: VecDeque::new(),
                        models: BTreeSet::new(),
                        documents: BTreeMap::new(),
                        listens: false,
                    },
                );
            }
            Effect::StopWorker(engine) => {
                self.engines.remove(&engine);
            }
            Effect::Ask {
                engine,
                id,
                request,
                ..
            } => match self.engines.get_mut(&engine) {
                Some(worker) if worker.listens => {
                    if let Request::Gather(step) = &request {
                        self.gathered.push(step.clone());
                    }
                    worker.requests.push_back((id, request));
                }
                Some(_) => self
                    .faults
                    .push(format!("asked before it listens: {request:?}")),
                None => self
                    .faults
                    .push(format!("asked an engine that is gone: {request:?}")),
            },
            Effect::SetTimer { timer, .. } => {
                self.timers.insert(timer);
            }
            Effect::KeepImage { document, payload } => {
                if self.payloads.get(&payload) != Some(&document) {
                    self.faults
                        .push(format!("{document:?} is kept with another's image"));
                }
                self.images.insert(document);
                self.kept_overlays.remove(&document);
                self.most_images = self.most_images.max(self.images.len());
            }
            Effect::KeepOverlay { document, .. } => {
                self.kept_overlays.insert(document);
            }
            Effect::ForgetImage(document) => {
                self.images.remove(&document);
                self.kept_overlays.remove(&document);
            }
            Effect::KeepThumbnail { document, .. } => {
                self.thumbnails.insert(document);
            }
            Effect::ForgetThumbnail(document) => {
                self.thumbnails.remove(&document);
            }
            Effect::ShowImage { document, .. } => {
                if !self.images.contains(&document) {
                    self.faults
                        .push(format!("{document:?} is shown and not kept"));
                }
                self.on_stage = Some(document);
            }
            Effect::ShowKeptOverlay { document, .. } => {
                if !self.kept_overlays.remove(&document) {
                    self.faults
                        .push(format!("the overlay of {document:?} is not kept"));
                }
                self.overlays += 1;
            }
            Effect::AdoptMembers { members, .. } => {
                let found = members.into_iter().map(|member| {
                    self.next_file += 1;
                    let stamp = Stamp {
                        size: member.size,
                        modified: member.crc.into(),
                    };
                    (
                        member.path,
                        (FileId(self.next_file), member.kind, Some(stamp)),
                    )
                });
                let found = found.collect();
                let arrivals = self.arrivals(found, Way::Unpacked, &Brought::Files);
                self.later
                    .extend(arrivals.into_iter().map(Event::FilesArrived));
            }
            Effect::KeepParts { id, parts, .. } => {
                let files = parts.iter().map(|_| {
                    self.next_file += 1;
                    FileId(self.next_file)
                });
                let files = files.collect();
                self.later.push_back(Event::PartsKept { id, files });
            }
            Effect::ClearStage => self.on_stage = None,
            Effect::ShowOverlay { .. } => self.overlays += 1,
            other => self.seen.push(other),
        }
    }

    pub fn serving(&self) -> Option<EngineId> {
        self.app.engines.serving.as_ref().map(|engine| engine.id)
    }

    fn engine_of(&self, build: EngineBuild) -> Option<EngineId> {
        self.engines
            .iter()
            .find(|(_, engine)| engine.build == build)
            .map(|(id, _)| *id)
    }

    pub fn gpu(&self) -> Option<EngineId> {
        self.engine_of(EngineBuild::Gpu)
    }

    /// A worker listens from now on.
    pub fn listen(&mut self, id: EngineId) {
        if let Some(engine) = self.engines.get_mut(&id)
            && !engine.listens
        {
            engine.listens = true;
            self.say(id, Message::Listening, None);
        }
    }

    pub fn say(&mut self, engine: EngineId, message: Message, payload: Option<PayloadId>) {
        self.tell(Event::Engine {
            engine,
            message,
            payload,
        });
    }

    /// An engine meets its oldest request. Says whether there was one.
    pub fn answer(&mut self, id: EngineId) -> bool {
        let Some(engine) = self.engines.get_mut(&id) else {
            return false;
        };
        let Some((request_id, request)) = engine.requests.pop_front() else {
            return false;
        };
        self.next_payload += 1;
        let payload = PayloadId(self.next_payload);
        let (answer, payload) = self.meet(id, request, payload);
        let message = match answer {
            Ok(answer) => Message::Answer {
                id: request_id,
                answer: Box::new(answer),
            },
            Err(message) => Message::Failed {
                id: request_id,
                message,
            },
        };
        self.say(id, message, payload);
        true
    }

    fn meet(
        &mut self,
        id: EngineId,
        request: Request,
        payload: PayloadId,
    ) -> (Result<Answer, String>, Option<PayloadId>) {
        let (gpu_milliseconds, peak) = (self.gpu_milliseconds, self.peak);
        let weights = self.weights();
        let Some(engine) = self.engines.get_mut(&id) else {
            return (Err("gone".to_owned()), None);
        };
        let is_gpu = engine.build == EngineBuild::Gpu;
        let fits = |engine: &FakeEngine, mask: &MaskSpec| {
            let held = engine.documents.get(&mask.segmentation.document);
            held.is_some_and(|held| {
                held.maps.as_ref() == Some(&mask.segmentation) && held.edits == mask.edits
            })
        };
        let truths = |engine: &FakeEngine, id: DocumentId| {
            engine.documents.get(&id).map_or(0, |held| held.truths)
        };
        let area = |mask: &MaskSpec, exact| {
            let (pixels, fraction) = match mask.settings.threshold > peak {
                true => (0.0, 0.0),
                false => (100.0, 0.1),
            };
            Area {
                pixels,
                fraction,
                exact,
            }
        };
        let mut fault = None;
        let result = match request {
            Request::Start { .. } => Ok((
                Answer::Started(DeviceReport {
                    kind: if is_gpu {
                        DeviceKind::Gpu
                    } else {
                        DeviceKind::Cpu
                    },
                    name: "Fake".to_owned(),
                }),
                false,
            )),
            Request::LoadModel {
                model,
                name,
                network,
                ..
            } => {
                if self.broken_models.contains(&name) {
                    Err(format!("“{name}” cannot be loaded"))
                } else {
                    engine.models.insert(model.clone());
                    let (id, (modality, threshold)) = match &model {
                        ModelKey::Published(id) => (id.as_str(), made_for(id)),
                        ModelKey::Own(_) => (name.as_str(), ("dermoscopy", 0.5)),
                    };
                    let mut manifest = manifest(id, modality, threshold);
                    manifest.weights.sha256 = weights;
                    Ok((
                        Answer::ModelLoaded {
                            manifest,
                            parameters: 417_505,
                            networks: networks(&name, network),
                        },
                        false,
                    ))
                }
            }
            Request::UnloadModel { model } => {
                if !engine.models.remove(&model) {
                    fault = Some(format!("{model} is unloaded twice"));
                }
                Ok((Answer::Done, false))
            }
            Request::TimeModel { model } => {
                if !engine.models.contains(&model) {
                    fault = Some(format!("{model} is timed and not loaded"));
                }
                let milliseconds = if is_gpu { gpu_milliseconds } else { 50.0 };
                Ok((Answer::Timed { milliseconds }, false))
            }
            Request::Open {
                document,
                name,
                rendering,
                with_picture,
            } => {
                if self.broken_files.contains(&name) {
                    Err("this is not an image".to_owned())
                } else {
                    let opened = FakeDocument {
                        rendering,
                        maps: None,
                        edits: 0,
                        truths: 0,
                    };
                    engine.documents.insert(document, opened);
                    self.most_held = self.most_held.max(engine.documents.len());
                    self.payloads.insert(payload, document);
                    let modality = if name.contains("ultrasound") {
                        Modality::Ultrasound
                    } else {
                        Modality::Dermoscopy
                    };
                    Ok((
                        Answer::Opened(Box::new(facts(&name, modality, rendering))),
                        with_picture,
                    ))
                }
            }
            Request::Segment(maps) => {
                let has_model = engine.models.contains(&maps.model);
                self.segmented.push(maps.document);
                match engine.documents.get_mut(&maps.document) {
                    Some(held) if held.rendering == maps.rendering && has_model => {
                        held.maps = Some(maps);
                    }
                    _ => fault = Some(format!("cannot segment {maps:?}")),
                }
                Ok((Answer::Segmented { milliseconds: 50.0 }, false))
            }
            Request::RestoreMaps { maps, sha256 } => {
                let is_named = maps.weights.as_ref().is_none_or(|of| *of == sha256);
                match engine.documents.get_mut(&maps.document) {
                    Some(held) if held.rendering == maps.rendering && is_named => {}
                    _ => fault = Some(format!("cannot restore {maps:?} of {sha256}")),
                }
                if maps.weights.is_none() && sha256 != weights {
                    fault = Some(format!("{maps:?} are not by {sha256}"));
                }
                if self.are_maps_damaged {
                    Err("The copy is damaged".to_owned())
                } else {
                    self.restored.push(maps.document);
                    let mut manifest = manifest("kept", "dermoscopy", 0.4);
                    manifest.weights.sha256 = sha256;
                    if let Some(held) = engine.documents.get_mut(&maps.document) {
                        held.maps = Some(maps);
                    }
                    Ok((Answer::MapsRestored { manifest }, false))
                }
            }
            Request::PackMaps(maps) => {
                let held = engine.documents.get(&maps.document);
                if held.is_none_or(|held| held.maps.as_ref() != Some(&maps)) {
                    fault = Some(format!("cannot pack {maps:?}"));
                }
                Ok((Answer::MapsPacked, true))
            }
            Request::Edit {
                document, version, ..
            } => {
                match engine.documents.get_mut(&document) {
                    Some(held) => held.edits = version,
                    None => {
                        fault = Some(format!("corrections for {document:?}, which is not open"));
                    }
                }
                Ok((Answer::Done, false))
            }
            Request::Summarise { mask, .. } => {
                if !fits(engine, &mask) {
                    fault = Some(format!("cannot sum up {mask:?}"));
                }
                let summary = Summary {
                    area: area(&mask, true),
                    confidence: match mask.settings.threshold > peak {
                        true => 1.0 - peak,
                        false => 0.9,
                    },
                };
                Ok((Answer::Summarised(summary), true))
            }
            Request::Paint { mask, frame } => {
                let truths = truths(engine, mask.segmentation.document);
                if !fits(engine, &mask) || ![0, truths].contains(&frame.truths) {
                    fault = Some(format!("cannot paint {mask:?}"));
                }
                Ok((
                    Answer::Painted {
                        bounds: [0, 0, 8, 8],
                        area: area(&mask, false),
                    },
                    true,
                ))
            }
            Request::Measure(spec) => {
                let truths = truths(engine, spec.mask.segmentation.document);
                if !fits(engine, &spec.mask) || ![0, truths].contains(&spec.truths) {
                    fault = Some(format!("cannot measure {spec:?}"));
                }
                Ok((Answer::Measured(Box::new(measured(&spec, peak))), false))
            }
            Request::AttachTruth {
                document,
                name,
                place,
                ..
            } => {
                let held = engine.documents.get_mut(&document);
                let held = held.filter(|held| place <= held.truths);
                if held.is_none() {
                    fault = Some(format!("cannot attach {name}"));
                }
                if self.broken_files.contains(&name) {
                    Err(format!("{name}: this is not a mask"))
                } else {
                    if let Some(held) = held {
                        held.truths = place + 1;
                    }
                    Ok((Answer::Done, false))
                }
            }
            Request::Unpack { path } => {
                let name = path.rsplit('/').next().unwrap_or(&path);
                let contents = self.contents.get(name).cloned();
                let contents = contents.ok_or_else(|| "It is damaged".to_owned());
                contents.map(|contents| (Answer::Unpacked(Box::new(contents)), true))
            }
            Request::Export { mask, format, .. } => {
                if !fits(engine, &mask) {
                    fault = Some(format!("cannot export {mask:?}"));
                }
                Ok((
                    Answer::Exported {
                        file_name: format!("{format}.png"),
                        media_type: "image/png".to_owned(),
                    },
                    true,
                ))
            }
            Request::Gather(GatherStep::Add(document))
                if self.unaddable.contains(&document.path) =>
            {
                Err("The file is no longer there.".to_owned())
            }
            Request::Gather(step) => {
                let bytes = self.gathered_bytes;
                let files = match step {
                    GatherStep::Add(_) | GatherStep::Finish => self.gathered_files.clone(),
                    GatherStep::Begin { .. } | GatherStep::Fail { .. } => Vec::new(),
                };
                Ok((Answer::Gathered { bytes, files }, true))
            }
            Request::MakeSample { seed, .. } => Ok((
                Answer::SampleMade {
                    file_name: format!("sample-{seed}.png"),
                },
                true,
            )),
            Request::Close { document } => {
                if engine.documents.remove(&document).is_none() {
                    fault = Some(format!("{document:?} is closed twice"));
                }
                Ok((Answer::Done, false))
            }
            Request::Logits { .. } => Err("the app never asks this".to_owned()),
        };
        self.faults.extend(fault);
        match result {
            Ok((answer, has_payload)) => (Ok(answer), has_payload.then_some(payload)),
            Err(message) => (Err(message), None),
        }
    }

    /// The person does nothing any more, and everything that can be prepared is.
    pub fn rest(&mut self) {
        self.settle();
        self.fire(Timer::Background);
        self.settle();
    }

    /// Everything that can happen happens, until there is nothing left. Nothing is prepared in the background before
    /// [`Rig::rest`], since the person did something just now.
    pub fn settle(&mut self) {
        for _ in 0..1000 + 10 * self.app.documents.len() {
            let ids: Vec<EngineId> = self.engines.keys().copied().collect();
            for id in &ids {
                self.listen(*id);
            }
            let has_answered = ids.iter().any(|id| self.answer(*id));
            if let Some(event) = self.later.pop_front() {
                self.tell(event);
                continue;
            }
            let is_due = |timer: &Timer| matches!(timer, Timer::Measure | Timer::Relaunch);
            let due = self.timers.iter().copied().find(is_due);
            if let Some(timer) = due.filter(|_| !has_answered) {
                self.fire(timer);
            } else if !has_answered
                && self
                    .engines
                    .values()
                    .all(|engine| engine.requests.is_empty())
            {
                return;
            }
        }
        self.faults.push("it never settles".to_owned());
    }

    pub fn fire(&mut self, timer: Timer) {
        self.timers.remove(&timer);
        self.tell(Event::Timer(timer));
    }

    /// Answers the serving engine's requests up to and including the first that `is_meant`.
    pub fn answer_until(&mut self, is_meant: impl Fn(&Request) -> bool) {
        for _ in 0..100 {
            let Some(id) = self.serving() else { return };
            self.listen(id);
            let next = self
                .engines
                .get(&id)
                .and_then(|engine| engine.requests.front());
            let is_it = next.is_some_and(|(_, request)| is_meant(request));
            if !self.answer(id) || is_it {
                return;
            }
        }
    }

    /// What the serving engine has been asked and has not answered.
    pub fn asked(&self) -> Vec<&Request> {
        self.serving()
            .and_then(|id| self.engines.get(&id))
            .map(|engine| engine.requests.iter().map(|(_, request)| request).collect())
            .unwrap_or_default()
    }

    pub fn die(&mut self) {
        if let Some(engine) = self.serving() {
            self.tell(Event::EngineDied {
                engine,
                reason: "test".to_owned(),
            });
        }
    }

    /// Drops files whose content says nothing of what they are.
    pub fn drop_files(&mut self, names: &[&str]) {
        let files: Vec<_> = names.iter().map(|name| (*name, b"".as_slice())).collect();
        self.drop_contents(&files);
    }

    /// Drops files of these paths, as the shell lists them: in order and in batches.
    pub fn drop_listed(&mut self, files: &[(&str, &[u8], Option<Stamp>)], brought: Brought) {
        let count = files.len();
        let found = files.iter().map(|(path, head, stamp)| {
            self.next_file += 1;
            let kind = folders::kind_by_name(path, count);
            let kind = kind.unwrap_or_else(|| folders::kind(path, head));
            ((*path).to_owned(), (FileId(self.next_file), kind, *stamp))
        });
        let found = found.collect();
        for arrival in self.arrivals(found, Way::Dropped, &brought) {
            self.tell(Event::FilesArrived(arrival));
        }
    }

    fn arrivals(
        &mut self,
        found: Vec<(String, Came)>,
        way: Way,
        brought: &Brought,
    ) -> Vec<Arrival> {
        let batches = folders::batches(found);
        let last = batches.len().saturating_sub(1);
        self.next_arrival += 1;
        let id = self.next_arrival;
        let batches = batches.into_iter().enumerate();
        let arrivals = batches.map(|(number, batch)| {
            let files = batch.into_iter().map(|placed| {
                let (file, kind, stamp) = placed.item;
                let (folder, name) = folders::split(&placed.path);
                ArrivedFile {
                    file,
                    name: name.to_owned(),
                    folder: folder.to_owned(),
                    kind,
                    stamp,
                    image: placed.image,
                }
            });
            Arrival {
                id,
                way,
                brought: brought.clone(),
                files: files.collect(),
                more_follow: number < last,
                ..Arrival::default()
            }
        });
        arrivals.collect()
    }

    /// Drops a folder with these files.
    pub fn drop_folder(&mut self, paths: &[&str]) {
        let files: Vec<_> = paths
            .iter()
            .map(|path| (*path, b"".as_slice(), None))
            .collect();
        self.drop_listed(&files, Brought::Folder);
    }

    /// Drops files with their first bytes.
    pub fn drop_contents(&mut self, files: &[(&str, &[u8])]) {
        let files: Vec<_> = files
            .iter()
            .map(|(name, head)| (*name, *head, None))
            .collect();
        self.drop_listed(&files, Brought::Files);
    }

    /// Drops files and waits until the first is segmented.
    pub fn open(&mut self, names: &[&str]) {
        self.drop_files(names);
        self.settle();
    }

    pub fn shown_name(&self) -> Option<&str> {
        self.app
            .documents
            .shown()
            .map(|(document, _)| document.name.as_str())
    }

    pub fn shown_model(&self) -> Option<&ModelKey> {
        Some(&self.app.shown()?.maps()?.model)
    }

    pub fn is_done(&self) -> bool {
        let shown = self.app.shown();
        shown.is_some_and(|shown| matches!(shown.segmentation, SegmentationState::Done { .. }))
    }

    pub fn sentences(&self) -> Vec<String> {
        self.app
            .notices
            .iter()
            .map(|notice| notice.text.clone())
            .collect()
    }

    pub fn says(&self, part: &str) -> bool {
        self.app.notices.iter().any(|notice| {
            notice.text.contains(part) || notice.list.iter().any(|line| line.contains(part))
        })
    }

    pub fn saw(&self, is_meant: impl Fn(&Effect) -> bool) -> bool {
        self.seen.iter().any(is_meant)
    }

    pub fn assert_no_faults(&self) {
        assert_eq!(self.faults, Vec::<String>::new());
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_no_faults();
        }
    }
}
