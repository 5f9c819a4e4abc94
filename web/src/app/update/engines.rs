//! Engines: starting them, what they say, when they die, and which device serves.

use std::time::Duration;

use crate::app::effect::{Effect, EngineBuild};
use crate::app::engines::{Engine, Gpu, MOST_RESTARTS, Pending, Phase, Purpose, RECENTLY};
use crate::app::event::Timer;
use crate::app::ids::{EngineId, PayloadId};
use crate::app::opened::SegmentationState;
use crate::app::preferences::Timing;
use crate::app::state::App;
use crate::app::wording;
use crate::protocol::{DeviceKind, DeviceReport, DocumentId, Message, Request};

/// The callbacks of a dead worker may still be on the stack, and what killed it may take a moment to be over.
const BEFORE_RELAUNCH: Duration = Duration::from_millis(200);
/// A worker that does not listen after this is not going to. A slow line needs a minute for the engine.
const LONGEST_LAUNCH: Duration = Duration::from_secs(120);

impl App {
    /// Starts an engine on the CPU.
    pub(super) fn launch(&mut self, now: f64) {
        // Shared memory is the part that browsers differ in: an engine that died with threads is tried without them.
        let build = if self.may_share_memory && !self.engines.are_threads_blamed {
            EngineBuild::CpuThreads
        } else {
            EngineBuild::Cpu
        };
        let engine = self.start_worker(build, now);
        self.engines.serving = Some(engine);
    }

    /// Starts the GPU's engine behind the one that serves.
    pub(super) fn prepare_gpu(&mut self, adapter: String, now: f64) {
        let engine = Box::new(self.start_worker(EngineBuild::Gpu, now));
        self.engines.gpu = Gpu::Preparing {
            adapter,
            engine,
            milliseconds: None,
        };
    }

    fn start_worker(&mut self, build: EngineBuild, now: f64) -> Engine {
        let engine = self.engines.next_engine();
        self.effects.push(Effect::StartWorker { engine, build });
        self.effects.push(Effect::SetTimer {
            timer: Timer::Launch(engine),
            after: LONGEST_LAUNCH,
        });
        Engine::new(engine, build, now)
    }

    pub(super) fn launch_is_late(&mut self, engine: EngineId, now: f64) {
        let is_late = self
            .engines
            .get_mut(engine)
            .is_some_and(|engine| engine.phase == Phase::Launching);
        if is_late {
            self.engine_died(
                engine,
                "The worker did not start in time.".to_owned(),
                None,
                now,
            );
        }
    }

    /// What the browser says of the GPU.
    pub(super) fn adapter_found(&mut self, found: Result<String, String>) {
        self.engines.gpu = match found {
            _ if self.asked_device == Some(DeviceKind::Cpu) => {
                Gpu::Refused("the page's address asks for it".to_owned())
            }
            Err(reason) => Gpu::Refused(reason),
            Ok(adapter) => match self.known_timing(&adapter) {
                Some(timing) if !timing.is_gpu_faster() && !self.is_gpu_asked() => {
                    Gpu::Slower(adapter)
                }
                _ => Gpu::Expected(adapter),
            },
        };
    }

    /// Whether the page's address asks for the GPU, however fast it is.
    pub(super) fn is_gpu_asked(&self) -> bool {
        self.asked_device == Some(DeviceKind::Gpu)
    }

    /// What an earlier visit measured with this GPU and this version of the app.
    pub(super) fn known_timing(&self, adapter: &str) -> Option<&Timing> {
        self.engines.timing.as_ref().filter(|timing| {
            timing.adapter == adapter && timing.version == env!("CARGO_PKG_VERSION")
        })
    }

    /// Both were timed: the faster one serves, and later visits know it.
    pub(super) fn timed(&mut self, adapter: String, gpu: f64, cpu: f64) {
        let timing = Timing {
            adapter,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            gpu,
            cpu,
        };
        self.preferences.timing = Some(timing.clone());
        let is_gpu_faster = timing.is_gpu_faster();
        self.engines.timing = Some(timing);
        self.engines.gpu = match std::mem::take(&mut self.engines.gpu) {
            Gpu::Preparing {
                adapter, engine, ..
            } if is_gpu_faster => Gpu::Ready { adapter, engine },
            Gpu::Preparing {
                adapter, engine, ..
            } => {
                self.effects.push(Effect::StopWorker(engine.id));
                Gpu::Slower(adapter)
            }
            other => other,
        };
    }

