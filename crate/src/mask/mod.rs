//! From probabilities to a mask that a person can trust: threshold, cleaning, corrections.
//!
//! ```text
//! ProbabilityMap ─ resample to the image ─ ≥ threshold ─ Cleaning ─ Corrections ─▶ Mask
//! ```
//!
//! [`Mask::make`] follows this exactly at the image's own size. [`Preview`] follows it for what is visible on the
//! screen, within a frame, through the same resampling and rasterising code, so that the two agree.

mod analysis;
mod band;
mod binary;
mod cleaning;
mod confidence;
mod contour;
mod correction;
mod grid;
mod lasso;
mod look;
mod map;
mod picture;
mod preview;
mod region;
mod region_polygon;
mod rules;
mod runs;
mod sampler;
mod stroke;
mod thresholds;

pub use band::{INNER, OUTER, border_in_band};
pub use binary::Mask;
pub use cleaning::Cleaning;
pub(crate) use cleaning::{Regions, Run};
pub use confidence::Confidence;
pub(crate) use contour::{Closed, Contour};
pub use correction::Correction;
pub(crate) use grid::Grid;
pub use lasso::Lasso;
pub(crate) use look::Palette;
pub use look::Style;
pub use map::ProbabilityMap;
pub use preview::{Bounds, Painting, Preview, View};
pub use region::Place;
pub use region_polygon::{RegionPolygon, Ring};
pub(crate) use sampler::Sampler;
pub use stroke::{Stroke, StrokeKind};
pub use thresholds::ThresholdBox;
