//! What the browser's side measured, and the few numbers that are made of it.

use serde_json::Value;

use crate::error::{Error, Result};

/// A whole run.
#[derive(Debug)]
pub struct Measured {
    pub machine: String,
    pub browser: String,
    pub peer: String,
    pub adapter: Option<String>,
    pub cases: Vec<Case>,
    pub visits: Vec<Visit>,
    pub overlay: Option<Overlay>,
    pub folder: Option<Folder>,
}

/// One line of the table of times.
#[derive(Debug)]
pub struct Case {
    pub device: String,
    pub variant: String,
    pub side: u64,
    pub threads: u64,
    /// Why it could not be measured.
    pub error: Option<String>,
    pub ours: Engine,
    pub theirs: Engine,
}

/// What one engine took.
#[derive(Debug, Default)]
pub struct Engine {
    /// Milliseconds, run by run; the two engines ran in turn.
    pub times: Vec<f64>,
    /// WebAssembly memory at the end, which is its peak.
    pub wasm_bytes: u64,
    /// GPU dispatches of one inference.
    pub dispatches: u64,
    /// Buffers on the GPU at their peak.
    pub gpu_bytes: u64,
    /// Images without a pause, and milliseconds for each of them.
    pub row: Option<(u64, f64)>,
}

/// A first visit with an empty cache.
#[derive(Debug)]
pub struct Visit {
    pub device: String,
    pub error: Option<String>,
    pub ours: Arrival,
    pub theirs: Arrival,
}

/// How a first visit went.
#[derive(Debug, Default)]
pub struct Arrival {
    /// What came over the line, compressed.
    pub bytes: u64,
    /// Milliseconds from navigation to a model that is ready, visit by visit.
    pub ready: Vec<f64>,
    /// Milliseconds from navigation to the first mask, visit by visit.
    pub mask: Vec<f64>,
}

/// How soon the page shows the overlay, in milliseconds.
#[derive(Debug, Default)]
pub struct Overlay {
    pub error: Option<String>,
    /// Pixels of the canvas.
    pub canvas: u64,
    /// From each key press that moved the slider to the frame that shows it.
    pub slider: Vec<f64>,
    /// Of that, frame by frame, from sending the setting to the worker.
    pub frames: Vec<f64>,
    /// The main thread's tasks of more than 50 ms meanwhile.
    pub slider_tasks: Vec<f64>,
    /// From dropping a 12-megapixel JPEG to its overlay.
    pub drop: Vec<f64>,
    /// The main thread's tasks of more than 50 ms meanwhile.
    pub drop_tasks: Vec<f64>,
}

/// How fast a folder goes through the page.
#[derive(Debug, Default)]
pub struct Folder {
    pub error: Option<String>,
    /// How many pictures were dropped.
    pub images: u64,
    /// From dropping them to the last summary.
    pub milliseconds: f64,
    /// The main thread's tasks of more than 50 ms meanwhile.
    pub tasks: Vec<f64>,
    /// Milliseconds from pressing "next" to the border of the next picture, which was prepared.
    pub steps: Vec<f64>,
    /// The main thread's tasks of more than 50 ms meanwhile.
    pub step_tasks: Vec<f64>,
}

impl Measured {
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::Page(format!("the measurements are no JSON: {error}")))?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Ok(Self {
            machine: text("machine").unwrap_or_default(),
            browser: text("browser").unwrap_or_default(),
            peer: text("onnx").unwrap_or_default(),
            adapter: text("adapter"),
            cases: list(&value["cases"]).map(Case::read).collect(),
            visits: list(&value["visits"]).map(Visit::read).collect(),
            overlay: value["overlay"]
                .is_object()
                .then(|| Overlay::read(&value["overlay"])),
            folder: value["folder"]
                .is_object()
                .then(|| Folder::read(&value["folder"])),
        })
    }

    /// The first thing that could not be measured.
    pub fn complaint(&self) -> Option<Error> {
        let cases = self.cases.iter().filter_map(|case| case.error.as_ref());
        let visits = self.visits.iter().filter_map(|visit| visit.error.as_ref());
        let overlay = self.overlay.iter().filter_map(|it| it.error.as_ref());
        let folder = self.folder.iter().filter_map(|it| it.error.as_ref());
        let first = cases.chain(visits).chain(overlay).chain(folder).next()?;
        Some(Error::Tests(format!("the measurement of a line ({first})")))
    }

    /// The line for a device, a variant and a side.
    pub fn find(&self, device: &str, variant: &str, side: u64) -> Option<&Case> {
        self.cases.iter().find(|case| {
            case.device == device
                && case.variant == variant
                && case.side == side
                && case.error.is_none()
        })
    }
}

