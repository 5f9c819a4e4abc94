//! Sending events to the page.

use delineo_web::protocol::{self, Event};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::engine::scope;

#[wasm_bindgen]
extern "C" {
    /// For faults of the program itself; what a person should know is an [`Event`].
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn complain(what: &str, details: &JsValue);
}

/// Sends an event without payload.
pub fn event(event: &Event) {
    send(event, &JsValue::UNDEFINED, false);
}

/// Sends an event with a payload that is transferred, not copied: an `ArrayBuffer` or an `ImageBitmap`.
pub fn event_with(event: &Event, payload: &JsValue) {
    send(event, payload, true);
}

/// The one copy that leaving wasm memory costs.
pub fn buffer(bytes: &[u8]) -> ArrayBuffer {
    Uint8Array::from(bytes).buffer()
}

fn send(event: &Event, payload: &JsValue, transfer: bool) {
    let result = protocol::pack(event, payload).and_then(|message| {
        if transfer {
            scope().post_message_with_transfer(&message, &Array::of1(payload))
        } else {
            scope().post_message(&message)
        }
    });
    if let Err(error) = result {
        complain("The engine cannot answer the page:", &error);
    }
}
