//! DICOM objects of a segmentation: a Segmentation that refers to its source picture, and a Secondary Capture for
//! sources that are no DICOM and for overlays.
//!
//! ```text
//! DICOM source ────────────────────────────▶ segmentation, probability_segmentation
//! other source ─ secondary_capture ─ bytes ─▶ the same, with these bytes as the source (`source`)
//! ```
//!
//! Whose picture it is comes from the source, as the standard asks (PS3.3, A.51): an archive files the segmentation
//! beside it. A Secondary Capture without a source names nobody.
//!
//! UIDs are made from what they stand for (SHA-256, under 2.25 as PS3.5, B.2 has it), so that the same segmentation
//! exported twice is one object and not two.

mod capture;
mod codes;
mod object;
mod segmentation;
mod source;

pub use capture::secondary_capture;
pub use segmentation::{probability_segmentation, segmentation};
pub(super) use source::source;
