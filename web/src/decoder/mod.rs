//! The decoder: a worker of its own for the formats that a first visit does not need, such as DICOM and HEIC.
//!
//! ```text
//!   engine ── Order, file ──▶ decoder ── Outcome, RGB pixels ──▶ engine
//! ```
//!
//! It is started by an engine that meets the first such file, and so costs nobody else a byte; the service worker keeps
//! it for use without a network like the rest. A file that ends it (by a fault of a decoder, or for lack of memory) ends
//! nothing else.

#[cfg(feature = "decoder")]
pub mod browser;

use delineo::imaging::Rendering;
use serde::{Deserialize, Serialize};

use crate::protocol::{DocumentId, ImageFacts};

/// What an engine asks of the decoder, with the file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Decode it.
    Decode {
        /// Whose file it is: the bytes of the last one are kept for the next frame or window.
        document: DocumentId,
        /// Which frame, and through which window.
        rendering: Rendering,
    },
}

/// What the decoder says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It can be asked.
    Listening,
    /// An image. The payload is an `ArrayBuffer` of three bytes a pixel, row by row.
    Decoded(Box<ImageFacts>),
    /// Why there is none, as a sentence.
    Refused(String),
}
