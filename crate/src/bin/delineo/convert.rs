//! `delineo convert`: a checkpoint to a model folder that the app and `delineo segment` can use.

use std::fs;
use std::path::PathBuf;

use delineo::Error;
use delineo::manifest::{Manifest, Weights, sha256};
use delineo::model::known_answer;
use delineo::weights::Checkpoint;

use crate::{Stop, read, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// Checkpoint: .pth or .safetensors with the authors' names.
    file: PathBuf,
    /// Model folder to write; its name becomes the model's id.
    #[arg(long)]
    out: PathBuf,
    /// A model.json to start from: its input, classes, threshold, scores and texts are kept.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Keep float32 instead of float16, which is half the size.
    #[arg(long)]
    full_precision: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let checkpoint = Checkpoint::from_bytes(read(&arguments.file)?)?;
    let weights = checkpoint.to_safetensors(!arguments.full_precision)?;
    // The known answer belongs to the numbers that are shipped, not to those before rounding.
    let shipped = Checkpoint::from_bytes(weights.clone())?;
    let architecture = shipped.architecture();
    let id = arguments
        .out
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let variant = architecture.variant.to_string();
    let before = arguments.manifest.as_deref().map(read).transpose()?;
    let mut manifest = match &before {
        Some(json) => Manifest::from_json(json)?,
        None => {
            let mut manifest = Manifest::assumed(
                &id,
                &variant,
                architecture.in_channels,
                architecture.classes,
                &weights,
            );
            manifest.description = String::new();
            manifest
        }
    };
    manifest.id = id;
    manifest.variant = variant;
    manifest.weights = Weights {
        file: "weights.safetensors".to_owned(),
        bytes: weights.len() as u64,
        sha256: sha256(&weights),
    };
    manifest.self_test = Some(known_answer(&shipped).await?);

    let out = &arguments.out;
    fs::create_dir_all(out).map_err(|source| Error::File {
        path: out.clone(),
        source,
    })?;
    write(
        &out.join("model.json"),
        &manifest.to_json(before.as_deref())?,
    )?;
    write(&out.join(&manifest.weights.file), &weights)?;
    println!(
        "{}: CMUNeXt-{}, {} bytes of weights",
        out.display(),
        manifest.variant,
        weights.len()
    );
    Ok(())
}
