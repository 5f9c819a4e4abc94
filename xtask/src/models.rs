//! `cargo xtask models`: every published model against the test parts of the data that it can be measured on.
//!
//! The figures go into each `model.json` and into the tables of `docs/models.md`. Nothing is chosen here: threshold and
//! temperature are those that `model.json` has.

mod commands;
mod conditions;
mod data;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::document;
use crate::error::{Error, Result};
use crate::finish;
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use data::DATA;
use report::{alarms, json};

/// How many phantoms are evaluated, and how many of the worst are shown.
const PHANTOMS: u32 = 20;
const SHOWN: usize = 5;

/// Prints the commands that make the models anew, or the one model `only`.
///
/// # Errors
/// When there is no such model.
pub fn print_commands(project: &Project, data: &Path, only: Option<&str>) -> Result<()> {
    let recipe = |id: &str| {
        let file = project.root.join(format!("crate/recipes/{id}.toml"));
        fs::read_to_string(file).ok()
    };
    for id in published(project, only)? {
        let manifest = json(&project.root.join(format!("public/models/{id}/model.json")))?;
        for command in commands::of(&id, &manifest, &data.to_string_lossy(), &recipe) {
            say::announce(&command);
        }
    }
    Ok(())
}

/// Evaluates the models on the data sets in `data`, or the one model `only`, and writes down what was found.
///
/// # Errors
/// When there is no data, the command line cannot be built, or a document lacks its markers.
pub fn run(project: &Project, data: &Path, only: Option<&str>) -> Result<()> {
    if !data.join(DATA[0].folder).is_dir() {
        return Err(Error::Missing {
            what: format!("the data sets ({})", data.display()),
            hint:
                "Say where they are with --data; docs/training.md says how a data set is laid out."
                    .into(),
        });
    }
    let step = Step::begin(
        "Build the command line",
        "about 15 minutes the first time, 2 afterwards",
    );
    Task::new("cargo")
        .args([
            "build",
            "--release",
            "--package",
            "delineo",
            "--features",
            "cli,train",
        ])
        .env("CARGO_TARGET_DIR", project.native_target())
        .in_folder(&project.root)
        .run()?;
    step.done();
    let program = project.native_target().join("release/delineo");
    for id in published(project, only)? {
        let folder = project.root.join("public/models").join(&id);
        let manifest = json(&folder.join("model.json"))?;
        let mut rows = Vec::new();
        let mut others = Vec::new();
        // Views and conditions are a day's work for a larger network on a CPU.
        let is_small = manifest["variant"] == "S";
        for set in DATA.iter().filter(|set| handles(&manifest, set.modality)) {
            let mut plain = None;
            for averaged in [false, true].into_iter().take(1 + usize::from(is_small)) {
                let out = project.cache.join("evaluation").join(&id);
                let out = out.join(format!(
                    "{}{}",
                    set.folder,
                    if averaged { "-averaged" } else { "" }
                ));
                let mut task = Task::new(&program)
                    .args(["evaluate", "--part", "test", "--device", "cpu"])
                    .args(["--model".as_ref(), folder.as_os_str()])
                    .args(["--data".as_ref(), data.join(set.folder).as_os_str()])
                    .args(["--out".as_ref(), out.as_os_str()]);
                if let Some(normals) = set.normals {
                    task = task.args(["--normal".as_ref(), data.join(normals).as_os_str()]);
                }
                task = if averaged {
                    task.args([tta(&manifest)])
                } else {
                    task.args(["--record", set.name])
                };
                let step = Step::begin(format!("{id} on {}", out.display()), "a minute or several");
                let began = Instant::now();
                task.run()?;
                let seconds = began.elapsed().as_secs_f64();
                step.done();
                let cost = plain.map_or(1.0, |plain: f64| seconds / plain);
                plain.get_or_insert(seconds);
                rows.push(row(
                    set.name,
                    averaged.then_some(cost),
                    &json(&out.join("report.json"))?,
                ));
            }
            if set.is_varied && is_small {
                let table = conditions::table(&program, &project.cache, &folder, set, data)?;
                others.push(format!("{}:\n\n{table}", set.name));
            }
        }
        for kind in ["ultrasound", "dermoscopy"] {
            if handles(&manifest, kind) {
                let picture = worst_phantoms(project, &program, &folder, kind)?;
                let target = format!("docs/models/{id}-{kind}-phantoms.png");
                let target = project.root.join(target);
                fs::copy(&picture, &target).map_err(Error::file("write", &target))?;
            }
        }
        let table = format!("{}\n{}", HEAD, rows.join("\n"));
        let others = others.join("\n\n");
        let document = project.root.join("docs/models.md");
        let tables = [("", &table), (" under other conditions", &others)];
        for (what, text) in tables.into_iter().filter(|(_, text)| !text.is_empty()) {
            let marker = format!("{id}{what}, written by `cargo xtask models`");
            document::write_between(&document, &marker, text)?;
            say::announce(text);
        }
    }
    Ok(())
}

