//! `cargo xtask bench`: Delineo against ONNX Runtime Web in one browser, on the same weights, in the same run, and the
//! page against its own budgets; and the command line against PyTorch and ONNX Runtime in Python.
//!
//! The browser's side is in `tests/bench`; here is what is measured, what is made of it and where it is written.

mod native;
mod picture;
mod result;
mod table;

use std::fs;

use clap::{Args, ValueEnum};

use crate::app;
use crate::document;
use crate::error::{Error, Result};
use crate::install;
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use result::Measured;

/// Where the table stands, after the line with [`MARKER`].
const DOCUMENT: &str = "docs/performance.md";
const MARKER: &str = "written by `cargo xtask bench`";
/// Where that of the command line does.
const NATIVE_MARKER: &str = "the command line, written by `cargo xtask bench`";

/// What is measured and how often.
#[derive(Args, Debug)]
pub struct Options {
    /// Measure only these parts, networks and sides of the input; docs/performance.md is then left as it is
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',')]
    only: Vec<Only>,
    /// Print all that was measured as JSON, on the last line
    #[arg(long)]
    json: bool,
    /// How many times each of the two engines runs
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// The longest time that the runs of one line of the table may take, in seconds
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// How many images are segmented without a pause; 0 leaves this out
    #[arg(long, value_name = "N", default_value_t = 20)]
    row: u32,
    /// The speed of the line that first visits are made over, in Mbit/s
    #[arg(long, value_name = "MBITS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    line: u32,
    /// Measure the app as it was last built
    #[arg(long)]
    no_build: bool,
}

/// A part of what can be measured, or a network or input that the times of the engines are limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The CPU on one thread
    Cpu,
    /// The CPU on as many threads as there are cores
    Threads,
    /// The first visit: download, time to ready, time to the first mask
    Visit,
    /// The page: from the slider to the repainted overlay, from a dropped picture to its overlay
    Overlay,
    /// The page: a folder of 200 pictures, and steps from one to the next
    Folder,
    /// The command line: a folder of 100 pictures, against PyTorch and ONNX Runtime in Python
    Native,
    /// The GPU
    Gpu,
    /// The network S
    S,
    /// The base network
    Base,
    /// Input of 256 by 256 pixels
    #[value(name = "256")]
    Small,
    /// Input of 512 by 512 pixels
    #[value(name = "512")]
    Large,
}

/// What the table has where nothing is left out.
const PARTS: [Only; 7] = [
    Only::Cpu,
    Only::Threads,
    Only::Visit,
    Only::Overlay,
    Only::Folder,
    Only::Native,
    Only::Gpu,
];

/// Network and side of the input.
const SIZES: [(Only, Only); 3] = [
    (Only::S, Only::Small),
    (Only::Base, Only::Small),
    (Only::S, Only::Large),
];

impl Only {
    /// The name on the command line and in what `tests/bench` reads.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What `tests/bench` calls the device; `None` where the part is no comparison of times.
    fn device(self) -> Option<&'static str> {
        match self {
            Self::Cpu => Some("cpu"),
            Self::Threads => Some("cpu-threads"),
            Self::Gpu => Some("gpu"),
            _ => None,
        }
    }
}

impl Options {
    /// Whether one of the alternatives is wanted: it is named, or none of them is.
    fn wants(&self, one: Only, alternatives: &[Only]) -> bool {
        let is_named = |other: &Only| self.only.contains(other);
        is_named(&one) || !alternatives.iter().any(is_named)
    }

    fn parts(&self) -> Vec<Only> {
        let mut parts = PARTS.to_vec();
        parts.retain(|part| self.wants(*part, &PARTS));
        parts
    }

    /// The parts that are measured in a browser.
    fn browser_parts(&self) -> Vec<Only> {
        let mut parts = self.parts();
        parts.retain(|part| *part != Only::Native);
        parts
    }

    /// Whether anything is timed against ONNX Runtime Web.
    fn has_peer(&self) -> bool {
        let is_page = |part: &Only| matches!(part, Only::Overlay | Only::Folder);
        !self.browser_parts().iter().all(is_page)
    }

    /// The lines of the table of times, as `tests/bench` reads them.
    fn cases(&self) -> Vec<serde_json::Value> {
        let sizes = SIZES.iter().filter(|(network, side)| {
            self.wants(*network, &[Only::S, Only::Base])
                && self.wants(*side, &[Only::Small, Only::Large])
        });
        let devices = self.parts().into_iter().filter_map(Only::device);
        devices
            .flat_map(|device| sizes.clone().map(move |size| (device, size)))
            .map(|(device, (network, side))| {
                let side = if *side == Only::Small { 256 } else { 512 };
                serde_json::json!({ "device": device, "variant": network.name(), "side": side })
            })
            .collect()
    }
}

