//! The measurements as the Markdown that `docs/performance.md` shows.

use std::fmt::Write as _;

use super::result::{Case, Folder, Measured, Overlay, Visit, quantile};

/// What the project wants to reach, as a part of the peer's time.
fn goal(device: &str, variant: &str) -> f64 {
    match (device, variant) {
        ("gpu", "s") => 0.25,
        ("gpu", _) => 0.30,
        ("cpu", "s") => 0.50,
        ("cpu-threads", "base") => 0.70,
        _ => 0.60,
    }
}

/// What the project wants a first visit to take, as a part of the peer's.
const VISIT_GOAL: f64 = 0.5;

/// What the project wants the page to stay within, in milliseconds: from the slider to the repainted overlay nine times
/// in ten, the main thread's longest task, from dropping a 12-megapixel JPEG to its overlay.
const REPAINT_BUDGET: f64 = 16.0;
const TASK_BUDGET: f64 = 50.0;
const DROP_BUDGET: f64 = 250.0;
/// Pictures of 256×256 pixels a second, at least.
const FOLDER_BUDGET: f64 = 20.0;
/// From pressing "next" to the border of a picture that was prepared: a frame of the screen.
const STEP_BUDGET: f64 = 1000.0 / 60.0;

pub fn markdown(measured: &Measured) -> String {
    let peer = match measured.peer.as_str() {
        "" => String::new(),
        peer => format!("; against {peer}"),
    };
    let mut text = format!(
        "{}; {}{peer}; WebGPU adapter: {}.\n\n",
        measured.machine,
        measured.browser,
        measured.adapter.as_deref().unwrap_or("none")
    );
    times(&mut text, measured);
    costs(&mut text, measured);
    growth(&mut text, measured);
    visits(&mut text, &measured.visits);
    if let Some(measured) = &measured.overlay {
        overlay(&mut text, measured);
    }
    if let Some(measured) = &measured.folder {
        folder(&mut text, measured);
    }
    text
}

/// Writing to a string does not fail.
fn line(text: &mut String, row: &str) {
    let _ = writeln!(text, "{row}");
}

fn times(text: &mut String, measured: &Measured) {
    if measured.cases.is_empty() {
        return;
    }
    line(
        text,
        "| where | network | input | Delineo | ONNX Runtime Web | ratio | goal |",
    );
    line(text, "|---|---|---|---|---|---|---|");
    for case in &measured.cases {
        let start = start(case);
        let row = match &case.error {
            Some(error) => format!("{start} {error} | | | |"),
            None => format!(
                "{start} {} | {} | **{:.2}** ({:.2} to {:.2}) | {:.2} |",
                spread(&case.ours.times),
                spread(&case.theirs.times),
                quantile(&case.ratios(), 0.5),
                quantile(&case.ratios(), 0.25),
                quantile(&case.ratios(), 0.75),
                goal(&case.device, &case.variant),
            ),
        };
        line(text, &row);
    }
    line(text, "");
}

fn costs(text: &mut String, measured: &Measured) {
    let mut cases = measured
        .cases
        .iter()
        .filter(|case| case.error.is_none())
        .peekable();
    if cases.peek().is_none() {
        return;
    }
    line(
        text,
        "| where | network | input | time per image in a row | wasm memory at most | GPU buffers at most | GPU dispatches |",
    );
    line(text, "|---|---|---|---|---|---|---|");
    for case in cases {
        let [ours, theirs] = [&case.ours, &case.theirs];
        let row = match (ours.row, theirs.row) {
            (Some((n, ours)), Some((m, theirs))) => {
                format!(
                    "{} ({n}) / {} ({m})",
                    milliseconds(ours),
                    milliseconds(theirs)
                )
            }
            _ => String::new(),
        };
        let gpu = if case.device == "gpu" {
            format!(
                "{} / {} | {} / {}",
                megabytes(ours.gpu_bytes),
                megabytes(theirs.gpu_bytes),
                ours.dispatches,
                theirs.dispatches
            )
        } else {
            "| ".to_owned()
        };
        line(
            text,
            &format!(
                "{} {row} | {} / {} | {gpu} |",
                start(case),
                megabytes(ours.wasm_bytes),
                megabytes(theirs.wasm_bytes),
            ),
        );
    }
    line(text, "");
}

fn growth(text: &mut String, measured: &Measured) {
    let growth = |device: &str| {
        let small = quantile(&measured.find(device, "s", 256)?.ours.times, 0.5);
        let large = quantile(&measured.find(device, "s", 512)?.ours.times, 0.5);
        Some(large / (4.0 * small))
    };
    let found: Vec<String> = ["cpu", "cpu-threads", "gpu"]
        .iter()
        .filter_map(|device| Some(format!("{} {:.2}", place(device, 0), growth(device)?)))
        .collect();
    if !found.is_empty() {
        line(
            text,
            &format!(
                "Growth of Delineo's S, time at 512×512 over four times that at 256×256: {}.\n",
                found.join(", ")
            ),
        );
    }
}

