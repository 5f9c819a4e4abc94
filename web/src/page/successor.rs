//! The GPU's engine, while it gets ready behind the CPU's.
//!
//! It is ten times the download, and its kernels take seconds to compile, for which nobody should have to wait: the
//! CPU's engine serves meanwhile. Once the GPU has passed the self-test of the model that runs, its engine takes over, at
//! once where nothing is on the stage, else as soon as the network has something to do again, so that no border
//! changes by itself under the person's eyes.
//!
//! ```text
//!   Asked ── adapter? ──▶ Expected ── idle: begin ──▶ Tested ── passed ──▶ Ready ── take_over ──▶ Serves
//!     └──────── none, or whatever goes wrong on the way ──────▶ Refused(why), for the rest of the visit
//! ```

use delineo_web::adapter;
use delineo_web::protocol::{DeviceChoice, DeviceReport, Event, Request};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::conductor::load_model;
use crate::engine::{self, describe};
use crate::engine_worker::{EngineWorker, Word};
use crate::models;
use crate::store::{Readiness, Source, Store};

/// What is known of the GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gpu {
    /// Whether there is one is being found out.
    Asked,
    /// There is one, and its engine is to come.
    Expected,
    /// Its engine has all that it needs and compiles and tests it.
    Tested,
    /// Its engine could take over.
    Ready,
    /// Its engine serves.
    Serves,
    /// It does not run, for this reason.
    Refused(String),
}

impl Gpu {
    /// Why the CPU serves.
    pub fn why_cpu(&self) -> Option<String> {
        match self {
            Self::Asked | Self::Serves => None,
            Self::Expected | Self::Tested => Some("the GPU is getting ready".to_owned()),
            Self::Ready => Some("the GPU takes over with the next image".to_owned()),
            Self::Refused(reason) => Some(reason.clone()),
        }
    }
}

/// The GPU's engine before it serves.
pub struct Successor {
    /// The number of its worker.
    pub number: u32,
    /// Its worker.
    pub worker: EngineWorker,
    /// The GPU, once the engine has it.
    report: Option<DeviceReport>,
    /// The model that it loads, and is tested with.
    source: Source,
}

/// Finds out whether there is a GPU, and starts its engine as soon as nobody waits for anything.
pub fn prepare(store: Store) {
    spawn_local(async move {
        let gpu = if models::query("device").as_deref() == Some("cpu") {
            Gpu::Refused("the page's address asks for it".to_owned())
        } else {
            adapter::name()
                .await
                .map_or_else(Gpu::Refused, |_| Gpu::Expected)
        };
        store.gpu.set(gpu);
    });
    Effect::new(move |_| {
        if store.gpu.get() == Gpu::Expected && is_idle(store) {
            begin(store);
        }
    });
}

/// Whether the line is needed for the GPU's engine, or soon will be. Tracked.
pub fn is_under_way(store: Store) -> bool {
    match store.gpu.get() {
        Gpu::Asked => true,
        Gpu::Expected => store.readiness.get() == Readiness::Ready,
        _ => false,
    }
}

fn is_idle(store: Store) -> bool {
    store.readiness.get() == Readiness::Ready && store.activity.with(Option::is_none)
}

fn begin(store: Store) {
    if store.engine.with_value(|engine| engine.successor.is_some()) {
        return;
    }
    let Some(source) = models::running(store) else {
        return;
    };
    match engine::start(store, &engine::script("engine")) {
        Ok((number, worker)) => store.engine.update_value(|engine| {
            engine.successor = Some(Successor {
                number,
                worker,
                report: None,
                source,
            });
        }),
        Err(error) => refuse(store, describe(&error)),
    }
}

/// What the successor says.
pub fn heard(store: Store, word: Word) {
    match word {
        Word::Event(event, _) => answered(store, event),
        Word::Died(message) => {
            note(store, message);
            refuse(store, "the engine stopped on the GPU".to_owned());
        }
    }
}

fn answered(store: Store, event: Event) {
    match event {
        Event::Loaded => with(store, |successor| {
            let request = Request::Start {
                device: DeviceChoice::Auto,
                tuned: store
                    .preferences
                    .with_untracked(|preferences| preferences.tuned.clone()),
            };
            successor.worker.post(&request, &JsValue::UNDEFINED);
        }),
        Event::DeviceReady(report) if report.gpu => with(store, |successor| {
            successor.report = Some(report);
            let (request, file) = successor.source.request();
            successor.worker.post(&request, &file);
        }),
        Event::DeviceReady(report) => refuse(store, report.why.unwrap_or_default()),
        Event::ModelReady { .. } => store.gpu.set(Gpu::Tested),
        Event::Tuned(tuned) => store
            .preferences
            .update(|preferences| preferences.tuned = Some(tuned)),
        Event::SelfTestPassed => {
            store.gpu.set(Gpu::Ready);
            if store.shown.with_untracked(Option::is_none) && take_over(store) {
                load_model(store);
            }
        }
        Event::Failed { message, .. } => {
            note(store, message);
            refuse(store, "the model could not be loaded there".to_owned());
        }
        Event::Fatal { message, no_gpu } => {
            note(store, message);
            let reason = no_gpu.unwrap_or_else(|| "the engine stopped on the GPU".to_owned());
            refuse(store, reason);
        }
        // How far it is concerns nobody.
        _ => {}
    }
}

/// Lets the GPU's engine serve, if it is ready and the CPU's owes no answer. What the CPU's engine held is asked of it
/// anew; says whether that includes the model.
pub fn take_over(store: Store) -> bool {
    let owes = store
        .engine
        .with_value(|engine| engine.awaited.is_some() || !engine.loads.is_empty())
        || store.exporting.get_untracked().is_some()
        || store.sampling.get_untracked();
    if owes || store.gpu.get_untracked() != Gpu::Ready {
        return false;
    }
    let successor = store
        .engine
        .try_update_value(|engine| engine.successor.take())
        .flatten();
    let Some(mut successor) = successor else {
        return false;
    };
    store.device.set(successor.report.take());
    store.gpu.set(Gpu::Serves);
    let is_same = store.runs(&successor.source);
    store
        .engine
        .update_value(|engine| engine.hand_over(successor));
    !is_same
}

fn refuse(store: Store, reason: String) {
    store.engine.update_value(|engine| engine.successor = None);
    store.gpu.set(Gpu::Refused(reason));
}

fn with(store: Store, change: impl FnOnce(&mut Successor)) {
    store.engine.update_value(|engine| {
        if let Some(successor) = &mut engine.successor {
            change(successor);
        }
    });
}

fn note(store: Store, incident: String) {
    store
        .engine
        .update_value(|engine| engine.incidents.push(incident));
}
