//! Figures that ultrasound adds: how deep a lesion lies, and whether it is taller than wide.

use serde::{Deserialize, Serialize};

use super::measurements::Shape;

/// Depth and proportions of a lesion in an image whose rows run parallel to the skin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proportions {
    /// From the skin to the lesion's nearest pixel edge, in pixels.
    pub depth_px: f64,
    /// The same in mm.
    pub depth_mm: Option<f64>,
    /// Height over width of the bounding box, in mm where there is a scale. Above 1 the lesion is taller than wide, the
    /// "not parallel" orientation of the BI-RADS lexicon for ultrasound (5th edition, 2013).
    pub height_to_width: f64,
}

impl Proportions {
    /// For a lesion in an image whose skin line is the upper edge of the row `skin`: 0, or the top of the ultrasound
    /// region. A lesion above it has a depth of 0.
    pub fn of(lesion: &Shape, skin: u32) -> Self {
        let depth = f64::from(lesion.bounds.top.saturating_sub(skin));
        let figures = lesion.figures();
        Self {
            depth_px: depth,
            depth_mm: lesion.spacing.map(|spacing| depth * spacing.y),
            height_to_width: figures.height / figures.width,
        }
    }

    /// Whether the lesion is higher than it is wide.
    pub fn taller_than_wide(&self) -> bool {
        self.height_to_width > 1.0
    }
}
