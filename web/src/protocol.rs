//! The messages between the page and the engine worker: one enum each way.
//!
//! On the wire a message is the JavaScript object `{ message, payload }`: `message` is the enum as
//! `serde-wasm-bindgen` writes it, `payload` the one large thing that goes with it, if any. Buffers and bitmaps are
//! transferred, files and blobs are cloned by reference; no pixels are ever copied.
//!
//! The engine says [`Event::Loaded`] once it listens; what the page sends before that is lost, so the page waits.
//! It then answers requests in order. Of several [`Request::Paint`] waiting in line only the last is answered.

use delineo::manifest::Manifest;
use delineo::mask::{Cleaning, Stroke, Style, View};
pub use delineo::modality::Modality;
pub use delineo::tta::Views;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// What the page asks of the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Choose the device. Answered by [`Event::DeviceReady`].
    Start {
        /// Which one to try first.
        device: DeviceChoice,
        /// What was measured at an earlier visit; of no use if it is about another GPU.
        tuned: Option<Tuned>,
    },
    /// Load a model that this site publishes; one that was loaded before is at hand at once. Answered by
    /// [`Event::ModelReady`] or [`Event::Failed`].
    LoadPublished {
        /// Its folder under `models/`.
        id: String,
    },
    /// Load a person's own weights; the payload is their `File` or `Blob`. Answered as above.
    LoadOwn {
        /// The file's name.
        name: String,
        /// The text of a `model.json` that came with it.
        manifest: Option<String>,
    },
    /// Decode the image in the payload (`File` or `Blob`). Answered by [`Event::Opened`], or by [`Event::Failed`], which
    /// leaves the earlier image in place. It is not segmented yet, so that the model can be chosen by what it shows.
    Open {
        /// The page's number for this image; all answers about it carry it.
        job: u32,
        /// The file's name.
        name: String,
    },
    /// Segment the open image with the model that is loaded. Answered by [`Event::Segmented`] or [`Event::Failed`].
    Segment {
        /// The image.
        job: u32,
        /// The flipped and turned views to average; none for the image alone.
        views: Option<Views>,
    },
    /// Replace the hand corrections of the open image. Not answered.
    Correct {
        /// The image.
        job: u32,
        /// All of them, oldest first.
        strokes: Vec<Stroke>,
    },
    /// Draw the overlay for what is visible. Answered by [`Event::Painted`].
    Paint {
        /// The image.
        job: u32,
        /// The page's number for this frame.
        frame: u32,
        /// Width of the visible canvas in device pixels.
        width: u32,
        /// Height of the visible canvas in device pixels.
        height: u32,
        /// Which part of the image it shows.
        view: View,
        /// What the person chose.
        settings: Settings,
        /// How the mask looks.
        style: Style,
        /// Whether the area must be counted exactly, at the image's own size, however long it takes.
        exact: bool,
    },
    /// Encode a file. Answered by [`Event::Exported`].
    Export {
        /// The image.
        job: u32,
        /// Which file.
        what: Export,
        /// Whether it goes to the clipboard rather than to a file; only handed back.
        clipboard: bool,
        /// What the person chose.
        settings: Settings,
        /// How the mask looks; for the overlay.
        style: Style,
    },
    /// Make a synthetic image. Answered by [`Event::SampleMade`].
    MakeSample {
        /// Which kind.
        modality: Modality,
        /// Seed: the same seed makes the same image.
        seed: u32,
    },
    /// Run the network alone on the payload, a `Float32Array` `[batch, channels, height, width]` that is already
    /// normalised. The page never asks this; tests and benches hold the engine to other implementations with it.
    /// Answered by [`Event::Logits`] or [`Event::Failed`].
    Logits {
        /// `[batch, channels, height, width]`.
        shape: [usize; 4],
    },
    /// Close the open image and free its memory. Not answered.
    Close,
}

