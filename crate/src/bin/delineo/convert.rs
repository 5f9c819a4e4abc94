//! `delineo convert`: a checkpoint to a model folder that the app and `delineo segment` can use.

use std::path::PathBuf;

use delineo::manifest::Manifest;

use crate::model::write_model;
use crate::{Stop, read, read_weights};

#[derive(clap::Args)]
pub struct Arguments {
    /// Checkpoint: .pth or .safetensors with the authors' names.
    file: PathBuf,
    /// Which network of a file that holds several, such as model or ema.
    #[arg(long, value_name = "NAME")]
    weights_set: Option<String>,
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
    let bytes = read(&arguments.file)?;
    let checkpoint = read_weights(bytes.clone(), arguments.weights_set.as_deref())?;
    let architecture = checkpoint.architecture();
    let before = arguments.manifest.as_deref().map(read).transpose()?;
    let manifest = match &before {
        Some(json) => Manifest::from_json(json)?,
        None => {
            let name = arguments.out.file_name().unwrap_or_default();
            Manifest {
                description: String::new(),
                ..Manifest::assumed(
                    &name.to_string_lossy(),
                    &architecture.variant.to_string(),
                    architecture.in_channels,
                    architecture.classes,
                    &bytes,
                )
            }
        }
    };
    let manifest = write_model(
        &arguments.out,
        manifest,
        before.as_deref(),
        &checkpoint,
        !arguments.full_precision,
    )
    .await?;
    println!(
        "{}: CMUNeXt-{}, {} bytes of weights",
        arguments.out.display(),
        manifest.variant,
        manifest.weights.bytes
    );
    Ok(())
}
