//! The service worker's side of the page. Nothing changes under the person's hands: a new version takes over only on
//! their word, here or in another tab, and this page goes on with the old one until it is loaded anew.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::{set_timeout, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MessageEvent, MessagePort, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState,
};

use super::listener::listen;
use super::reflect;
use crate::app::event::{Event, EventSink, OfflineNews};

const SCRIPT: &str = "service-worker.js";
/// A new version that has not taken over by then will not, and the page is loaded anew all the same.
const LONGEST_UPDATE: Duration = Duration::from_secs(10);

/// What the page knows of its service worker.
pub struct Offline {
    /// Absent on pages without a secure origin.
    container: Option<ServiceWorkerContainer>,
    registration: RefCell<Option<ServiceWorkerRegistration>>,
    /// Whether a service worker serves this page.
    is_controlled: Cell<bool>,
    /// Whether another version than this page's serves by now.
    is_overtaken: Cell<bool>,
    /// Whether the person wants the new version here.
    is_updating: Cell<bool>,
    tell: EventSink,
}

impl Offline {
    /// News go to `tell`.
    pub fn new(tell: EventSink) -> Rc<Self> {
        let container = container();
        let controller = container
            .as_ref()
            .and_then(|container| container.controller());
        Rc::new(Self {
            container,
            registration: RefCell::default(),
            is_controlled: Cell::new(controller.is_some()),
            is_overtaken: Cell::default(),
            is_updating: Cell::default(),
            tell,
        })
    }

    /// Listens to a version taking over.
    pub fn listen(self: &Rc<Self>) {
        if let Some(container) = &self.container {
            let offline = Rc::clone(self);
            listen(container, "controllerchange", move |_: web_sys::Event| {
                offline.taken_over()
            });
        }
    }

    /// Registers the service worker. Where there is none, as while developing, the app simply needs the network.
    pub fn register(self: &Rc<Self>) {
        let offline = Rc::clone(self);
        spawn_local(async move { drop(offline.follow().await) });
    }

    /// Has the service worker keep a file that may have been fetched before it was there.
    pub fn keep(self: &Rc<Self>, address: String) {
        let offline = Rc::clone(self);
        spawn_local(async move {
            let message = reflect::object(&[("type", "keep".into()), ("url", address.into())]);
            // What is not kept comes from the network.
            drop(match offline.active().await {
                Ok(worker) => worker.post_message(&message),
                Err(error) => Err(error),
            });
        });
    }

    /// Has the new version take over, and loads the page anew as soon as it has.
    pub fn update(&self) {
        let registration = self.registration.borrow();
        let waiting = registration
            .as_ref()
            .and_then(|registration| registration.waiting());
        let message = reflect::object(&[("type", "skip-waiting".into())]);
        let asked = waiting.map(|worker| worker.post_message(&message));
        if self.is_overtaken.get() || !matches!(asked, Some(Ok(()))) {
            return reload();
        }
        self.is_updating.set(true);
        set_timeout(reload, LONGEST_UPDATE);
    }

    fn taken_over(&self) {
        // On the first visit the worker is no update but the beginning.
        if !self.is_controlled.replace(true) {
            return;
        }
        if self.is_updating.get() {
            reload();
        } else {
            self.is_overtaken.set(true);
            self.news(OfflineNews::UpdatedElsewhere);
        }
    }

    async fn follow(self: Rc<Self>) -> Result<(), JsValue> {
        let container = self.container.as_ref().ok_or(JsValue::UNDEFINED)?;
        let registration: ServiceWorkerRegistration = JsFuture::from(container.register(SCRIPT))
            .await?
            .dyn_into()?;
        let is_new = registration.active().is_none();
        self.registration.replace(Some(registration.clone()));
        if registration.waiting().is_some() && !is_new {
            self.news(OfflineNews::UpdateFound);
        }
        let offline = Rc::clone(&self);
        listen(&registration, "updatefound", move |_: web_sys::Event| {
            offline.watch_installation();
        });
        self.watch_installation();
        let worker = self.active().await?;
        if is_complete(&worker).await? {
            self.news(OfflineNews::Ready { is_new });
        }
        Ok(())
    }

    /// Tells when the version that is being installed, if any, is an update and there.
    fn watch_installation(self: &Rc<Self>) {
        let registration = self.registration.borrow().clone();
        let installing = registration
            .as_ref()
            .and_then(|registration| registration.installing());
        let (Some(registration), Some(worker)) = (registration, installing) else {
            return;
        };
        let (offline, changed) = (Rc::clone(self), worker.clone());
        listen(&worker, "statechange", move |_: web_sys::Event| {
            let is_installed = changed.state() == ServiceWorkerState::Installed;
            // On the first visit the new worker is no update but the beginning.
            if is_installed && registration.active().is_some() {
                offline.news(OfflineNews::UpdateFound);
            }
        });
    }

    /// The worker that serves, once there is one.
    async fn active(&self) -> Result<ServiceWorker, JsValue> {
        let container = self.container.as_ref().ok_or(JsValue::UNDEFINED)?;
        let registration: ServiceWorkerRegistration =
            JsFuture::from(container.ready()?).await?.dyn_into()?;
        registration.active().ok_or(JsValue::UNDEFINED)
    }

    fn news(&self, news: OfflineNews) {
        (self.tell)(Event::Offline(news));
    }
}

/// Whether all that the page needs without a network is on this device and was read back. A worker that does not know the
/// question never answers, and nothing is claimed for it.
async fn is_complete(worker: &ServiceWorker) -> Result<bool, JsValue> {
    let channel: Function = reflect::get(&window(), "MessageChannel").dyn_into()?;
    let channel = Reflect::construct(&channel, &Array::new())?;
    let here: MessagePort = reflect::get(&channel, "port1").dyn_into()?;
    let there = reflect::get(&channel, "port2");
    let answer = Promise::new(&mut |resolve, _| {
        let answered = Closure::once_into_js(move |event: MessageEvent| {
            drop(resolve.call1(&JsValue::UNDEFINED, &event.data()));
        });
        // Setting it opens the port too.
        here.set_onmessage(answered.dyn_ref());
    });
    let question = reflect::object(&[("type", "status".into())]);
    worker.post_message_with_transferable(&question, &Array::of1(&there))?;
    let answer = JsFuture::from(answer).await?;
    here.close();
    Ok(reflect::get(&answer, "isComplete").is_truthy())
}

fn container() -> Option<ServiceWorkerContainer> {
    reflect::get(&window().navigator(), "serviceWorker")
        .dyn_into()
        .ok()
}

fn reload() {
    drop(window().location().reload());
}