/// Measures, and writes the table where everything was measured.
///
/// # Errors
/// When something is missing, the browser's side fails or the document cannot be written.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let reference = project.root.join("../shared/reference");
    let is_native = options.parts().contains(&Only::Native);
    if (options.has_peer() || is_native) && !reference.join("cmunext_s.onnx").is_file() {
        return Err(Error::Missing {
            what: format!("{}", reference.join("cmunext_s.onnx").display()),
            hint: "All engines are timed on the reference weights; put the folder `shared` beside the checkout, \
                   or measure the page alone with --only overlay,folder."
                .into(),
        });
    }
    if is_native {
        native(project)?;
    }
    if options.browser_parts().is_empty() {
        return Ok(());
    }
    if !options.no_build {
        app::build(project, install::for_building(project)?)?;
    }
    let chromium = install::browser()?;
    install::browser_test_packages(project)?;
    if options.has_peer() {
        install::bench_packages(project)?;
    }
    let file = project.root.join("target/bench.json");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    let pictures = project.cache.join("bench/pictures");
    let parts = options.browser_parts();
    if parts.contains(&Only::Overlay) || parts.contains(&Only::Folder) {
        picture::ensure(&pictures.join("phantom.jpg"))?;
    }
    let step = Step::begin(
        "Measure in the browser",
        "up to half an hour where the GPU is software, else minutes",
    );
    let order = serde_json::json!({
        "dist": project.dist(),
        "reference": reference,
        "pictures": pictures,
        "cache": project.cache.join("bench"),
        "result": file,
        "parts": options.browser_parts().into_iter().map(Only::name).collect::<Vec<_>>(),
        "cases": options.cases(),
        "repeats": options.repeats,
        "seconds": options.seconds,
        "run": options.row,
        "megabits": options.line,
    });
    Task::new("node")
        .args(["bench.mjs"])
        .env("CHROME", chromium)
        .env("DELINEO_BENCH", order.to_string())
        .in_folder(&project.bench())
        .hint("The reason is printed above.")
        .run()?;
    step.done();

    let text = fs::read_to_string(&file).map_err(Error::file("read", &file))?;
    let measured = Measured::from_json(&text)?;
    let table = table::markdown(&measured);
    if options.only.is_empty() {
        document::write_between(&project.root.join(DOCUMENT), MARKER, &table)?;
        say::note(&format!("{DOCUMENT} has the new table."));
    } else {
        say::note(&format!(
            "{DOCUMENT} stays as it is: not everything was measured."
        ));
    }
    say::announce(if options.json { text.trim() } else { &table });
    measured.complaint().map_or(Ok(()), Err)
}

/// Measures the command line, and writes its table where every peer was there.
fn native(project: &Project) -> Result<()> {
    let (table, is_whole) = native::run(project)?;
    if is_whole {
        document::write_between(&project.root.join(DOCUMENT), NATIVE_MARKER, &table)?;
    }
    say::announce(&table);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: &[Only]) -> Options {
        Options {
            only: only.to_vec(),
            json: false,
            repeats: 15,
            seconds: 60,
            row: 20,
            line: 20,
            no_build: true,
        }
    }

    #[test]
    fn a_list_without_parts_limits_the_networks_and_keeps_every_part() {
        assert_eq!(options(&[Only::Base]).parts(), PARTS);
        assert_eq!(options(&[Only::Base]).cases().len(), 3);
        assert_eq!(options(&[]).cases().len(), 9);
        let one = options(&[Only::Cpu, Only::S, Only::Large]).cases();
        let wanted = serde_json::json!({ "device": "cpu", "variant": "s", "side": 512 });
        assert_eq!(one, [wanted]);
    }

    #[test]
    fn the_page_alone_is_measured_without_a_peer() {
        let page = options(&[Only::Overlay]);
        assert!(!page.has_peer() && page.cases().is_empty());
        assert!(!options(&[Only::Overlay, Only::Folder]).has_peer());
        assert!(options(&[Only::Overlay, Only::Visit]).has_peer());
        assert!(options(&[Only::Native]).browser_parts().is_empty());
        assert!(!options(&[Only::Native]).has_peer());
    }
}
