//! What the engines are asked next. [`App::work`] looks at the state after every event and asks for one thing at a time,
//! so that a wish that changed meanwhile is never asked. Everything an engine holds can be given to it again: after a
//! crash or a hand-over the same function opens the document anew.

use std::time::Duration;

use delineo::imaging::Rendering;

use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::engines::{Gpu, Pending, Phase, Purpose};
use crate::app::event::Timer;
use crate::app::ids::{EngineId, FileId};
use crate::app::opened::SegmentationState;
use crate::app::overlay::Wish;
use crate::app::preferences::Mode;
use crate::app::state::App;
use crate::protocol::{DocumentId, Frame, MeasureSpec, ModelKey, Request, Segmentation, Settings};

/// How long nothing must change before the mask is measured.
const QUIET: Duration = Duration::from_millis(150);

/// The next thing to do.
#[derive(Debug)]
enum Step {
    HandOver,
    Open(DocumentId, Rendering),
    Load(ModelKey),
    Unload(ModelKey),
    Segment(Segmentation),
    Restore(Segmentation),
    GiveUpSegmentation,
    PrepareGpu(String),
    LoadOnGpu(EngineId, ModelKey),
    TimeOnGpu(EngineId, ModelKey),
    TimeOnCpu(ModelKey),
    GpuIsReady,
    RegisterServiceWorker,
    KeepOffline(String),
    Sample,
    Unpack,
}

impl App {
    /// Asks for what is to be done now.
    pub(super) fn work(&mut self, now: f64) {
        self.show_kept(now);
        // Each step changes what the next one sees: it is asked for, done, or no longer due.
        while let Some(step) = self.next_step() {
            self.take_step(step, now);
        }
        self.work_on_overlay(now);
        self.work_in_background(now);
        self.pack_maps(now);
        self.close_far(now);
        self.count(now);
    }

    fn next_step(&self) -> Option<Step> {
        let engine = self.engines.serving.as_ref()?;
        if engine.phase != Phase::Ready {
            return None;
        }
        if !self.samples.is_empty() && !engine.is_asked(|purpose| *purpose == Purpose::Sample) {
            return Some(Step::Sample);
        }
        // What is prepared in the background is not waited for, unless it is what the person wants by now.
        let current = self.documents.current_id();
        let is_waited_for = |pending: &Pending| match &pending.purpose {
            Purpose::Load(_) => true,
            Purpose::Open { .. } | Purpose::Segment(_) | Purpose::RestoreMaps(_) => {
                !pending.is_background || pending.purpose.suspect() == current
            }
            _ => false,
        };
        if engine.pending.iter().any(is_waited_for) {
            return self.next_gpu_step();
        }
        self.next_document_step()
            .or_else(|| self.next_import_step())
            .or_else(|| self.next_idle_step())
            .or_else(|| self.next_gpu_step())
    }

    /// What the person waits for.
    fn next_document_step(&self) -> Option<Step> {
        let engine = self.engines.serving.as_ref()?;
        let shown = self.documents.shown();
        let opening = self.documents.opening_id();
        let is_waiting = self.awaits_document();
        // Never while a mask is on the stage: no border changes by itself under the person's eyes.
        if matches!(self.engines.gpu, Gpu::Ready { .. })
            && !engine.is_busy()
            && (is_waiting || shown.is_none())
        {
            return Some(Step::HandOver);
        }
        if let Some(opening) = opening {
            let wanted = self.documents.opening()?.wanted();
            return Some(Step::Open(opening, wanted));
        }
        let Some((document, opened)) = shown else {
            return self.load_step(None);
        };
        if opened.segmentation == SegmentationState::Failed && opened.wanted == opened.rendering {
            return None;
        }
        let held = engine.held.get(&document.id);
        if held.is_none_or(|held| held.rendering != opened.wanted) || !self.is_kept(document) {
            return Some(Step::Open(document.id, opened.wanted));
        }
        if self.stage.is_playing {
            return None;
        }
        let wanted = self.wanted_maps()?;
        if opened.maps() == Some(&wanted) && engine.has_maps(&wanted) {
            return None;
        }
        if self.restorable(opened, &wanted).is_some() {
            return Some(Step::Restore(wanted));
        }
        if self.models.has_failed(&wanted.model) {
            // A mask by a model for other images would be worse than none.
            return opened.maps().is_none().then_some(Step::GiveUpSegmentation);
        }
        self.load_step(Some(&wanted.model))
            .or(Some(Step::Segment(wanted)))
    }

