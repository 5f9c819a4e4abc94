//! The messages between the page and an engine worker. Plain data: how they travel is [`crate::wire`]'s business.
//!
//! The protocol holds no session state. A request says all that it is about (document, model, settings) and has an id;
//! the engine answers every request exactly once, with [`Message::Answer`] or [`Message::Failed`] of that id, in the
//! order in which they were asked. What the engine keeps between requests (loaded models, open documents, their
//! probability maps) is a cache that the page fills, bounds and empties ([`Request::Close`]), and whose contents each
//! request names: when they do not fit, the request fails and nothing wrong is shown.
//!
//! The engine says [`Message::Listening`] once it can be asked; what was sent before that is lost.

use std::fmt;
use std::str::FromStr;

use delineo::collection::Review;
use delineo::export::Line;
use delineo::imaging::{Decoded, Rendering, Windowing};
pub use delineo::judgement::{Judgement, Kind};
use delineo::manifest::Manifest;
use delineo::mask::{Cleaning, Correction, Style, View};
use delineo::measure::{
    DepthMarks, Measurements, Outline, Proportions, ReportPage, Scale, Uncertainty,
};
use delineo::metrics::Comparison;
pub use delineo::modality::Modality;
pub use delineo::tta::Views;
use serde::{Deserialize, Serialize};

use crate::contents::Contents;

/// One request; its answer carries the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u32);

/// An open image with its edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId(pub u32);

/// A model, told apart from every other one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ModelKey {
    /// A folder under `models/` of this site.
    Published(String),
    /// A person's own weights: the SHA-256 of the file in lower-case hexadecimal, because names repeat.
    Own(String),
}

impl fmt::Display for ModelKey {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Published(id) => write!(out, "published/{id}"),
            Self::Own(digest) => write!(out, "own/{digest}"),
        }
    }
}

impl FromStr for ModelKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('/') {
            Some(("published", id)) => Ok(Self::Published(id.to_owned())),
            Some(("own", digest)) => Ok(Self::Own(digest.to_owned())),
            _ => Err(()),
        }
    }
}

