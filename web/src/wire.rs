//! How the messages of [`crate::protocol`] travel between the page and its workers.
//!
//! On the wire a message is the JavaScript object `{ id, message, payload }`: `id` is the number of a request, `message`
//! the enum as `serde-wasm-bindgen` writes it, `payload` the one large thing that goes with it, if any. Buffers and
//! bitmaps are transferred, files and blobs are cloned by reference; no pixels are ever copied.

use js_sys::{Object, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use crate::protocol::{Message, Request, RequestId};

/// A request as a JavaScript object.
///
/// # Errors
/// When it cannot be written as JavaScript, which is a fault in the protocol.
pub fn pack_request(
    id: RequestId,
    request: &Request,
    payload: &JsValue,
) -> Result<JsValue, JsValue> {
    let object = pack(request, payload)?;
    Reflect::set(&object, &"id".into(), &id.0.into())?;
    Ok(object.into())
}

/// A request that [`pack_request`] made.
///
/// # Errors
/// When it is something else.
pub fn unpack_request(value: &JsValue) -> Result<(RequestId, Request, JsValue), JsValue> {
    let (request, payload) = unpack(value)?;
    let id = Reflect::get(value, &"id".into())?
        .as_f64()
        .unwrap_or_default();
    Ok((RequestId(id as u32), request, payload))
}

/// An engine's message as a JavaScript object.
///
/// # Errors
/// When it cannot be written as JavaScript, which is a fault in the protocol.
pub fn pack_message(message: &Message, payload: &JsValue) -> Result<JsValue, JsValue> {
    pack(message, payload).map(JsValue::from)
}

/// A message that [`pack_message`] made.
///
/// # Errors
/// When it is something else.
pub fn unpack_message(value: &JsValue) -> Result<(Message, JsValue), JsValue> {
    unpack(value)
}

/// What a JavaScript exception says.
pub fn describe(value: &JsValue) -> String {
    match value.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => value
            .as_string()
            .unwrap_or_else(|| "an unknown error".to_owned()),
    }
}

/// A message and its payload as a JavaScript object.
///
/// # Errors
/// When it cannot be written as JavaScript, which is a fault in the protocol.
pub fn pack<M: Serialize>(message: &M, payload: &JsValue) -> Result<Object, JsValue> {
    let object = Object::new();
    Reflect::set(
        &object,
        &"message".into(),
        &serde_wasm_bindgen::to_value(message)?,
    )?;
    Reflect::set(&object, &"payload".into(), payload)?;
    Ok(object)
}

/// A message that [`pack`] made, and its payload.
///
/// # Errors
/// When it is something else.
pub fn unpack<M: for<'de> Deserialize<'de>>(value: &JsValue) -> Result<(M, JsValue), JsValue> {
    let message = Reflect::get(value, &"message".into())?;
    let payload = Reflect::get(value, &"payload".into())?;
    Ok((serde_wasm_bindgen::from_value(message)?, payload))
}
