//! How the person's locale writes numbers.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::reflect;
use crate::app::numbers::Numbers;

/// The signs of the browser's locale, or those of SI where it does not tell.
pub fn numbers() -> Numbers {
    let usual = Numbers::default();
    let parts = parts().unwrap_or_default();
    let sign = |kind: &str| {
        let mut parts = parts.iter();
        let part =
            parts.find(|part| reflect::get(part, "type").as_string().as_deref() == Some(kind));
        part.and_then(|part| reflect::get(&part, "value").as_string())
    };
    Numbers {
        decimal: sign("decimal").unwrap_or(usual.decimal),
        group: sign("group").unwrap_or(usual.group),
    }
}

/// The parts of a number that has every sign.
fn parts() -> Option<Array> {
    let intl = reflect::get(&js_sys::global(), "Intl");
    let format: Function = reflect::get(&intl, "NumberFormat").dyn_into().ok()?;
    let options = reflect::object(&[("numberingSystem", "latn".into())]);
    let arguments = Array::of2(&JsValue::UNDEFINED, &options);
    let format = Reflect::construct(&format, &arguments).ok()?;
    let parts = reflect::call(&format, "formatToParts", &[1_234_567.8.into()]);
    parts.ok()?.dyn_into().ok()
}
