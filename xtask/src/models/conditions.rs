//! What a model makes of the test images as other people and devices might have taken them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::data::Data;
use super::report::{alarms, json};
use crate::error::{Error, Result};
use crate::process::Task;
use crate::say::Step;

const HEAD: &str = "\
| condition | | mean IoU (95 %) | normals with false positives over 1 % |
|---|---|---|---|";

/// A table of the model's scores under each condition of `delineo distort`.
pub fn table(
    program: &Path,
    cache: &Path,
    model: &Path,
    set: &Data,
    data: &Path,
) -> Result<String> {
    let step = Step::begin(
        format!("{} under other conditions", set.name),
        "a minute or several",
    );
    let folder = cache.join("evaluation/conditions").join(set.folder);
    // Results of conditions that no longer exist would stay there.
    let _ = fs::remove_dir_all(&folder);
    let (with, without) = (folder.join("with"), folder.join("without"));
    let said = distort(program, set, &data.join(set.folder), &with)?;
    if let Some(normals) = set.normals {
        distort(program, set, &data.join(normals), &without)?;
    }
    let mut rows = vec![HEAD.to_owned()];
    for condition in said.lines() {
        let condition: Value = serde_json::from_str(condition)
            .map_err(|error| Error::Document(format!("`delineo distort`: {error}")))?;
        let name = condition["name"].as_str().unwrap_or_default();
        let out = folder.join("report").join(name);
        let mut task = Task::new(program)
            .args(["evaluate", "--device", "cpu"])
            .args(["--model".as_ref(), model.as_os_str()])
            .args(["--data".as_ref(), with.join(name).as_os_str()])
            .args(["--out".as_ref(), out.as_os_str()]);
        if set.normals.is_some() {
            task = task.args(["--normal".as_ref(), without.join(name).as_os_str()]);
        }
        task.read().ok_or_else(|| {
            Error::Document(format!("{} cannot be evaluated under {name}", set.name))
        })?;
        rows.push(row(&condition, &json(&out.join("report.json"))?));
    }
    step.done();
    Ok(rows.join("\n"))
}

fn distort(program: &Path, set: &Data, from: &Path, to: &Path) -> Result<String> {
    Task::new(program)
        .args(["distort", "--part", "test", "--json"])
        .args(["--modality", set.modality])
        .args(["--data".as_ref(), from.as_os_str()])
        .args(["--out".as_ref(), to.as_os_str()])
        .read()
        .ok_or_else(|| Error::Document(format!("{} cannot be distorted", from.display())))
}

fn row(condition: &Value, report: &Value) -> String {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let iou = &report["summary"]["iou"];
    format!(
        "| {} | {} | {:.3} ({:.3} to {:.3}) | {} |",
        text(&condition["name"]),
        text(&condition["meaning"]),
        number(&iou["mean"]),
        number(&iou["interval"][0]),
        number(&iou["interval"][1]),
        alarms(report),
    )
}
