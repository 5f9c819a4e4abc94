//! How the page learns that the worker is gone.
//!
//! A sign of life that no busy loop can interrupt: a Web Lock under the worker's own name, held until it dies.
//!
//! The page waits for the same lock, and so learns of a worker that was closed without a word.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;

use crate::engine::browser::scope::scope;

/// Asks for the lock and never gives it back. Browsers without Web Locks go without.
pub fn hold_lock() {
    // Nothing depends on it but the page's promptness, so a refusal is not worth a word.
    let _ = request();
}

/// Ends the worker when a promise is rejected and not handled.
///
/// That is how a trap without a panic ends, such as memory that ran out: the request would never be answered.
pub fn end_on_trap() {
    let listener = Closure::<dyn FnMut()>::new(|| scope().close());
    // It can only be refused by a browser without events.
    let _ = scope()
        .add_event_listener_with_callback("unhandledrejection", listener.as_ref().unchecked_ref());
    listener.forget();
}

fn request() -> Result<JsValue, JsValue> {
    let locks = Reflect::get(&scope().navigator(), &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let for_ever = Closure::once_into_js(|| Promise::new(&mut |_, _| {}));
    request.call2(&locks, &scope().name().into(), &for_ever)
}