/// What the engine tells the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The worker runs and listens.
    Loaded,
    /// Something that takes a while began or went on.
    Progress {
        /// What is going on.
        stage: Stage,
        /// From 0 to 1 where that is known.
        fraction: Option<f32>,
    },
    /// The device is chosen and has passed its checks so far.
    DeviceReady(DeviceReport),
    /// The model is on the device. On a GPU the self-test of the site's own model is still to come then, and no image is
    /// segmented before it is passed.
    ModelReady {
        /// What `model.json` says, or what was inferred.
        manifest: Box<Manifest>,
        /// How many parameters it has.
        parameters: u32,
        /// Whether it is a person's own.
        own: bool,
    },
    /// What suits the GPU was measured, before its first self-test counts as passed. To be kept for the next visit.
    Tuned(Tuned),
    /// The model that was loaded last has passed its self-test.
    SelfTestPassed,
    /// The image is decoded. The payload is an `ImageBitmap` of it, reduced where it is larger than a canvas may be.
    Opened {
        /// The image.
        job: u32,
        /// Its own width in pixels, after orientation.
        width: u32,
        /// Its own height in pixels, after orientation.
        height: u32,
        /// What it looks like.
        modality: Modality,
        /// What became of its content on the way, said to the person, such as a reduction to 8 bits.
        remarks: Vec<String>,
    },
    /// The probability map of the image is there; [`Request::Paint`] may follow.
    Segmented {
        /// The image.
        job: u32,
        /// The views that were asked for.
        views: Option<Views>,
        /// What the network took, in milliseconds.
        milliseconds: f64,
    },
    /// The overlay. The payload is an `ArrayBuffer` of `width * height` RGBA pixels, not premultiplied.
    Painted {
        /// The image.
        job: u32,
        /// The number in the request.
        frame: u32,
        /// Width of the buffer in pixels.
        width: u32,
        /// Height of the buffer in pixels.
        height: u32,
        /// Which part of the image it shows.
        view: View,
        /// How large the mask is.
        area: Area,
    },
    /// The file is encoded. The payload is an `ArrayBuffer`.
    Exported {
        /// The image.
        job: u32,
        /// Which file.
        what: Export,
        /// Whether it goes to the clipboard.
        clipboard: bool,
        /// The name to save it under.
        file_name: String,
    },
    /// The synthetic image is made. The payload is an `ArrayBuffer` with a PNG.
    SampleMade {
        /// The name to open it under.
        file_name: String,
    },
    /// The logits. The payload is an `ArrayBuffer` of float32, `[batch, classes, height, width]`.
    Logits {
        /// What the network took, in milliseconds.
        milliseconds: f64,
    },
    /// A request could not be met. The engine goes on as before.
    Failed {
        /// What was asked.
        task: Task,
        /// The image it was about.
        job: Option<u32>,
        /// One plain sentence.
        message: String,
    },
    /// The engine cannot go on and wants to be restarted: a panic or a lost device.
    Fatal {
        /// What happened, for the diagnostics.
        message: String,
        /// What the GPU did if it is to blame, so that the next engine uses the CPU and the person is told why.
        no_gpu: Option<String>,
    },
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Choosing a device.
    Start,
    /// Loading a model.
    Model,
    /// Opening an image.
    Open,
    /// Running the network.
    Segment,
    /// Encoding a file.
    Export,
    /// Making a sample.
    Sample,
}

/// Which device to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceChoice {
    /// The GPU through WebGPU where it works, else the CPU.
    Auto,
    /// The CPU, for the reason that the page gives.
    Cpu,
}

/// The device that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Whether it is a GPU.
    pub gpu: bool,
    /// Its name, as far as the browser tells.
    pub name: String,
    /// Why it is not the GPU.
    pub why: Option<String>,
}

/// What suits a GPU, as it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuned {
    /// The GPU's name.
    pub adapter: String,
    /// Threads along x and y of the workgroups that can have any.
    pub workgroup: [u8; 2],
}

/// What takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Asking for the device.
    Device,
    /// Reading the model's files.
    Model,
    /// First run: shaders are compiled and the known answer is checked.
    SelfTest,
    /// Decoding the image.
    Decode,
    /// Running the network.
    Segment,
    /// Encoding a file.
    Export,
}

/// What a person chose about the mask; the hand corrections apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Index of the class.
    pub class: u32,
    /// Threshold on the probability, 0.01 to 0.99.
    pub threshold: f32,
    /// What is cleaned up.
    pub cleaning: Cleaning,
}

/// How large the mask is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Pixels of the image at its own size.
    pub pixels: f64,
    /// Part of the image, 0 to 1.
    pub fraction: f64,
    /// Whether it was counted at the image's own size rather than on a reduced grid.
    pub exact: bool,
}

/// A file to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    /// `NAME_mask.png`: 8-bit grey, 0 or 255.
    Mask,
    /// `NAME_overlay.png`: the image with the mask over it.
    Overlay,
    /// `NAME_probability.png`: 16-bit grey.
    Probability,
}

/// Packs a message for `postMessage`.
///
/// # Errors
/// When the message cannot be written as JavaScript, which is a fault in this file.
pub fn pack<M: Serialize>(message: &M, payload: &JsValue) -> Result<JsValue, JsValue> {
    let object = js_sys::Object::new();
    let message = serde_wasm_bindgen::to_value(message)?;
    js_sys::Reflect::set(&object, &"message".into(), &message)?;
    js_sys::Reflect::set(&object, &"payload".into(), payload)?;
    Ok(object.into())
}

/// Unpacks a message that [`pack`] made.
///
/// # Errors
/// When it is something else.
pub fn unpack<M: for<'de> Deserialize<'de>>(value: &JsValue) -> Result<(M, JsValue), JsValue> {
    let message = js_sys::Reflect::get(value, &"message".into())?;
    let payload = js_sys::Reflect::get(value, &"payload".into())?;
    Ok((serde_wasm_bindgen::from_value(message)?, payload))
}
