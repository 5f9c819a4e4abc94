//! From many segmentations to a data set: files for each image, and files about all of them.
//!
//! Each format of a data set is a file here and a line in the table, [`SETS`], as each format of one image is in
//! [`export`](crate::export). A [`Collection`] takes one image after the other and gives back what is to be written, so that
//! memory does not grow with the pixels that went through.
//!
//! ```text
//! Item ─ Collection::push ─▶ Entry (path, bytes) …  ─▶ a folder, or zip::ZipWriter
//!        Collection::finish ─▶ Entry …
//! ```

mod coco;
mod coco_rle;
mod gather;
mod item;
mod measurements;
mod nnunet;
mod places;
mod rle;
mod session;
mod set_format;
mod table;

pub use gather::{Collection, Options};
pub use item::{Decision, Entry, Item, ModelInfo, Review};
pub use set_format::SetFormat;
pub use table::{SETS, list, set_by_id};
