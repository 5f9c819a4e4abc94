//! Loading models: where their files come from, and that they give their known answer before they are trusted.

use std::collections::HashMap;

use delineo::device::{self, Device};
use delineo::manifest::{Manifest, sha256};
use delineo::model::Model;
use delineo::weights::Checkpoint;

use crate::engine::error::{EngineError, Fault, GPU_WRONG};
use crate::engine::platform::{OpenDevice, Platform};
use crate::protocol::{DeviceKind, ModelKey, Networks};

/// The loaded models.
#[derive(Debug, Default)]
pub struct Models(HashMap<ModelKey, Loaded>);

#[derive(Debug)]
struct Loaded {
    model: Model,
    /// The `model.json` that came with the weights, and the network that was asked for.
    asked: Asked,
    networks: Networks,
}

/// What a person's own weights are loaded with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The text of a `model.json`.
    pub manifest: Option<String>,
    /// Which of the networks in the file.
    pub network: Option<String>,
}

impl Models {
    /// The model of this name.
    pub fn get(&self, key: &ModelKey) -> Result<&Model, EngineError> {
        let loaded = self.0.get(key).ok_or(EngineError::ModelNotLoaded)?;
        Ok(&loaded.model)
    }

    /// The networks in the file of a model.
    pub fn networks(&self, key: &ModelKey) -> Result<&Networks, EngineError> {
        let loaded = self.0.get(key).ok_or(EngineError::ModelNotLoaded)?;
        Ok(&loaded.networks)
    }

    /// Whether exactly this model is loaded. The same weights are another model with another `model.json` or another of
    /// their networks.
    pub fn have(&self, key: &ModelKey, asked: &Asked) -> bool {
        let loaded = self.0.get(key);
        loaded.is_some_and(|loaded| loaded.asked == *asked)
    }

    /// Adds a model, in the place of another one of this name.
    pub fn keep(&mut self, key: ModelKey, model: Model, asked: Asked, networks: Networks) {
        let loaded = Loaded {
            model,
            asked,
            networks,
        };
        self.0.insert(key, loaded);
    }

    /// Drops a model.
    pub fn forget(&mut self, key: &ModelKey) {
        self.0.remove(key);
    }
}

/// What a model is made from.
pub struct Source {
    manifest: Manifest,
    checkpoint: Checkpoint,
}

impl Source {
    /// The networks in its file.
    pub fn networks(&self) -> Networks {
        let each = self.checkpoint.sets().iter();
        Networks {
            all: each
                .map(|set| (set.name.clone(), set.to_string()))
                .collect(),
            chosen: self.checkpoint.set().map(|set| set.name.clone()),
            remarks: self.checkpoint.remarks().to_vec(),
        }
    }
}

/// Reads a model of this site. `arrived` is told how much of it is there, from 0 to 1.
///
/// # Errors
/// [`EngineError::Download`], or the library's where manifest and weights do not fit each other.
pub async fn fetch(
    platform: &impl Platform,
    folder: &str,
    mut arrived: impl FnMut(f32),
) -> Result<Source, EngineError> {
    arrived(0.0);
    let folder = format!("models/{folder}");
    let file = format!("{folder}/model.json");
    let json = platform.site_file(&file, |_| {}).await?;
    if json.trim_ascii_start().starts_with(b"<") {
        // Hosts answer so where a file is missing or a login is wanted.
        let reason = "the site sent a web page instead".to_owned();
        return Err(EngineError::Download { file, reason });
    }
    let manifest = Manifest::from_json(&json)?;
    let total = manifest.weights.bytes.max(1) as f32;
    let weights = platform
        .site_file(&format!("{folder}/{}", manifest.weights.file), |received| {
            arrived((received as f32 / total).min(1.0));
        })
        .await
        .map_err(|error| match error {
            // A person knows the model by its name.
            EngineError::Download { reason, .. } => EngineError::Download {
                file: format!("“{}”", manifest.name),
                reason,
            },
            other => other,
        })?;
    manifest.check_weights(&weights)?;
    let checkpoint = Checkpoint::from_bytes(weights)?;
    Ok(Source {
        manifest,
        checkpoint,
    })
}

/// Reads a person's own model: the file called `name`, with what it was asked for.
///
/// # Errors
/// [`EngineError::OtherWeights`] when the SHA-256 of the file is not `digest`, or the library's.
pub fn own(
    digest: &str,
    name: &str,
    asked: &Asked,
    weights: Vec<u8>,
) -> Result<Source, EngineError> {
    let (found, size) = (sha256(&weights), weights.len() as u64);
    if found != digest {
        let name = name.to_owned();
        return Err(EngineError::OtherWeights { name });
    }
    let manifest = asked.manifest.as_ref();
    let manifest = manifest
        .map(|json| Manifest::from_json(json.as_bytes()))
        .transpose()?;
    if let Some(manifest) = &manifest {
        manifest.check_weights(&weights)?;
    }
    let checkpoint = Checkpoint::from_bytes_with(weights, asked.network.as_deref())?;
    let manifest = manifest.unwrap_or_else(|| {
        let architecture = checkpoint.architecture();
        let (channels, classes) = (architecture.in_channels, architecture.classes);
        let variant = architecture.variant.to_string();
        let mut manifest = Manifest::assumed(name, &variant, channels, classes, &[]);
        (manifest.weights.sha256, manifest.weights.bytes) = (found, size);
        manifest
    });
    Ok(Source {
        manifest,
        checkpoint,
    })
}

/// Puts a model on a device and lets it give its known answer, for which a GPU first compiles its kernels.
///
/// A model that fails on the GPU is tried on the CPU as well. Where it passes there, the GPU is to blame and the engine
/// cannot go on; where it fails, the model is.
pub async fn checked(source: Source, device: &OpenDevice) -> Result<Model, Fault> {
    let Source {
        manifest,
        checkpoint,
    } = source;
    let name = manifest.name.clone();
    let on_gpu = device.report.kind == DeviceKind::Gpu;
    let error = match tested(manifest.clone(), &checkpoint, &device.device).await {
        Err(error @ delineo::Error::Device { .. }) => error,
        other => return Ok(other?),
    };
    if on_gpu && tested(manifest, &checkpoint, &device::cpu()).await.is_ok() {
        return Err(Fault::Fatal {
            message: error.to_string(),
            gpu_fault: Some(GPU_WRONG.to_owned()),
        });
    }
    Err(EngineError::WrongAnswer { name }.into())
}

async fn tested(
    manifest: Manifest,
    checkpoint: &Checkpoint,
    device: &Device,
) -> Result<Model, delineo::Error> {
    let model = Model::new(manifest, checkpoint, device)?;
    model.self_test(checkpoint).await?;
    Ok(model)
}
