//! Model folders: open one, read one, write one, the same for every command.

use std::path::Path;

use delineo::manifest::{Manifest, Weights, sha256};
use delineo::mask::ProbabilityMap;
use delineo::model::{Model, known_answer};
use delineo::tta::Views;
use delineo::weights::Checkpoint;
use delineo::{Error, RgbImage};

use crate::{DeviceArgument, make_folder, read, write};

/// Opens a model folder on a device, checks the weights against model.json and the device against the known answer.
///
/// # Errors
/// Whatever makes the folder or the device unusable.
pub async fn open(folder: &Path, device: DeviceArgument) -> Result<Model, Error> {
    let device = device.open()?;
    let (manifest, checkpoint) = read_model(folder)?;
    let model = Model::new(manifest, &checkpoint, &device)?;
    model.self_test(&checkpoint).await?;
    Ok(model)
}

/// Refuses a class that the model does not have.
///
/// # Errors
/// [`Error::Manifest`] with the classes that it has.
pub fn check_class(model: &Model, class: usize) -> Result<(), Error> {
    if class < model.architecture().classes {
        return Ok(());
    }
    let classes = model.manifest().classes.join(", ");
    Err(Error::Manifest(format!(
        "it has no class {class}; its classes are {classes}"
    )))
}

/// The probability map of one class, averaged over views where they are asked for.
///
/// # Errors
/// Whatever makes the device fail.
pub async fn probability(
    model: &Model,
    image: &RgbImage,
    class: usize,
    tta: Option<Views>,
) -> Result<ProbabilityMap, Error> {
    let mut maps = match tta {
        Some(views) => model.segment_averaged(image, views).await?,
        None => model.segment(image).await?,
    };
    check_class(model, class)?;
    Ok(maps.swap_remove(class))
}

/// Manifest and weights of a model folder, checked against each other.
///
/// # Errors
/// Whatever makes the folder unusable.
pub fn read_model(folder: &Path) -> Result<(Manifest, Checkpoint), Error> {
    let manifest = Manifest::from_json(&read(&folder.join("model.json"))?)?;
    let weights = read(&folder.join(&manifest.weights.file))?;
    manifest.check_weights(&weights)?;
    Ok((manifest, Checkpoint::from_bytes(weights)?))
}

/// Writes `model.json` and the weights, as float16 where `half_precision` says so; the folder's name becomes the id.
///
/// Fields of `before`, an older `model.json`, that this version does not know are kept.
///
/// # Errors
/// [`Error::File`] when the folder cannot be written.
pub async fn write_model(
    folder: &Path,
    mut manifest: Manifest,
    before: Option<&[u8]>,
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
    make_folder(folder)?;
    write(&folder.join("model.json"), &manifest.to_json(before)?)?;
    write(&folder.join(&manifest.weights.file), &weights)?;
    Ok(manifest)
}

/// A part in per cent from the command line, in millionths.
pub fn millionths(text: &str) -> Result<u32, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=100.0).contains(&value) => Ok((value * 1e4).round() as u32),
        _ => Err("a part is a number from 0 to 100, in per cent".to_owned()),
    }
}

/// A threshold from the command line.
pub fn threshold(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a threshold is a number from 0 to 1".to_owned()),
    }
}
