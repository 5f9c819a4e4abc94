//! `delineo inspect`: what a checkpoint holds.

use std::path::PathBuf;

use delineo::manifest::sha256;
use delineo::weights::WeightSet;
use serde_json::json;

use crate::{Stop, print_json, read, read_weights};

#[derive(clap::Args)]
pub struct Arguments {
    /// Checkpoint: .pth or .safetensors with the authors' names.
    file: PathBuf,
    /// Which network of a file that holds several, such as model or ema.
    #[arg(long, value_name = "NAME")]
    weights_set: Option<String>,
    /// List every tensor with its shape.
    #[arg(long)]
    tensors: bool,
    /// A JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Stop> {
    let bytes = read(&arguments.file)?;
    let (size, digest) = (bytes.len(), sha256(&bytes));
    let checkpoint = read_weights(bytes, arguments.weights_set.as_deref())?;
    let architecture = checkpoint.architecture();
    let tensors = checkpoint.tensors();
    if arguments.json {
        let mut report = json!({
            "file": arguments.file.to_string_lossy(), "format": checkpoint.format().to_string(), "bytes": size, "sha256": digest,
            "variant": architecture.variant.to_string(), "in_channels": architecture.in_channels,
            "classes": architecture.classes, "parameters": architecture.parameters(), "dtype": checkpoint.stored_as(),
            "set": checkpoint.set().map(|set| &set.name), "sets": names(checkpoint.sets()), "remarks": checkpoint.remarks(),
        });
        if arguments.tensors {
            report["tensors"] = tensors
                .iter()
                .map(|(name, shape)| json!({ "name": name, "shape": shape }))
                .collect();
        }
        print_json(&report);
        return Ok(());
    }
    println!("{}", arguments.file.display());
    println!("  network     CMUNeXt-{}", architecture.variant);
    println!("  parameters  {}", architecture.parameters());
    println!("  input       {} channels", architecture.in_channels);
    println!("  output      {} classes", architecture.classes);
    println!(
        "  stored as   {} in a {} file of {size} bytes",
        checkpoint.stored_as(),
        checkpoint.format()
    );
    println!("  SHA-256     {digest}");
    if arguments.tensors {
        for (name, shape) in tensors {
            println!("  {name} {shape:?}");
        }
    }
    Ok(())
}

fn names(sets: &[WeightSet]) -> Vec<&str> {
    sets.iter().map(|set| set.name.as_str()).collect()
}