fn visits(text: &mut String, visits: &[Visit]) {
    if visits.is_empty() {
        return;
    }
    line(
        text,
        "| first visit | | Delineo | ONNX Runtime Web | ratio | goal |",
    );
    line(text, "|---|---|---|---|---|---|");
    for visit in visits {
        let device = if visit.device == "gpu" {
            "WebGPU"
        } else {
            "CPU"
        };
        if let Some(error) = &visit.error {
            line(text, &format!("| {device} | {error} | | | | |"));
            continue;
        }
        let [ours, theirs] = [&visit.ours, &visit.theirs];
        line(
            text,
            &format!(
                "| {device} | downloaded, brotli | {} | {} | {:.2} | |",
                megabytes(ours.bytes),
                megabytes(theirs.bytes),
                ours.bytes as f64 / theirs.bytes as f64
            ),
        );
        let rows = [
            ("to ready", &ours.ready, &theirs.ready),
            ("to the first mask", &ours.mask, &theirs.mask),
        ];
        for (what, ours, theirs) in rows {
            line(
                text,
                &format!(
                    "| {device} | {what} | {} | {} | **{:.2}** | {VISIT_GOAL:.2} |",
                    spread(ours),
                    spread(theirs),
                    quantile(ours, 0.5) / quantile(theirs, 0.5)
                ),
            );
        }
    }
    line(text, "");
}

fn overlay(text: &mut String, measured: &Overlay) {
    let megapixels = measured.canvas as f64 / 1e6;
    let canvas = match &measured.error {
        Some(_) => String::new(),
        None => format!(", canvas of {megapixels:.1} megapixels"),
    };
    line(
        text,
        &format!("| the page{canvas} | measured | budget | ratio |"),
    );
    line(text, "|---|---|---|---|");
    if let Some(error) = &measured.error {
        line(text, &format!("| overlay | {error} | | |"));
        return line(text, "");
    }
    let slider = &measured.slider;
    let worst = quantile(slider, 0.9);
    let sending = quantile(&measured.frames, 0.9);
    let drop = quantile(&measured.drop, 0.5);
    let rows = [
        (
            "slider to repainted overlay, median",
            format!("{} {}", milliseconds(quantile(slider, 0.5)), count(slider)),
            "| ".to_owned(),
        ),
        (
            "slider to repainted overlay, 90th percentile",
            format!("{} {}", milliseconds(worst), count(slider)),
            against(worst, REPAINT_BUDGET),
        ),
        (
            "of that, from sending the setting, 90th percentile",
            format!("{} {}", milliseconds(sending), count(&measured.frames)),
            against(sending, REPAINT_BUDGET),
        ),
        (
            "longest task of the main thread while the slider moves",
            longest(&measured.slider_tasks),
            longest_against_budget(&measured.slider_tasks),
        ),
        (
            "12-megapixel JPEG, drop to overlay",
            spread(&measured.drop),
            against(drop, DROP_BUDGET),
        ),
        (
            "longest task of the main thread while it opens",
            longest(&measured.drop_tasks),
            longest_against_budget(&measured.drop_tasks),
        ),
    ];
    for (what, value, against) in rows {
        line(text, &format!("| {what} | {value} | {against} |"));
    }
    line(text, "");
}

fn folder(text: &mut String, measured: &Folder) {
    line(
        text,
        "| a folder of pictures of 256×256 pixels, network S | measured | budget | ratio |",
    );
    line(text, "|---|---|---|---|");
    if let Some(error) = &measured.error {
        line(text, &format!("| folder | {error} | | |"));
        return line(text, "");
    }
    let rate = measured.rate();
    let step = quantile(&measured.steps, 0.9);
    let rows = [
        (
            "pictures a second, from the drop to the last summary",
            format!("{rate:.1} (n = {})", measured.images),
            // Less is worse here, so the ratio is turned round.
            format!("{FOLDER_BUDGET:.0} | **{:.2}**", FOLDER_BUDGET / rate),
        ),
        (
            "longest task of the main thread meanwhile",
            longest(&measured.tasks),
            longest_against_budget(&measured.tasks),
        ),
        (
            "“next” to the border of the next picture, 90th percentile",
            format!("{} {}", milliseconds(step), count(&measured.steps)),
            against(step, STEP_BUDGET),
        ),
        (
            "longest task of the main thread meanwhile",
            longest(&measured.step_tasks),
            longest_against_budget(&measured.step_tasks),
        ),
    ];
    for (what, value, against) in rows {
        line(text, &format!("| {what} | {value} | {against} |"));
    }
    line(text, "");
}

fn count(times: &[f64]) -> String {
    format!("(n = {})", times.len())
}

/// The cells for budget and ratio.
fn against(value: f64, budget: f64) -> String {
    format!("{} | **{:.2}**", milliseconds(budget), value / budget)
}

