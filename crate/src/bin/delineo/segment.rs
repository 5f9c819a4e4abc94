//! `delineo segment`: images to masks and other files. One image is decoded and one encoded while the network runs on others.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use delineo::collection::{self, Collection, Item, ModelInfo, Options, Review, SetFormat};
use delineo::export::{
    self, ExportFormat, Origin, REPORT, Segmentation, SegmentationInfo, Site, Stamp,
};
use delineo::imaging::Decoded;
use delineo::judgement::Judgement;
use delineo::manifest::{Manifest, sha256};
use delineo::mask::{Cleaning, Confidence, ProbabilityMap, Style};
use delineo::measure::{ReportPage, Scale};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use jiff::Zoned;
use serde_json::{Value, json};

use crate::archives::Archives;
use crate::inputs::Inputs;
use crate::model::{check_class, millionths, open, probability, threshold};
use crate::output::{Output, Target, slashed};
use crate::pipeline::{Passing, in_order};
use crate::plan::{Existing, Job, Plan};
use crate::shard::Shard;
use crate::summary::{Row, Summary};
use crate::table_format::{TableFormat, table_file};
use crate::{DeviceArgument, Stop, print_json, progress_bar};

/// Images that are decoded or wait to be encoded at a time, so that memory has a bound.
const AHEAD: usize = 2;
/// Images that the network is at: while the threads of one wait for its last rows, they take up those of the other.
const IN_NETWORK: usize = 2;

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(
        value_name = "PATH", required_unless_present = "from",
        help = format!("Images, folders with all below them, ZIP archives with all in them, or patterns such as \"scans/**/*.dcm\": {}", imaging::list())
    )]
    images: Vec<PathBuf>,
    /// More of them from a list, one a line; - for standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
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
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// Go on with a call that was stopped: an image whose files are all there is not done again.
    #[arg(long)]
    resume: bool,
    /// One part of many, for the jobs of an array: every N-th image. All parts together write what one call would have written.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// A table of all images, failures among them, by its ending: FILE.csv, FILE.json or FILE.parquet. FILE.journal beside it is
    /// for --resume.
    #[arg(long, value_name = "FILE", value_parser = table_file)]
    summary: Option<PathBuf>,
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

pub fn run(arguments: &Arguments) -> Result<(), Stop> {
    // In the order of the table, and once each, however they were asked for.
    let is_asked = |id: &str| arguments.formats.iter().any(|format| format.id() == id);
    let formats = export::FORMATS.iter().filter(|format| is_asked(format.id));
    let formats: Vec<&'static ExportFormat> = formats.copied().collect();
    let sets = collection::SETS.iter().filter(|set| is_asked(set.id));
    let sets: Vec<&'static SetFormat> = sets.copied().collect();
    // The names within an archive are the collection's business; they never collide.
    let (out, planned, others) = match (&arguments.out, &arguments.zip) {
        (Some(out), None) => {
            let roots = sets.iter().map(|set| out.join(set.root));
            (out.as_path(), formats.as_slice(), roots.collect())
        }
        (_, Some(zip)) => (Path::new(""), [].as_slice(), vec![zip.clone()]),
        (None, None) => {
            return Err(Stop::Refused(
                "say where the files go: --out or --zip.".to_owned(),
            ));
        }
    };
    if arguments.resume && !others.is_empty() {
        return Err(Stop::Refused(
            "an archive and files about all images are made in one call, so --resume cannot go on with them.".to_owned(),
        ));
    }
    let inputs =
        Inputs::gather(&arguments.images, arguments.from.as_deref()).map_err(Stop::Refused)?;
    let mut summary = summary(arguments)?;
    let existing = match (arguments.overwrite, arguments.resume) {
        (true, _) => Existing::Overwrite,
        (false, true) => Existing::Resume,
        (false, false) => Existing::Refuse,
    };
    let shard = arguments.shard.unwrap_or(Shard::ALL);
    let is_known = |image: &Path| summary.as_ref().is_none_or(|summary| summary.has(image));
    let plan = Plan::new(&inputs, out, planned, &others, existing, shard, is_known);
    let plan = plan.map_err(Stop::Refused)?;
    tell(&inputs, &plan);
    let model = pollster::block_on(open(&arguments.model, arguments.device))?;
    let class = arguments.class.unwrap_or(model.manifest().lesion_class());
    check_class(&model, class)?;
    let stamp = stamp();
    let target = match &arguments.zip {
        Some(zip) => Target::zip(zip, &stamp)?,
        None => Target::folder(out)?,
    };
    if let Some(summary) = &mut summary {
        summary.begin()?;
    }
    let options = Options {
        formats,
        sets,
        stamp,
    };
    let output = Output {
        target,
        collection: Collection::new(&options),
    };

    let failed = segment_all(
        &model,
        class,
        (&plan.jobs, &inputs.archives),
        arguments,
        output,
        summary.as_mut(),
    )?;
    if let Some(summary) = &summary {
        summary.write()?;
    }
    if failed == 0 {
        Ok(())
    } else {
        eprintln!("{failed} of {} images failed.", plan.jobs.len());
        Err(Stop::SomeFailed)
    }
}

