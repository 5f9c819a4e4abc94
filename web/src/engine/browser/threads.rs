//! The engine's threads, where the page is cross-origin isolated: workers that share the engine's memory.
//!
//! `wasm-bindgen-rayon` does the same and is not used: it waits for its workers without a limit, its worker is found under a
//! path that is written into the glue, which the build renames, and the thread that asks only waits. Here the engine's
//! own thread is one of the pool, and a thread joins when it is there:
//!
//! ```text
//!   engine                              worker of the same script, named "… thread"
//!     new Worker ─────────────────────▶ loads the glue
//!     ◀──────────────────────── "loaded"
//!     { module, memory } ─────────────▶ instantiates the engine's module on the engine's memory
//!     ◀───────────────────────── "ready"
//!     builds the pool of all that are ready; one builder each lies in WAITING
//!     "run" ──────────────────────────▶ run_thread takes a builder and keeps running
//! ```
//!
//! Work that no thread has taken the engine does itself, so a thread that never begins costs only its help. One that
//! dies at work would leave the engine waiting: the loader then takes the engine's lock from it, by which the page
//! learns that the engine has to be started again.

use std::sync::{Mutex, PoisonError};

use js_sys::{Array, Object, Promise, Reflect};
use rayon::{ThreadBuilder, ThreadPoolBuilder};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::engine::browser::scope::{complain, scope};

/// More would hardly help: the deepest maps have 16 rows, and the memory's bandwidth is shared.
const MOST: usize = 8;
/// How long to wait for the workers, in milliseconds. They take a tenth of it.
const PATIENCE: i32 = 2000;

/// What the pool's threads are to do, until their workers take it.
static WAITING: Mutex<Vec<ThreadBuilder>> = Mutex::new(Vec::new());

/// Starts the threads: rayon's pool on this thread from now on. Returns how many there are, this one included.
pub async fn start() -> usize {
    let wanted = (scope().navigator().hardware_concurrency() as usize).clamp(1, MOST);
    let workers = match hire(wanted - 1).await {
        Ok(workers) => workers,
        Err(error) => {
            complain("The engine's threads do not start:", &error);
            Vec::new()
        }
    };
    let pool = ThreadPoolBuilder::new()
        .num_threads(workers.len() + 1)
        .use_current_thread()
        .spawn_handler(|thread| {
            waiting().push(thread);
            Ok(())
        })
        .build();
    match pool {
        // It lasts as long as the worker does.
        Ok(pool) => std::mem::forget(pool),
        Err(error) => {
            complain(
                "The engine's threads do not start:",
                &error.to_string().into(),
            );
            return 1;
        }
    }
    for worker in &workers {
        // An uncaught error of a thread is the engine's from here on.
        worker.set_onerror(None);
        worker.set_onmessage(None);
        if let Err(error) = worker.post_message(&"run".into()) {
            complain("A thread of the engine does not start:", &error);
        }
    }
    workers.len() + 1
}

/// What a thread's worker does until it is closed.
#[wasm_bindgen]
pub fn run_thread() {
    let thread = waiting().pop();
    if let Some(thread) = thread {
        thread.run();
    }
}

fn waiting() -> std::sync::MutexGuard<'static, Vec<ThreadBuilder>> {
    // A list is whole whatever became of the thread that had it.
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts workers and returns those that are ready in time.
async fn hire(count: usize) -> Result<Vec<Worker>, JsValue> {
    let answers = Array::new();
    for _ in 0..count {
        answers.push(&call_up()?.into());
    }
    let answers = JsFuture::from(Promise::all(&answers)).await?;
    Ok(Array::from(&answers)
        .iter()
        .filter_map(|worker| worker.dyn_into().ok())
        .collect())
}

/// A promise of a worker that is ready to run; of nothing where it fails or takes too long.
fn call_up() -> Result<Promise, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    // By this ending the loader knows its part.
    options.set_name(&format!("{} thread", scope().name()));
    let worker = Worker::new_with_options(&scope().location().href(), &options)?;
    let share = Object::new();
    Reflect::set(&share, &"module_or_path".into(), &wasm_bindgen::module())?;
    Reflect::set(&share, &"memory".into(), &wasm_bindgen::memory())?;

    Ok(Promise::new(&mut |resolve, _| {
        let settle = {
            let resolve = resolve.clone();
            // Only the first word counts.
            move |value: &JsValue| drop(resolve.call1(&JsValue::UNDEFINED, value))
        };
        let message = {
            let (worker, share, settle) = (worker.clone(), share.clone(), settle.clone());
            Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
                if message.data() == "ready" {
                    settle(&worker);
                } else if let Err(error) = worker.post_message(&share) {
                    complain("A thread of the engine does not start:", &error);
                    settle(&JsValue::UNDEFINED);
                }
            })
        };
        let failure = {
            let settle = settle.clone();
            Closure::<dyn FnMut(ErrorEvent)>::new(move |error: ErrorEvent| {
                error.prevent_default();
                settle(&JsValue::UNDEFINED);
            })
        };
        worker.set_onmessage(Some(message.into_js_value().unchecked_ref()));
        worker.set_onerror(Some(failure.into_js_value().unchecked_ref()));
        let late = Closure::once_into_js({
            let settle = settle.clone();
            move || settle(&JsValue::UNDEFINED)
        });
        let timer = scope()
            .set_timeout_with_callback_and_timeout_and_arguments_0(late.unchecked_ref(), PATIENCE);
        if timer.is_err() {
            settle(&JsValue::UNDEFINED);
        }
    }))
}
