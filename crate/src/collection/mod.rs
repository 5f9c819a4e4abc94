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
//!
//! And back: [`read_session`], [`read_annotations`] and [`ImageNames`], to go on with what was written here or elsewhere.

mod annotated;
mod coco;
mod coco_read;
mod coco_rle;
mod find;
mod gather;
mod item;
mod labelme_read;
mod left_out;
mod measurements;
mod nnunet;
mod outline;
mod places;
#[cfg(test)]
mod read_tests;
mod rle;
mod rle_read;
mod session;
mod session_read;
mod set_format;
mod table;

pub use annotated::read_annotations;
pub use find::ImageNames;
pub use gather::{Collection, Options};
pub use item::{Decision, Entry, Item, ModelInfo, Review};
pub use left_out::LeftOut;
pub use session_read::{SessionImage, is_session, read_session};
pub use set_format::SetFormat;
pub use table::{SETS, list, set_by_id};
