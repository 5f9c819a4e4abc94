//! The page's end of the engine worker: it starts it, talks to it, notices when it dies and says so.
//!
//! What to ask is [`crate::conductor`]'s business, what to make of it that of [`crate::answers`].

use std::collections::VecDeque;

use delineo_web::protocol::{self, DeviceChoice, Event, Request};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::answers;
use crate::liveness;
use crate::recovery;
use crate::store::{Source, Store};

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
    worker: Option<Worker>,
    listeners: Option<Listeners>,
    generation: u32,
    loaded: bool,
    outbox: Vec<Request>,
    /// How often it was started again.
    pub restarts: u32,
    /// What happened, for the diagnostics.
    pub incidents: Vec<String>,
    /// Whether the one that runs is the one on several threads.
    on_threads: bool,
    /// Whether that one stopped, so that the CPU has one thread from now on.
    no_threads: bool,
    /// Why the CPU was asked for, if it was.
    pub no_gpu: Option<String>,
    /// The models that it was asked for and has not answered, in order.
    pub loads: VecDeque<Load>,
    /// The question that is open.
    pub awaited: Option<Awaited>,
    /// The picture that the engine holds.
    pub holds: Option<u32>,
    /// The corrections that the engine has: picture and version.
    pub corrected: Option<(u32, u64)>,
}

/// Callbacks that must live as long as the worker.
struct Listeners {
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(ErrorEvent)>,
    _garbled: Closure<dyn FnMut(MessageEvent)>,
}

impl Engine {
    /// Which device to ask for.
    pub fn choice(&self) -> DeviceChoice {
        if self.no_gpu.is_some() {
            DeviceChoice::Cpu
        } else {
            DeviceChoice::Auto
        }
    }

    /// Sends a request, or keeps it until the worker listens.
    pub fn send(&mut self, request: Request) {
        if self.loaded {
            self.post(&request, &JsValue::UNDEFINED);
        } else {
            self.outbox.push(request);
        }
    }

    /// Sends a request with a file. The worker listens by the time there is something to open.
    pub fn send_file(&self, request: &Request, file: &JsValue) {
        self.post(request, file);
    }

    /// The worker listens: it gets its first request and then what has been waiting.
    pub fn loaded(&mut self) {
        self.loaded = true;
        self.post(
            &Request::Start {
                device: self.choice(),
            },
            &JsValue::UNDEFINED,
        );
        for request in std::mem::take(&mut self.outbox) {
            self.post(&request, &JsValue::UNDEFINED);
        }
    }

    /// Sharing memory is the part that browsers differ in, and needs the most of it: an engine that died with threads is
    /// tried without them.
    pub fn blame_threads(&mut self) {
        self.no_threads |= self.on_threads;
    }

    /// Stops the worker and forgets what it was asked.
    pub fn stop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.set_onmessageerror(None);
            worker.terminate();
        }
        self.generation += 1;
        self.loaded = false;
        self.awaited = None;
        self.loads.clear();
        self.holds = None;
        self.corrected = None;
        // A paint or a correction is asked again anyway; a sample still is what the person wants.
        self.outbox
            .retain(|request| matches!(request, Request::MakeSample { .. }));
    }

    fn post(&self, request: &Request, payload: &JsValue) {
        let Some(worker) = &self.worker else { return };
        if let Err(error) =
            protocol::pack(request, payload).and_then(|message| worker.post_message(&message))
        {
            web_sys::console::error_2(&"The page cannot reach the engine:".into(), &error);
        }
    }
}

/// Starts a worker in place of the one before.
pub fn launch(store: Store) {
    let generation = store.engine.try_update_value(|engine| {
        engine.stop();
        engine.generation
    });
    let Some(generation) = generation else { return };
    let name = format!(
        "delineo-engine-{:x}",
        (js_sys::Math::random() * 1e15) as u64
    );
    match start(store, generation, &name) {
        Ok((worker, listeners)) => store.engine.update_value(|engine| {
            engine.worker = Some(worker);
            engine.listeners = Some(listeners);
        }),
        Err(error) => recovery::engine_died(store, describe(&error), None),
    }
}

fn start(store: Store, generation: u32, name: &str) -> Result<(Worker, Listeners), JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(name);
    let (choice, no_threads) = store
        .engine
        .with_value(|engine| (engine.choice(), engine.no_threads));
    let threaded = match choice {
        DeviceChoice::Cpu if !no_threads && may_share_memory() => named("engine-cpu-threads"),
        _ => None,
    };
    store
        .engine
        .update_value(|engine| engine.on_threads = threaded.is_some());
    let address = threaded.unwrap_or_else(|| address(choice));
    let worker = Worker::new_with_options(&address, &options)?;

    let is_current = move || {
        store
            .engine
            .with_value(|engine| engine.generation == generation)
    };
    let died = move |message: String| {
        if is_current() {
            recovery::engine_died(store, message, None);
        }
    };
    let lock = name.to_owned();
    let message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        if !is_current() {
            return;
        }
        match protocol::unpack::<Event>(&message.data()) {
            Ok((Event::Loaded, _)) => {
                store.engine.update_value(Engine::loaded);
                liveness::watch(lock.clone(), move || {
                    died("The worker was closed.".to_owned())
                });
            }
            Ok((event, payload)) => answers::answer(store, event, payload),
            Err(error) => web_sys::console::error_2(
                &"The page does not understand the engine:".into(),
                &error,
            ),
        }
    });
    let error = Closure::<dyn FnMut(ErrorEvent)>::new(move |error: ErrorEvent| {
        error.prevent_default();
        let text = error.message();
        died(if text.is_empty() {
            "The worker could not be loaded.".to_owned()
        } else {
            text
        });
    });
    let garbled = Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
        died("A message of the worker was unreadable.".to_owned())
    });

    worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(error.as_ref().unchecked_ref()));
    worker.set_onmessageerror(Some(garbled.as_ref().unchecked_ref()));
    Ok((
        worker,
        Listeners {
            _message: message,
            _error: error,
            _garbled: garbled,
        },
    ))
}

/// Where the worker's script is: the build gives it a name by its content and writes that into the page. The CPU has
/// an engine of its own, because the one for the GPU takes seconds to load.
fn address(choice: DeviceChoice) -> String {
    let name = match choice {
        DeviceChoice::Auto => "engine",
        DeviceChoice::Cpu => "engine-cpu",
    };
    named(name).unwrap_or_else(|| format!("{name}_loader.js"))
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
