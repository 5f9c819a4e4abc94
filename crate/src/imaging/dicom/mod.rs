//! DICOM (PS3.3, PS3.5, PS3.10): recognised by every build, decoded with the feature `rare-formats`.
//!
//! ```text
//! bytes ─ elements ─ dataset ─┬─ header: size, frames, scale, refusals
//!                             └─ frames ─ codecs ─ grey or colour ─▶ RGB8 of one frame
//! ```
//!
//! dicom-rs reads the attributes and defines how codecs are plugged in. The pixels stay where they are in the file's
//! bytes, so that a file of a thousand frames costs the memory of one. Of what a data set says about people, nothing is
//! read: the elements that are needed are picked by their tags, and no other is looked into.

mod format;

#[cfg(feature = "rare-formats")]
mod attributes;
#[cfg(feature = "rare-formats")]
mod codecs;
#[cfg(feature = "rare-formats")]
mod colour;
#[cfg(feature = "rare-formats")]
mod dataset;
#[cfg(feature = "rare-formats")]
mod elements;
#[cfg(feature = "rare-formats")]
mod frames;
#[cfg(feature = "rare-formats")]
mod grey;
#[cfg(feature = "rare-formats")]
mod kinds;
#[cfg(feature = "rare-formats")]
mod layout;
#[cfg(feature = "rare-formats")]
mod pixels;
#[cfg(feature = "rare-formats")]
mod scale;
#[cfg(feature = "rare-formats")]
mod source;

use super::format::Reader;

pub(super) use format::FORMAT;
#[cfg(feature = "rare-formats")]
pub(crate) use source::{Source, source};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: format::matches,
    header: pixels::header,
    pixels: pixels::decode,
};

#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, format::matches);