impl Case {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Self {
            device: text("device"),
            variant: text("variant"),
            side: value["side"].as_u64().unwrap_or_default(),
            threads: value["threads"].as_u64().unwrap_or_default(),
            error: value["error"].as_str().map(str::to_owned),
            ours: Engine::read(value, "delineo"),
            theirs: Engine::read(value, "onnx"),
        }
    }

    /// Our time over theirs, pair by pair.
    pub fn ratios(&self) -> Vec<f64> {
        let pairs = self.ours.times.iter().zip(&self.theirs.times);
        pairs.map(|(ours, theirs)| ours / theirs).collect()
    }
}

impl Engine {
    fn read(case: &Value, name: &str) -> Self {
        let taken = &case["taken"][name];
        let row = &case["row"][name];
        Self {
            times: numbers(&case["times"][name]),
            wasm_bytes: taken["wasmBytes"].as_u64().unwrap_or_default(),
            dispatches: taken["dispatches"].as_u64().unwrap_or_default(),
            gpu_bytes: taken["gpuPeakBytes"].as_u64().unwrap_or_default(),
            row: row["images"].as_u64().zip(row["milliseconds"].as_f64()),
        }
    }
}

impl Visit {
    fn read(value: &Value) -> Self {
        Self {
            device: value["device"].as_str().unwrap_or_default().to_owned(),
            error: value["error"].as_str().map(str::to_owned),
            ours: Arrival::read(&value["delineo"]),
            theirs: Arrival::read(&value["onnx"]),
        }
    }
}

impl Arrival {
    fn read(value: &Value) -> Self {
        Self {
            bytes: value["bytes"].as_u64().unwrap_or_default(),
            ready: numbers(&value["ready"]),
            mask: numbers(&value["mask"]),
        }
    }
}

impl Overlay {
    fn read(value: &Value) -> Self {
        Self {
            error: value["error"].as_str().map(str::to_owned),
            canvas: value["canvas"].as_u64().unwrap_or_default(),
            slider: numbers(&value["slider"]),
            frames: numbers(&value["frames"]),
            slider_tasks: numbers(&value["sliderTasks"]),
            drop: numbers(&value["drop"]),
            drop_tasks: numbers(&value["dropTasks"]),
        }
    }
}

impl Folder {
    fn read(value: &Value) -> Self {
        Self {
            error: value["error"].as_str().map(str::to_owned),
            images: value["images"].as_u64().unwrap_or_default(),
            milliseconds: value["milliseconds"].as_f64().unwrap_or(f64::NAN),
            tasks: numbers(&value["tasks"]),
            steps: numbers(&value["steps"]),
            step_tasks: numbers(&value["stepTasks"]),
        }
    }

    /// Pictures that are opened, segmented and summed up in a second.
    pub fn rate(&self) -> f64 {
        self.images as f64 * 1000.0 / self.milliseconds
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).filter_map(Value::as_f64).collect()
}

/// The value that a given part of the numbers does not exceed, between neighbours by a straight line; 0.5 is the
/// median. NaN for no numbers.
pub fn quantile(numbers: &[f64], part: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = part * last as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_quartiles_lie_where_they_should() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.5), 2.5);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25), 2.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn what_the_browser_wrote_is_read_and_pairs_are_compared_pair_by_pair() {
        let json = r#"{"machine":"m","cores":2,"adapter":null,"cases":[
            {"device":"cpu","variant":"s","side":256,"threads":1,"times":{"delineo":[1,3],"onnx":[2,4]},
             "taken":{"delineo":{"wasmBytes":7,"dispatches":1}},"row":{"delineo":{"images":20,"milliseconds":1.5}}},
            {"device":"gpu","variant":"s","side":256,"error":"no adapter"}],"visits":[]}"#;
        let measured = Measured::from_json(json).ok();
        let case = measured
            .as_ref()
            .and_then(|measured| measured.find("cpu", "s", 256));
        assert_eq!(case.map(Case::ratios), Some(vec![0.5, 0.75]));
        assert_eq!(
            case.map(|case| (case.ours.wasm_bytes, case.ours.row)),
            Some((7, Some((20, 1.5))))
        );
        let complaint = measured
            .and_then(|measured| measured.complaint())
            .map(|error| error.to_string());
        assert!(complaint.is_some_and(|text| text.contains("no adapter")));
        assert!(Measured::from_json("nothing").is_err());
    }
}
