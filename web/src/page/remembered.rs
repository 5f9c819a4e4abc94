//! A person's own models on this device, in the browser's cache storage: two entries each, weights and description.

use js_sys::encode_uri_component;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Request, Response};

/// The cache. The service worker leaves caches with this prefix alone.
const CACHE: &str = "delineo-own-models";

/// The names of the models.
pub async fn names() -> Result<Vec<String>, JsValue> {
    let requests: js_sys::Array = JsFuture::from(cache().await?.keys()).await?.dyn_into()?;
    let mut names: Vec<String> = requests
        .iter()
        .filter_map(|request| name(&request.dyn_into::<Request>().ok()?.url()))
        .collect();
    names.sort();
    Ok(names)
}

/// Keeps a model, all of it or nothing.
pub async fn keep(name: &str, weights: &Blob, manifest: Option<&str>) -> Result<(), JsValue> {
    let cache = cache().await?;
    let kept = async {
        let response = Response::new_with_opt_blob(Some(weights))?;
        JsFuture::from(cache.put_with_str(&weights_key(name), &response)).await?;
        if let Some(manifest) = manifest {
            let response = Response::new_with_opt_str(Some(manifest))?;
            JsFuture::from(cache.put_with_str(&manifest_key(name), &response)).await?;
        }
        Ok(())
    };
    let kept = kept.await;
    if kept.is_err() {
        drop(forget(name).await);
    }
    kept
}

/// The weights and the description of a model.
pub async fn recall(name: &str) -> Result<(Blob, Option<String>), JsValue> {
    let cache = cache().await?;
    let weights = JsFuture::from(matched(&cache, &weights_key(name)).await?.blob()?)
        .await?
        .dyn_into()?;
    let manifest = match matched(&cache, &manifest_key(name)).await {
        Ok(response) => JsFuture::from(response.text()?).await?.as_string(),
        Err(_) => None,
    };
    Ok((weights, manifest))
}

/// Forgets a model.
pub async fn forget(name: &str) -> Result<(), JsValue> {
    let cache = cache().await?;
    JsFuture::from(cache.delete_with_str(&weights_key(name))).await?;
    JsFuture::from(cache.delete_with_str(&manifest_key(name))).await?;
    Ok(())
}

async fn cache() -> Result<Cache, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    JsFuture::from(window.caches()?.open(CACHE))
        .await?
        .dyn_into()
}

async fn matched(cache: &Cache, key: &str) -> Result<Response, JsValue> {
    JsFuture::from(cache.match_with_str(key)).await?.dyn_into()
}

fn weights_key(name: &str) -> String {
    format!("./own-models/{}/weights", encode_uri_component(name))
}

fn manifest_key(name: &str) -> String {
    format!("./own-models/{}/manifest", encode_uri_component(name))
}

fn name(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("/own-models/")?;
    js_sys::decode_uri_component(rest.strip_suffix("/weights")?)
        .ok()
        .map(String::from)
}
