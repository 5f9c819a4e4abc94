//! Timers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Promise;
use leptos::prelude::{TimeoutHandle, set_timeout, set_timeout_with_handle};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::app::event::{Event, EventSink, Timer};

/// The timers that run.
pub struct Timers {
    running: Rc<RefCell<HashMap<Timer, TimeoutHandle>>>,
    tell: EventSink,
}

impl Timers {
    /// None yet; what runs out is told to `tell`.
    pub fn new(tell: EventSink) -> Self {
        Self {
            running: Rc::default(),
            tell,
        }
    }

    /// Sets a timer, in the place of an earlier one of the same name.
    pub fn set(&self, timer: Timer, after: Duration) {
        let (running, tell) = (Rc::clone(&self.running), Rc::clone(&self.tell));
        let run_out = move || {
            running.borrow_mut().remove(&timer);
            tell(Event::Timer(timer));
        };
        // Browsers refuse no timer.
        if let Ok(handle) = set_timeout_with_handle(run_out, after)
            && let Some(before) = self.running.borrow_mut().insert(timer, handle)
        {
            before.clear();
        }
    }
}

/// Waits; the browser gets on with everything else.
pub async fn pause(time: Duration) {
    let passed = Promise::new(&mut |resolve, _| {
        set_timeout(move || drop(resolve.call0(&JsValue::NULL)), time);
    });
    drop(JsFuture::from(passed).await);
}
