//! A model that can be chosen, and what it is made of: a folder of this site or a person's own weights.

use std::rc::Rc;

use delineo::manifest::Manifest;

use super::ids::FileId;
use crate::protocol::ModelKey;

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelEntry {
    /// Which one.
    pub key: ModelKey,
    /// What the person reads.
    pub label: String,
    /// What it was trained for, in the words of `model.json`.
    pub modalities: Vec<String>,
    /// Size of its weights in bytes; 0 where that is not known.
    pub bytes: u64,
    /// SHA-256 of its weights, hexadecimal, where the site's list says it.
    pub sha256: Option<String>,
}

/// A model of this site.
#[derive(Clone, Debug)]
pub struct PublishedModel {
    /// Its folder.
    pub id: String,
    /// Its `model.json`, or what is wrong with it, as a sentence.
    pub manifest: Result<Box<Manifest>, String>,
}

/// A person's own weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnModel {
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: Rc<str>,
    /// The file's name.
    pub name: String,
    /// The file; only where it is at hand.
    pub file: Option<FileId>,
    /// The text of a `model.json` that came with it.
    pub manifest: Option<String>,
    /// Whether it is remembered on this device.
    pub is_remembered: bool,
}

/// Why a person's own weights are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnModelFault {
    /// The remembered model that this device no longer has, if it is about one.
    pub digest: Option<Rc<str>>,
    /// A sentence.
    pub message: String,
}

pub(super) fn published_entry(model: &PublishedModel) -> ModelEntry {
    let key = ModelKey::Published(model.id.clone());
    match &model.manifest {
        Ok(manifest) => ModelEntry {
            key,
            label: manifest.name.clone(),
            modalities: manifest.modalities.clone(),
            bytes: manifest.weights.bytes,
            sha256: Some(manifest.weights.sha256.clone()),
        },
        // It can still be chosen, and then says what is wrong with it.
        Err(_) => ModelEntry {
            key,
            label: model.id.clone(),
            modalities: Vec::new(),
            bytes: 0,
            sha256: None,
        },
    }
}

pub(super) fn own_entry(model: &OwnModel) -> ModelEntry {
    ModelEntry {
        key: ModelKey::Own(model.digest.to_string()),
        label: model.name.clone(),
        modalities: Vec::new(),
        bytes: 0,
        sha256: Some(model.digest.to_string()),
    }
}
