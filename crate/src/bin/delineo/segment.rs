//! `delineo segment`: images to masks and other files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use delineo::collection::{self, Collection, Item, ModelInfo, Options, Review, SetFormat};
use delineo::export::{
    self, ExportFormat, Origin, REPORT, Segmentation, SegmentationInfo, Site, Stamp,
};
use delineo::imaging::Decoded;
use delineo::manifest::sha256;
use delineo::mask::{Cleaning, Style};
use delineo::measure::{Measurements, Report, ReportPage, Scale, Uncertainty};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use jiff::Zoned;
use serde_json::{Value, json};

use crate::model::{check_class, millionths, open, probability, threshold};
use crate::output::{Output, Target, slashed};
use crate::plan::{Job, Plan};
use crate::{DeviceArgument, Stop, print_json, progress_bar, read};

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(required = true, help = format!("Images: {}", imaging::list()))]
    images: Vec<PathBuf>,
    /// Model folder with model.json and its weights.
    #[arg(long)]
    model: PathBuf,
    /// Folder for the files; made where it is missing. It mirrors the folders of the images below the one that all share.
    #[arg(long, required_unless_present = "zip")]
    out: Option<PathBuf>,
    /// ZIP archive for the files, instead of a folder.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    zip: Option<PathBuf>,
    /// Replace files that exist already.
    #[arg(long)]
    overwrite: bool,
    #[arg(
        long = "format", value_name = "LIST", value_delimiter = ',', value_parser = format,
        default_value = export::FORMATS[0].id,
        help = format!(
            "What to write, separated by commas. Of each image: {}. Of all images: {}",
            export::list(),
            collection::list()
        )
    )]
    formats: Vec<Format>,
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
    /// Remove islands of less than this part of the image in per cent, though never the largest region; 0 for none.
    #[arg(long, value_name = "PERCENT", value_parser = millionths, default_value = "0.05")]
    islands_below: u32,
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
    let is_asked = |id: &str| arguments.formats.iter().any(|format| format.id() == id);
    let formats: Vec<&'static ExportFormat> = export::FORMATS
        .iter()
        .filter(|format| is_asked(format.id))
        .copied()
        .collect();
    let sets: Vec<&'static SetFormat> = collection::SETS
        .iter()
        .filter(|set| is_asked(set.id))
        .copied()
        .collect();
    // The names within an archive are the collection's business; they never collide.
    let (planned, others) = match (&arguments.out, &arguments.zip) {
        (_, Some(zip)) => ([].as_slice(), vec![zip.clone()]),
        (Some(out), None) => {
            let roots = sets.iter().map(|set| out.join(set.root));
            (formats.as_slice(), roots.collect())
        }
        (None, None) => ([].as_slice(), Vec::new()),
    };
    let plan = Plan::new(
        &arguments.images,
        arguments.out.as_deref().unwrap_or(Path::new("")),
        planned,
        &others,
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
    let stamp = stamp();
    let target = match (&arguments.out, &arguments.zip) {
        (_, Some(zip)) => Target::zip(zip, &stamp)?,
        (Some(out), None) => Target::folder(out)?,
        (None, None) => {
            return Err(Stop::Refused(
                "Say where the files go: --out or --zip.".to_owned(),
            ));
        }
    };
    let mut output = Output {
        target,
        collection: Collection::new(&Options {
            formats,
            sets,
            stamp,
        }),
    };
    let model_info = ModelInfo::of(model.manifest());

    let bar = progress_bar(jobs.len() as u64, arguments.json);
    let mut failed = 0;
    for job in &jobs {
        let path = job.image;
        bar.set_message(path.display().to_string());
        let start = Instant::now();
        match segment(&model, &model_info, job, class, arguments, &mut output).await {
            Ok(done) => {
                let fraction = done.area as f64 / (f64::from(done.width) * f64::from(done.height));
                if arguments.json {
                    let mut line = named(path);
                    line["width"] = json!(done.width);
                    line["height"] = json!(done.height);
                    line["area"] = json!(done.area);
                    line["fraction"] = json!(fraction);
                    line["seconds"] = json!(start.elapsed().as_secs_f64());
                    for (format, file) in &job.files {
                        line[format.id] = json!(file.to_string_lossy());
                    }
                    print_json(&line);
                } else {
                    let files = job.files.iter().map(|(_, file)| file.display().to_string());
                    let files = match job.files.is_empty() {
                        true => path.display().to_string(),
                        false => files.collect::<Vec<_>>().join(", "),
                    };
                    bar.println(format!(
                        "{files}: {} pixels, {:.1} %",
                        done.area,
                        100.0 * fraction
                    ));
                }
            }
            Err(error) => {
                failed += 1;
                output.fail(&slashed(&job.below), &error.to_string());
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
    output.finish()?;
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
    SegmentationInfo {
        site: Site::of(&manifest.modalities),
        algorithm: manifest.name.clone(),
        version: manifest.weights.sha256.chars().take(12).collect(),
        corrected: threshold != manifest.threshold,
        frame: 0,
        stamp: stamp(),
    }
}

/// The present moment.
fn stamp() -> Stamp {
    let now = Zoned::now();
    Stamp {
        date: now.strftime("%Y%m%d").to_string(),
        time: now.strftime("%H%M%S").to_string(),
    }
}

/// What became of an image.
struct Done {
    width: u32,
    height: u32,
    area: u64,
}

async fn segment(
    model: &Model,
    model_info: &ModelInfo,
    job: &Job<'_>,
    class: usize,
    arguments: &Arguments,
    output: &mut Output,
) -> Result<Done, Error> {
    let file = read(job.image)?;
    let Decoded { image, scale, .. } = imaging::decode(&file)?;
    let known = scale.clone();
    let map = probability(model, &image, class, arguments.tta).await?;
    let threshold = arguments.threshold.unwrap_or(model.manifest().threshold);
    let cleaning = Cleaning {
        largest_region: arguments.largest_region,
        islands_below: arguments.islands_below,
        fill_holes: arguments.fill_holes,
    };
    let style = Style::default();
    let origin = Origin {
        file: &file,
        spacing: scale.as_ref().and_then(|scale| scale.uniform()),
        info: info(model, threshold),
    };
    let name = job.image.file_name().unwrap_or_default().to_string_lossy();
    let mut segmentation =
        Segmentation::new(&image, &map, threshold, cleaning, &[], style).from(origin);
    segmentation.name = &name;
    if let Some(label) = model_info.classes.get(class) {
        segmentation.label = label;
    }
    if job.files.iter().any(|(format, _)| format.id == REPORT) {
        segmentation.report = Some(report(&segmentation, scale.as_ref(), model_info));
    }
    let (path, digest) = (slashed(&job.below), sha256(&file));
    let item = Item {
        path: &path,
        segmentation: &segmentation,
        scale: scale.as_ref(),
        model: Some(model_info),
        views: arguments.tta,
        sha256: Some(&digest),
        review: Review::default(),
    };
    output.push(&item, &job.files)?;
    Ok(Done {
        width: image.width(),
        height: image.height(),
        area: segmentation.mask().area(),
    })
}

/// What the report says: the mask as a whole, and no name.
fn report(segmentation: &Segmentation, scale: Option<&Scale>, model: &Model) -> ReportPage {
    let Segmentation {
        image,
        map,
        threshold,
        cleaning,
        strokes,
        ..
    } = *segmentation;
    let measurements = Measurements::of(segmentation.mask(), scale);
    let shape = measurements.whole.as_ref();
    let size = image.dimensions();
    let uncertainty =
        shape.map(|shape| Uncertainty::of_whole(shape, map, size, threshold, cleaning, strokes));
    let report = Report {
        title: "",
        measurements: &measurements,
        shape,
        uncertainty: uncertainty.as_ref(),
        scale: scale.map(|scale| scale.source),
        proportions: None,
        outline: None,
        model: Some(&model.manifest().id),
        threshold: Some(threshold),
        corrected: false,
        version: env!("CARGO_PKG_VERSION"),
    };
    ReportPage::new(&report, "")
}

/// One entry of `--format`.
#[derive(Clone, Copy, Debug)]
enum Format {
    /// A file of each image.
    Image(&'static ExportFormat),
    /// Files about all images.
    Set(&'static SetFormat),
}

impl Format {
    fn id(self) -> &'static str {
        match self {
            Self::Image(format) => format.id,
            Self::Set(format) => format.id,
        }
    }
}

fn format(id: &str) -> Result<Format, String> {
    let image = export::by_id(id).map(Format::Image);
    let set = collection::set_by_id(id).map(Format::Set);
    let unknown = || format!("the formats are {}, {}", export::list(), collection::list());
    image.or(set).ok_or_else(unknown)
}
