//! What the page's address asks for.

use leptos::prelude::window;
use web_sys::UrlSearchParams;

use super::{numbers, reflect, worker};
use crate::app::event::Surroundings;
use crate::protocol::DeviceKind;

/// What the page finds when it begins.
pub fn surroundings() -> Surroundings {
    let device = match parameter("device").as_deref() {
        Some("gpu") => Some(DeviceKind::Gpu),
        Some("cpu") => Some(DeviceKind::Cpu),
        _ => None,
    };
    Surroundings {
        model: parameter("model"),
        device,
        may_share_memory: worker::has_threads() && may_share_memory(),
        numbers: numbers::numbers(),
    }
}

/// A parameter of the address.
pub fn parameter(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// Whether threads are to be had: the page is cross-origin isolated, there is more than one processor, and
/// `Atomics.waitAsync` is there, on which wasm-bindgen's futures wait (Firefox before 145 has none).
fn may_share_memory() -> bool {
    let global = js_sys::global();
    let atomics = reflect::get(&global, "Atomics");
    reflect::get(&global, "crossOriginIsolated").is_truthy()
        && reflect::get(&atomics, "waitAsync").is_function()
        && window().navigator().hardware_concurrency() > 1.0
}