/// The ids of the published models, or of the one model `only`.
fn published(project: &Project, only: Option<&str>) -> Result<Vec<String>> {
    let models = project.root.join("public/models");
    finish::write_model_index(&models)?;
    let index = models.join("index.json");
    let index = fs::read_to_string(&index).map_err(Error::file("read", &index))?;
    let mut ids: Vec<String> = serde_json::from_str(&index).unwrap_or_default();
    if let Some(only) = only.filter(|only| !ids.iter().any(|id| id == only)) {
        return Err(Error::Missing {
            what: format!("the model {only}"),
            hint: format!("There are {}.", ids.join(", ")),
        });
    }
    ids.retain(|id| only.is_none_or(|only| id == only));
    Ok(ids)
}

/// A contact sheet of the phantoms of one kind on which the model does worst.
fn worst_phantoms(project: &Project, program: &Path, model: &Path, kind: &str) -> Result<PathBuf> {
    let folder = project.cache.join("evaluation/phantoms").join(kind);
    let all: Vec<u32> = (1..=PHANTOMS).collect();
    let step = Step::begin(
        format!("Look at {PHANTOMS} phantoms ({kind})"),
        "half a minute",
    );
    let report =
        json(&evaluate_phantoms(program, model, kind, &all, &folder)?.join("report.json"))?;
    let mut cases: Vec<(f64, u32)> = Vec::new();
    for case in report["cases"].as_array().into_iter().flatten() {
        let seed = case["name"].as_str().and_then(|name| name.rsplit_once('_'));
        if let (Some((_, seed)), Some(iou)) = (seed, case["iou"].as_f64()) {
            cases.extend(seed.parse().ok().map(|seed| (iou, seed)));
        }
    }
    cases.sort_by(|a, b| a.0.total_cmp(&b.0));
    let worst: Vec<u32> = cases.iter().take(SHOWN).map(|case| case.1).collect();
    let found = evaluate_phantoms(program, model, kind, &worst, &folder)?;
    step.done();
    Ok(found.join("worst.png"))
}

/// Makes phantoms and evaluates the model on them; the folder with the report.
fn evaluate_phantoms(
    program: &Path,
    model: &Path,
    kind: &str,
    seeds: &[u32],
    folder: &Path,
) -> Result<PathBuf> {
    // What an earlier run left there would be evaluated too.
    let _ = fs::remove_dir_all(folder);
    let [images, masks, out] = ["images", "masks", "report"].map(|name| folder.join(name));
    fs::create_dir_all(&masks).map_err(Error::file("make", &masks))?;
    for seed in seeds {
        let task = Task::new(program)
            .args(["phantom", "--kind", kind, "--seed", &seed.to_string()])
            .args(["--out".as_ref(), images.as_os_str()]);
        task.read()
            .ok_or_else(|| Error::Document(format!("the {kind} phantom {seed} cannot be made")))?;
        let file = format!("{kind}_{seed}_mask.png");
        let from = images.join(&file);
        fs::rename(&from, masks.join(&file)).map_err(Error::file("move", &from))?;
    }
    Task::new(program)
        .args(["evaluate", "--device", "cpu"])
        .args(["--model".as_ref(), model.as_os_str()])
        .args(["--images".as_ref(), images.as_os_str()])
        .args(["--masks".as_ref(), masks.as_os_str()])
        .args(["--out".as_ref(), out.as_os_str()])
        .read()
        .ok_or_else(|| Error::Document(format!("the {kind} phantoms cannot be evaluated")))?;
    Ok(out)
}

