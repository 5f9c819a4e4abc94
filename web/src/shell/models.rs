//! Which models there are: those that this site publishes, and a person's own.

use std::future::Future;
use std::rc::Rc;

use delineo::manifest::Manifest;
use js_sys::Uint8Array;
use leptos::prelude::window;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use super::files::Files;
use super::own_models;
use crate::app::event::Event;
use crate::app::ids::FileId;
use crate::app::model_entry::{OwnModel, OwnModelFault, PublishedModel};
use crate::wire::describe;

/// Reads both lists.
pub async fn list(files: &Files) -> Event {
    let published = published()
        .await
        .map_err(|why| format!("The list of models could not be read: {why}"));
    // A browser without storage, as in a private window, remembers none.
    let own = own_models::list(files).await.unwrap_or_default();
    Event::ModelsListed { published, own }
}

/// Finds out the identity of a person's own weights.
///
/// # Errors
/// When a file cannot be read, as a sentence.
pub async fn read_own(
    files: &Files,
    weights: FileId,
    name: String,
    manifest: Option<FileId>,
) -> Result<OwnModel, OwnModelFault> {
    let read = async {
        let digest = own_models::digest(&blob(files, weights)?).await?;
        let manifest = match manifest {
            Some(file) => {
                let bytes = JsFuture::from(blob(files, file)?.array_buffer()).await?;
                let bytes = Uint8Array::new(&bytes).to_vec();
                Some(delineo::text::decode(&bytes).into_owned())
            }
            None => None,
        };
        Ok::<_, JsValue>((digest, manifest))
    };
    match read.await {
        Ok((digest, manifest)) => Ok(OwnModel {
            digest: digest.into(),
            name,
            file: Some(weights),
            manifest,
            is_remembered: false,
        }),
        Err(error) => Err(OwnModelFault {
            digest: None,
            message: format!("“{name}” could not be read: {}", describe(&error)),
        }),
    }
}

/// Fetches a remembered model from this device.
///
/// # Errors
/// When it is no longer there, as a sentence.
pub async fn recall(files: &Files, digest: Rc<str>) -> Result<OwnModel, OwnModelFault> {
    match own_models::recall(&digest).await {
        Ok((about, weights)) => Ok(OwnModel {
            digest,
            name: about.name,
            file: Some(files.keep(weights)),
            manifest: about.manifest,
            is_remembered: true,
        }),
        Err(_) => Err(OwnModelFault {
            digest: Some(digest),
            message: "This model is no longer on this device. Drop its file again.".to_owned(),
        }),
    }
}

/// Keeps a model on this device.
pub async fn remember(files: &Files, model: OwnModel) -> Event {
    let kept = match model.file.and_then(|file| files.get(file)) {
        Some(weights) => {
            let about = own_models::About {
                name: model.name,
                manifest: model.manifest,
            };
            own_models::keep(&model.digest, &about, &weights).await
        }
        None => Err(JsValue::UNDEFINED),
    };
    Event::ModelRemembered {
        digest: model.digest,
        is_kept: kept.is_ok(),
    }
}

/// Deletes a model from this device; says so where it is still there.
pub async fn forget(digest: Rc<str>) -> Option<Event> {
    let is_kept = own_models::forget(&digest).await.is_err();
    is_kept.then_some(Event::ModelKept(digest))
}

fn blob(files: &Files, id: FileId) -> Result<Blob, JsValue> {
    files
        .get(id)
        .ok_or_else(|| js_sys::Error::new("The file is closed.").into())
}

async fn published() -> Result<Vec<PublishedModel>, String> {
    let text = fetch_text("models/index.json").await?;
    let ids: Vec<String> = serde_json::from_str(&text).map_err(|_| not_json(&text))?;
    // All are asked for before the first is awaited.
    let asked: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let address = format!("models/{id}/model.json");
            let text = fetch_text(&address);
            (id, address, text)
        })
        .collect();
    let mut models = Vec::new();
    for (id, address, text) in asked {
        let manifest = text.await.and_then(|text| manifest(&text));
        models.push(PublishedModel {
            id,
            manifest: manifest
                .map(Box::new)
                .map_err(|why| format!("{address} could not be read: {why}")),
        });
    }
    Ok(models)
}

fn manifest(text: &str) -> Result<Manifest, String> {
    // What is no JSON at all is a fault of the host's, about which the parser's words say nothing.
    serde_json::from_str::<Value>(text).map_err(|_| not_json(text))?;
    Manifest::from_json(text.as_bytes()).map_err(|error| error.to_string())
}

fn not_json(text: &str) -> String {
    if text.trim_start().starts_with('<') {
        "the server sent a web page in its place.".to_owned()
    } else {
        "it is damaged.".to_owned()
    }
}

/// Begins to fetch at once; the text comes when it is awaited. Why it does not comes as the end of a sentence.
fn fetch_text(address: &str) -> impl Future<Output = Result<String, String>> + use<> {
    let response = JsFuture::from(window().fetch_with_str(address));
    async move {
        let unreachable = |_: JsValue| "the network cannot be reached.".to_owned();
        let response: Response = response
            .await
            .and_then(|response| response.dyn_into())
            .map_err(unreachable)?;
        let text = match response.text() {
            Ok(text) => JsFuture::from(text).await.map_err(unreachable)?,
            Err(error) => return Err(unreachable(error)),
        };
        let text = text.as_string().unwrap_or_default();
        if response.ok() {
            return Ok(text);
        }
        let content_type = response.headers().get("content-type").ok().flatten();
        Err(refusal(response.status(), content_type.as_deref(), text))
    }
}

/// Why there is no file. The service worker says it in a sentence.
fn refusal(status: u16, content_type: Option<&str>, text: String) -> String {
    let is_plain = content_type.is_some_and(|kind| kind.starts_with("text/plain"));
    if status == 503 && is_plain && text.len() < 300 {
        text
    } else {
        format!("the server answers with status {status}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_page_in_the_place_of_a_model_is_called_that() {
        let why = manifest("<!doctype html><title>Not found</title>").map(drop);
        assert_eq!(
            why,
            Err("the server sent a web page in its place.".to_owned())
        );
    }

    #[test]
    fn what_is_cut_short_is_called_damaged() {
        assert_eq!(
            manifest("{\"format\": 1,").map(drop),
            Err("it is damaged.".to_owned())
        );
    }

    #[test]
    fn the_service_workers_sentence_is_passed_on_and_a_hosts_page_is_not() {
        let sentence = "models/index.json is missing on this device.".to_owned();
        assert_eq!(
            refusal(503, Some("text/plain; charset=utf-8"), sentence.clone()),
            sentence
        );
        let page = refusal(503, Some("text/html"), "<h1>Busy</h1>".to_owned());
        assert_eq!(page, "the server answers with status 503.");
    }
}
