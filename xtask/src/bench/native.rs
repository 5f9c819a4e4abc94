//! The command line against PyTorch and ONNX Runtime in Python: one folder of pictures to one folder of masks, on the same
//! weights, in turn. The peers are in `tests/bench/native`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use delineo::phantom;
use serde_json::Value;

use super::result::quantile;
use super::table::{megabytes, spread};
use crate::error::{Error, Result};
use crate::install;
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};

/// Pictures of the folder, and their sides in pixels: those of the network's input, so that nothing is resampled.
const PICTURES: u32 = 100;
const SIDE: u32 = 256;
/// How often the engines run, in turn.
const ROUNDS: usize = 5;
/// What the project wants to take of PyTorch's time.
const GOAL: f64 = 0.40;
/// Pixels of all masks that must be as Delineo's. The weights are random, so that many logits are near zero.
const MIN_EQUAL: f64 = 0.999;

/// A peer's name for `peer.py`, its module, and its weights in `shared/reference`.
const PEERS: [(&str, &str, &str); 2] = [
    ("pytorch", "torch", "cmunext_s.pth"),
    ("onnxruntime", "onnxruntime", "cmunext_s.onnx"),
];

/// What one engine took.
#[derive(Debug, Default)]
struct Engine {
    /// With its version.
    name: String,
    /// Milliseconds a picture, round by round.
    times: Vec<f64>,
    /// Bytes of memory at the peak of any round, where the system tells.
    peak: Option<u64>,
    /// Part of the pixels of all masks that are as Delineo's.
    equal: Option<f64>,
}

/// Measures, and says whether all peers were there.
///
/// # Errors
/// When the command line cannot be built, an engine fails, or a peer draws other masks.
pub fn run(project: &Project) -> Result<(String, bool)> {
    let reference = project.root.join("../shared/reference");
    let cache = project.cache.join("bench");
    let program = build(project)?;
    let pictures = cache.join("folder");
    ensure_pictures(&pictures)?;
    let model = cache.join("cmunext-s");
    remove(&model)?;
    Task::new(&program)
        .args(["convert".as_ref(), reference.join(PEERS[0].2).as_os_str()])
        .args([
            "--full-precision".as_ref(),
            "--out".as_ref(),
            model.as_os_str(),
        ])
        .run()?;
    let python = install::bench_python(project);
    let peers: Vec<_> = PEERS
        .into_iter()
        .filter(|(_, module, _)| has(python.as_deref(), module))
        .collect();

    let step = Step::begin("Measure the command line", "some minutes");
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let out = cache.join("masks");
    let ours = out.join("delineo");
    let mut engines: BTreeMap<usize, Engine> = BTreeMap::new();
    for _ in 0..ROUNDS {
        remove(&out)?;
        let (seconds, peak) = Task::new(&program)
            .args(["segment".as_ref(), pictures.as_os_str()])
            .args(["--model".as_ref(), model.as_os_str()])
            .args(["--out".as_ref(), ours.as_os_str()])
            .args(["--device", "cpu", "--islands-below", "0"])
            .env("RAYON_NUM_THREADS", threads.to_string())
            .timed()?;
        let engine = engines.entry(0).or_default();
        engine.name = "Delineo".to_owned();
        engine.add(seconds, peak);
        for (index, (peer, _, weights)) in peers.iter().enumerate() {
            let Some(python) = &python else { continue };
            let theirs = out.join(peer);
            let answer = Task::new(python)
                .args([
                    project.bench().join("native/peer.py").as_os_str(),
                    peer.as_ref(),
                ])
                .args(["--model".as_ref(), model.as_os_str()])
                .args(["--weights".as_ref(), reference.join(weights).as_os_str()])
                .args(["--pictures".as_ref(), pictures.as_os_str()])
                .args(["--out".as_ref(), theirs.as_os_str()])
                .args(["--threads", &threads.to_string()])
                .read();
            let answer = answer.as_deref().and_then(|text| text.lines().last());
            let answer: Value = answer
                .and_then(|line| serde_json::from_str(line).ok())
                .ok_or_else(|| Error::Tests(format!("the measurement of {peer}")))?;
            let engine = engines.entry(index + 1).or_default();
            engine.name = answer["engine"].as_str().unwrap_or(peer).to_owned();
            engine.add(
                answer["seconds"].as_f64().unwrap_or(f64::NAN),
                answer["peak_bytes"].as_u64(),
            );
            let equal = equal(&ours, &theirs)?;
            engine.equal = Some(equal);
            if equal < MIN_EQUAL {
                return Err(Error::Tests(format!(
                    "the comparison of masks ({:.2} % of the pixels are as {peer}'s)",
                    100.0 * equal
                )));
            }
        }
    }
    step.done();
    let engines: Vec<Engine> = engines.into_values().collect();
    Ok((markdown(&engines, threads), peers.len() == PEERS.len()))
}

