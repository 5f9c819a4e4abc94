//! A worker that runs the engine, and the page's ear at it. Which of the engines it is, and what its words mean to the
//! page, is for [`crate::engine`].

use std::time::Duration;

use delineo_web::protocol::{self, Event, Request};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::liveness;

/// What a worker says, or that it is gone.
pub enum Word {
    /// It answered, with the payload.
    Event(Event, JsValue),
    /// It died of this.
    Died(String),
}

/// Ends the worker when it is dropped.
pub struct EngineWorker {
    worker: Worker,
    listeners: Option<Listeners>,
}

/// Callbacks that must live as long as the worker.
struct Listeners {
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(ErrorEvent)>,
    _garbled: Closure<dyn FnMut(MessageEvent)>,
}

impl EngineWorker {
    /// Starts the script at `address`; `heard` gets all that the worker says.
    ///
    /// # Errors
    /// What the browser says when it allows no worker.
    pub fn start(address: &str, heard: impl Fn(Word) + Clone + 'static) -> Result<Self, JsValue> {
        let name = format!(
            "delineo-engine-{:x}",
            (js_sys::Math::random() * 1e15) as u64
        );
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&name);
        let worker = Worker::new_with_options(address, &options)?;

        let died = move |heard: &dyn Fn(Word), message: &str| heard(Word::Died(message.to_owned()));
        let tell = heard.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match protocol::unpack::<Event>(&message.data()) {
                Ok((event, payload)) => {
                    if matches!(event, Event::Loaded) {
                        let tell = tell.clone();
                        liveness::watch(name.clone(), move || {
                            died(&tell, "The worker was closed.")
                        });
                    }
                    tell(Word::Event(event, payload));
                }
                Err(error) => web_sys::console::error_2(
                    &"The page does not understand the engine:".into(),
                    &error,
                ),
            }
        });
        let tell = heard.clone();
        let error = Closure::<dyn FnMut(ErrorEvent)>::new(move |error: ErrorEvent| {
            error.prevent_default();
            let text = error.message();
            died(
                &tell,
                if text.is_empty() {
                    "The worker could not be loaded."
                } else {
                    &text
                },
            );
        });
        let garbled = Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
            died(&heard, "A message of the worker was unreadable.");
        });
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(garbled.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            listeners: Some(Listeners {
                _message: message,
                _error: error,
                _garbled: garbled,
            }),
        })
    }

    /// Asks it something.
    pub fn post(&self, request: &Request, payload: &JsValue) {
        if let Err(error) =
            protocol::pack(request, payload).and_then(|message| self.worker.post_message(&message))
        {
            web_sys::console::error_2(&"The page cannot reach the engine:".into(), &error);
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
