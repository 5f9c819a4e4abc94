//! What makes the app work with the network off: the list of models and the service worker with the list of all files.

use std::fs;
use std::path::Path;

use delineo::manifest::sha256;
use serde_json::{Value, json};

use super::headers;
use super::site::{SERVICE_WORKER, Site, is_for_the_host};
use super::template::fill;
use crate::error::{Error, Result};

const MODEL_LIST: &str = "models/index.json";

/// The model that the page opens with is the folder of this name.
const DEFAULT_MODEL: &str = "default";

/// A model as the app chooses by it.
struct Published {
    id: String,
    modalities: Vec<String>,
    bytes: u64,
}

impl Published {
    fn new(id: &str, manifest: &[u8]) -> Self {
        let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
        let modalities = manifest["modalities"].as_array().into_iter().flatten();
        Self {
            id: id.to_owned(),
            modalities: modalities
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            bytes: manifest["weights"]["bytes"].as_u64().unwrap_or_default(),
        }
    }

    /// Those of a finished app, the one that the page opens with first, then as the page prefers them for a picture
    /// (`web/src/app/models.rs`).
    fn all(site: &Site) -> Result<Vec<Self>> {
        let files = site.files().map(|(name, _)| name);
        let in_folders = files.filter_map(|name| name.strip_prefix("models/")?.split_once('/'));
        let mut ids: Vec<&str> = in_folders.map(|(id, _)| id).collect();
        ids.dedup();
        let read = |id: &str| {
            let manifest = site.get(&format!("models/{id}/model.json"));
            let manifest =
                manifest.ok_or_else(|| Error::Page(format!("the model {id} has no model.json")))?;
            Ok(Self::new(id, manifest))
        };
        let all = ids.into_iter().map(read).collect::<Result<_>>()?;
        Ok(in_order(all))
    }

    /// Whether whatever it is for has a model of its own among those `before` it, which the page prefers.
    fn is_alternative(&self, before: &[Self]) -> bool {
        let is_covered = |name: &String| {
            let own = std::slice::from_ref(name);
            before.iter().any(|other| other.modalities == own)
        };
        !self.modalities.is_empty() && self.modalities.iter().all(is_covered)
    }
}

fn in_order(mut models: Vec<Published>) -> Vec<Published> {
    models.sort_by_cached_key(|model| {
        (
            model.id != DEFAULT_MODEL,
            model.modalities.len(),
            model.bytes,
            model.id.clone(),
        )
    });
    models
}

fn list_of(models: &[Published]) -> String {
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    format!("{}\n", json!(ids))
}

/// Writes the list of models into the app.
///
/// # Errors
/// When a folder has no `model.json`.
pub fn list_models(site: &mut Site) -> Result<()> {
    let list = list_of(&Published::all(site)?);
    site.put(MODEL_LIST, list.into_bytes());
    Ok(())
}

/// Writes the list of models of a folder beside them, for `trunk serve`, which serves the folder as it is.
///
/// # Errors
/// When the folder cannot be read or the list not written.
pub fn write_model_index(models: &Path) -> Result<()> {
    fs::create_dir_all(models).map_err(Error::file("create", models))?;
    let entries = fs::read_dir(models).map_err(Error::file("read", models))?;
    let read = |entry: fs::DirEntry| {
        let manifest = fs::read(entry.path().join("model.json")).ok()?;
        Some(Published::new(
            &entry.file_name().to_string_lossy(),
            &manifest,
        ))
    };
    let found = entries.filter_map(std::result::Result::ok).filter_map(read);
    let list = list_of(&in_order(found.collect()));
    let path = models.join("index.json");
    // Trunk rebuilds whenever a file is written, even with the same content.
    if fs::read_to_string(&path).is_ok_and(|before| before == list) {
        return Ok(());
    }
    fs::write(&path, list).map_err(Error::file("write", &path))
}

/// The weights that are fetched only when somebody chooses their model: another one is preferred for whatever they are for.
fn on_demand(site: &Site) -> Result<Vec<String>> {
    let models = Published::all(site)?;
    let alternatives = models
        .iter()
        .enumerate()
        .filter(|(place, model)| model.is_alternative(&models[..*place]));
    let folders: Vec<String> = alternatives
        .map(|(_, model)| format!("models/{}/", model.id))
        .collect();
    let files = site.files().map(|(name, _)| name);
    Ok(files
        .filter(|name| folders.iter().any(|folder| name.starts_with(folder)))
        .filter(|name| !name.ends_with("/model.json"))
        .map(str::to_owned)
        .collect())
}

/// Files that only the browser itself shows, as in its list of apps: the app works offline without them.
fn is_optional(name: &str) -> bool {
    name == "manifest.webmanifest"
        || ["icons/", "screenshots/"]
            .iter()
            .any(|folder| name.starts_with(folder))
}

/// Fills in the service worker: every file that the app can need with its hash, whatever its size.
///
/// # Errors
/// When the template lacks a placeholder, or a model its `model.json`.
pub fn write_service_worker(site: &mut Site, template: &str) -> Result<()> {
    let on_demand = on_demand(site)?;
    let needed = site
        .files()
        .filter(|(name, _)| !is_for_the_host(name) && *name != SERVICE_WORKER);
    let list: Vec<Value> = needed
        .map(|(name, bytes)| {
            // Hosts serve the page under the folder's own address; some redirect from `index.html`.
            let url = if name == "index.html" { "./" } else { name };
            let mut entry = json!({ "sha256": sha256(bytes), "url": url });
            if on_demand.iter().any(|file| file == name) {
                entry["onDemand"] = true.into();
            }
            if is_optional(name) {
                entry["optional"] = true.into();
            }
            entry
        })
        .collect();
    let list = Value::from(list).to_string();
    let policy = headers::policy();
    let isolation = json!(headers::ISOLATION).to_string();
    let all = format!("{template}\n{list}\n{policy}\n{isolation}");
    let version = &sha256(all.as_bytes())[..16];
    let values = [
        ("'__VERSION__'", json!(version).to_string()),
        ("'__POLICY__'", json!(policy).to_string()),
        ("['__ISOLATION__']", isolation),
        ("['__FILES__']", list),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let worker = fill(SERVICE_WORKER, template, &values)?;
    site.put(SERVICE_WORKER, worker.into_bytes());
    Ok(())
}

/// The version that the service worker carries.
///
/// # Errors
/// When the app is not finished.
pub fn version(site: &Site) -> Result<&str> {
    let worker = site.text(SERVICE_WORKER)?;
    worker
        .split_once("const VERSION = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version)
        .ok_or_else(|| Error::Page(format!("{SERVICE_WORKER} has no version")))
}
