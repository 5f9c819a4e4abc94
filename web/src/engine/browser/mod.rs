//! The engine as a browser's worker: its requests come as messages, and its answers go that way.

mod bitmaps;
mod decoder;
#[cfg(feature = "engine")]
mod gpu;
mod liveness;
mod outbox;
mod platform;
mod scope;
#[cfg(feature = "engine-cpu-threads")]
mod threads;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

use crate::engine::Engine;
use crate::engine::browser::outbox::{Page, send};
use crate::engine::browser::platform::Worker;
use crate::engine::browser::scope::{complain, scope};
use crate::protocol::{Message, Request, RequestId};
use crate::wire;

/// Starts the worker.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        send(&Message::Fatal {
            message: panic.to_string(),
            gpu_fault: gpu_fault(),
        });
    }));

    let (sender, requests) = unbounded();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        match wire::unpack_request(&data) {
            // The receiver is dropped only where nothing is answered any more.
            Ok(request) => drop(sender.unbounded_send(request)),
            Err(error) => refuse(&data, &error),
        }
    });
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();

    wasm_bindgen_futures::spawn_local(serve(requests));
    liveness::end_on_trap();
    liveness::hold_lock();
    send(&Message::Listening);
}

/// Answers requests one after the other, until the engine cannot go on. The page then ends the worker.
async fn serve(mut requests: UnboundedReceiver<(RequestId, Request, JsValue)>) {
    let mut engine = Engine::new(Worker::default(), Page::default());
    while let Some((id, request, attachment)) = requests.next().await {
        if engine.answer(id, request, attachment).await.is_break() {
            return;
        }
    }
}

/// Answers what is no request.
fn refuse(data: &JsValue, error: &JsValue) {
    complain("The engine does not understand the page:", error);
    let id = Reflect::get(data, &"id".into()).ok();
    if let Some(id) = id.and_then(|id| id.as_f64()) {
        send(&Message::Failed {
            id: RequestId(id as u32),
            message: "The engine does not understand the page. Reload it.".to_owned(),
        });
    }
}

/// What the GPU is to blame for after a fault of the engine, if it runs.
fn gpu_fault() -> Option<String> {
    #[cfg(feature = "engine")]
    return gpu::fault();
    #[cfg(not(feature = "engine"))]
    None
}
