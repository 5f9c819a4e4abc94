//! Model folders: read one, write one.

use std::fs;
use std::path::Path;

use delineo::Error;
use delineo::manifest::{Manifest, Weights, sha256};
use delineo::model::known_answer;
use delineo::weights::Checkpoint;

use crate::{read, write};

/// The weights of a model folder, or of a checkpoint file.
pub fn read_weights(path: &Path) -> Result<Checkpoint, Error> {
    if path.is_dir() {
        read_model(path).map(|(_, weights)| weights)
    } else {
        Checkpoint::from_bytes(read(path)?)
    }
}

/// Manifest and weights of a model folder, checked against each other.
pub fn read_model(folder: &Path) -> Result<(Manifest, Checkpoint), Error> {
    let manifest = Manifest::from_json(&read(&folder.join("model.json"))?)?;
    let weights = read(&folder.join(&manifest.weights.file))?;
    manifest.check_weights(&weights)?;
    Ok((manifest, Checkpoint::from_bytes(weights)?))
}

/// Writes `model.json` and the weights, as float16 where `half_precision` says so; the folder's name becomes the id.
pub async fn write_model(
    folder: &Path,
    mut manifest: Manifest,
    checkpoint: &Checkpoint,
    half_precision: bool,
) -> Result<Manifest, Error> {
    let weights = checkpoint.to_safetensors(half_precision)?;
    // The known answer belongs to the numbers that are shipped, not to those before rounding.
    let shipped = Checkpoint::from_bytes(weights.clone())?;
    let name = folder.file_name().unwrap_or_default();
    manifest.id = name.to_string_lossy().into_owned();
    manifest.variant = shipped.architecture().variant.to_string();
    manifest.weights = Weights {
        file: "weights.safetensors".to_owned(),
        bytes: weights.len() as u64,
        sha256: sha256(&weights),
    };
    manifest.self_test = Some(known_answer(&shipped).await?);
    fs::create_dir_all(folder).map_err(|source| Error::File {
        path: folder.to_owned(),
        source,
    })?;
    let mut json =
        serde_json::to_vec_pretty(&manifest).map_err(|error| Error::Manifest(error.to_string()))?;
    json.push(b'\n');
    write(&folder.join("model.json"), &json)?;
    write(&folder.join(&manifest.weights.file), &weights)?;
    Ok(manifest)
}
