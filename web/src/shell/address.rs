//! What the page's address asks for.

use js_sys::Reflect;
use leptos::prelude::window;
use web_sys::UrlSearchParams;

use super::save_file::SaveFile;
use super::save_folder::SaveFolder;
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
        has_folder_picker: has_folder_picker(),
        has_save_picker: SaveFile::is_known(),
        has_save_folder_picker: SaveFolder::is_known(),
        numbers: numbers::numbers(),
    }
}

/// Whether an input can choose a folder. Phones say so and choose files all the same, or none.
fn has_folder_picker() -> bool {
    let input = reflect::get(&js_sys::global(), "HTMLInputElement");
    let is_known = Reflect::has(
        &reflect::get(&input, "prototype"),
        &"webkitdirectory".into(),
    );
    let touch = window().match_media("(hover: none) and (pointer: coarse)");
    let is_touch_only = touch.ok().flatten().is_some_and(|query| query.matches());
    is_known == Ok(true) && !is_touch_only
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