/// What the page asks of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Take a device. Answered by [`Answer::Started`].
    Start {
        /// Which one.
        device: DeviceKind,
    },
    /// Load a model and check it against its known answer. The payload is the `Blob` of the weights for
    /// [`ModelKey::Own`], nothing otherwise. Answered by [`Answer::ModelLoaded`].
    LoadModel {
        /// The name to keep it under.
        model: ModelKey,
        /// What sentences about it call it: the file's name for a person's own.
        name: String,
        /// The text of a `model.json` that came with a person's own weights.
        manifest: Option<String>,
        /// Which of the networks in a person's own file, by its name; the one that is proposed where there is none.
        network: Option<String>,
    },
    /// Forget a model. Answered by [`Answer::Done`].
    UnloadModel {
        /// Which one.
        model: ModelKey,
    },
    /// Run a loaded model on an empty image of its own size. Answered by [`Answer::Timed`].
    TimeModel {
        /// Which one.
        model: ModelKey,
    },
    /// Decode the image in the payload (a `Blob`) and keep it beside those that are open; one that is open under this name
    /// is replaced, and stays when this fails. Answered by [`Answer::Opened`].
    Open {
        /// The name to keep it under.
        document: DocumentId,
        /// The file's name.
        name: String,
        /// Which of its frames, and through which window.
        rendering: Rendering,
        /// Whether a bitmap of it is sent, for the stage.
        with_picture: bool,
    },
    /// Run a loaded model on an open document. Answered by [`Answer::Segmented`].
    Segment(Segmentation),
    /// Copy probability maps that are here, so that they can be kept. Answered by [`Answer::MapsPacked`].
    PackMaps(Segmentation),
    /// Take the copy in the payload (a `Blob`) for these probability maps of an open document, without the model. Answered by
    /// [`Answer::MapsRestored`].
    RestoreMaps {
        /// Which maps.
        maps: Segmentation,
        /// SHA-256 of the weights that made them, hexadecimal: a copy of others is refused.
        sha256: String,
    },
    /// Replace the hand corrections of an open document. Answered by [`Answer::Done`].
    Edit {
        /// The document.
        document: DocumentId,
        /// Changes with every change of the corrections.
        version: u64,
        /// All that count, oldest first.
        corrections: Vec<Correction>,
    },
    /// Draw the overlay for what is visible. Answered by [`Answer::Painted`].
    Paint {
        /// The mask.
        mask: MaskSpec,
        /// What of it is visible, and how.
        frame: Frame,
    },
    /// Draw a thumbnail with the mask's contour and say what a list says of the mask. Answered by [`Answer::Summarised`].
    Summarise {
        /// The mask.
        mask: MaskSpec,
        /// The thumbnail's longer side in pixels, at most.
        side: u32,
        /// The contour's colour.
        colour: [u8; 3],
    },
    /// Measure the mask at the image's own size, however long that takes. Answered by [`Answer::Measured`].
    Measure(MeasureSpec),
    /// Take the mask in the payload (a `Blob`) as the truth about an open document, or as a part of it. Answered by
    /// [`Answer::Done`].
    AttachTruth {
        /// The document.
        document: DocumentId,
        /// The file's number, which no document and no other file has.
        file: DocumentId,
        /// The file's name.
        name: String,
        /// How many of the document's files were attached before it: the first replaces what was there, each other one adds
        /// to it.
        place: u32,
    },
    /// Say what is in the payload (a `Blob`), an archive or annotations. Answered by [`Answer::Unpacked`].
    Unpack {
        /// Its folders and its name.
        path: String,
    },
    /// Encode a file. Answered by [`Answer::Exported`].
    Export {
        /// The mask.
        mask: MaskSpec,
        /// The id of one of `delineo::export::FORMATS`.
        format: String,
        /// How the mask looks, where the format draws it.
        style: Style,
        /// What is drawn over the image besides, where the format draws it.
        lines: Vec<Line>,
        /// The scale, for the formats that say it.
        scale: Option<Scale>,
        /// What was measured, for the format that says so.
        report: Option<Box<ReportPage>>,
    },
    /// Make a data set of many documents, step by step. Answered by [`Answer::Gathered`].
    Gather(GatherStep),
    /// Make a synthetic image. Answered by [`Answer::SampleMade`].
    MakeSample {
        /// Which kind.
        modality: Modality,
        /// The same seed makes the same image.
        seed: u32,
    },
    /// Run a loaded model alone on the payload, a `Float32Array` `[batch, channels, height, width]` that is already
    /// normalised. The page never asks this; tests and benches compare the engine with other implementations by it.
    /// Answered by [`Answer::Logits`].
    Logits {
        /// Which model.
        model: ModelKey,
        /// `[batch, channels, height, width]`.
        shape: [usize; 4],
    },
    /// Close a document and free its memory; one that is not open is closed. Answered by [`Answer::Done`].
    Close {
        /// Which one.
        document: DocumentId,
    },
}

/// A step towards a data set. Each is answered by [`Answer::Gathered`] with the bytes that follow those of the step before, so
/// that neither side holds them: the page makes them part of a `Blob` or writes them to a file, or to several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum GatherStep {
    /// Begin a data set, in the place of one that was begun before.
    Begin {
        /// How it is written.
        packing: Packing,
        /// The ids of `delineo::export::FORMATS`: the files of each document.
        formats: Vec<String>,
        /// The ids of `delineo::collection::SETS`: the files about all of them.
        sets: Vec<String>,
    },
    /// Add an open document. The payload is the `Blob` of its file, as in [`Request::Export`].
    Add(Box<GatheredDocument>),
    /// Note an image that failed.
    Fail {
        /// Its path.
        path: String,
        /// Why, as a sentence.
        why: String,
    },
    /// Write what is about all documents, and end the archive.
    Finish,
}

/// How a data set is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packing {
    /// As one ZIP archive.
    #[default]
    Archive,
    /// Each file by itself.
    Files,
}

/// A file of a data set that is no archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatheredFile {
    /// Its folders and its name, separated by `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// A document on its way into a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatheredDocument {
    /// Its folders and its file's name, separated by `/`.
    pub path: String,
    /// The mask.
    pub mask: MaskSpec,
    /// How it looks, where a format draws it.
    pub style: Style,
    /// What is drawn over the image besides, where a format draws it.
    pub lines: Vec<Line>,
    /// The scale, where it is known.
    pub scale: Option<Scale>,
    /// What the person decided.
    pub review: Review,
}