    /// The GPU's engine serves from now on. What the CPU's held is asked of it anew.
    pub(super) fn hand_over(&mut self) {
        let Gpu::Ready { adapter, engine } = std::mem::take(&mut self.engines.gpu) else {
            return;
        };
        if let Some(before) = self.engines.serving.replace(*engine) {
            self.effects.push(Effect::StopWorker(before.id));
        }
        self.engines.gpu = Gpu::Serving(adapter);
        self.background.forget_overlays();
        self.overlay.reset();
    }

    fn refuse_gpu(&mut self, reason: &str) {
        if let Gpu::Preparing { engine, .. } | Gpu::Ready { engine, .. } = &self.engines.gpu {
            self.effects.push(Effect::StopWorker(engine.id));
        }
        self.engines.gpu = Gpu::Refused(reason.to_owned());
    }

    /// An engine said something.
    pub(super) fn heard(
        &mut self,
        id: EngineId,
        message: Message,
        payload: Option<PayloadId>,
        now: f64,
    ) {
        let serves = self.engines.serves(id);
        if self.engines.get_mut(id).is_none() {
            // The last words of one that is gone.
            self.effects.extend(payload.map(Effect::DropPayload));
            return;
        }
        match message {
            Message::Listening => self.listens(id, now),
            Message::Progress {
                id: request,
                task,
                fraction,
            } => {
                let engine = self.engines.get_mut(id);
                let pending = engine
                    .and_then(|engine| engine.pending.iter_mut().find(|other| other.id == request));
                if let Some(pending) = pending {
                    pending.progress = Some((task, fraction));
                }
            }
            Message::Answer {
                id: request,
                answer,
            } => match self
                .engines
                .get_mut(id)
                .and_then(|engine| engine.answered(request))
            {
                Some(pending) => {
                    self.background.spend(&pending, now);
                    self.answered(id, serves, pending, *answer, payload);
                }
                None => self.effects.extend(payload.map(Effect::DropPayload)),
            },
            Message::Failed {
                id: request,
                message,
            } => {
                if let Some(pending) = self
                    .engines
                    .get_mut(id)
                    .and_then(|engine| engine.answered(request))
                {
                    self.failed(serves, pending, &message);
                }
            }
            Message::Fatal { message, gpu_fault } => self.engine_died(id, message, gpu_fault, now),
        }
    }

    fn listens(&mut self, id: EngineId, now: f64) {
        let Some(engine) = self.engines.get_mut(id) else {
            return;
        };
        if engine.phase != Phase::Launching {
            return;
        }
        engine.phase = Phase::Starting;
        let device = match engine.build {
            EngineBuild::Gpu => DeviceKind::Gpu,
            EngineBuild::Cpu | EngineBuild::CpuThreads => DeviceKind::Cpu,
        };
        self.ask(id, Purpose::Start, Request::Start { device }, None, now);
    }

    /// An engine has its device.
    pub(super) fn started(&mut self, id: EngineId, report: DeviceReport) {
        let had_gpu_fault = self.engines.gpu_deaths > 0;
        if let Some(engine) = self.engines.get_mut(id) {
            engine.phase = Phase::Ready;
            engine.report = Some(report);
        }
        if !self.engines.serves(id) {
            return;
        }
        if had_gpu_fault && matches!(self.engines.gpu, Gpu::Refused(_)) {
            let sentence = self.device_sentence();
            self.news(sentence, None);
        }
    }

    /// The GPU's engine failed at something before it serves.
    pub(super) fn candidate_failed(&mut self, reason: &str, details: String) {
        self.engines.incidents.push(details);
        self.refuse_gpu(reason);
    }

