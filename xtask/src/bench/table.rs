//! The measurements as the Markdown that `docs/performance.md` shows.

use std::fmt::Write as _;

use super::result::{Case, Measured, Visit, quantile};

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

pub fn markdown(measured: &Measured) -> String {
    let mut text = format!(
        "{}; {}; against {}; WebGPU adapter: {}.\n\n",
        measured.machine,
        measured.browser,
        measured.peer,
        measured.adapter.as_deref().unwrap_or("none")
    );
    times(&mut text, measured);
    costs(&mut text, measured);
    growth(&mut text, measured);
    visits(&mut text, &measured.visits);
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
fn spread(times: &[f64]) -> String {
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

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"machine":"A processor, 2 cores","browser":"Chromium 1","onnx":"ONNX Runtime Web 1","adapter":"x",
        "cores":2,"cases":[
        {"device":"cpu","variant":"s","side":256,"threads":1,"times":{"delineo":[50,50],"onnx":[100,100]}},
        {"device":"cpu","variant":"s","side":512,"threads":1,"times":{"delineo":[210],"onnx":[400]}},
        {"device":"gpu","variant":"base","side":256,"threads":1,"error":"there is no WebGPU adapter"}],
        "visits":[{"device":"cpu","delineo":{"bytes":3000000,"ready":[1000],"mask":[1500]},
                   "onnx":{"bytes":6000000,"ready":[2000],"mask":[2500]}}]}"#;

    #[test]
    fn every_line_has_as_many_cells_as_its_heading_and_tells_ratio_and_goal() {
        let text = Measured::from_json(JSON)
            .map(|measured| markdown(&measured))
            .unwrap_or_default();
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
        ] {
            let is_there = text.contains(part);
            assert_eq!(is_there, part != "CPU, threads", "{part} in {text}");
        }
    }
}
