//! What is in an archive, or in a file that says something of images, as the decoder tells it to the page. Nothing of it is
//! unpacked: what is in an archive stays there and is told by its place, so that thousands of files cost nothing.

use delineo::collection::Review;
use delineo::intake::Kind;
use delineo::mask::Cleaning;
use serde::{Deserialize, Serialize};

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// Files of an archive, by their paths below its name.
    pub members: Vec<Member>,
    /// What it says of images.
    pub described: Vec<Described>,
    /// Why files of it cannot be opened: sentences, of many only the first.
    pub refused: Vec<String>,
    /// How many more there are.
    pub more_refused: usize,
}

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The archive's name as a folder, folders and name.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes, unpacked.
    pub size: u64,
    /// CRC-32 of its content.
    pub crc: u32,
    /// Where it is.
    pub part: Part,
}

/// A part of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its first byte.
    pub start: u64,
    /// The byte behind its last.
    pub end: u64,
    /// What its blob is to be typed as, see [`crate::packed`]; empty where it is a file as it is.
    pub media_type: String,
}

/// What a file says of an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// The image's path, as far as it is known.
    pub image: String,
    /// Its true mask, a PNG: a part of the archive, else of what came with the answer.
    pub mask: Option<Part>,
    /// Whether corrections are to go on from the true mask.
    pub is_start: bool,
    /// Threshold and cleaning.
    pub settings: Option<(f32, Cleaning)>,
    /// What a person decided.
    pub review: Review,
}
