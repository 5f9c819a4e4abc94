//! Reading bytes: files of this site, and files that a person dropped.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

use delineo_web::adapter::words;

use crate::engine::error::EngineError;
use crate::engine::scope;

/// Files above this are refused before they are read, in bytes: wasm memory ends at 4 GB.
const MAX_FILE: u64 = 1_000_000_000;

/// Fetches a file of this site, named relative to its root, and says after each chunk how many bytes have come.
pub async fn site_file(file: &str, mut received: impl FnMut(u64)) -> Result<Vec<u8>, EngineError> {
    let fault = |reason: String| EngineError::Download {
        file: file.to_owned(),
        reason,
    };
    let refused = |value: JsValue| fault(words(&value));
    // Relative addresses in a worker start from its script, which lies at the root of the site.
    let response = JsFuture::from(scope().fetch_with_str(file))
        .await
        .map_err(refused)?;
    let response: Response = response.dyn_into().map_err(refused)?;
    if !response.ok() {
        return Err(fault(format!("status {}", response.status())));
    }
    let Some(body) = response.body() else {
        return Ok(Vec::new());
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(refused)?;
        if Reflect::get(&part, &"done".into())
            .map_err(refused)?
            .is_truthy()
        {
            return Ok(bytes);
        }
        let chunk: Uint8Array = Reflect::get(&part, &"value".into())
            .map_err(refused)?
            .dyn_into()
            .map_err(refused)?;
        let start = bytes.len();
        bytes.resize(start + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[start..]);
        received(bytes.len() as u64);
    }
}

/// Reads a file that a person chose.
pub async fn own_file(payload: &JsValue, name: &str) -> Result<Vec<u8>, EngineError> {
    let unreadable = |_| EngineError::Unreadable {
        name: name.to_owned(),
    };
    let blob: &Blob = payload.dyn_ref().ok_or(()).map_err(unreadable)?;
    let size = blob.size() as u64;
    if size > MAX_FILE {
        return Err(EngineError::TooLarge {
            name: name.to_owned(),
            megabytes: size / 1_000_000,
            limit: MAX_FILE / 1_000_000,
        });
    }
    let buffer = JsFuture::from(blob.array_buffer())
        .await
        .map_err(|_| ())
        .map_err(unreadable)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
