//! `delineo evaluate`: a model against the truth.

use std::path::{Path, PathBuf};

use delineo::Error;
use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::evaluation::{Report, Settings, evaluate, evaluate_normals, reliability_diagram};
use delineo::export::png;
use delineo::manifest::Manifest;
use delineo::metrics::Statistic;
use delineo::model::Model;
use delineo::tta::Views;

use crate::model::{open, threshold};
use crate::normal::normal_images;
use crate::{DeviceArgument, Stop, make_folder, print_json, progress_bar, read, replace, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// Model folder with model.json and its weights.
    #[arg(long)]
    model: PathBuf,
    /// Data set: a folder with images/ and masks/, and split.tsv or the authors' lists of names if it is divided.
    #[arg(long, required_unless_present = "images", conflicts_with_all = ["images", "masks", "split"])]
    data: Option<PathBuf>,
    /// Folder of images.
    #[arg(long, requires = "masks")]
    images: Option<PathBuf>,
    /// Folder of masks, which may be that of the images: NAME_mask.png (and NAME_mask_1.png, which is joined to it),
    /// NAME_segmentation.png, NAME_lesion.png or, in a folder of their own, NAME.png for the image NAME.
    #[arg(long, requires = "images")]
    masks: Option<PathBuf>,
    /// Table of name, part and near-duplicate group, or a .txt list of the names to evaluate; all images where it is not
    /// given.
    #[arg(long)]
    split: Option<PathBuf>,
    /// The part to evaluate: train, val or test.
    #[arg(long, default_value_t = Part::Test)]
    part: Part,
    /// Images without a lesion: a data set or a folder of images.
    #[arg(long)]
    normal: Option<PathBuf>,
    /// Test-time augmentation: average over the mirror image too, or over all flips and quarter turns (eight times the
    /// work).
    #[arg(long, value_name = "mirror|all", num_args = 0..=1, default_missing_value = "all", require_equals = true)]
    tta: Option<Views>,
    /// How many of the worst cases worst.png shows.
    #[arg(long, default_value_t = Settings::default().worst)]
    worst: usize,
    /// Threshold on the probability; the model's own where it is not given.
    #[arg(long, value_parser = threshold)]
    threshold: Option<f32>,
    /// Class that the masks show, counted from 0; the model's lesion where it is not given.
    #[arg(long)]
    class: Option<usize>,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// The report as a JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// Folder for report.json, cases.csv, reliability.svg and worst.png; made where it is missing.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write the scores into model.json, under this name of the data set.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["threshold", "class"])]
    record: Option<String>,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let (part, settings) = (
        arguments.part,
        Settings {
            threshold: arguments.threshold,
            class: arguments.class,
            test_time_augmentation: arguments.tta,
            worst: arguments.worst,
        },
    );
    let dataset = Dataset::open(&arguments.layout()?)?;
    dataset.check(&[part])?;
    let normals = arguments.normal.as_deref();
    let normals = normals
        .map(|folder| normal_images(folder, part))
        .transpose()?;
    let model = open(&arguments.model, arguments.device).await?;

    let count = |dataset: &Dataset| dataset.part(part).count() as u64;
    let total = count(&dataset) + normals.as_ref().map_or(0, count);
    let bar = progress_bar(total, arguments.json);
    let (mut report, sheet) = evaluate(&model, &dataset, part, &settings, |case| {
        bar.set_message(format!("{} IoU {:.3}", case.name, case.iou));
        bar.inc(1);
    })
    .await?;
    if let Some(normals) = &normals {
        let normals = evaluate_normals(&model, normals, part, &settings, |case| {
            bar.set_message(case.name.clone());
            bar.inc(1);
        });
        report.normals = Some(normals.await?);
    }
    bar.finish_and_clear();

    if let Some(out) = &arguments.out {
        make_folder(out)?;
        let diagram = reliability_diagram(&report.calibration.reliability)?;
        write(&out.join("report.json"), &json(&report)?)?;
        write(&out.join("cases.csv"), report.csv().as_bytes())?;
        write(&out.join("reliability.svg"), diagram.as_bytes())?;
        write(&out.join("worst.png"), &png(&sheet.picture())?)?;
    }
    if let Some(name) = &arguments.record {
        record(&arguments.model, &model, &report, name)?;
    }
    if arguments.json {
        let value = serde_json::to_value(&report).map_err(|e| Error::Encode(e.to_string()))?;
        print_json(&value);
    } else {
        print(&report);
    }
    Ok(())
}

