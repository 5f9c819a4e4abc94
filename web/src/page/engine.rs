//! The page's end of the engine: which worker serves, what it was asked, and what becomes of its words.
//!
//! The CPU's engine begins, because it is there at once; the GPU's takes over when it is [ready](crate::successor). What
//! to ask is [`crate::conductor`]'s business, what to make of the answers that of [`crate::answers`].

use std::collections::VecDeque;

use delineo_web::protocol::{DeviceChoice, Event, Request};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::answers;
use crate::engine_worker::{EngineWorker, Word};
use crate::recovery;
use crate::store::{Source, Store};
use crate::successor::{self, Successor};

/// How often the worker is started again by itself.
pub const MOST_RESTARTS: u32 = 3;

/// What the engine was asked about a picture and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// To open it.
    Open(u32),
    /// To segment it.
    Segment(u32),
}

/// A model that the engine was asked for.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where it comes from.
    pub source: Source,
    /// Whether the app chose it rather than the person.
    pub automatic: bool,
}

/// The worker and what is known about it.
#[derive(Default)]
pub struct Engine {
    worker: Option<EngineWorker>,
    /// The number of the worker that serves.
    serving: u32,
    /// Workers that were started.
    started: u32,
    loaded: bool,
    outbox: Vec<Request>,
    /// The GPU's engine, until it serves.
    pub successor: Option<Successor>,
    /// How often it was started again.
    pub restarts: u32,
    /// What happened, for the diagnostics.
    pub incidents: Vec<String>,
    /// Whether the one that runs is the one on several threads.
    on_threads: bool,
    /// Whether that one stopped, so that the CPU has one thread from now on.
    no_threads: bool,
    /// The models that it was asked for and has not answered, in order.
    pub loads: VecDeque<Load>,
    /// The question that is open.
    pub awaited: Option<Awaited>,
    /// The picture that the engine holds.
    pub holds: Option<u32>,
    /// The corrections that the engine has: picture and version.
    pub corrected: Option<(u32, u64)>,
}

impl Engine {
    /// Sends a request, or keeps it until the worker listens.
    pub fn send(&mut self, request: Request) {
        if self.loaded {
            self.send_file(&request, &JsValue::UNDEFINED);
        } else {
            self.outbox.push(request);
        }
    }

    /// Sends a request with a file. The worker listens by the time there is something to open.
    pub fn send_file(&self, request: &Request, file: &JsValue) {
        if let Some(worker) = &self.worker {
            worker.post(request, file);
        }
    }

    /// The worker listens: it gets its first request and then what has been waiting.
    fn listens(&mut self) {
        self.loaded = true;
        self.send(Request::Start {
            device: DeviceChoice::Cpu,
            tuned: None,
        });
        for request in std::mem::take(&mut self.outbox) {
            self.send(request);
        }
    }

    /// Sharing memory is the part that browsers differ in, and needs the most of it: an engine that died with threads is
    /// tried without them.
    pub fn blame_threads(&mut self) {
        self.no_threads |= self.on_threads;
    }

    /// Stops the workers and forgets what they were asked.
    pub fn stop(&mut self) {
        self.worker = None;
        self.successor = None;
        self.loaded = false;
        self.forget();
        // A paint or a correction is asked again anyway; a sample still is what the person wants.
        self.outbox
            .retain(|request| matches!(request, Request::MakeSample { .. }));
    }

    /// The successor serves from now on, with nothing asked of it yet.
    pub fn hand_over(&mut self, successor: Successor) {
        self.worker = Some(successor.worker);
        self.serving = successor.number;
        self.on_threads = false;
        self.forget();
    }

    fn forget(&mut self) {
        self.awaited = None;
        self.loads.clear();
        self.holds = None;
        self.corrected = None;
    }
}

/// Starts a worker on the CPU in place of the one before.
pub fn launch(store: Store) {
    let no_threads = store.engine.try_update_value(|engine| {
        engine.stop();
        engine.no_threads
    });
    let threaded = match no_threads {
        Some(false) if may_share_memory() => named("engine-cpu-threads"),
        _ => None,
    };
    let on_threads = threaded.is_some();
    let address = threaded.unwrap_or_else(|| script("engine-cpu"));
    match start(store, &address) {
        Ok((number, worker)) => store.engine.update_value(|engine| {
            engine.worker = Some(worker);
            engine.serving = number;
            engine.on_threads = on_threads;
        }),
        Err(error) => recovery::engine_died(store, describe(&error), None),
    }
}

/// Starts a worker and gives it a number, by which its words find those who are concerned.
///
/// # Errors
/// What the browser says when it allows no worker.
pub fn start(store: Store, address: &str) -> Result<(u32, EngineWorker), JsValue> {
    let number = store.engine.try_update_value(|engine| {
        engine.started += 1;
        engine.started
    });
    let number = number.unwrap_or_default();
    let worker = EngineWorker::start(address, move |word| heard(store, number, word))?;
    Ok((number, worker))
}

fn heard(store: Store, number: u32, word: Word) {
    let (serves, succeeds) = store.engine.with_value(|engine| {
        let successor = engine.successor.as_ref();
        (
            engine.worker.is_some() && engine.serving == number,
            successor.is_some_and(|successor| successor.number == number),
        )
    });
    match word {
        Word::Event(Event::Loaded, _) if serves => store.engine.update_value(Engine::listens),
        Word::Event(event, payload) if serves => answers::answer(store, event, payload),
        Word::Died(message) if serves => recovery::engine_died(store, message, None),
        word if succeeds => successor::heard(store, word),
        // Its last words came late.
        _ => {}
    }
}

/// Where a worker's script is: the build gives it a name by its content and writes that into the page.
pub fn script(engine: &str) -> String {
    named(engine).unwrap_or_else(|| format!("{engine}_loader.js"))
}

fn named(engine: &str) -> Option<String> {
    document()
        .query_selector(&format!("meta[name={engine}]"))
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
}

/// Whether threads are to be had: the page is cross-origin isolated, there is more than one processor, and
/// `Atomics.waitAsync` is there, on which wasm-bindgen's futures wait (Firefox before 145 has none).
fn may_share_memory() -> bool {
    let get = |object: &JsValue, name: &str| {
        js_sys::Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
    };
    let global = js_sys::global();
    get(&global, "crossOriginIsolated").is_truthy()
        && get(&get(&global, "Atomics"), "waitAsync").is_function()
        && window().navigator().hardware_concurrency() > 1.0
}

/// What a JavaScript error says.
pub fn describe(error: &JsValue) -> String {
    if let Some(error) = error.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    error
        .as_string()
        .unwrap_or_else(|| "an unknown error".to_owned())
}
