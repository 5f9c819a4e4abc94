//! A person's own models on this device, in the browser's cache storage, under the SHA-256 of their weights: two entries
//! each, `own-models/DIGEST/weights` and `own-models/DIGEST/about`.

use js_sys::{Array, Error, Uint8Array, decode_uri_component};
use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Request, Response};

use super::files::Files;
use super::reflect;
use crate::app::model_entry::OwnModel;

/// The cache. The service worker leaves it alone.
const CACHE: &str = "delineo-own-models";

/// What is kept beside the weights.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    /// The file's name.
    pub name: String,
    /// The text of its `model.json`.
    pub manifest: Option<String>,
}

/// SHA-256 of a file, lower-case hexadecimal.
///
/// # Errors
/// When the file cannot be read, or the page did not come over a secure connection, where browsers have no digests.
pub async fn digest(file: &Blob) -> Result<String, JsValue> {
    let subtle = reflect::get(&reflect::get(&window(), "crypto"), "subtle");
    if subtle.is_undefined() {
        let reason =
            "Your own models need a secure connection. Open this page by an address with https.";
        return Err(Error::new(reason).into());
    }
    let bytes = JsFuture::from(file.array_buffer()).await?;
    let digest = reflect::call_async(&subtle, "digest", &["SHA-256".into(), bytes]).await?;
    let digest = Uint8Array::new(&digest).to_vec();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The models, by name.
///
/// # Errors
/// When the browser has no storage.
pub async fn list(files: &Files) -> Result<Vec<OwnModel>, JsValue> {
    let cache = cache().await?;
    let requests: Array = JsFuture::from(cache.keys()).await?.dyn_into()?;
    let mut models = Vec::new();
    for request in requests.iter() {
        let address = request.dyn_into::<Request>()?.url();
        let Some(folder) = folder(&address) else {
            continue;
        };
        // One that cannot be read does not hide the others.
        if let Ok(model) = described(&cache, folder, files).await {
            models.push(model);
        }
    }
    models.sort_by(|one, other| (&one.name, &one.digest).cmp(&(&other.name, &other.digest)));
    Ok(models)
}

/// Keeps a model, all of it or nothing.
///
/// # Errors
/// When the browser has no room, or does not allow it.
pub async fn keep(digest: &str, about: &About, weights: &Blob) -> Result<(), JsValue> {
    let cache = cache().await?;
    let kept = async {
        let text = serde_json::to_string(about).map_err(|error| error.to_string())?;
        // First, because there are no weights without it.
        let response = Response::new_with_opt_str(Some(&text))?;
        JsFuture::from(cache.put_with_str(&about_key(digest), &response)).await?;
        let response = Response::new_with_opt_blob(Some(weights))?;
        JsFuture::from(cache.put_with_str(&weights_key(digest), &response)).await?;
        Ok(())
    };
    let kept = kept.await;
    if kept.is_err() {
        drop(forget(digest).await);
    }
    kept
}

/// What is kept of a model.
///
/// # Errors
/// When it is not there.
pub async fn recall(digest: &str) -> Result<(About, Blob), JsValue> {
    let cache = cache().await?;
    let about = read_about(&cache, digest).await?;
    Ok((about, read_weights(&cache, &weights_key(digest)).await?))
}

/// Deletes a model.
///
/// # Errors
/// When the browser does not allow it.
pub async fn forget(digest: &str) -> Result<(), JsValue> {
    let cache = cache().await?;
    delete(&cache, &weights_key(digest)).await?;
    delete(&cache, &about_key(digest)).await
}

/// The model in a folder. One of an earlier version of the app, whose folder is the file's name, is moved.
async fn described(cache: &Cache, folder: &str, files: &Files) -> Result<OwnModel, JsValue> {
    if let Ok(about) = read_about(cache, folder).await {
        return Ok(OwnModel {
            digest: folder.into(),
            name: about.name,
            file: None,
            manifest: about.manifest,
            is_remembered: true,
        });
    }
    let weights = read_weights(cache, &weights_key(folder)).await?;
    let old_manifest = format!("./own-models/{folder}/manifest");
    let about = About {
        name: decode_uri_component(folder)?.into(),
        manifest: read_text(cache, &old_manifest).await.ok(),
    };
    let digest = digest(&weights).await?;
    let moved = keep(&digest, &about, &weights).await;
    if moved.is_ok() {
        delete(cache, &weights_key(folder)).await?;
        delete(cache, &old_manifest).await?;
    }
    Ok(OwnModel {
        digest: digest.into(),
        name: about.name,
        // Where there is no room to move it, it is at hand for this visit and moved at another.
        file: moved.is_err().then(|| files.keep(weights)),
        manifest: about.manifest,
        is_remembered: true,
    })
}

async fn cache() -> Result<Cache, JsValue> {
    JsFuture::from(window().caches()?.open(CACHE))
        .await?
        .dyn_into()
}

async fn read_about(cache: &Cache, digest: &str) -> Result<About, JsValue> {
    let text = read_text(cache, &about_key(digest)).await?;
    serde_json::from_str(&text).map_err(|error| error.to_string().into())
}

async fn read_text(cache: &Cache, key: &str) -> Result<String, JsValue> {
    let text = JsFuture::from(entry(cache, key).await?.text()?).await?;
    text.as_string().ok_or(JsValue::UNDEFINED)
}

async fn read_weights(cache: &Cache, key: &str) -> Result<Blob, JsValue> {
    JsFuture::from(entry(cache, key).await?.blob()?)
        .await?
        .dyn_into()
}

async fn entry(cache: &Cache, key: &str) -> Result<Response, JsValue> {
    JsFuture::from(cache.match_with_str(key)).await?.dyn_into()
}

async fn delete(cache: &Cache, key: &str) -> Result<(), JsValue> {
    JsFuture::from(cache.delete_with_str(key)).await.map(drop)
}

fn weights_key(folder: &str) -> String {
    format!("./own-models/{folder}/weights")
}

fn about_key(folder: &str) -> String {
    format!("./own-models/{folder}/about")
}

/// The folder of an entry with weights, as it stands in the address.
fn folder(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("/own-models/")?;
    rest.strip_suffix("/weights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_entry_with_weights_is_a_model() {
        let folder_of = |entry: &str| {
            folder(&format!("https://a.org/app/own-models/{entry}")).map(str::to_owned)
        };
        assert_eq!(folder_of("0a1b/weights").as_deref(), Some("0a1b"));
        assert_eq!(
            folder_of("my%20model.pth/weights").as_deref(),
            Some("my%20model.pth")
        );
        assert_eq!(folder_of("0a1b/about"), None);
    }
}