    /// Loads the model that is wanted, unless the engine has it or it cannot be had.
    fn load_step(&self, wanted: Option<&ModelKey>) -> Option<Step> {
        let wanted = wanted.or_else(|| self.models.wanted(None))?;
        let has_it = self.engines.serving.as_ref()?.models.contains(wanted);
        (!has_it && !self.models.has_failed(wanted)).then(|| Step::Load(wanted.clone()))
    }

    /// What is in files that came in.
    fn next_import_step(&self) -> Option<Step> {
        let engine = self.engines.serving.as_ref()?;
        let is_asked = engine.is_asked(|purpose| matches!(purpose, Purpose::Unpack(_)));
        (self.awaits_contents() && !is_asked).then_some(Step::Unpack)
    }

    /// What can wait until the person waits for nothing.
    fn next_idle_step(&self) -> Option<Step> {
        let engine = self.engines.serving.as_ref()?;
        if engine.is_busy() || self.awaits_document() {
            return None;
        }
        let in_use = self.shown().and_then(|shown| shown.maps());
        let is_needed = |key: &ModelKey| {
            self.models.choice.as_ref() == Some(key)
                || in_use.is_some_and(|maps| maps.model == *key)
        };
        // The site's models are few and at hand when images of both kinds come in turn; a person's own may be large.
        let unused = engine
            .models
            .iter()
            .find(|key| matches!(key, ModelKey::Own(_)) && !is_needed(key));
        if let Some(unused) = unused {
            return Some(Step::Unload(unused.clone()));
        }
        let (active, info) = self.models.active()?;
        if !engine.models.contains(active) {
            return None;
        }
        if let Gpu::Expected(adapter) = &self.engines.gpu {
            return Some(Step::PrepareGpu(adapter.clone()));
        }
        if self.engines.is_gpu_under_way() {
            return None;
        }
        if !self.offline.is_registered {
            return Some(Step::RegisterServiceWorker);
        }
        match active {
            ModelKey::Published(id) if self.offline.is_ready => {
                let file = format!("models/{id}/{}", info.manifest.weights.file);
                (!self.kept_offline.contains(&file)).then_some(Step::KeepOffline(file))
            }
            _ => None,
        }
    }

    /// What the GPU's engine needs before it can serve.
    fn next_gpu_step(&self) -> Option<Step> {
        let Gpu::Preparing {
            adapter,
            engine,
            milliseconds,
        } = &self.engines.gpu
        else {
            return None;
        };
        if !engine.is_idle() {
            return None;
        }
        let (active, _) = self.models.active()?;
        let Some(model) = engine.models.iter().next() else {
            return Some(Step::LoadOnGpu(engine.id, active.clone()));
        };
        let is_known_faster = self
            .known_timing(adapter)
            .is_some_and(|timing| timing.is_gpu_faster());
        if self.is_gpu_asked() || is_known_faster {
            return Some(Step::GpuIsReady);
        }
        let serving = self.engines.serving.as_ref()?;
        // Both are timed while the other one rests, or the processor would be shared.
        if !serving.is_idle() || self.awaits_document() {
            return None;
        }
        if milliseconds.is_none() {
            return Some(Step::TimeOnGpu(engine.id, model.clone()));
        }
        serving
            .models
            .contains(model)
            .then(|| Step::TimeOnCpu(model.clone()))
    }

