//! `delineo segment`: images to masks and other files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use delineo::export::{self, ExportFormat, Segmentation};
use delineo::mask::{Cleaning, Style};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use serde_json::json;

use crate::model::{check_class, open, probability, threshold};
use crate::{DeviceArgument, Stop, make_folder, print_json, progress_bar, read, write};

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(required = true, help = format!("Images: {}", imaging::list()))]
    images: Vec<PathBuf>,
    /// Model folder with model.json and its weights.
    #[arg(long)]
    model: PathBuf,
    /// Folder for the files; made where it is missing.
    #[arg(long)]
    out: PathBuf,
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
    check_class(&model, arguments.class)?;
    make_folder(&arguments.out)?;

    let bar = progress_bar(arguments.images.len() as u64, arguments.json);
    let mut failed = 0;
    for path in &arguments.images {
        bar.set_message(path.display().to_string());
        let start = Instant::now();
        match segment(&model, path, arguments).await {
            Ok(done) => {
                let fraction = done.area as f64 / (f64::from(done.width) * f64::from(done.height));
                if arguments.json {
                    let mut line = json!({
                        "image": path, "width": done.width, "height": done.height, "area": done.area,
                        "fraction": fraction, "seconds": start.elapsed().as_secs_f64(),
                    });
                    for (format, file) in &done.files {
                        line[format.id] = json!(file);
                    }
                    print_json(&line);
                } else {
                    let files = done
                        .files
                        .iter()
                        .map(|(_, file)| file.display().to_string());
                    bar.println(format!(
                        "{}: {} pixels, {:.1} %",
                        files.collect::<Vec<_>>().join(", "),
                        done.area,
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

/// What became of an image.
struct Done {
    files: Vec<(&'static ExportFormat, PathBuf)>,
    width: u32,
    height: u32,
    area: u64,
}

async fn segment(model: &Model, path: &Path, arguments: &Arguments) -> Result<Done, Error> {
    let image = imaging::decode(&read(path)?)?.image;
    let map = probability(model, &image, arguments.class, arguments.tta).await?;
    let threshold = arguments.threshold.unwrap_or(model.manifest().threshold);
    let cleaning = Cleaning {
        largest_region: arguments.largest_region,
        fill_holes: arguments.fill_holes,
    };
    let style = Style::default();
    let segmentation = Segmentation::new(&image, &map, threshold, cleaning, &[], style);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut files = Vec::new();
    // In the order of the table, and once each, however they were asked for.
    for &format in export::FORMATS {
        if arguments.formats.iter().any(|asked| asked.id == format.id) {
            let file = arguments.out.join(format.file_name(&name));
            write(&file, &format.encode(&segmentation)?)?;
            files.push((format, file));
        }
    }
    Ok(Done {
        files,
        width: image.width(),
        height: image.height(),
        area: segmentation.mask().area(),
    })
}

/// One entry of `--format`.
fn export_format(id: &str) -> Result<&'static ExportFormat, String> {
    export::by_id(id).ok_or_else(|| format!("the formats are {}", export::list()))
}
