//! Opening a model folder, the same for every command.

use std::path::Path;

use delineo::Error;
use delineo::manifest::Manifest;
use delineo::model::Model;
use delineo::weights::Checkpoint;

use crate::{DeviceArgument, read};

/// Opens a model folder on a device, checks the weights against model.json and the device against the known answer.
///
/// # Errors
/// Whatever makes the folder or the device unusable.
pub async fn open(folder: &Path, device: DeviceArgument) -> Result<Model, Error> {
    let device = device.open()?;
    let manifest = Manifest::from_json(&read(&folder.join("model.json"))?)?;
    let weights = read(&folder.join(&manifest.weights.file))?;
    manifest.check_weights(&weights)?;
    let checkpoint = Checkpoint::from_bytes(weights)?;
    let model = Model::new(manifest, &checkpoint, &device)?;
    model.self_test(&checkpoint).await?;
    Ok(model)
}

/// A threshold from the command line.
pub fn threshold(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a threshold is a number from 0 to 1".to_owned()),
    }
}
