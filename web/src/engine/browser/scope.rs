//! The worker's global scope and its console.

use js_sys::global;
use wasm_bindgen::prelude::*;
use web_sys::DedicatedWorkerGlobalScope;

#[wasm_bindgen]
extern "C" {
    /// For faults of the program itself; what a person should know is a message.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn complain(what: &str, details: &JsValue);
}

/// The worker's global scope.
pub fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}
