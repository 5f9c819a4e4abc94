//! `delineo calibrate`: temperature and threshold from data that the model did not learn from.

use std::path::PathBuf;

use delineo::Error;
use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::evaluation::{Calibrated, calibrate};
use delineo::manifest::Manifest;
use serde_json::json;

use crate::model::open;
use crate::normal::normal_images;
use crate::{DeviceArgument, Stop, print_json, progress_bar, read, replace};

#[derive(clap::Args)]
pub struct Arguments {
    /// Model folder; temperature and threshold are written into its model.json.
    #[arg(long)]
    model: PathBuf,
    /// Data sets, each a folder with images/ and masks/, and split.tsv or the authors' lists of names. Each counts the same.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Images without a lesion, data sets or folders of images: false alarms on them count in the choice of the threshold.
    #[arg(long, num_args = 1..)]
    normal: Vec<PathBuf>,
    /// The part to choose on. Choosing on test makes the figures on test worthless.
    #[arg(long, default_value_t = Part::Val)]
    part: Part,
    /// Keep the threshold that model.json has.
    #[arg(long)]
    keep_threshold: bool,
    /// Class that the masks show, counted from 0; the model's lesion where it is not given.
    #[arg(long)]
    class: Option<usize>,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// Say what would be chosen and leave model.json as it is.
    #[arg(long)]
    dry_run: bool,
    /// A JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let part = arguments.part;
    let mut datasets = Vec::new();
    // Faults of all data sets at once.
    let mut faults = Vec::new();
    for folder in &arguments.data {
        let dataset = Dataset::open(&Layout::of_folder(folder, Split::All(part))?)?;
        match dataset.check(&[part]) {
            Err(Error::Data(more)) => faults.extend(more),
            other => other?,
        }
        datasets.push(dataset);
    }
    let mut normals = Vec::new();
    for folder in &arguments.normal {
        match normal_images(folder, part) {
            Ok(dataset) => normals.push(dataset),
            Err(Error::Data(more)) => faults.extend(more),
            Err(error) => return Err(error.into()),
        }
    }
    if !faults.is_empty() {
        return Err(Error::Data(faults).into());
    }
    let model = open(&arguments.model, arguments.device).await?;
    let all = datasets.iter().chain(&normals);
    let total: usize = all.map(|data| data.part(part).count()).sum();
    let bar = progress_bar(total as u64, arguments.json);
    let class = arguments.class;
    let found = calibrate(&model, &datasets, &normals, part, class, |name| {
        bar.set_message(name.to_owned());
        bar.inc(1);
    })
    .await?;
    bar.finish_and_clear();
    if !arguments.dry_run {
        let path = arguments.model.join("model.json");
        let before = read(&path)?;
        let mut manifest = Manifest::from_json(&before)?;
        manifest.temperature = found.temperature;
        if !arguments.keep_threshold {
            manifest.threshold = found.chosen.threshold;
        }
        replace(&path, &manifest.to_json(Some(&before))?)?;
    }
    if arguments.json {
        let value = serde_json::to_value(found).map_err(|e| Error::Encode(e.to_string()))?;
        print_json(
            &json!({ "model": arguments.model.to_string_lossy(), "part": part, "chosen": value }),
        );
    } else {
        println!("{} images, {part} part", found.images);
        print(&found);
    }
    Ok(())
}

/// What was chosen, and what every tenth threshold would do.
fn print(found: &Calibrated) {
    let Calibrated {
        temperature,
        chosen,
        iou_at_half,
        ece,
        ece_before,
        curve,
        ..
    } = found;
    println!("temperature {temperature:.4}: ECE {ece_before:.4} before, {ece:.4} after");
    println!(
        "threshold {:.2}: mean IoU {:.4} ({iou_at_half:.4} at 0.5)",
        chosen.threshold, chosen.iou
    );
    println!();
    println!(
        "{:>9} {:>9} {:>14} {:>13} {:>8}",
        "threshold", "mean IoU", "without a mask", "false alarms", "score"
    );
    let tenths = curve.iter().skip(9).step_by(10).chain([chosen]);
    for point in tenths {
        println!(
            "{:9.2} {:9.4} {:12.1} % {:11.1} % {:8.4}",
            point.threshold,
            point.iou,
            100.0 * point.without_mask,
            100.0 * point.false_alarms,
            point.score()
        );
    }
}
