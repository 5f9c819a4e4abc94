//! The geometry of a mask, in pixels and, where the image has a scale, in millimetres.

mod scale;

pub use scale::{Rect, Scale, ScaleSource, ScaledRegion, Spacing};