    /// An engine is gone. The one that serves is started again, at most three times; the documents and what the person
    /// did with them are kept. `gpu_fault` says what the GPU did, where it is to blame.
    pub(super) fn engine_died(
        &mut self,
        id: EngineId,
        reason: String,
        gpu_fault: Option<String>,
        now: f64,
    ) {
        if !self.engines.serves(id) {
            if self.engines.get_mut(id).is_some() {
                let fault = gpu_fault.unwrap_or_else(|| "the engine stopped on the GPU".to_owned());
                self.candidate_failed(&fault, reason);
            }
            return;
        }
        let Some(engine) = self.engines.serving.take() else {
            return;
        };
        self.effects.push(Effect::StopWorker(engine.id));
        self.engines.incidents.push(reason);
        self.engines.deaths.retain(|death| now - death < RECENTLY);
        self.engines.deaths.push(now);
        self.engines.are_threads_blamed |= engine.build == EngineBuild::CpuThreads;
        self.blame_gpu(&engine, gpu_fault);
        self.overlay.reset();
        if let Some(shown) = self.documents.shown_mut()
            && shown.segmentation != SegmentationState::Failed
        {
            shown.segmentation = SegmentationState::Pending;
        }
        let suspect = engine.pending.iter().find_map(|pending| {
            let suspect = pending.purpose.suspect()?;
            Some((suspect, pending.is_background))
        });
        for pending in engine.pending {
            self.lost(pending);
        }
        if let Some((suspect, is_background)) = suspect {
            self.blame_document(suspect, is_background);
        }
        let kept = if self.documents.is_empty() {
            ""
        } else {
            " Your picture and your edits are kept."
        };
        let restarted = format!("The engine stopped and was started again.{kept}");
        if self.engines.deaths.len() <= MOST_RESTARTS {
            self.news(restarted, None);
            self.effects.push(Effect::SetTimer {
                timer: Timer::Relaunch,
                after: BEFORE_RELAUNCH,
            });
        } else {
            self.notices.take_back(&restarted);
            self.stop(&format!(
                "The engine stopped four times, so it was not started again.{kept}"
            ));
        }
    }

    fn blame_gpu(&mut self, engine: &Engine, gpu_fault: Option<String>) {
        let on_gpu = engine.build == EngineBuild::Gpu;
        self.engines.gpu_deaths += u32::from(on_gpu);
        if let Some(fault) = gpu_fault {
            return self.refuse_gpu(&fault);
        }
        if on_gpu && self.engines.gpu_deaths > 1 {
            // It is not trusted a third time, whatever the cause.
            return self.refuse_gpu("the engine stopped twice on the GPU");
        }
        if let Gpu::Serving(adapter) = &self.engines.gpu {
            self.engines.gpu = Gpu::Expected(adapter.clone());
        }
    }

    /// A request that was not answered and will not be. What can be asked again is; for a file the person is told.
    fn lost(&mut self, pending: Pending) {
        if let Purpose::RestoreMaps(maps) = &pending.purpose {
            let document = self.documents.get_mut(maps.document);
            // The second time the copy is to blame rather than the picture.
            if let Some(document) = document.filter(|document| document.crashes > 0) {
                document.crashes = 0;
                self.drop_map_copy(maps.document);
            }
        }
        if let Purpose::Export { to_clipboard, .. } = pending.purpose {
            if to_clipboard {
                self.effects.push(Effect::AbandonClipboard(pending.id));
            }
            self.fail("The file was not written, because the engine stopped. Export it again.");
        }
    }

    /// A document over which an engine died twice is the likely cause. One that nobody waits for gets no second chance
    /// before the person gives it one: a folder may hold many of its kind.
    fn blame_document(&mut self, id: DocumentId, is_background: bool) {
        let is_current = self.documents.current_id() == Some(id);
        let is_shown = self.documents.shown_id() == Some(id);
        let Some(document) = self.documents.get_mut(id) else {
            return;
        };
        document.crashes += 1;
        if is_background && !is_current && !is_shown {
            document.failure =
                Some("The engine stopped over this image. Show it to try again.".to_owned());
            return;
        }
        if document.crashes >= 2 {
            self.refuse_document(
                id,
                "The engine stopped twice over this image, so the image was closed.",
            );
        }
    }

    /// No engine is started before the person says so. The page shows the reason, with the way on, for as long as it is so.
    pub(super) fn stop(&mut self, reason: &str) {
        if let Some(engine) = self.engines.serving.take() {
            self.effects.push(Effect::StopWorker(engine.id));
        }
        self.engines.stopped = Some(wording::sentence(reason));
    }

    /// The person starts the engine again.
    pub(super) fn restart(&mut self, now: f64) {
        self.notices.forget_errors();
        self.engines.stopped = None;
        self.engines.deaths.clear();
        if let Some(engine) = self.engines.serving.take() {
            // They gave up on one that is at work.
            self.effects.push(Effect::StopWorker(engine.id));
            self.engines
                .incidents
                .push("Given up on by the person.".to_owned());
            for pending in engine.pending {
                self.lost(pending);
            }
            if let Gpu::Serving(_) = &self.engines.gpu {
                self.refuse_gpu("the GPU was given up on");
            }
        }
        if let Some(shown) = self.documents.shown_mut()
            && shown.segmentation != SegmentationState::Failed
        {
            shown.segmentation = SegmentationState::Pending;
        }
        self.overlay.reset();
        self.launch(now);
    }
}
