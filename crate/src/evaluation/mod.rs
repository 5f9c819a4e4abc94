//! A model against a data set: figures an image and in all, calibration, and the worst cases to look at.
//!
//! Everything is measured at the image's own size on the mask as the app makes it at first: threshold, no cleaning, no
//! strokes. Only the authors' score is measured at the network's size, because theirs is.

mod calibrate;
#[cfg(feature = "cli")]
mod diagram;
mod lettering;
mod measure;
mod parts;
mod report;
mod sheet;

pub use calibrate::{Calibrated, calibrate};
#[cfg(feature = "cli")]
pub use diagram::reliability_diagram;
pub use measure::{Settings, evaluate, evaluate_normals};
pub use report::{Calibration, Case, NormalCase, Normals, Report, Summary};
pub use sheet::{ContactSheet, Tile};
