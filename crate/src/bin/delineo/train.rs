//! `delineo train`: from a configuration and folders of images to a model folder.

use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
#[cfg(feature = "cuda")]
use delineo::device::Device;
use delineo::manifest::{Manifest, Provenance};
use delineo::training::{Config, On, Outcome, Place, Progress, Row, mean, train};
use delineo::weights::Checkpoint;
use delineo::{Error, device, device::Choice};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::model::{read_model, write_model};
use crate::{Stop, print_json, read};

#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration; `crate/recipes` holds some to start from.
    config: PathBuf,
    /// Model folder to write; its name becomes the model's id.
    #[arg(long)]
    out: PathBuf,
    /// Folder for the saved state and the journal; a training found there goes on. OUT.training where it is not given.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Model folder or checkpoint to start from, in place of the configuration's; given several times, the mean of all.
    #[arg(long)]
    init: Vec<PathBuf>,
    /// Start from random weights, whatever the configuration says.
    #[arg(long, conflicts_with = "init")]
    from_scratch: bool,
    /// Data set to leave out, by its folder's name: an honest test of the recipe on images of another origin, as long as the
    /// start has not seen them.
    #[arg(long, value_name = "NAME")]
    leave_out: Vec<String>,
    /// Where to run.
    #[arg(long, value_enum, default_value_t)]
    device: TrainingDevice,
    /// Seconds after which the state is saved, beside the end of every epoch.
    #[arg(long, default_value_t = 60)]
    save_every: u64,
    /// Go no further than this epoch of the recipe, with its steps as they are in the whole, and write the best so far.
    #[arg(long, value_name = "EPOCH", conflicts_with = "finish")]
    until: Option<usize>,
    /// Go no further: write the best epoch so far of a training that was begun.
    #[arg(long)]
    finish: bool,
    /// One JSON object an epoch on standard output, and no progress bar.
    #[arg(long)]
    json: bool,
}

/// Where a training can run. What is missing here was not compiled in: see the features `libtorch` and `cuda`.
#[derive(Clone, Copy, Default, ValueEnum)]
enum TrainingDevice {
    /// The CPU, with burn's own kernels.
    #[default]
    Cpu,
    /// The GPU, through Vulkan, Metal or DirectX.
    Gpu,
    /// The CPU, with libtorch's kernels.
    #[cfg(feature = "libtorch")]
    Libtorch,
    /// An NVIDIA GPU, with libtorch's kernels.
    #[cfg(feature = "libtorch")]
    LibtorchCuda,
    /// An NVIDIA GPU, with burn's own kernels.
    #[cfg(feature = "cuda")]
    Cuda,
}

impl TrainingDevice {
    fn open(self) -> Result<On, Error> {
        match self {
            Self::Cpu => Ok(On::Burn(device::cpu())),
            Self::Gpu => device::open(Choice::Gpu).map(|(device, _)| On::Burn(device)),
            #[cfg(feature = "libtorch")]
            Self::Libtorch => Ok(On::Libtorch(tch::Device::Cpu)),
            #[cfg(feature = "libtorch")]
            Self::LibtorchCuda => Ok(On::Libtorch(tch::Device::Cuda(0))),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(On::Burn(Device::cuda(0))),
        }
    }
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let text = String::from_utf8_lossy(&read(&arguments.config)?).into_owned();
    let folder = arguments.config.parent().unwrap_or(&arguments.config);
    let mut config = Config::from_toml(&text, folder)?;
    for name in &arguments.leave_out {
        config.leave_out(name)?;
    }
    let init: &[PathBuf] = match arguments.init.as_slice() {
        _ if arguments.from_scratch => &[],
        [] => &config.init,
        given => given,
    };
    let start = init.iter().map(|path| weights_of(path));
    let start = mean(start.collect::<Result<Vec<_>, _>>()?)?;
    let on = arguments.device.open()?;
    let state = arguments.state.clone().unwrap_or_else(|| {
        let mut name = arguments.out.clone().into_os_string();
        name.push(".training");
        name.into()
    });
    let bar = if arguments.json {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut observe = |progress: Progress<'_>| {
        bar.set_length(progress.steps as u64);
        bar.set_position(progress.step as u64);
        bar.set_message(format!(
            "epoch {}/{} at {} px, loss {:.3}, {} left",
            progress.epoch,
            progress.epochs,
            progress.side,
            progress.loss,
            HumanDuration(Duration::from_secs_f64(progress.remaining))
        ));
        if let Some(row) = progress.row {
            if arguments.json {
                print_json(&json!(row));
            } else {
                bar.println(line(row));
            }
        }
    };
    let place = Place {
        folder: &state,
        save_every: Duration::from_secs(arguments.save_every),
        until: arguments.finish.then_some(0).or(arguments.until),
    };
    let outcome = train(&config, start.as_ref(), &on, place, &mut observe)?;
    bar.finish_and_clear();
    let manifest = manifest(&config, &outcome);
    let manifest = write_model(&arguments.out, manifest, None, &outcome.weights, true).await?;
    let summary = json!({
        "model": arguments.out.to_string_lossy(), "epoch": outcome.best.1, "score": outcome.best.0,
        "score_in_half_precision": outcome.score_in_half_precision, "bytes": manifest.weights.bytes,
    });
    if arguments.json {
        print_json(&summary);
    } else {
        println!(
            "{}: epoch {} of {}, score {:.4} on val ({:.4} in float16)",
            arguments.out.display(),
            outcome.best.1,
            outcome.rows.len(),
            outcome.best.0,
            outcome.score_in_half_precision
        );
    }
    Ok(())
}

/// The weights of a model folder, or of a checkpoint file.
fn weights_of(path: &Path) -> Result<Checkpoint, Error> {
    if path.is_dir() {
        read_model(path).map(|(_, weights)| weights)
    } else {
        Checkpoint::from_bytes(read(path)?)
    }
}

fn line(row: &Row) -> String {
    let mut text = format!(
        "epoch {:3}  {} px  loss {:.4}",
        row.epoch, row.side, row.loss
    );
    for set in &row.validations {
        text.push_str(&format!("  {}:", set.data));
        if set.images > 0 {
            text.push_str(&format!(
                " IoU {:.4} Dice {:.4} without a mask {:.0} %",
                set.iou,
                set.dice,
                100.0 * set.without_mask
            ));
        }
        if set.normal > 0 {
            text.push_str(&format!(" false alarms {:.0} %", 100.0 * set.alarms));
        }
    }
    text
}

fn manifest(config: &Config, outcome: &Outcome) -> Manifest {
    let origins = config.data.iter().map(|data| data.origin.clone());
    Manifest {
        name: config.name.clone(),
        description: config.description.clone(),
        modalities: config.modalities.clone(),
        input: outcome.input.clone(),
        training: origins.filter(|origin| !origin.is_empty()).collect(),
        licence: config.licence.clone(),
        provenance: Some(Provenance {
            command: command(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: config.recipe.seed,
            training: outcome.training.clone(),
            epochs: [outcome.rows.len(), outcome.best.1],
            seconds: outcome.rows.last().map_or(0.0, |row| row.seconds),
            data: outcome.data.clone(),
            score: outcome.best.0,
            score_in_half_precision: outcome.score_in_half_precision,
        }),
        ..Manifest::assumed(&config.id, &config.variant, 3, 1, &[])
    }
}

/// The command as it was typed, without where the program lies.
fn command() -> String {
    let arguments = std::env::args().skip(1);
    let words: Vec<String> = iter::once("delineo".to_owned()).chain(arguments).collect();
    words.join(" ")
}
