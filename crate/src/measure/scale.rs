//! How large an image's pixels are, and how that is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The size of one pixel in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spacing {
    /// Distance of two columns.
    pub x: f64,
    /// Distance of two rows.
    pub y: f64,
}

impl Spacing {
    /// Lengths in pixels: a pixel is one long and one high.
    pub const PIXEL: Self = Self { x: 1.0, y: 1.0 };

    /// Whether both are lengths that something can be measured with: finite and above 0.
    pub fn is_usable(self) -> bool {
        [self.x, self.y]
            .iter()
            .all(|side| side.is_finite() && *side > 0.0)
    }

    /// The distance of two points that are given in pixels.
    pub fn distance(self, from: [f64; 2], to: [f64; 2]) -> f64 {
        ((to[0] - from[0]) * self.x).hypot((to[1] - from[1]) * self.y)
    }
}

/// Where a scale came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleSource {
    /// DICOM Pixel Spacing (0028,0030), in the body.
    PixelSpacing,
    /// DICOM Imager Pixel Spacing (0018,1164), at the detector and so larger than in the body.
    ImagerPixelSpacing,
    /// DICOM Sequence of Ultrasound Regions (0018,6011).
    UltrasoundRegions,
    /// A person drew a line of known length.
    ByHand,
}

impl fmt::Display for ScaleSource {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::PixelSpacing => "pixel spacing of the file",
            Self::ImagerPixelSpacing => "pixel spacing at the detector",
            Self::UltrasoundRegions => "ultrasound region of the file",
            Self::ByHand => "set by hand",
        })
    }
}

/// A rectangle of whole pixels; the last column and row are `right - 1` and `bottom - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rect {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// One past the last column.
    pub right: u32,
    /// One past the last row.
    pub bottom: u32,
}

/// A part of the image with one spacing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaledRegion {
    /// Where it holds; everywhere where there is none.
    pub area: Option<Rect>,
    /// The spacing there.
    pub spacing: Spacing,
}

/// Millimetres per pixel, where they hold, and where they came from. An image without a known scale has none: no scale
/// is better than a wrong one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Where it came from.
    pub source: ScaleSource,
    /// The parts that have a spacing, one at least. Outside them nothing has a length.
    pub regions: Vec<ScaledRegion>,
}

impl Scale {
    /// One spacing everywhere.
    pub fn everywhere(spacing: Spacing, source: ScaleSource) -> Self {
        let region = ScaledRegion {
            area: None,
            spacing,
        };
        Self {
            source,
            regions: vec![region],
        }
    }

    /// The spacing that holds everywhere, if there is one.
    pub fn uniform(&self) -> Option<Spacing> {
        match self.regions.as_slice() {
            [only] if only.area.is_none() => Some(only.spacing),
            _ => None,
        }
    }

    /// The spacing of a rectangle that lies in one region as a whole; none where it does not.
    pub fn within(&self, part: Rect) -> Option<Spacing> {
        self.region(part).map(|region| region.spacing)
    }

    /// The region in which a rectangle lies as a whole.
    pub fn region(&self, part: Rect) -> Option<&ScaledRegion> {
        let holds = |region: &&ScaledRegion| {
            region.area.is_none_or(|area| {
                area.left <= part.left
                    && area.top <= part.top
                    && part.right <= area.right
                    && part.bottom <= area.bottom
            })
        };
        self.regions.iter().find(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_known_only_where_all_of_it_lies_in_one_region() {
        let area = |left, right| Rect {
            left,
            top: 0,
            right,
            bottom: 10,
        };
        let spacing = Spacing { x: 0.1, y: 0.2 };
        let scale = Scale {
            source: ScaleSource::UltrasoundRegions,
            regions: vec![ScaledRegion {
                area: Some(area(10, 20)),
                spacing,
            }],
        };
        assert_eq!(scale.within(area(10, 20)), Some(spacing));
        assert_eq!(scale.within(area(9, 20)), None);
        assert_eq!(scale.within(area(30, 40)), None);
        let everywhere = Scale::everywhere(spacing, ScaleSource::ByHand);
        assert_eq!(everywhere.within(area(0, 4000)), Some(spacing));
    }
}