/// What an engine tells the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    /// The worker runs and listens.
    Listening,
    /// Something that takes a while began or went on.
    Progress {
        /// The request that takes it.
        id: RequestId,
        /// What is going on.
        task: Task,
        /// From 0 to 1 where that is known.
        fraction: Option<f32>,
    },
    /// A request was met.
    Answer {
        /// Which one.
        id: RequestId,
        /// The result.
        answer: Box<Answer>,
    },
    /// A request could not be met. The engine goes on as before.
    Failed {
        /// Which one.
        id: RequestId,
        /// One plain sentence.
        message: String,
    },
    /// The engine cannot go on and wants to be replaced: a panic or a lost device.
    Fatal {
        /// What happened, for the diagnostics.
        message: String,
        /// What the GPU did if it is to blame, so that the CPU serves from now on and the person is told why.
        gpu_fault: Option<String>,
    },
}

/// What came of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The device is there.
    Started(DeviceReport),
    /// The model is on the device and gave its known answer.
    ModelLoaded {
        /// What `model.json` says, or what was inferred.
        manifest: Box<Manifest>,
        /// How many parameters it has.
        parameters: u32,
        /// The networks in the file.
        networks: Networks,
    },
    /// Median of a few runs of a whole segmentation at the model's own size, warm.
    Timed {
        /// In milliseconds.
        milliseconds: f64,
    },
    /// The image is decoded. The payload is an `ImageBitmap` of it where that was asked for, reduced where it is larger than
    /// a canvas may be.
    Opened(Box<ImageFacts>),
    /// The probability maps are there.
    Segmented {
        /// What the network took, in milliseconds.
        milliseconds: f64,
    },
    /// The probability maps are copied. The payload is an `ArrayBuffer`, see [`delineo::MapCopy`].
    MapsPacked,
    /// The probability maps of a copy are there.
    MapsRestored {
        /// What the model that made them says of itself.
        manifest: Box<Manifest>,
    },
    /// The overlay. The payload is an `ImageBitmap` of the bounds' size.
    Painted {
        /// Left, top, width and height on the canvas of [`Frame`], in its pixels. The width is 0 where nothing of the mask is
        /// visible, and then there is no payload.
        bounds: [u32; 4],
        /// How large the whole mask is, as exactly as it is known at no cost.
        area: Area,
    },
    /// What a list says of the mask. The payload is an `ImageBitmap`, the thumbnail.
    Summarised(Summary),
    /// The mask was measured.
    Measured(Box<Measured>),
    /// What is in a file. The payload is an `ArrayBuffer` of the masks that were made of annotations, also where there are none.
    Unpacked(Box<Contents>),
    /// The file is encoded. The payload is an `ArrayBuffer`.
    Exported {
        /// The name to save it under.
        file_name: String,
        /// Its media type.
        media_type: String,
    },
    /// The step was taken. The payload is an `ArrayBuffer` of the next bytes, also where there are none.
    Gathered {
        /// How many those are.
        bytes: u64,
        /// The files in it, one behind the other; none of an archive, which they go on with.
        files: Vec<GatheredFile>,
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
    /// There is nothing to say but that it is done.
    Done,
}

/// What is known of a decoded image besides its pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Its own width in pixels, after orientation.
    pub width: u32,
    /// Its own height in pixels, after orientation.
    pub height: u32,
    /// The name of its format.
    pub format: String,
    /// What it looks like more, of those that there are models for: the choice of a model follows it.
    pub modality: Modality,
    /// Whether it is of a kind that models were made for.
    #[serde(default)]
    pub judgement: Judgement,
    /// What was changed while it was read, as sentences, such as a reduction to 8 bits.
    pub remarks: Vec<String>,
    /// How many pictures in time the file holds.
    pub frames: u32,
    /// Milliseconds from one frame to the next, where the file tells.
    pub frame_time: Option<f64>,
    /// The window that was used, where the file has more than 8 bits a value.
    pub windowing: Option<Windowing>,
    /// Millimetres per pixel, where the file tells.
    pub scale: Option<Scale>,
    /// Depth marks printed in an ultrasound picture whose scale the file does not tell.
    #[serde(default)]
    pub depth_marks: Option<DepthMarks>,
    /// Height of a pixel over its width.
    pub pixel_aspect: f64,
}

impl From<&Decoded> for ImageFacts {
    fn from(decoded: &Decoded) -> Self {
        let modality = Modality::of(&decoded.image);
        Self {
            width: decoded.image.width(),
            height: decoded.image.height(),
            format: decoded.format.to_owned(),
            modality,
            judgement: Judgement::of(&decoded.image),
            remarks: decoded.remarks.clone(),
            frames: decoded.frames,
            frame_time: decoded.frame_time,
            windowing: decoded.windowing.clone(),
            scale: decoded.scale.clone(),
            depth_marks: decoded.depth_marks(modality),
            pixel_aspect: decoded.pixel_aspect,
        }
    }
}