impl Engine {
    fn add(&mut self, seconds: f64, peak: Option<u64>) {
        self.times.push(1000.0 * seconds / f64::from(PICTURES));
        self.peak = self.peak.max(peak);
    }
}

fn build(project: &Project) -> Result<PathBuf> {
    let step = Step::begin(
        "Build the command line",
        "about 15 minutes the first time, 2 afterwards",
    );
    Task::new("cargo")
        .args(["build", "--release", "--package", "delineo"])
        .args(["--features", "cli,train", "--bin", "delineo"])
        .env("CARGO_TARGET_DIR", project.native_target())
        .in_folder(&project.root)
        .run()?;
    step.done();
    Ok(project.native_target().join("release/delineo"))
}

fn ensure_pictures(folder: &Path) -> Result<()> {
    let path = |number: u32| folder.join(format!("picture-{number:04}.png"));
    if path(PICTURES).is_file() {
        say::already("The folder of pictures", &folder.display().to_string());
        return Ok(());
    }
    let step = Step::begin("Make the folder of pictures", "about 10 seconds");
    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    for number in 1..=PICTURES {
        let image = phantom::dermoscopy(number, SIDE, SIDE).image;
        image
            .save(path(number))
            .map_err(|error| Error::Document(format!("the phantom cannot be written: {error}")))?;
    }
    step.done();
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        fs::remove_dir_all(folder).map_err(Error::file("remove", folder))?;
    }
    Ok(())
}

/// Whether Python has a module; says so where it does not.
fn has(python: Option<&Path>, module: &str) -> bool {
    let Some(python) = python else { return false };
    let import = format!("import {module}");
    let found = Task::new(python).args(["-c", &import]).read().is_some();
    if !found {
        say::note(&format!(
            "There is no {module} for Python, so it is not measured. Install it for `python3`, or into {}.",
            python.display()
        ));
    }
    found
}

/// Part of the pixels of the masks in one folder that are the same in the other.
fn equal(ours: &Path, theirs: &Path) -> Result<f64> {
    let read = |folder: &Path, number: u32| {
        let path = folder.join(format!("picture-{number:04}_mask.png"));
        let image = image::open(&path).map_err(|error| {
            Error::Document(format!("{} cannot be read: {error}", path.display()))
        })?;
        Ok::<_, Error>(image.into_luma8().into_raw())
    };
    let (mut same, mut all) = (0, 0);
    for number in 1..=PICTURES {
        let (ours, theirs) = (read(ours, number)?, read(theirs, number)?);
        let is_same = |(a, b): &(&u8, &u8)| (**a >= 128) == (**b >= 128);
        same += ours.iter().zip(&theirs).filter(is_same).count();
        all += ours.len().max(theirs.len());
    }
    Ok(same as f64 / f64::from(u32::try_from(all).unwrap_or(u32::MAX)))
}

fn markdown(engines: &[Engine], threads: usize) -> String {
    let mut text = format!(
        "{PICTURES} pictures of {SIDE}×{SIDE} pixels (PNG) to masks (PNG), S, {threads} threads, {ROUNDS} rounds in turn.\n\n\
         | engine | time a picture | pictures a second | memory at most | Delineo's time over its | goal | pixels as Delineo's |\n\
         |---|---|---|---|---|---|---|\n"
    );
    let ours = engines.first().map_or(&[][..], |engine| &engine.times);
    for (index, engine) in engines.iter().enumerate() {
        let median = quantile(&engine.times, 0.5);
        let pairs = ours.iter().zip(&engine.times);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        let ratio = match index {
            0 => String::new(),
            _ => format!("**{:.2}**", quantile(&ratios, 0.5)),
        };
        let goal = match engine.name.starts_with("PyTorch") {
            true => format!("{GOAL:.2}"),
            false => String::new(),
        };
        let equal = engine
            .equal
            .map_or(String::new(), |equal| format!("{:.3} %", 100.0 * equal));
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {} | {ratio} | {goal} | {equal} |",
            engine.name,
            spread(&engine.times),
            1000.0 / median,
            engine.peak.map_or(String::new(), megabytes),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_and_absent_figures_are_blank() {
        let engine = |name: &str, times: &[f64], peak| Engine {
            name: name.to_owned(),
            times: times.to_vec(),
            peak,
            equal: None,
        };
        let engines = [
            engine("Delineo", &[10.0, 20.0, 30.0], None),
            engine("PyTorch 2.9.0", &[40.0, 40.0, 40.0], Some(5_000_000)),
        ];
        let text = markdown(&engines, 2);
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert!(rows[0].starts_with("| Delineo | 20"), "{}", rows[0]);
        assert!(rows[0].ends_with("| 50 |  |  |  |  |"), "{}", rows[0]);
        assert!(
            rows[1].contains("| 25 | 5.0 MB | **0.50** | 0.40 |"),
            "{}",
            rows[1]
        );
    }
}