fn handles(manifest: &Value, modality: &str) -> bool {
    let modalities = manifest["modalities"].as_array();
    modalities.is_some_and(|all| all.iter().any(|one| one == modality))
}

/// Ultrasound has an up and a down, skin does not.
fn tta(manifest: &Value) -> &'static str {
    let is_ultrasound = |modality: &str| handles(manifest, modality);
    if ["ultrasound", "thyroid-ultrasound"]
        .into_iter()
        .any(is_ultrasound)
    {
        "--tta=mirror"
    } else {
        "--tta=all"
    }
}

const HEAD: &str = "\
| test part | images | mean IoU (95 %) | mean Dice (95 %) | median IoU | HD95, px | sensitivity | precision | authors' IoU / F1 | ECE | border in the band | IoU of likely good / check / poor | lesions without a mask | normals with false positives over 1 % |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

fn row(name: &str, cost: Option<f64>, report: &Value) -> String {
    let summary = |figure: &str| &report["summary"][figure];
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let interval = |figure: &str| {
        let [low, high] = [0, 1].map(|end| number(&summary(figure)["interval"][end]));
        format!(
            "{:.3} ({low:.3} to {high:.3})",
            number(&summary(figure)["mean"])
        )
    };
    let mean = |figure: &str| number(&summary(figure)["mean"]);
    let normals = alarms(report);
    let how = cost.map_or_else(String::new, |cost| {
        format!(", averaged over views (time × {cost:.1})")
    });
    format!(
        "| {name}{how} | {} | {} | {} | {:.3} | {:.1} | {:.3} | {:.3} | {:.3} / {:.3} | {:.3} | {:.0} % | {} | {:.1} % | {normals} |",
        report["images"],
        interval("iou"),
        interval("dice"),
        number(&summary("iou")["median"]),
        mean("hd95"),
        mean("sensitivity"),
        mean("precision"),
        mean("authors_iou"),
        mean("authors_f1"),
        number(&report["calibration"]["ece"]),
        100.0 * mean("border_in_band"),
        expected(report),
        100.0 * mean("without_mask"),
    )
}

/// The mean IoU of the masks of each confidence, with their share of the images.
fn expected(report: &Value) -> String {
    let images = report["images"].as_f64().unwrap_or(f64::NAN);
    let groups = report["expected"].as_array().into_iter().flatten();
    let cell = |group: &Value| {
        let share = 100.0 * group["images"].as_f64().unwrap_or(0.0) / images;
        match group["iou"].as_f64() {
            Some(iou) => format!("{iou:.2} ({share:.0} %)"),
            None => "—".to_owned(),
        }
    };
    groups.map(cell).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let statistic = serde_json::json!({ "mean": 0.7, "median": 0.8, "interval": [0.6, 0.75] });
        let summary: serde_json::Map<_, _> = [
            "iou",
            "dice",
            "hd95",
            "sensitivity",
            "precision",
            "authors_iou",
            "authors_f1",
            "without_mask",
            "border_in_band",
        ]
        .map(|figure| (figure.to_owned(), statistic.clone()))
        .into_iter()
        .collect();
        let mut report = serde_json::json!({ "images": 9, "summary": summary, "calibration": { "ece": 0.02 }, "expected": [
                { "images": 6, "iou": 0.8 }, { "images": 3, "iou": 0.4 }, { "images": 0, "iou": null }] });
        let cells = |row: &str| row.matches('|').count();
        let head = HEAD.lines().next().unwrap_or_default();
        assert_eq!(cells(&row("BUSI", None, &report)), cells(head));
        report["normals"] =
            serde_json::json!({ "images": 26, "share_over_one_percent": { "mean": 0.115 } });
        let with = row("BUSI", Some(2.04), &report);
        assert!(with.contains("0.700 (0.600 to 0.750)"), "{with}");
        assert!(
            with.contains("12 % of 26") && with.contains("× 2.0"),
            "{with}"
        );
        assert!(with.contains("0.80 (67 %) / 0.40 (33 %) / —"), "{with}");
        assert!(!with.contains("NaN"), "{with}");
    }
}
