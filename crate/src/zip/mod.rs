//! ZIP archives: written entry after entry without going back, and read from ranges of bytes, one file at a time.
//!
//! The form is the work of the crate `rawzip`; here is what a page needs besides: paths that lead nowhere else, names that are
//! no Unicode, limits, and sentences.

mod bytes;
mod deflated;
#[cfg(not(target_family = "wasm"))]
mod file;
mod name;
mod paths;
mod reader;
mod writer;

pub use bytes::{Bytes, ReadAhead};
pub use deflated::Deflated;
#[cfg(not(target_family = "wasm"))]
pub use file::FileBytes;
pub use paths::{below, is_own_folder};
pub use reader::{Slice, ZipFile, ZipReader};
pub use writer::ZipWriter;