    fn take_step(&mut self, step: Step, now: f64) {
        let Some(serving) = self.engines.serving.as_ref().map(|engine| engine.id) else {
            return;
        };
        match step {
            Step::HandOver => self.hand_over(),
            Step::Open(id, rendering) => {
                let document = self.documents.get(id);
                let with_picture = document.is_some_and(|document| !self.is_kept(document));
                if let Some((purpose, request, file)) = self.opening(id, rendering, with_picture) {
                    self.ask(serving, purpose, request, Some(file), now);
                }
            }
            Step::Load(key) => self.ask_load(serving, key, false, now),
            Step::Unload(model) => {
                self.hold(serving, |engine| {
                    engine.models.remove(&model);
                });
                self.ask(
                    serving,
                    Purpose::Unload,
                    Request::UnloadModel { model },
                    None,
                    now,
                );
            }
            Step::Segment(maps) => {
                self.begin_segmentation(&maps);
                let request = Request::Segment(maps.clone());
                self.ask(serving, Purpose::Segment(maps), request, None, now);
            }
            Step::Restore(maps) => self.ask_restore(serving, maps, false, now),
            Step::GiveUpSegmentation => {
                if let Some(shown) = self.documents.shown_mut() {
                    shown.segmentation = SegmentationState::Failed;
                }
            }
            Step::PrepareGpu(adapter) => self.prepare_gpu(adapter, now),
            Step::LoadOnGpu(engine, key) => self.ask_load(engine, key, false, now),
            Step::TimeOnGpu(engine, model) => {
                self.ask(
                    engine,
                    Purpose::Time,
                    Request::TimeModel { model },
                    None,
                    now,
                );
            }
            Step::TimeOnCpu(model) => {
                self.ask(
                    serving,
                    Purpose::Time,
                    Request::TimeModel { model },
                    None,
                    now,
                );
            }
            Step::Unpack => self.ask_contents(serving, now),
            Step::GpuIsReady => {
                self.engines.gpu = match std::mem::take(&mut self.engines.gpu) {
                    Gpu::Preparing {
                        adapter, engine, ..
                    } => Gpu::Ready { adapter, engine },
                    other => other,
                };
            }
            Step::RegisterServiceWorker => {
                self.offline.is_registered = true;
                self.effects.push(Effect::RegisterServiceWorker);
            }
            Step::KeepOffline(file) => {
                self.kept_offline.insert(file.clone());
                self.effects.push(Effect::KeepOffline(file));
            }
            Step::Sample => {
                if let Some((modality, seed)) = self.samples.first().copied() {
                    let request = Request::MakeSample { modality, seed };
                    self.ask(serving, Purpose::Sample, request, None, now);
                }
            }
        }
    }

    /// How an engine is asked for a document.
    pub(super) fn opening(
        &self,
        id: DocumentId,
        rendering: Rendering,
        with_picture: bool,
    ) -> Option<(Purpose, Request, FileId)> {
        let document = self.documents.get(id)?;
        let request = Request::Open {
            document: id,
            name: document.name.clone(),
            rendering,
            with_picture,
        };
        let purpose = Purpose::Open {
            document: id,
            rendering,
            with_picture,
        };
        Some((purpose, request, document.file))
    }

    pub(super) fn ask_load(
        &mut self,
        engine: EngineId,
        key: ModelKey,
        is_background: bool,
        now: f64,
    ) {
        let own = match &key {
            ModelKey::Own(digest) => self.models.own(digest).cloned(),
            ModelKey::Published(_) => None,
        };
        let request = Request::LoadModel {
            model: key.clone(),
            name: self.models.name(&key),
            manifest: own.as_ref().and_then(|own| own.manifest.clone()),
            network: self.models.network(&key).cloned(),
        };
        let file = own.and_then(|own| own.file);
        self.ask_for(
            engine,
            Purpose::Load(key),
            request,
            file,
            is_background,
            now,
        );
    }

    /// Sends a request and remembers what it was for.
    pub(super) fn ask(
        &mut self,
        engine: EngineId,
        purpose: Purpose,
        request: Request,
        file: Option<FileId>,
        now: f64,
    ) -> crate::protocol::RequestId {
        self.ask_for(engine, purpose, request, file, false, now)
    }

    /// The same, also for what nobody waits for.
    pub(super) fn ask_for(
        &mut self,
        engine: EngineId,
        purpose: Purpose,
        request: Request,
        file: Option<FileId>,
        is_background: bool,
        now: f64,
    ) -> crate::protocol::RequestId {
        let id = self.engines.next_request();
        self.hold(engine, |engine| {
            engine.pending.push_back(Pending {
                id,
                purpose,
                is_background,
                asked: now,
                progress: None,
            })
        });
        self.effects.push(Effect::Ask {
            engine,
            id,
            request,
            file,
        });
        id
    }

    pub(super) fn hold(
        &mut self,
        id: EngineId,
        change: impl FnOnce(&mut crate::app::engines::Engine),
    ) {
        if let Some(engine) = self.engines.get_mut(id) {
            change(engine);
        }
    }

