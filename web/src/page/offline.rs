//! The service worker's side of the page: says when the app works without a network and when there is a newer one.
//! Nothing changes under the person's hands: a new version takes over only on their word.

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState,
};

use crate::store::{Model, Offered, Readiness, Source, Store, Tone};
use crate::successor;

thread_local! {
    /// The new version, ready to take over.
    static WAITING: std::cell::RefCell<Option<ServiceWorker>> = const { std::cell::RefCell::new(None) };
}

/// Registers the service worker as soon as nobody waits for anything: it fetches all that the app could ever need, and
/// would take the line from what is needed now. Where there is none, as while developing, the app simply needs the
/// network.
pub fn register(store: Store) {
    let is_busy = move || {
        matches!(
            store.readiness.get(),
            Readiness::Starting | Readiness::Loading
        ) || store.activity.with(Option::is_some)
            // Between two steps of a picture nothing goes on, but the person waits.
            || store.awaits_picture()
            || successor::is_under_way(store)
    };
    Effect::new(move |_| {
        if store.offline_ready.get()
            && let Some(weights) = store.model.with(|model| model.as_ref().and_then(published))
        {
            spawn_local(async move { drop(keep(&weights).await) });
        }
    });
    Effect::new(move |begun: Option<bool>| {
        let begun = begun == Some(true);
        if begun || is_busy() {
            return begun;
        }
        spawn_local(async move {
            if let Some(container) = container() {
                drop(follow(store, container).await);
            }
        });
        true
    });
}

/// Takes over the new version; the page reloads as soon as it runs.
pub fn update() {
    let Some(container) = container() else { return };
    let reload = Closure::once_into_js(|| drop(window().location().reload()));
    container.set_oncontrollerchange(Some(reload.unchecked_ref()));
    if let Some(worker) = WAITING.take() {
        drop(worker.post_message(&message(&[("type", "skip-waiting")])));
    }
}

/// Whether the app is under a service worker's control, for the diagnostics.
pub fn is_controlled() -> bool {
    container().is_some_and(|container| container.controller().is_some())
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator = window().navigator();
    let is_there = Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    is_there.then(|| navigator.service_worker())
}

/// The address of the weights, where the site publishes them.
fn published(model: &Model) -> Option<String> {
    match &model.source {
        Source::Published(id) => Some(format!("models/{id}/{}", model.manifest.weights.file)),
        Source::Own(_) => None,
    }
}

/// Has the service worker keep a file that may have been fetched before it was there. It has most already.
async fn keep(file: &str) -> Result<(), JsValue> {
    let Some(container) = container() else {
        return Ok(());
    };
    let registration: ServiceWorkerRegistration =
        JsFuture::from(container.ready()?).await?.dyn_into()?;
    registration.active().map_or(Ok(()), |worker| {
        worker.post_message(&message(&[("type", "keep"), ("url", file)]))
    })
}

fn message(fields: &[(&str, &str)]) -> Object {
    let message = Object::new();
    for (name, value) in fields {
        drop(Reflect::set(&message, &(*name).into(), &(*value).into()));
    }
    message
}

async fn follow(store: Store, container: ServiceWorkerContainer) -> Result<(), JsValue> {
    let is_first_visit = container.controller().is_none();
    let registration: ServiceWorkerRegistration =
        JsFuture::from(container.register("service-worker.js"))
            .await?
            .dyn_into()?;
    if let Some(waiting) = registration.waiting() {
        announce_update(store, waiting);
    }
    let found = registration.clone();
    let on_found = Closure::<dyn FnMut()>::new(move || {
        if let Some(worker) = found.installing() {
            watch(store, worker, is_first_visit);
        }
    });
    registration.set_onupdatefound(Some(on_found.as_ref().unchecked_ref()));
    on_found.forget();
    if let Some(worker) = registration.installing() {
        watch(store, worker, is_first_visit);
    }
    JsFuture::from(container.ready()?).await?;
    store.offline_ready.set(true);
    if is_first_visit {
        store.tell(Tone::Info, "Ready to work offline.", None);
    }
    Ok(())
}

fn watch(store: Store, worker: ServiceWorker, is_first_visit: bool) {
    let changed = worker.clone();
    let on_change = Closure::<dyn FnMut()>::new(move || {
        // On the first visit the new worker is not an update but the beginning.
        if changed.state() == ServiceWorkerState::Installed && !is_first_visit {
            announce_update(store, changed.clone());
        }
    });
    worker.set_onstatechange(Some(on_change.as_ref().unchecked_ref()));
    on_change.forget();
}

fn announce_update(store: Store, worker: ServiceWorker) {
    WAITING.set(Some(worker));
    store.tell(
        Tone::Info,
        "Update available. Updating reloads the page and closes its pictures.",
        Some(Offered::Update),
    );
}
