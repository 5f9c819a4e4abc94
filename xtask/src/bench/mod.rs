//! `cargo xtask bench`: Delineo against ONNX Runtime Web in one browser, on the same weights, in the same run.
//!
//! The browser's side lies in `tests/bench`; here is what is measured, what is made of it and where it is written.

mod result;
mod table;

use std::fs;
use std::path::Path;

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

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The CPU on one thread.
    Cpu,
    /// The CPU on as many threads as there are cores.
    Threads,
    /// The GPU.
    Gpu,
    /// The first visit: download, time to ready, time to first mask.
    Visit,
}

impl Part {
    /// All of them, quick ones first.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Threads, Self::Visit, Self::Gpu];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Threads => "threads",
            Self::Gpu => "gpu",
            Self::Visit => "visit",
        }
    }

    /// What `tests/bench` calls the device; `None` where the part is no comparison of times.
    fn device(self) -> Option<&'static str> {
        match self {
            Self::Cpu => Some("cpu"),
            Self::Threads => Some("cpu-threads"),
            Self::Gpu => Some("gpu"),
            Self::Visit => None,
        }
    }
}

/// How much is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Which parts.
    pub parts: Vec<Part>,
    /// Only these variants, `s` or `base`, and sides in pixels; all where empty.
    pub only: Vec<String>,
    /// Pairs of runs.
    pub repeats: u32,
    /// The longest that the pairs of one line may take, in seconds. A pair that has begun is ended.
    pub seconds: u32,
    /// Images in the run without pauses; 0 leaves it out.
    pub row: u32,
    /// The line that first visits are made over, in Mbit/s.
    pub line: u32,
    /// Whether the last line printed is all that was measured, as JSON.
    pub json: bool,
    /// Whether `dist/` is taken as it is.
    pub no_build: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            parts: Part::ALL.to_vec(),
            only: Vec::new(),
            repeats: 15,
            seconds: 60,
            row: 20,
            line: 20,
            json: false,
            no_build: false,
        }
    }
}

impl Wishes {
    /// Reads a list of parts, variants and sides; where it names no part, all are measured.
    ///
    /// # Errors
    /// When it names something else.
    pub fn only(&mut self, list: &str) -> Result<()> {
        let mut parts = Vec::new();
        for word in list.split(',') {
            match Part::ALL.into_iter().find(|part| part.name() == word) {
                Some(part) => parts.push(part),
                None if SIZES
                    .iter()
                    .any(|(variant, side)| *variant == word || side.to_string() == word) =>
                {
                    self.only.push(word.to_owned());
                }
                None => {
                    return Err(Error::Usage(format!(
                        "Nothing called {word} can be measured."
                    )));
                }
            }
        }
        if !parts.is_empty() {
            self.parts = parts;
        }
        Ok(())
    }
}

/// Network and side of the input.
const SIZES: [(&str, u32); 3] = [("s", 256), ("base", 256), ("s", 512)];

/// Measures, and writes the table where everything was measured.
///
/// # Errors
/// When something is missing, the browser's side fails or the document cannot be written.
pub fn run(project: &Project, wishes: &Wishes) -> Result<()> {
    let reference = project.root.join("../shared/reference");
    if !reference.join("cmunext_s.onnx").is_file() {
        return Err(Error::Missing {
            what: format!("{}", reference.join("cmunext_s.onnx").display()),
            hint: "Both engines are timed on the reference weights; put the folder `shared` beside the checkout."
                .into(),
        });
    }
    if !wishes.no_build {
        app::build(project, install::for_building(project)?)?;
    }
    let chromium = install::browser()?;
    install::browser_test_packages(project)?;
    install::bench_packages(project)?;

    let file = project.root.join("target/bench.json");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    let step = Step::begin(
        "Time Delineo against ONNX Runtime Web",
        "up to half an hour where the GPU is software, else minutes",
    );
    Task::new("node")
        .args(["bench.mjs"])
        .env("CHROME", chromium)
        .env(
            "DELINEO_BENCH",
            order(project, wishes, &reference, &file).to_string(),
        )
        .in_folder(&project.bench())
        .hint("What stands above says what went wrong in the browser.")
        .run()?;
    step.done();

    let text = fs::read_to_string(&file).map_err(Error::file("read", &file))?;
    let measured = Measured::from_json(&text)?;
    let table = table::markdown(&measured);
    if wishes.only.is_empty() && wishes.parts.len() == Part::ALL.len() {
        document::write_between(&project.root.join(DOCUMENT), MARKER, &table)?;
        say::note(&format!("{DOCUMENT} has the new table."));
    } else {
        say::note(&format!(
            "{DOCUMENT} stays as it is: not everything was measured."
        ));
    }
    say::announce(if wishes.json { text.trim() } else { &table });
    measured.complaint().map_or(Ok(()), Err)
}

/// What the browser's side is asked to do.
fn order(project: &Project, wishes: &Wishes, reference: &Path, file: &Path) -> serde_json::Value {
    let wanted = |variant: &str, side: u32| {
        let is = |word: &str| wishes.only.iter().any(|only| only == word);
        let no_variant = !is("s") && !is("base");
        let no_side = !is("256") && !is("512");
        (no_variant || is(variant)) && (no_side || is(&side.to_string()))
    };
    let cases: Vec<_> = wishes
        .parts
        .iter()
        .filter_map(|part| part.device())
        .flat_map(|device| SIZES.map(|(variant, side)| (device, variant, side)))
        .filter(|(_, variant, side)| wanted(variant, *side))
        .map(|(device, variant, side)| serde_json::json!({ "device": device, "variant": variant, "side": side }))
        .collect();
    serde_json::json!({
        "dist": project.dist(),
        "reference": reference,
        "cache": project.cache.join("bench"),
        "result": file,
        "parts": wishes.parts.iter().map(|part| part.name()).collect::<Vec<_>>(),
        "cases": cases,
        "repeats": wishes.repeats,
        "seconds": wishes.seconds,
        "run": wishes.row,
        "megabits": wishes.line,
    })
}
