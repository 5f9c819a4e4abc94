//! Notices a worker that was closed without a word, as a browser short of memory does.
//!
//! The worker holds a Web Lock under its own name for as long as it lives, and the page waits for that lock: who gets
//! it knows that the holder is gone. Where the browser has no locks, or the worker holds none, nothing is watched and
//! only spoken errors count.

use std::time::Duration;

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::set_timeout;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Calls `gone` once the holder of the lock `name` is no more.
pub fn watch(name: String, gone: impl Fn() + 'static) {
    spawn_local(async move {
        // The worker's claim and its word that it listens take different ways to the page.
        for _ in 0..10 {
            match is_claimed(&name).await {
                Ok(true) if wait_for(&name).await.is_ok() => return gone(),
                Ok(false) => pause(Duration::from_millis(300)).await,
                _ => return,
            }
        }
    });
}

fn locks() -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    Reflect::get(&window.navigator(), &"locks".into())
}

async fn is_claimed(name: &str) -> Result<bool, JsValue> {
    let locks = locks()?;
    let query: Function = Reflect::get(&locks, &"query".into())?.dyn_into()?;
    let promise: Promise = query.call0(&locks)?.dyn_into()?;
    let state = JsFuture::from(promise).await?;
    // The worker asked before it said that it listens, but may not have been granted its lock yet.
    for list in ["held", "pending"] {
        let locks: Array = Reflect::get(&state, &list.into())?.dyn_into()?;
        if locks
            .iter()
            .any(|lock| Reflect::get(&lock, &"name".into()).is_ok_and(|other| other == name))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn pause(time: Duration) {
    let passed = Promise::new(&mut |resolve, _| {
        set_timeout(move || drop(resolve.call0(&JsValue::NULL)), time)
    });
    drop(JsFuture::from(passed).await);
}

async fn wait_for(name: &str) -> Result<(), JsValue> {
    let locks = locks()?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let nothing = Closure::once_into_js(|| JsValue::UNDEFINED);
    let promise: Promise = request.call2(&locks, &name.into(), &nothing)?.dyn_into()?;
    JsFuture::from(promise).await.map(drop)
}