/// The table, where one is wanted. Nothing is lost of one that is there already.
fn summary(arguments: &Arguments) -> Result<Option<Summary>, Stop> {
    let Some(path) = &arguments.summary else {
        return Ok(None);
    };
    if path.exists() && !arguments.overwrite && !arguments.resume {
        return Err(Stop::Refused(format!(
            "{} would be overwritten. Nothing was written; choose another file, go on with --resume, or allow it with --overwrite.",
            path.display()
        )));
    }
    // The argument was checked for its ending.
    let format = TableFormat::of(path).unwrap_or(TableFormat::Csv);
    Ok(Some(Summary::open(path, format, arguments.resume)?))
}

/// Says which files are not segmented.
fn tell(inputs: &Inputs, plan: &Plan) {
    let passed_over = inputs.passed_over;
    if passed_over > 0 {
        eprintln!("{passed_over} files in the folders and archives are no images.");
    }
    let left_out = plan.left_out;
    if left_out > 0 {
        eprintln!(
            "{left_out} files were left out: by their names or their folders they are masks of images beside them, or belong to one."
        );
    }
    if plan.finished > 0 {
        eprintln!("{} images were finished before.", plan.finished);
    }
}

/// A decoded image and its file.
struct Read {
    file: Vec<u8>,
    decoded: Decoded,
}