/// Of a list that holds the tasks over the budget alone: browsers report no others.
fn longest(tasks: &[f64]) -> String {
    let budget = milliseconds(TASK_BUDGET);
    match tasks.iter().copied().reduce(f64::max) {
        None => format!("at most {budget}"),
        Some(longest) => format!("{} ({} over {budget})", milliseconds(longest), tasks.len()),
    }
}

fn longest_against_budget(tasks: &[f64]) -> String {
    match tasks.iter().copied().reduce(f64::max) {
        None => format!("{} | at most 1", milliseconds(TASK_BUDGET)),
        Some(longest) => against(longest, TASK_BUDGET),
    }
}

fn start(case: &Case) -> String {
    format!(
        "| {} | {} | {side}×{side} |",
        place(&case.device, case.threads),
        if case.variant == "s" { "S" } else { "base" },
        side = case.side
    )
}

fn place(device: &str, threads: u64) -> String {
    match (device, threads) {
        ("gpu", _) => "WebGPU".to_owned(),
        ("cpu", _) => "CPU, 1 thread".to_owned(),
        (_, 0) => "CPU, threads".to_owned(),
        (_, threads) => format!("CPU, {threads} threads"),
    }
}

/// Median, quartiles and number.
pub fn spread(times: &[f64]) -> String {
    format!(
        "{} ({} to {}, n = {})",
        milliseconds(quantile(times, 0.5)),
        milliseconds(quantile(times, 0.25)),
        milliseconds(quantile(times, 0.75)),
        times.len()
    )
}

fn milliseconds(value: f64) -> String {
    if value < 10_000.0 {
        format!("{value:.0} ms")
    } else {
        format!("{:.1} s", value / 1000.0)
    }
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"machine":"A processor, 2 cores","browser":"Chromium 1","onnx":"ONNX Runtime Web 1","adapter":"x",
        "cores":2,"cases":[
        {"device":"cpu","variant":"s","side":256,"threads":1,"times":{"delineo":[50,50],"onnx":[100,100]}},
        {"device":"cpu","variant":"s","side":512,"threads":1,"times":{"delineo":[210],"onnx":[400]}},
        {"device":"gpu","variant":"base","side":256,"threads":1,"error":"there is no WebGPU adapter"}],
        "visits":[{"device":"cpu","delineo":{"bytes":3000000,"ready":[1000],"mask":[1500]},
                   "onnx":{"bytes":6000000,"ready":[2000],"mask":[2500]}}],
        "overlay":{"canvas":2500000,"slider":[10,20,30],"frames":[8,8],"sliderTasks":[60,75],"drop":[500],"dropTasks":[]},
        "folder":{"images":200,"milliseconds":8000,"tasks":[],"steps":[10,20],"stepTasks":[]}}"#;

    #[test]
    fn the_page_measured_alone_is_compared_with_no_peer_and_says_why_it_failed() {
        let json = r#"{"machine":"m","browser":"b","overlay":{"error":"no frame"}}"#;
        let measured = Measured::from_json(json).unwrap();
        let text = markdown(&measured);
        assert!(text.starts_with("m; b; WebGPU adapter: none."), "{text}");
        assert!(text.contains("| overlay | no frame | | |"), "{text}");
        assert!(measured.complaint().is_some());
    }

    #[test]
    fn every_line_has_as_many_cells_as_its_heading_and_tells_ratio_and_goal() {
        let text = markdown(&Measured::from_json(JSON).unwrap());
        let mut cells = 0;
        for row in text.lines() {
            match row.matches('|').count() {
                0 => cells = 0,
                count if cells == 0 => cells = count,
                count => assert_eq!(count, cells, "{row}"),
            }
        }
        for part in [
            "A processor, 2 cores; Chromium 1",
            "**0.50** (0.50 to 0.50) | 0.50 |",
            "there is no WebGPU adapter",
            "CPU, threads",
            "1.05",
            "| CPU | to the first mask |",
            "**0.60** | 0.50 |",
            "| the page, canvas of 2.5 megapixels |",
            "| slider to repainted overlay, 90th percentile | 28 ms (n = 3) | 16 ms | **1.75** |",
            "| of that, from sending the setting, 90th percentile | 8 ms (n = 2) | 16 ms | **0.50** |",
            "| longest task of the main thread while the slider moves | 75 ms (2 over 50 ms) | 50 ms | **1.50** |",
            "| 12-megapixel JPEG, drop to overlay | 500 ms (500 ms to 500 ms, n = 1) | 250 ms | **2.00** |",
            "| pictures a second, from the drop to the last summary | 25.0 (n = 200) | 20 | **0.80** |",
            "| “next” to the border of the next picture, 90th percentile | 19 ms (n = 2) | 17 ms | **1.14** |",
            "| longest task of the main thread while it opens | at most 50 ms | 50 ms | at most 1 |",
        ] {
            let is_there = text.contains(part);
            assert_eq!(is_there, part != "CPU, threads", "{part} in {text}");
        }
    }
}
