//! The engine worker: it owns the device, the network and the open image, and answers the page's requests in order.
//!
//! Everything that takes longer than a few milliseconds happens here, so that the page can always answer the person.
//! The worker keeps nothing that the page could not give it again: after a panic or a lost device the page starts a
//! new one and repeats its requests.
//!
//! There are three of it: `engine` for the GPU, which carries burn and wgpu; `engine-cpu` without them, which is a
//! tenth of the size and so begins at every visit; and `engine-cpu-threads`, which is that on several
//! threads, for pages that may share memory between workers.

mod download;
mod error;
#[cfg(feature = "engine")]
mod gpu;
mod job;
mod liveness;
mod post;
mod session;
#[cfg(feature = "engine-cpu-threads")]
mod threads;

use std::cell::Cell;
use std::collections::VecDeque;

use delineo_web::protocol::{self, Event, Request};
use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use js_sys::global;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::engine::session::Session;

thread_local! {
    /// Whether the GPU runs, so that a panic can say whether to try without it.
    static ON_GPU: Cell<bool> = const { Cell::new(false) };
}

/// Starts the worker.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        post::event(&Event::Fatal {
            message: panic.to_string(),
            no_gpu: stopped_working(),
        });
    }));

    let (sender, requests) = unbounded();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match protocol::unpack::<Request>(&event.data()) {
            // The receiver lives as long as the worker.
            Ok(request) => drop(sender.unbounded_send(request)),
            Err(error) => post::complain("The engine does not understand the page:", &error),
        }
    });
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();

    wasm_bindgen_futures::spawn_local(serve(requests));
    liveness::end_on_trap();
    liveness::hold_lock();
    post::event(&Event::Loaded);
}

/// Answers requests one after the other, for ever.
async fn serve(mut incoming: UnboundedReceiver<(Request, JsValue)>) {
    let mut session = Session::default();
    let mut waiting = VecDeque::new();
    loop {
        while let Ok(request) = incoming.try_recv() {
            waiting.push_back(request);
        }
        match waiting.pop_front() {
            Some((request, _)) if is_overtaken(&request, &waiting) => {}
            Some((request, payload)) => session.answer(request, payload).await,
            None => match incoming.next().await {
                Some(request) => waiting.push_back(request),
                None => return,
            },
        }
    }
}

/// Whether a later request makes this one pointless: a slider moves faster than a large overlay is drawn.
fn is_overtaken(request: &Request, later: &VecDeque<(Request, JsValue)>) -> bool {
    let same = |other: &Request| std::mem::discriminant(request) == std::mem::discriminant(other);
    matches!(request, Request::Paint { .. } | Request::Correct { .. })
        && later.iter().any(|(other, _)| same(other))
}

/// What the page is to blame on the GPU after a fault of the engine, if the GPU runs.
fn stopped_working() -> Option<String> {
    ON_GPU.get().then(|| "the GPU stopped working".to_owned())
}

/// The worker's global scope.
fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}

/// Milliseconds on the worker's clock.
fn now() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
