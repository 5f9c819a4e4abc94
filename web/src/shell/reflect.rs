//! Reads and calls what web-sys has no name for, or what a browser may lack.

use js_sys::{Array, Error, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A property; `undefined` where the object has none or is none.
pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method.
///
/// # Errors
/// What it throws, or that there is no such method.
pub fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = get(object, name)
        .dyn_into()
        .map_err(|_| Error::new(&format!("This browser has no “{name}”.")))?;
    method.apply(object, &arguments.iter().collect::<Array>())
}

/// Calls a method that promises its result.
///
/// # Errors
/// Those of [`call`], and the promise's.
pub async fn call_async(
    object: &JsValue,
    name: &str,
    arguments: &[JsValue],
) -> Result<JsValue, JsValue> {
    let promised = call(object, name, arguments)?;
    JsFuture::from(Promise::resolve(&promised)).await
}

/// An object with these fields.
pub fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A new object takes every field.
        drop(Reflect::set(&object, &(*name).into(), value));
    }
    object
}