impl Arguments {
    fn layout(&self) -> Result<Layout, Error> {
        let whole = Split::All(self.part);
        match (&self.data, &self.images, &self.masks) {
            (Some(folder), ..) => Layout::of_folder(folder, whole),
            (None, Some(images), Some(masks)) => {
                let split = match self.split.clone() {
                    None => whole,
                    Some(list) if list.extension().is_some_and(|ending| ending == "txt") => {
                        let part = self.part;
                        Split::Names { list, part }
                    }
                    Some(table) => Split::File(table),
                };
                Ok(Layout::of_pair(images, masks, split))
            }
            // The parser requires them.
            _ => Err(Error::Data(vec!["no data set was given".to_owned()])),
        }
    }
}

fn json(report: &Report) -> Result<Vec<u8>, Error> {
    let mut json = serde_json::to_vec_pretty(report).map_err(|e| Error::Encode(e.to_string()))?;
    json.push(b'\n');
    Ok(json)
}

fn record(folder: &Path, model: &Model, report: &Report, name: &str) -> Result<(), Error> {
    let path = folder.join("model.json");
    let before = read(&path)?;
    let mut manifest = Manifest::from_json(&before)?;
    // Someone may have written to it while the images passed by.
    if manifest.weights != model.manifest().weights {
        return Err(Error::Manifest(
            "it changed during the evaluation".to_owned(),
        ));
    }
    if let Some(score) = report.score(name) {
        manifest.record(score);
    }
    replace(&path, &manifest.to_json(Some(&before))?)
}

fn print(report: &Report) {
    println!(
        "{} on {}, {} part, {} images{}",
        report.model,
        report.data,
        report.part,
        report.images,
        match report.test_time_augmentation {
            Some(views) => format!(", averaged over views: {views}"),
            None => String::new(),
        }
    );
    println!(
        "threshold {}, temperature {}",
        report.threshold, report.temperature
    );
    println!();
    println!("{:16} {:>9} {:>9}   95 % of the mean", "", "mean", "median");
    for (name, statistic) in report.summary.rows() {
        let Some(statistic) = statistic else {
            println!("{name:16} no image has it");
            continue;
        };
        let Statistic {
            mean,
            median,
            interval: [low, high],
            left_out,
            ..
        } = statistic;
        let left_out = match left_out {
            0 => String::new(),
            count => format!("   {count} images do not have it"),
        };
        println!("{name:16} {mean:9.4} {median:9.4}   {low:.4} to {high:.4}{left_out}");
    }
    println!();
    println!(
        "calibration error (ECE, 15 bins)  {:.4}",
        report.calibration.ece
    );
    for expected in &report.expected {
        if let (Some(iou), Some(below)) = (expected.iou, expected.below_half) {
            println!(
                "called {:11}  {} images, IoU {iou:.4}, below 0.5 on {:.1} %",
                expected.confidence.word(),
                expected.images,
                100.0 * below
            );
        }
    }
    if let Some(normals) = &report.normals {
        let share = &normals.share_over_one_percent;
        let [low, high] = share.interval.map(|value| 100.0 * value);
        println!(
            "{} of {}: false positives over 1 % of the area on {:.1} % of the images ({low:.1} to {high:.1}), {:.2} % of the area on average",
            normals.images,
            normals.data,
            100.0 * share.mean,
            100.0 * normals.false_positive_area.mean
        );
    }
}
