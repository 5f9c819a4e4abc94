//! ZIP archives: written entry after entry without going back, and read from ranges of bytes, one file at a time.
//!
//! The form is the work of the crate `rawzip`; here is what a page needs besides: paths that lead nowhere else, names that are
//! no Unicode, limits, and sentences.

mod bytes;
#[cfg(not(target_family = "wasm"))]
mod file;
mod name;
mod reader;
mod writer;

pub use bytes::Bytes;
#[cfg(not(target_family = "wasm"))]
pub use file::FileBytes;
pub use reader::{ZipFile, ZipReader};
pub use writer::ZipWriter;
