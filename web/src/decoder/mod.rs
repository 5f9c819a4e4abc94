//! The decoder: a worker of its own for what a first visit does not need: files that are neither PNG nor ordinary JPEG, or in
//! other colours than those of sRGB. It reads them, it writes DICOM, and it says what is in archives and annotations.
//!
//! ```text
//!   engine ── Order, file ──▶ decoder ── Outcome, pixels or a file ──▶ engine
//! ```
//!
//! It is started by an engine that meets the first such file, and so costs nobody else a byte; the service worker keeps
//! it for use without a network like the rest. A file that ends it (by a fault of a decoder, or for lack of memory) ends
//! nothing else.

#[cfg(feature = "decoder")]
mod bitmap;
#[cfg(feature = "decoder")]
pub mod browser;
pub mod contents;

use delineo::export::{Line, SegmentationInfo};
use delineo::imaging::Rendering;
use delineo::mask::{Cleaning, Correction, Style};
use serde::{Deserialize, Serialize};

use crate::contents::Contents;
use crate::protocol::{DocumentId, ImageFacts};

/// What an engine asks of the decoder, with the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Decode it.
    Decode {
        /// Whose file it is: the bytes of the last one are kept for the next frame or window.
        document: DocumentId,
        /// Which frame, and through which window.
        rendering: Rendering,
    },
    /// Encode an export whose format the engine does not write. With the file comes a `Float32Array` of the probability
    /// map.
    Encode(Box<EncodeOrder>),
    /// Say what is in it: an archive, or annotations.
    Unpack {
        /// Its folders and its name.
        path: String,
    },
}

/// All that an export is made from, besides the file and the probability map: the decoder makes the mask as the engine
/// does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncodeOrder {
    /// Whose file it is.
    pub document: DocumentId,
    /// Which frame, and through which window.
    pub rendering: Rendering,
    /// Width and height of the map.
    pub map: (usize, usize),
    /// The id of one of `delineo::export::FORMATS`.
    pub format: String,
    /// Threshold on the probability.
    pub threshold: f32,
    /// Cleaning after it.
    pub cleaning: Cleaning,
    /// Corrections by hand, oldest first.
    pub corrections: Vec<Correction>,
    /// How the mask looks, where the format draws it.
    pub style: Style,
    /// Lines that are drawn over it.
    pub lines: Vec<Line>,
    /// What the export says of itself.
    pub info: SegmentationInfo,
}

/// What the decoder says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It can be asked.
    Listening,
    /// An image. The payload is an `ArrayBuffer` of three bytes a pixel, row by row.
    Decoded(Box<ImageFacts>),
    /// A file. The payload is an `ArrayBuffer`.
    Encoded,
    /// What is in a file. The payload is an `ArrayBuffer` of the masks that were made of it.
    Unpacked(Box<Contents>),
    /// Why there is none, as a sentence.
    Refused(String),
}
