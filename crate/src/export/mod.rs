//! From a segmentation to files.
//!
//! Each format is a file and a line in the table, [`FORMATS`]; menus and the command line read that.
//!
//! ```text
//! Segmentation ─ ExportFormat::encode ─▶ bytes, named by ExportFormat::file_name
//! ```

#[cfg(feature = "rare-formats")]
pub mod dicom;
mod dicom_image;
mod dicom_overlay;
mod dicom_probability;
mod dicom_seg;
mod format;
mod labelme;
mod lines;
mod mask;
mod nifti;
mod origin;
mod overlay;
#[cfg(test)]
mod phantom_tests;
mod png;
mod probability;
mod report;
mod segmentation;
mod svg;
mod table;
mod yolo;

pub use self::png::png;
pub use format::ExportFormat;
pub use lines::Line;
pub use mask::{label_png, mask_png};
pub use origin::{Origin, SegmentationInfo, Site, Stamp};
pub use overlay::overlay_png;
pub use probability::probability_png;
pub use report::REPORT;
pub use segmentation::Segmentation;
pub use table::{FORMATS, by_id, list};
