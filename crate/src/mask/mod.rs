//! From probabilities to a mask that a person can trust: threshold, cleaning, corrections.
//!
//! ```text
//! ProbabilityMap ─ resample to the image ─ ≥ threshold ─ Cleaning ─ Strokes ─▶ Mask
//! ```
//!
//! [`Mask::make`] follows this exactly at the image's own size. [`Preview`] follows it for what is visible on the
//! screen, within a frame, through the same resampling and rasterising code, so that the two agree.

mod analysis;
mod binary;
mod cleaning;
mod contour;
mod grid;
mod look;
mod map;
mod picture;
mod preview;
mod region_polygon;
mod runs;
mod sampler;
mod stroke;

pub use binary::Mask;
pub use cleaning::Cleaning;
pub(crate) use cleaning::{Regions, Run};
pub(crate) use contour::{Closed, Contour};
pub(crate) use grid::Grid;
pub(crate) use look::Palette;
pub use look::Style;
pub use map::ProbabilityMap;
pub use preview::{Bounds, Preview, View};
pub use region_polygon::{RegionPolygon, Ring};
pub(crate) use sampler::Sampler;
pub use stroke::{Stroke, StrokeKind};
