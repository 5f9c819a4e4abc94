//! The engine workers. Whatever ends one, or keeps it from beginning, is told once as `Event::EngineDied`; after that
//! nothing is heard of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::{document, set_timeout};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::files::Files;
use super::liveness;
use super::reflect;
use crate::app::effect::EngineBuild;
use crate::app::event::{Event, EventSink};
use crate::app::ids::EngineId;
use crate::protocol::{Message, Request, RequestId};
use crate::wire;

/// The workers that run.
pub struct Workers {
    running: RefCell<HashMap<EngineId, EngineWorker>>,
    files: Rc<Files>,
    tell: EventSink,
}

/// Ends the worker when it is dropped.
struct EngineWorker {
    worker: Worker,
    listeners: Option<Listeners>,
}

/// Callbacks that must live as long as the worker.
struct Listeners {
    message: Closure<dyn FnMut(MessageEvent)>,
    error: Closure<dyn FnMut(web_sys::Event)>,
    unreadable: Closure<dyn FnMut(MessageEvent)>,
}

impl Workers {
    /// None yet. Payloads are kept in `files`, everything is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Rc<Self> {
        Rc::new(Self {
            running: RefCell::default(),
            files,
            tell,
        })
    }

    /// Starts a worker.
    pub fn start(self: &Rc<Self>, engine: EngineId, build: EngineBuild) {
        match self.launch(engine, build) {
            Ok(worker) => {
                self.running.borrow_mut().insert(engine, worker);
            }
            Err(error) => (self.tell)(Event::EngineDied {
                engine,
                reason: wire::describe(&error),
            }),
        }
    }

    /// Ends a worker. Its last words are not heard.
    pub fn stop(&self, engine: EngineId) {
        let worker = self.running.borrow_mut().remove(&engine);
        drop(worker);
    }

    /// Asks a worker something. One that is gone is asked nothing: its end was told.
    pub fn ask(&self, engine: EngineId, id: RequestId, request: &Request, payload: &JsValue) {
        let asked = match self.running.borrow().get(&engine) {
            Some(EngineWorker { worker, .. }) => wire::pack_request(id, request, payload)
                .and_then(|message| worker.post_message(&message)),
            None => Ok(()),
        };
        if let Err(error) = asked {
            let reason = wire::describe(&error);
            self.died(engine, format!("A request could not be sent: {reason}"));
        }
    }

    fn launch(
        self: &Rc<Self>,
        engine: EngineId,
        build: EngineBuild,
    ) -> Result<EngineWorker, JsValue> {
        let name = format!(
            "delineo-engine-{:x}",
            (js_sys::Math::random() * 1e15) as u64
        );
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&name);
        let worker = Worker::new_with_options(&script(build), &options)?;

        let workers = Rc::clone(self);
        let message = move |event: MessageEvent| workers.heard(engine, &name, &event.data());
        let workers = Rc::clone(self);
        let error = move |event: web_sys::Event| {
            event.prevent_default();
            workers.died(engine, reason(&event));
        };
        let workers = Rc::clone(self);
        let unreadable = move |_| {
            workers.died(engine, "A message of the engine was unreadable.".to_owned());
        };
        let listeners = Listeners {
            message: Closure::new(message),
            error: Closure::new(error),
            unreadable: Closure::new(unreadable),
        };
        worker.set_onmessage(Some(listeners.message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(listeners.error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(listeners.unreadable.as_ref().unchecked_ref()));
        Ok(EngineWorker {
            worker,
            listeners: Some(listeners),
        })
    }

    fn heard(self: &Rc<Self>, engine: EngineId, name: &str, data: &JsValue) {
        let (message, payload) = match wire::unpack_message(data) {
            Ok(said) => said,
            Err(error) => {
                let reason = wire::describe(&error);
                return self.died(
                    engine,
                    format!("A message of the engine has no meaning: {reason}"),
                );
            }
        };
        if matches!(message, Message::Listening) {
            let workers = Rc::clone(self);
            liveness::watch(name.to_owned(), move || {
                workers.died(engine, "The worker was closed.".to_owned());
            });
        }
        let has_payload = !payload.is_undefined() && !payload.is_null();
        (self.tell)(Event::Engine {
            engine,
            message,
            payload: has_payload.then(|| self.files.keep_payload(payload)),
        });
    }

    fn died(&self, engine: EngineId, reason: String) {
        let worker = self.running.borrow_mut().remove(&engine);
        if worker.is_some() {
            (self.tell)(Event::EngineDied { engine, reason });
        }
    }
}

impl Drop for EngineWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
        // One of them may be what is running just now.
        let listeners = self.listeners.take();
        set_timeout(move || drop(listeners), Duration::ZERO);
    }
}

/// What a worker's `error` event says: an exception has a message, a program that cannot be loaded has none.
fn reason(event: &JsValue) -> String {
    let message = reflect::get(event, "message").as_string();
    message
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| "The engine's program could not be loaded.".to_owned())
}

/// Whether the site has the engine on several threads: only the build for release makes it.
pub fn has_threads() -> bool {
    named("engine-cpu-threads").is_some()
}

/// Where a program is: the build gives it a name by its content and writes that into the page.
fn script(build: EngineBuild) -> String {
    let program = match build {
        EngineBuild::Gpu => "engine",
        EngineBuild::Cpu => "engine-cpu",
        EngineBuild::CpuThreads => "engine-cpu-threads",
    };
    let script = named(program).unwrap_or_else(|| format!("{program}_loader.js"));
    // The engine starts the decoder itself and cannot read the page: it finds the name in its own address.
    let decoder = named("decoder").unwrap_or_else(|| "decoder_loader.js".to_owned());
    format!("{script}#{decoder}")
}

fn named(program: &str) -> Option<String> {
    document()
        .query_selector(&format!("meta[name={program}]"))
        .ok()
        .flatten()?
        .get_attribute("content")
}
