//! Notices a worker that was closed without a word, as a browser short of memory does.
//!
//! The worker holds a Web Lock under its own name for as long as it lives, and the page waits for that lock: who gets
//! it knows that the holder is gone. Where the browser has no locks, or the worker holds none, nothing is watched and
//! only spoken errors count.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::reflect::{call_async, get};
use super::timers::pause;

/// Calls `gone` once the holder of the lock `name` is no more.
pub fn watch(name: String, gone: impl FnOnce() + 'static) {
    spawn_local(async move {
        let locks = get(&window().navigator(), "locks");
        // The worker's claim and its word that it listens take different ways to the page: the claim may come later, by
        // a moment on most days, and a worker may be gone by then.
        for attempt in 0..9 {
            match is_claimed(&locks, &name).await {
                Ok(true) => {
                    if wait_for(&locks, &name).await.is_ok() {
                        gone();
                    }
                    return;
                }
                Ok(false) => pause(Duration::from_millis(10 << attempt)).await,
                Err(_) => return,
            }
        }
    });
}

async fn is_claimed(locks: &JsValue, name: &str) -> Result<bool, JsValue> {
    let state = call_async(locks, "query", &[]).await?;
    // The worker asked before it said that it listens, but may not have been granted its lock yet.
    for list in ["held", "pending"] {
        let locks: Array = get(&state, list).dyn_into()?;
        if locks.iter().any(|lock| get(&lock, "name") == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn wait_for(locks: &JsValue, name: &str) -> Result<(), JsValue> {
    let granted = Closure::once_into_js(|| JsValue::UNDEFINED);
    call_async(locks, "request", &[name.into(), granted])
        .await
        .map(drop)
}