/// Does all jobs, of which some may be in archives, and returns how many failed.
fn segment_all(
    model: &Model,
    class: usize,
    (jobs, archives): (&[Job], &Archives),
    arguments: &Arguments,
    output: Output,
    summary: Option<&mut Summary>,
) -> Result<usize, Error> {
    let (decoder, decoded) = sync_channel(AHEAD);
    let (network, segmented) = sync_channel(AHEAD);
    let paths: Vec<&Path> = jobs.iter().map(|job| job.image).collect();
    let encoder = Encoder {
        jobs,
        manifest: model.manifest(),
        model: ModelInfo::of(model.manifest()),
        class,
        arguments,
    };
    // The last thread that takes from it drops it: so the decoder learns that no thread listens.
    let decoded = Arc::new(Mutex::new(decoded));
    let at_once = if model.is_on_cpu() { IN_NETWORK } else { 1 };
    thread::scope(|scope| {
        scope.spawn(move || {
            for (job, path) in paths.into_iter().enumerate() {
                let start = Instant::now();
                let found = archives.read(path).and_then(|file| {
                    let decoded = imaging::decode(&file)?;
                    Ok(Read { file, decoded })
                });
                // Nobody listens any more where a file could not be written.
                if decoder.send(Passing { job, start, found }).is_err() {
                    return;
                }
            }
        });
        let encoder = scope.spawn(move || encoder.run(in_order(segmented), output, summary));
        for _ in 0..at_once {
            let (decoded, network) = (Arc::clone(&decoded), network.clone());
            scope.spawn(move || {
                let take = || {
                    // A panic of another thread cannot leave the receiver half changed.
                    let decoded = decoded.lock().unwrap_or_else(PoisonError::into_inner);
                    decoded.recv().ok()
                };
                while let Some(Passing { job, start, found }) = take() {
                    let found = found.and_then(|read| {
                        let image = &read.decoded.image;
                        let map =
                            pollster::block_on(probability(model, image, class, arguments.tta))?;
                        Ok((read, map))
                    });
                    if network.send(Passing { job, start, found }).is_err() {
                        return;
                    }
                }
            });
        }
        drop((decoded, network));
        match encoder.join() {
            Ok(failed) => failed,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Writes the files of each image, and says what became of it.
struct Encoder<'a> {
    jobs: &'a [Job<'a>],
    manifest: &'a Manifest,
    model: ModelInfo,
    class: usize,
    arguments: &'a Arguments,
}

impl Encoder<'_> {
    fn run(
        &self,
        segmented: impl Iterator<Item = Passing<(Read, ProbabilityMap)>>,
        mut output: Output,
        mut summary: Option<&mut Summary>,
    ) -> Result<usize, Error> {
        let bar = progress_bar(self.jobs.len() as u64, self.arguments.json);
        let mut failed = 0;
        for Passing { job, start, found } in segmented {
            let job = &self.jobs[job];
            bar.set_message(job.image.display().to_string());
            let done = found.and_then(|(read, map)| self.write(job, &read, &map, &mut output));
            if let Err(error) = &done {
                failed += 1;
                output.fail(&slashed(&job.below), &error.to_string());
            }
            if self.arguments.json {
                print_json(&line(job, &done, start));
            } else if done.is_err() {
                // Where standard error is no terminal the bar prints nothing, and a failure is named all the same.
                bar.suspend(|| eprintln!("{}", sentence(job, &done)));
            } else {
                bar.println(sentence(job, &done));
            }
            if let Some(summary) = &mut summary {
                let size = done.as_ref().ok();
                summary.push(Row {
                    image: job.image.to_string_lossy().into_owned(),
                    width: size.map(|done| done.width),
                    height: size.map(|done| done.height),
                    area: size.map(|done| done.area),
                    error: done.as_ref().err().map(ToString::to_string),
                })?;
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        output.finish()?;
        Ok(failed)
    }

    fn write(
        &self,
        job: &Job,
        read: &Read,
        map: &ProbabilityMap,
        output: &mut Output,
    ) -> Result<Done, Error> {
        let Decoded { image, scale, .. } = &read.decoded;
        let scale = scale.as_ref();
        let threshold = self.arguments.threshold.unwrap_or(self.manifest.threshold);
        let cleaning = Cleaning {
            largest_region: self.arguments.largest_region,
            islands_below: self.arguments.islands_below,
            fill_holes: self.arguments.fill_holes,
        };
        let origin = Origin {
            file: &read.file,
            spacing: scale.and_then(Scale::uniform),
            info: info(self.manifest, threshold),
        };
        let style = Style::default();
        let name = job.image.file_name().unwrap_or_default().to_string_lossy();
        let mut segmentation =
            Segmentation::new(image, map, threshold, cleaning, &[], style).from(origin);
        segmentation.name = &name;
        if let Some(label) = self.manifest.classes.get(self.class) {
            segmentation.label = label;
        }
        if self
            .arguments
            .formats
            .iter()
            .any(|format| format.id() == REPORT)
        {
            let model = Some(self.manifest.id.as_str());
            segmentation.report = Some(ReportPage::of_whole(&segmentation, scale, model, false));
        }
        let (path, digest) = (slashed(&job.below), sha256(&read.file));
        let item = Item {
            path: &path,
            segmentation: &segmentation,
            scale,
            model: Some(&self.model),
            views: self.arguments.tta,
            sha256: Some(&digest),
            review: Review::default(),
        };
        output.push(&item, &job.files)?;
        let judgement = Judgement::of(image);
        Ok(Done {
            width: image.width(),
            height: image.height(),
            area: segmentation.mask().area(),
            expected_iou: map.expected_iou(threshold, cleaning),
            judgement,
            warning: judgement.warning(&self.manifest.modalities),
        })
    }
}

/// What became of an image.
struct Done {
    width: u32,
    height: u32,
    area: u64,
    expected_iou: Option<f32>,
    judgement: Judgement,
    warning: Option<&'static str>,
}

impl Done {
    fn fraction(&self) -> f64 {
        self.area as f64 / (f64::from(self.width) * f64::from(self.height))
    }
}

fn line(job: &Job, done: &Result<Done, Error>, start: Instant) -> Value {
    let mut line = named(job.image);
    match done {
        Ok(done) => {
            line["width"] = json!(done.width);
            line["height"] = json!(done.height);
            line["area"] = json!(done.area);
            line["fraction"] = json!(done.fraction());
            line["seconds"] = json!(start.elapsed().as_secs_f64());
            line["expected_iou"] = json!(done.expected_iou);
            line["confidence"] = json!(done.expected_iou.map(Confidence::of));
            line["judgement"] = json!(done.judgement);
            line["warning"] = json!(done.warning);
            for (format, file) in &job.files {
                line[format.id] = json!(file.to_string_lossy());
            }
        }
        Err(error) => line["error"] = json!(error.to_string()),
    }
    line
}

fn sentence(job: &Job, done: &Result<Done, Error>) -> String {
    match done {
        Ok(done) => {
            let files = job.files.iter().map(|(_, file)| file.display().to_string());
            let files = match job.files.is_empty() {
                true => job.image.display().to_string(),
                false => files.collect::<Vec<_>>().join(", "),
            };
            let warning = done.warning.map(|warning| format!(". {warning}"));
            format!(
                "{files}: {} pixels, {:.1} %{}",
                done.area,
                100.0 * done.fraction(),
                warning.unwrap_or_default()
            )
        }
        Err(error) => format!("{}: {error}", job.image.display()),
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
fn info(manifest: &Manifest, threshold: f32) -> SegmentationInfo {
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
