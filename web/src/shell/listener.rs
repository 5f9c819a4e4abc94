//! Listens to the browser for as long as the page is open.

use wasm_bindgen::convert::FromWasmAbi;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

/// Has `hear` called with each event of this name.
pub fn listen<E: FromWasmAbi + 'static>(
    target: &EventTarget,
    name: &str,
    hear: impl FnMut(E) + 'static,
) {
    let hear = Closure::<dyn FnMut(E)>::new(hear);
    // No browser refuses it.
    drop(target.add_event_listener_with_callback(name, hear.as_ref().unchecked_ref()));
    hear.forget();
}
