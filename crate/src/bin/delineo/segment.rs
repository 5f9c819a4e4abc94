//! `delineo segment`: images to masks.

use std::path::{Path, PathBuf};
use std::time::Instant;

use delineo::mask::{Cleaning, Mask, mask_png};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use serde_json::json;

use crate::model::{open, threshold};
use crate::{DeviceArgument, Stop, make_folder, print_json, progress_bar, read, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// Images: PNG, JPEG, WebP, BMP or TIFF.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Model folder with model.json and its weights.
    #[arg(long)]
    model: PathBuf,
    /// Folder for the masks; made where it is missing.
    #[arg(long)]
    out: PathBuf,
    /// Threshold on the probability; the model's own where it is not given.
    #[arg(long, value_parser = threshold)]
    threshold: Option<f32>,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// Class to segment, counted from 0.
    #[arg(long, default_value_t = 0)]
    class: usize,
    /// Keep only the largest region.
    #[arg(long)]
    largest_region: bool,
    /// Fill holes.
    #[arg(long)]
    fill_holes: bool,
    /// Test-time augmentation: average over the mirror image too, or over all flips and quarter turns (eight times the
    /// work).
    #[arg(long, value_name = "mirror|all", num_args = 0..=1, default_missing_value = "all", require_equals = true)]
    tta: Option<Views>,
    /// One JSON object a line on standard output, and no progress bar.
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let model = open(&arguments.model, arguments.device).await?;
    if arguments.class >= model.architecture().classes {
        let classes = model.manifest().classes.join(", ");
        return Err(Error::Manifest(format!(
            "it has no class {}; its classes are {classes}",
            arguments.class
        ))
        .into());
    }
    make_folder(&arguments.out)?;

    let bar = progress_bar(arguments.images.len() as u64, arguments.json);
    let mut failed = 0;
    for path in &arguments.images {
        bar.set_message(path.display().to_string());
        let start = Instant::now();
        match segment(&model, path, arguments).await {
            Ok((target, mask)) => {
                let fraction =
                    mask.area() as f64 / (f64::from(mask.width()) * f64::from(mask.height()));
                if arguments.json {
                    print_json(&json!({
                        "image": path, "mask": target, "width": mask.width(), "height": mask.height(),
                        "area": mask.area(), "fraction": fraction, "seconds": start.elapsed().as_secs_f64(),
                    }));
                } else {
                    bar.println(format!(
                        "{}: {} pixels, {:.1} %",
                        target.display(),
                        mask.area(),
                        100.0 * fraction
                    ));
                }
            }
            Err(error) => {
                failed += 1;
                if arguments.json {
                    print_json(&json!({ "image": path, "error": error.to_string() }));
                } else {
                    bar.println(format!("{}: {error}", path.display()));
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if failed == 0 {
        Ok(())
    } else {
        eprintln!("{failed} of {} images failed.", arguments.images.len());
        Err(Stop::SomeFailed)
    }
}

async fn segment(
    model: &Model,
    path: &Path,
    arguments: &Arguments,
) -> Result<(PathBuf, Mask), Error> {
    let image = imaging::decode(&read(path)?)?.image;
    let maps = match arguments.tta {
        Some(views) => model.segment_averaged(&image, views).await?,
        None => model.segment(&image).await?,
    };
    let map = maps
        .get(arguments.class)
        .ok_or_else(|| Error::Manifest("it has no such class".to_owned()))?;
    let threshold = arguments.threshold.unwrap_or(model.manifest().threshold);
    let cleaning = Cleaning {
        largest_region: arguments.largest_region,
        fill_holes: arguments.fill_holes,
    };
    let mask = Mask::make(map, image.width(), image.height(), threshold, cleaning, &[]);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let target = arguments.out.join(format!("{stem}_mask.png"));
    write(&target, &mask_png(&mask)?)?;
    Ok((target, mask))
}
