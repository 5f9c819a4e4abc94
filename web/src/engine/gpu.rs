//! Asking the browser for a GPU, and saying in words why there is none.

use delineo::device::{self, Device};
use delineo_web::protocol::Event;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::error::words;
use crate::{ON_GPU, post, scope};

/// Opens the browser's GPU: the device and its name, or why not.
pub async fn open() -> Result<(Device, String), String> {
    let name = adapter_name().await?;
    let device = device::gpu(|reason| {
        post::event(&Event::Fatal {
            message: format!("The GPU was lost: {reason}"),
            gpu: true,
        })
    })
    .await
    .map_err(|error| error.to_string())?;
    ON_GPU.set(true);
    Ok((device, name))
}

/// Asks for an adapter before wgpu does, because wgpu cannot say why there is none.
async fn adapter_name() -> Result<String, String> {
    let navigator = scope().navigator();
    let gpu = Reflect::get(&navigator, &"gpu".into()).unwrap_or(JsValue::UNDEFINED);
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
    .map_err(|error| words(&error))?;
    let adapter = JsFuture::from(Promise::resolve(&asked))
        .await
        .map_err(|error| words(&error))?;
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