/// The networks in a file of weights, and what was made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Networks {
    /// Name and label of each, the proposed one first; none or one where there is nothing to choose.
    pub all: Vec<(String, String)>,
    /// The name of the one that runs.
    pub chosen: Option<String>,
    /// Sentences on what was left out or taken for granted.
    pub remarks: Vec<String>,
}

/// Which probability maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segmentation {
    /// Of this document.
    pub document: DocumentId,
    /// Of this frame, through this window.
    pub rendering: Rendering,
    /// By this model.
    pub model: ModelKey,
    /// As a mean over these flipped and turned views; of the image alone where there are none.
    pub views: Option<Views>,
    /// SHA-256 of the weights of the model, where the maps were kept and the model, as it is now, is not what makes maps for
    /// this document; nothing for maps as the model makes them now.
    pub weights: Option<String>,
}

/// All that a mask depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskSpec {
    /// The probability maps.
    pub segmentation: Segmentation,
    /// Class, threshold, cleaning.
    pub settings: Settings,
    /// The version of the hand corrections, as [`Request::Edit`] brought them; 0 for none.
    pub edits: u64,
    /// Where the true mask takes the place of the model's under the corrections: from how many files it was made, see
    /// [`Request::AttachTruth`]; 0 for the model's.
    pub truths: u32,
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

/// What of an overlay is visible.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Width of the visible canvas in device pixels.
    pub width: u32,
    /// Height of the visible canvas in device pixels.
    pub height: u32,
    /// Which part of the image it shows.
    pub view: View,
    /// How the mask looks.
    pub style: Style,
    /// Whether the band in which the border may be is drawn in the place of the tint.
    pub band: bool,
    /// With how many files of true masks it is compared: then the difference is drawn and not the mask; 0 for none.
    pub truths: u32,
    /// In the place of the difference: up to which part of the image's width, 0 to 1, the mask alone is drawn, and behind it
    /// the truth alone.
    pub wipe: Option<f32>,
}

/// Colours of the difference of a mask from the truth, told apart by most kinds of colour vision (Okabe and Ito): what
/// both have, what the mask lacks, what it has too much.
pub const DIFFERENCE_COLOURS: [[u8; 3]; 3] = [[0, 158, 115], [213, 94, 0], [240, 228, 66]];

/// How large a mask is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Pixels of the image at its own size.
    pub pixels: f64,
    /// Part of the image, 0 to 1.
    pub fraction: f64,
    /// Whether it was counted at the image's own size rather than on a reduced grid.
    pub exact: bool,
}

/// What the list of documents says of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How large it is.
    pub area: Area,
    /// Of the model's mask, before corrections by hand, the [expected IoU](delineo::mask::ProbabilityMap::expected_iou) with the
    /// truth, 0 to 1; of an empty one one minus the highest probability.
    pub confidence: f32,
}

/// All that measurements depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureSpec {
    /// The mask.
    pub mask: MaskSpec,
    /// Millimetres per pixel, by the file or by hand.
    pub scale: Option<Scale>,
    /// With how many files of true masks it is compared, see [`Request::AttachTruth`]; 0 for no comparison.
    pub truths: u32,
}

/// What was measured of a mask at the image's own size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How large it is, counted.
    pub area: Area,
    /// Its geometry; of many lesions the largest ones.
    pub measurements: Measurements,
    /// How far the figures of the mask as a whole may be off, unless it is empty.
    pub uncertainty: Option<Uncertainty>,
    /// Of an ultrasound image.
    pub proportions: Option<Proportions>,
    /// Of a dermoscopy image.
    pub outline: Option<Outline>,
    /// With the truth, where that is attached.
    pub comparison: Option<Comparison>,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// The GPU, through WebGPU. Starting fails where there is none that works.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The device of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Its kind.
    pub kind: DeviceKind,
    /// Its name, as far as the browser tells.
    pub name: String,
}

/// What takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Asking for the device.
    Device,
    /// Reading the model's files.
    Model,
    /// The first run of a model, which is compared with its known answer.
    SelfTest,
    /// Decoding the image.
    Decode,
    /// Running the network.
    Segment,
    /// Encoding a file.
    Export,
    /// Reading what is in an archive or in annotations.
    Unpack,
    /// Making a sample.
    Sample,
}
