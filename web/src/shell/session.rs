//! The store worker. Whatever ends it is told once as `Event::SessionEnded`; the app decides whether it is started again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::files::Files;
use super::liveness;
use super::reflect;
use crate::app::event::{Event, EventSink};
use crate::app::ids::{FileId, PayloadId};
use crate::session::messages::{Key, Message, Order};
use crate::wire;

/// The store, where it runs.
pub struct SessionStore {
    running: RefCell<Option<Running>>,
    files: Rc<Files>,
    tell: EventSink,
}

/// A callback that must live as long as the worker.
type Listener = Closure<dyn FnMut(MessageEvent)>;

/// Ends the worker when it is dropped.
struct Running {
    name: String,
    worker: Worker,
    /// Orders from before it listened.
    waiting: Option<Vec<JsValue>>,
    listeners: Option<[Listener; 3]>,
}

impl SessionStore {
    /// None runs yet. Files that it finds are kept in `files`, everything is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Rc<Self> {
        Rc::new(Self {
            running: RefCell::default(),
            files,
            tell,
        })
    }

    /// Has it look for the session, and asks the browser not to delete that by itself.
    pub fn open(self: &Rc<Self>, ask: bool) {
        self.order(&Order::Open, None);
        let tell = Rc::clone(&self.tell);
        spawn_local(async move {
            let storage = reflect::get(&window().navigator(), "storage");
            let question = if ask { "persist" } else { "persisted" };
            // A browser that knows no such promise makes none.
            let promised = reflect::call_async(&storage, question, &[]).await;
            let is_promised = promised.is_ok_and(|promised| promised.is_truthy());
            tell(Event::SessionPersistent(is_promised));
        });
    }

    /// Orders something; starts the worker if it does not run.
    pub fn order(self: &Rc<Self>, order: &Order, file: Option<FileId>) {
        let payload = file
            .and_then(|file| self.files.get(file))
            .map_or(JsValue::UNDEFINED, JsValue::from);
        self.send_order(order, &payload);
    }

    /// Orders it to keep a buffer as a file.
    pub fn put_map(self: &Rc<Self>, key: Key, payload: PayloadId) {
        // Without one it says that the file cannot be read.
        let blob = self.files.take_blob(payload, "image/png");
        let blob = blob.map_or(JsValue::UNDEFINED, JsValue::from);
        self.send_order(&Order::PutFile(key), &blob);
    }

    fn send_order(self: &Rc<Self>, order: &Order, payload: &JsValue) {
        let ordered = wire::pack(order, payload).and_then(|message| self.send(message.into()));
        if let Err(error) = ordered {
            self.ended(None, wire::describe(&error));
        }
    }

    /// Ends it. Its last words are not heard.
    pub fn close(&self) {
        let running = self.running.take();
        drop(running);
    }

    fn send(self: &Rc<Self>, message: JsValue) -> Result<(), JsValue> {
        if self.running.borrow().is_none() {
            let started = self.start()?;
            self.running.replace(Some(started));
        }
        match self.running.borrow_mut().as_mut() {
            Some(Running {
                waiting: Some(waiting),
                ..
            }) => waiting.push(message),
            Some(running) => running.worker.post_message(&message)?,
            None => {}
        }
        Ok(())
    }

    fn start(self: &Rc<Self>) -> Result<Running, JsValue> {
        let name = format!("delineo-store-{:x}", (js_sys::Math::random() * 1e15) as u64);
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&name);
        let worker = Worker::new_with_options(&script(), &options)?;
        let (store, of) = (Rc::clone(self), name.clone());
        let message = Listener::new(move |event: MessageEvent| store.heard(&of, &event.data()));
        let (store, of) = (Rc::clone(self), name.clone());
        let error = Listener::new(move |event: MessageEvent| {
            event.prevent_default();
            let reason = reflect::get(&event, "message").as_string();
            let reason = reason.filter(|reason| !reason.is_empty());
            store.ended(
                Some(&of),
                reason.unwrap_or_else(|| "its program could not be loaded".to_owned()),
            );
        });
        let (store, of) = (Rc::clone(self), name.clone());
        let unreadable = Listener::new(move |_: MessageEvent| {
            store.ended(Some(&of), "a message was unreadable".to_owned());
        });
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(unreadable.as_ref().unchecked_ref()));
        Ok(Running {
            name,
            worker,
            waiting: Some(Vec::new()),
            listeners: Some([message, error, unreadable]),
        })
    }

    fn heard(self: &Rc<Self>, name: &str, data: &JsValue) {
        let (message, payload) = match wire::unpack::<Message>(data) {
            Ok(said) => said,
            Err(error) => return self.ended(Some(name), wire::describe(&error)),
        };
        if message == Message::Listening {
            let (store, of) = (Rc::clone(self), name.to_owned());
            liveness::watch(name.to_owned(), move || {
                store.ended(Some(&of), "it was closed".to_owned());
            });
            let waiting = self
                .running
                .borrow_mut()
                .as_mut()
                .and_then(|running| running.waiting.take());
            for message in waiting.unwrap_or_default() {
                if let Err(error) = self.send(message) {
                    return self.ended(Some(name), wire::describe(&error));
                }
            }
        }
        let found: Array = payload.dyn_into().unwrap_or_default();
        let files = found.iter().filter_map(|file| file.dyn_into::<Blob>().ok());
        let files = files.map(|file| self.files.keep(file)).collect();
        (self.tell)(Event::Session { message, files });
    }

    /// The worker of this name, or whichever should have run, is of no use any more.
    fn ended(&self, name: Option<&str>, reason: String) {
        let running = self.running.take();
        let is_another = |running: &Running| name.is_some_and(|name| name != running.name);
        if running.as_ref().is_some_and(is_another) {
            self.running.replace(running);
        } else if running.is_some() || name.is_none() {
            drop(running);
            (self.tell)(Event::SessionEnded(reason));
        }
    }
}

impl Drop for Running {
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

/// Where the program is: the build gives it a name by its content and writes that into the page.
fn script() -> String {
    let named = document()
        .query_selector("meta[name=store]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    named.unwrap_or_else(|| "store_loader.js".to_owned())
}
