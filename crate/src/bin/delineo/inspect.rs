//! `delineo inspect`: what a checkpoint or an image holds. The two are told apart by content.

use std::path::{Path, PathBuf};

use delineo::Error;
use delineo::imaging::{self, Decoded};
use delineo::judgement::{Judgement, Kind, WARNING};
use delineo::manifest::sha256;
use delineo::measure::{Rect, Scale, ScaledRegion};
use delineo::modality::Modality;
use delineo::weights::WeightSet;
use serde_json::json;

use crate::{Stop, print_json, read, read_weights};

#[derive(clap::Args)]
pub struct Arguments {
    /// Checkpoint (.pth or .safetensors with the authors' names) or image.
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
    match imaging::decode(&bytes) {
        Ok(image) => {
            report_image(&arguments.file, &image, arguments.json);
            return Ok(());
        }
        Err(Error::NotAnImage { .. }) => {}
        Err(error) => return Err(error.into()),
    }
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

/// What a file tells of its picture. Nothing that it says about people is read.
fn report_image(file: &Path, decoded: &Decoded, as_json: bool) {
    let (width, height) = decoded.image.dimensions();
    let judgement = Judgement::of(&decoded.image);
    let warning = (judgement.kind == Kind::Other).then_some(WARNING);
    let marks = decoded.depth_marks(Modality::of(&decoded.image));
    if as_json {
        print_json(&json!({
            "file": file, "format": decoded.format, "width": width, "height": height, "frames": decoded.frames,
            "frame_time": decoded.frame_time, "pixel_aspect": decoded.pixel_aspect,
            "scale": decoded.scale.as_ref().map(|scale| scale_json(scale, width, height)),
            "depth_marks": marks, "judgement": judgement, "warning": warning, "remarks": decoded.remarks,
        }));
        return;
    }
    println!("{}", file.display());
    println!("  format      {}", decoded.format);
    println!("  size        {width} by {height} pixels");
    if decoded.frames > 1 {
        println!("  frames      {}", decoded.frames);
    }
    match &decoded.scale {
        Some(scale) => {
            let spacing = scale.regions[0].spacing;
            println!(
                "  scale       {} by {} mm per pixel ({})",
                spacing.x, spacing.y, scale.source
            );
        }
        None => println!("  scale       unknown"),
    }
    if let Some(marks) = marks {
        let distance = marks.likely_mm.map_or_else(
            || "of unknown length".to_owned(),
            |mm| format!("of probably {mm} mm"),
        );
        println!(
            "  depth marks {} at the {}, {:.1} pixels {distance} apart (not used as scale)",
            marks.marks,
            marks.side.word(),
            marks.period_px
        );
    }
    println!(
        "  judgement   {} ({:.0} %)",
        judgement.kind.word(),
        100.0 * judgement.confidence
    );
    for remark in decoded.remarks.iter().map(String::as_str).chain(warning) {
        println!("  remark      {remark}");
    }
}

/// The scale of the first region, which is the largest, and each region with its own.
fn scale_json(scale: &Scale, width: u32, height: u32) -> serde_json::Value {
    let everywhere = Rect {
        left: 0,
        top: 0,
        right: width,
        bottom: height,
    };
    let region = |region: &ScaledRegion| {
        let area = region.area.unwrap_or(everywhere);
        json!({
            "left": area.left, "top": area.top, "right": area.right, "bottom": area.bottom,
            "mm_x": region.spacing.x, "mm_y": region.spacing.y,
        })
    };
    let first = scale.regions[0].spacing;
    json!({
        "mm_x": first.x, "mm_y": first.y, "source": scale.source,
        "regions": scale.regions.iter().map(region).collect::<Vec<_>>(),
    })
}

fn names(sets: &[WeightSet]) -> Vec<&str> {
    sets.iter().map(|set| set.name.as_str()).collect()
}
