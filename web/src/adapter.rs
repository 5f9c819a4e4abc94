//! Whether the browser has a GPU for us, and in words why not. The page asks to know whether to start the GPU's
//! engine, the engine to say what it runs on.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::wire::describe;

/// What the preferred adapter is called, or why there is none.
///
/// # Errors
/// The reason, as a sentence.
pub async fn name() -> Result<String, String> {
    let gpu = Reflect::get(&js_sys::global(), &"navigator".into())
        .and_then(|navigator| Reflect::get(&navigator, &"gpu".into()))
        .unwrap_or(JsValue::UNDEFINED);
    if gpu.is_undefined() || gpu.is_null() {
        return Err("This browser has no WebGPU.".to_owned());
    }
    let request: Function = Reflect::get(&gpu, &"requestAdapter".into())
        .and_then(|value| value.dyn_into())
        .map_err(|_| "This browser has no WebGPU.".to_owned())?;
    let options = Object::new();
    let asked = Reflect::set(
        &options,
        &"powerPreference".into(),
        &"high-performance".into(),
    )
    .and_then(|_| request.call1(&gpu, &options))
    .map_err(|error| describe(&error))?;
    let adapter = JsFuture::from(Promise::resolve(&asked))
        .await
        .map_err(|error| describe(&error))?;
    if adapter.is_null() || adapter.is_undefined() {
        return Err("WebGPU found no graphics adapter.".to_owned());
    }
    let info = Reflect::get(&adapter, &"info".into()).unwrap_or(JsValue::UNDEFINED);
    let field = |name: &str| {
        Reflect::get(&info, &name.into())
            .ok()
            .and_then(|value| value.as_string())
            .unwrap_or_default()
    };
    let described = field("description");
    let name = if described.is_empty() {
        format!("{} {}", field("vendor"), field("architecture"))
    } else {
        described
    };
    Ok(match name.trim() {
        "" => "WebGPU adapter".to_owned(),
        name => name.to_owned(),
    })
}
