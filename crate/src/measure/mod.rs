//! The geometry of a mask, in pixels and, where the image has a scale, in millimetres.
//!
//! ```text
//! Mask ─ Measurements::of ─▶ Shape (the whole, each lesion) ─ columns ─▶ page, JSON, CSV, Parquet
//!   │                          ├─▶ Proportions (ultrasound), Outline (dermoscopy), Uncertainty
//!   └─ runs ─▶ sums, segments, hull: whole numbers; the spacing comes in afterwards
//! ```
//!
//! The page and the command line show the figures of the same functions, so they agree to the last digit.

mod columns;
mod depth_marks;
mod dermoscopy;
mod figures;
mod hull;
mod measurements;
mod outline;
mod page;
mod record;
mod report;
mod scale;
mod table;
#[cfg(test)]
mod tests;
mod ultrasound;
mod uncertainty;

pub use columns::{Column, columns, places, text};
pub use depth_marks::{DepthMarks, Side, propose as propose_depth_marks};
pub use dermoscopy::Outline;
pub use figures::{Diameter, Ellipse, Figures};
pub use measurements::{Axis, Measurements, Shape};
pub use page::ReportPage;
pub use record::Record;
pub use report::{Entry, RESEARCH_USE, Report, decimals};
pub use scale::{Rect, Scale, ScaleSource, ScaledRegion, Spacing};
pub use table::{Cell, Table, csv_row};
pub use ultrasound::Proportions;
pub use uncertainty::{Extent, Interval, Uncertainty};