    /// Makes the settings of an image fit the model that is about to run on it.
    pub(super) fn begin_segmentation(&mut self, maps: &Segmentation) {
        let proposal = self.models.proposal(&maps.model);
        let document = self.documents.get_mut(maps.document);
        let Some(shown) = document.and_then(|document| document.opened.as_mut()) else {
            return;
        };
        shown.segmentation = SegmentationState::Pending;
        let Some(proposal) = proposal else {
            return;
        };
        if shown
            .proposal
            .as_ref()
            .is_some_and(|before| before.model != proposal.model)
        {
            shown.forget_classes();
        }
        shown.settings = match &shown.proposal {
            Some(before) => before.carried(shown.settings, &proposal),
            None => Settings {
                class: proposal.class,
                threshold: proposal.threshold,
                ..shown.settings
            },
        };
        shown.proposal = Some(proposal);
        let document = self.documents.get_mut(maps.document);
        if let Some(document) = document
            && let Some(beginning) = document.beginning.take()
            && let Some(opened) = &mut document.opened
        {
            beginning.apply(opened);
        }
    }

    /// Gives the engine the corrections of a document that it does not have.
    pub(super) fn send_edits(&mut self, document: DocumentId, is_background: bool, now: f64) {
        let Some(engine) = self.engines.serving.as_mut() else {
            return;
        };
        let (id, Some(held)) = (engine.id, engine.held.get_mut(&document)) else {
            return;
        };
        let opened = self.documents.get(document);
        let Some(opened) = opened.and_then(|document| document.opened.as_ref()) else {
            return;
        };
        let version = opened.edits.version();
        if held.edits.replace(version) == Some(version) {
            return;
        }
        let request = Request::Edit {
            document,
            version,
            corrections: opened.edits.corrections(),
        };
        self.ask_for(
            id,
            Purpose::Edit(document),
            request,
            None,
            is_background,
            now,
        );
    }

    /// Asks for the frame that is wanted now, unless the engine is at one or has drawn it already, and for the figures
    /// once nothing changes any more.
    fn work_on_overlay(&mut self, now: f64) {
        let Some(engine) = self.engines.serving.as_ref() else {
            return;
        };
        let serving = engine.id;
        let is_at_work = engine.pending.iter().any(|pending| match pending.purpose {
            Purpose::Paint(..) | Purpose::Measure(_) | Purpose::AttachTruth { .. } => true,
            Purpose::Open { .. } | Purpose::Segment(_) | Purpose::RestoreMaps(_) => {
                !pending.is_background
            }
            _ => false,
        });
        let canvas = self.stage.canvas;
        let Some(mask) = self
            .mask()
            .filter(|_| !is_at_work && !canvas.size().is_empty())
        else {
            return;
        };
        let Some((document, shown)) = self.documents.shown() else {
            return;
        };
        let view = shown.viewport.view;
        // The model's mask is not shown first where another one takes its place.
        if self.awaits_truth(document, shown) && self.attach_truth(serving, now) {
            return;
        }
        let frame = Frame {
            width: canvas.width,
            height: canvas.height,
            view,
            style: self.style(),
            band: self.mode() == Mode::Uncertainty,
            truths: self.difference(),
            wipe: self.wipe(),
        };
        let wish = Wish { mask, frame };
        if let Some(due) = self.overlay.due(wish.clone(), now) {
            self.send_edits(wish.mask.segmentation.document, false, now);
            self.effects.push(Effect::SetTimer {
                timer: Timer::Measure,
                after: QUIET,
            });
            self.overlay.ask(due.clone(), now);
            let Wish { mask, frame } = due;
            let request = Request::Paint {
                mask: mask.clone(),
                frame,
            };
            self.ask(serving, Purpose::Paint(mask, frame), request, None, now);
        } else if !self.attach_truth(serving, now)
            && let Some(spec) = self.measure_spec()
            && self.overlay.wants_measure(&spec)
        {
            self.measure(serving, spec, now);
        }
    }

    /// A frame that was drawn ahead is on the stage: it is not asked for again.
    pub(super) fn overlay_is_there(&mut self, wish: Wish, now: f64) {
        self.overlay.ask(wish, now);
        self.effects.push(Effect::SetTimer {
            timer: Timer::Measure,
            after: QUIET,
        });
    }

    fn measure(&mut self, engine: EngineId, spec: MeasureSpec, now: f64) {
        self.send_edits(spec.mask.segmentation.document, false, now);
        self.overlay.measured = Some(spec.clone());
        let request = Request::Measure(spec.clone());
        self.ask(engine, Purpose::Measure(spec), request, None, now);
    }

    /// Tries again what failed.
    pub(super) fn retry(&mut self) {
        self.notices.forget_errors();
        self.notices.withdraw(&Command::Retry);
        self.models.forget_failures();
        if !self.models.are_listed() || self.models.entries().is_empty() {
            self.effects.push(Effect::ListModels);
        }
        self.segment_if_failed();
    }
}
