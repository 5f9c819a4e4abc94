//! What makes the app work with the network off: the list of models and the service worker with the list of all files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::headers;
use super::site::Site;
use super::template::fill;
use crate::digest::sha256_hex;
use crate::error::{Error, Result};

/// The service worker that browsers run.
pub const WORKER: &str = "service-worker.js";

const MODEL_LIST: &str = "models/index.json";

/// The model that the page opens with is the folder of this name.
const DEFAULT_MODEL: &str = "default";

/// Writes the list of models into the app.
///
/// # Errors
/// When a folder has no `model.json`.
pub fn list_models(site: &mut Site) -> Result<()> {
    let files = site.files().map(|(name, _)| name);
    let in_folders = files.filter_map(|name| name.strip_prefix("models/")?.split_once('/'));
    let mut ids: Vec<String> = in_folders.map(|(id, _)| id.to_owned()).collect();
    ids.dedup();
    for id in &ids {
        if site.get(&format!("models/{id}/model.json")).is_none() {
            return Err(Error::Page(format!("the model {id} has no model.json")));
        }
    }
    site.put(MODEL_LIST, model_list(ids).into_bytes());
    Ok(())
}

/// Writes the list of models of a folder beside them, for `trunk serve`, which serves the folder as it is.
///
/// # Errors
/// When the folder cannot be read or the list not written.
pub fn write_model_index(models: &Path) -> Result<()> {
    fs::create_dir_all(models).map_err(Error::file("create", models))?;
    let entries = fs::read_dir(models).map_err(Error::file("read", models))?;
    let folders = entries
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.path().join("model.json").is_file());
    let list = model_list(
        folders
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect(),
    );
    let path = models.join("index.json");
    // Trunk rebuilds whenever a file is written, even with the same content.
    if fs::read_to_string(&path).is_ok_and(|before| before == list) {
        return Ok(());
    }
    fs::write(&path, list).map_err(Error::file("write", &path))
}

fn model_list(mut ids: Vec<String>) -> String {
    ids.sort_by_key(|id| (id != DEFAULT_MODEL, id.clone()));
    format!("{}\n", json!(ids))
}

/// Fills in the service worker: every file that the app needs with its hash, whatever its size.
///
/// # Errors
/// When the template lacks a placeholder.
pub fn write_service_worker(site: &mut Site, template: &str) -> Result<()> {
    let needed = site
        .files()
        .filter(|(name, _)| !headers::is_for_the_host(name) && *name != WORKER);
    let list: Vec<Value> = needed
        .map(|(name, bytes)| {
            // Hosts serve the page under the folder's own address; some redirect from `index.html`.
            let url = if name == "index.html" { "./" } else { name };
            json!({ "sha256": sha256_hex(bytes), "url": url })
        })
        .collect();
    let list = Value::from(list).to_string();
    let policy = headers::policy();
    let isolation = json!(headers::ISOLATION).to_string();
    let all = format!("{template}\n{list}\n{policy}\n{isolation}");
    let version = &sha256_hex(all.as_bytes())[..16];
    let values = [
        ("'__VERSION__'", json!(version).to_string()),
        ("'__POLICY__'", json!(policy).to_string()),
        ("['__ISOLATION__']", isolation),
        ("['__FILES__']", list),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let worker = fill(WORKER, template, &values)?;
    site.put(WORKER, worker.into_bytes());
    Ok(())
}

/// The version that the service worker carries.
///
/// # Errors
/// When the app is not finished.
pub fn version(site: &Site) -> Result<&str> {
    let worker = site.text(WORKER)?;
    worker
        .split_once("const VERSION = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version)
        .ok_or_else(|| Error::Page(format!("{WORKER} has no version")))
}
