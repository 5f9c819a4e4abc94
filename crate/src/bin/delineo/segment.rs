//! `delineo segment`: images to masks and other files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use delineo::export::{self, ExportFormat, Origin, Segmentation, SegmentationInfo, Site, Stamp};
use delineo::imaging::Decoded;
use delineo::judgement::Judgement;
use delineo::mask::{Cleaning, Style};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use jiff::Zoned;
use serde_json::{Value, json};

use crate::model::{check_class, open, probability, threshold};
use crate::plan::{Job, Plan};
use crate::{DeviceArgument, Stop, make_folder, print_json, progress_bar, read, write};

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(required = true, help = format!("Images: {}", imaging::list()))]
    images: Vec<PathBuf>,
    /// Model folder with model.json and its weights.
    #[arg(long)]
    model: PathBuf,
    /// Folder for the files; made where it is missing. It mirrors the folders of the images below the one that all share.
    #[arg(long)]
    out: PathBuf,
    /// Replace files that exist already.
    #[arg(long)]
    overwrite: bool,
    #[arg(
        long = "format", value_name = "LIST", value_delimiter = ',', value_parser = export_format,
        default_value = export::FORMATS[0].id,
        help = format!("What to write of each image, separated by commas: {}", export::list())
    )]
    formats: Vec<&'static ExportFormat>,
    /// Threshold on the probability; the model's own where it is not given.
    #[arg(long, value_parser = threshold)]
    threshold: Option<f32>,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// Class to segment, counted from 0; the model's lesion where it is not given.
    #[arg(long)]
    class: Option<usize>,
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
    // In the order of the table, and once each, however they were asked for.
    let is_asked =
        |format: &&&ExportFormat| arguments.formats.iter().any(|one| one.id == format.id);
    let formats: Vec<_> = export::FORMATS.iter().filter(is_asked).copied().collect();
    let plan = Plan::new(
        &arguments.images,
        &arguments.out,
        &formats,
        arguments.overwrite,
    );
    let Plan { jobs, left_out } = plan.map_err(Stop::Refused)?;
    if left_out > 0 {
        eprintln!(
            "{left_out} files were left out: by their names they are masks of images beside them, or belong to one."
        );
    }
    let model = open(&arguments.model, arguments.device).await?;
    let class = arguments.class.unwrap_or(model.manifest().lesion_class());
    check_class(&model, class)?;
    make_folder(&arguments.out)?;

    let bar = progress_bar(jobs.len() as u64, arguments.json);
    let mut failed = 0;
    for job in &jobs {
        let path = job.image;
        bar.set_message(path.display().to_string());
        let start = Instant::now();
        match segment(&model, job, class, arguments).await {
            Ok(done) => {
                let fraction = done.area as f64 / (f64::from(done.width) * f64::from(done.height));
                if arguments.json {
                    let mut line = named(path);
                    line["width"] = json!(done.width);
                    line["height"] = json!(done.height);
                    line["area"] = json!(done.area);
                    line["fraction"] = json!(fraction);
                    line["seconds"] = json!(start.elapsed().as_secs_f64());
                    line["judgement"] = json!(done.judgement);
                    line["warning"] = json!(done.warning);
                    for (format, file) in &job.files {
                        line[format.id] = json!(file.to_string_lossy());
                    }
                    print_json(&line);
                } else {
                    let files = job.files.iter().map(|(_, file)| file.display().to_string());
                    bar.println(format!(
                        "{}: {} pixels, {:.1} %",
                        files.collect::<Vec<_>>().join(", "),
                        done.area,
                        100.0 * fraction
                    ));
                    if let Some(warning) = done.warning {
                        bar.println(format!("{}: {warning}", path.display()));
                    }
                }
            }
            Err(error) => {
                failed += 1;
                if arguments.json {
                    let mut line = named(path);
                    line["error"] = json!(error.to_string());
                    print_json(&line);
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
        eprintln!("{failed} of {} images failed.", jobs.len());
        Err(Stop::SomeFailed)
    }
}

/// The line of an image. JSON has no names that are not text: their bytes are told beside the nearest text.
fn named(path: &Path) -> Value {
    let mut line = json!({ "image": path.to_string_lossy() });
    if path.to_str().is_none() {
        line["image_bytes"] = json!(path.as_os_str().as_encoded_bytes());
    }
    line
}

/// What a file says of its segmentation.
fn info(model: &Model, threshold: f32) -> SegmentationInfo {
    let manifest = model.manifest();
    let now = Zoned::now();
    SegmentationInfo {
        site: Site::of(&manifest.modalities),
        algorithm: manifest.name.clone(),
        version: manifest.weights.sha256.chars().take(12).collect(),
        corrected: threshold != manifest.threshold,
        frame: 0,
        stamp: Stamp {
            date: now.strftime("%Y%m%d").to_string(),
            time: now.strftime("%H%M%S").to_string(),
        },
    }
}

/// What became of an image.
struct Done {
    width: u32,
    height: u32,
    area: u64,
    judgement: Judgement,
    warning: Option<&'static str>,
}

async fn segment(
    model: &Model,
    job: &Job<'_>,
    class: usize,
    arguments: &Arguments,
) -> Result<Done, Error> {
    let file = read(job.image)?;
    let Decoded { image, scale, .. } = imaging::decode(&file)?;
    let map = probability(model, &image, class, arguments.tta).await?;
    let threshold = arguments.threshold.unwrap_or(model.manifest().threshold);
    let cleaning = Cleaning {
        largest_region: arguments.largest_region,
        fill_holes: arguments.fill_holes,
    };
    let style = Style::default();
    let origin = Origin {
        file: &file,
        spacing: scale.and_then(|scale| scale.uniform()),
        info: info(model, threshold),
    };
    let segmentation =
        Segmentation::new(&image, &map, threshold, cleaning, &[], style).from(origin);
    for (format, file) in &job.files {
        let bytes = format.encode(&segmentation)?;
        if let Some(folder) = file.parent() {
            make_folder(folder)?;
        }
        write(file, &bytes)?;
    }
    let judgement = Judgement::of(&image);
    Ok(Done {
        width: image.width(),
        height: image.height(),
        area: segmentation.mask().area(),
        judgement,
        warning: judgement.warning(&model.manifest().modalities),
    })
}

/// One entry of `--format`.
fn export_format(id: &str) -> Result<&'static ExportFormat, String> {
    export::by_id(id).ok_or_else(|| format!("the formats are {}", export::list()))
}
