//! The command line `delineo`: what the app does, for scripts.
//!
//! Exit codes: 0 all done, 2 some images failed, or nothing was done because the usage is wrong or files would be overwritten; 3 the model, the weights,
//! the data or the device cannot be used. All but 0 say on standard error why.

mod agreement;
mod archives;
mod calibrate;
mod convert;
#[cfg(feature = "train")]
mod distort;
mod evaluate;
mod inputs;
mod inspect;
mod logits;
mod measure;
mod model;
mod normal;
mod output;
mod parquet;
mod phantom;
mod pipeline;
mod plan;
mod segment;
mod shard;
mod summary;
mod table_format;
#[cfg(feature = "train")]
mod train;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use delineo::device::{Choice, Device};
use delineo::manifest::sha256;
use delineo::weights::Checkpoint;
use delineo::{Error, device};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Parser)]
#[command(
    name = "delineo",
    version,
    about = "Lesion segmentation with CMUNeXt. Research use, not a medical device."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Segment images and write NAME_mask.png for each, or other files of it.
    Segment(segment::Arguments),
    /// Measure lesions in pixels and millimetres, on masks or on what a model segments.
    Measure(measure::Arguments),
    /// Compare a model's masks with true masks.
    Evaluate(evaluate::Arguments),
    /// Choose a model's temperature and threshold on data that it did not learn from.
    Calibrate(calibrate::Arguments),
    /// Say how far the masks of a data set agree with each other, where it holds a picture twice.
    Agreement(agreement::Arguments),
    /// Run the network alone on a NumPy array, for comparison with other implementations.
    Logits(logits::Arguments),
    /// Say what a checkpoint or an image holds.
    Inspect(inspect::Arguments),
    /// Make a model folder (model.json and weights.safetensors) from a checkpoint.
    Convert(convert::Arguments),
    /// Train a model as a configuration says, or go on with a training that was stopped.
    #[cfg(feature = "train")]
    Train(train::Arguments),
    /// Write a data set once more as other hands and other devices might have taken it, to evaluate a model on.
    #[cfg(feature = "train")]
    Distort(distort::Arguments),
    /// Make a synthetic image and its true mask.
    Phantom(phantom::Arguments),
}

/// What `--device` takes.
#[derive(Clone, Copy, Default, ValueEnum)]
enum DeviceArgument {
    /// The GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU, or fail.
    Gpu,
}

impl DeviceArgument {
    /// Opens the device; a fallback is said on standard error.
    fn open(self) -> Result<Device, Error> {
        let choice = match self {
            Self::Auto => Choice::Auto,
            Self::Cpu => Choice::Cpu,
            Self::Gpu => Choice::Gpu,
        };
        let (device, why) = device::open(choice)?;
        if let Some(why) = why {
            eprintln!("{why} Using the CPU.");
        }
        Ok(device)
    }
}

/// Why a command stopped, and with which exit code.
enum Stop {
    /// Some images failed; each was named when it did.
    SomeFailed,
    /// Nothing was done, because something would have been lost. A sentence.
    Refused(String),
    /// Nothing could be done.
    Unusable(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Unusable(error)
    }
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Segment(arguments) => segment::run(&arguments),
        Command::Measure(arguments) => pollster::block_on(measure::run(&arguments)),
        Command::Evaluate(arguments) => pollster::block_on(evaluate::run(&arguments)),
        Command::Calibrate(arguments) => pollster::block_on(calibrate::run(&arguments)),
        Command::Logits(arguments) => pollster::block_on(logits::run(&arguments)),
        Command::Agreement(arguments) => agreement::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Phantom(arguments) => phantom::run(&arguments),
        Command::Convert(arguments) => pollster::block_on(convert::run(&arguments)),
        #[cfg(feature = "train")]
        Command::Distort(arguments) => distort::run(&arguments),
        #[cfg(feature = "train")]
        Command::Train(arguments) => pollster::block_on(train::run(&arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::SomeFailed) => ExitCode::from(2),
        Err(Stop::Refused(why)) => {
            eprintln!("delineo: {why}");
            ExitCode::from(2)
        }
        Err(Stop::Unusable(error)) => {
            eprintln!("delineo: {error}");
            ExitCode::from(3)
        }
    }
}

/// Reads a file, naming it when that fails.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file, naming it when that fails.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads the weights in a file, those of `set` where it holds several. What a person should know is said on standard error.
fn read_weights(bytes: Vec<u8>, set: Option<&str>) -> Result<Checkpoint, Error> {
    let checkpoint = Checkpoint::from_bytes_with(bytes, set)?;
    for remark in checkpoint.remarks() {
        eprintln!("{remark}");
    }
    if set.is_none() && checkpoint.sets().len() > 1 {
        eprintln!("Choose another one with --weights-set NAME.");
    }
    Ok(checkpoint)
}

/// Makes a folder and those above it where they are missing, naming it when that fails.
fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Replaces a file at once, so that a program that is killed leaves the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    // The name's digest: the name itself may be as long as a name can be.
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let beside = path.with_file_name(format!(".{}.new", &sha256(name)[..16]));
    write(&beside, bytes)?;
    fs::rename(&beside, path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// A progress bar on standard error with the time that remains, or none where standard output is for a program.
fn progress_bar(total: u64, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// Prints JSON on standard output. A closed pipe is the reader's choice and no error.
fn print_json(value: &serde_json::Value) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{value}");
}
