//! The figures of one shape in one unit.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::hull::{self, Hull, Point};
use super::outline::{Segments, Sums};
use super::scale::Spacing;
use crate::mask::Run;

/// A straight line on the image, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diameter {
    /// One end in image pixels: x to the right, y down, the top left pixel's centre at (0.5, 0.5).
    pub from: [f64; 2],
    /// The other end.
    pub to: [f64; 2],
    /// Its length, in pixels or millimetres as the figures that it belongs to.
    pub length: f64,
    /// Whether a person drew it. Else it was computed.
    pub by_hand: bool,
}

impl Diameter {
    fn computed([from, to]: [Point; 2], spacing: Spacing) -> Self {
        Self {
            from,
            to,
            length: spacing.distance(from, to),
            by_hand: false,
        }
    }

    /// A line that a person drew, its ends in image pixels, where a pixel measures `spacing` ([`Spacing::PIXEL`] for a
    /// length in pixels).
    pub fn by_hand(from: [f64; 2], to: [f64; 2], spacing: Spacing) -> Self {
        Self {
            by_hand: true,
            ..Self::computed([from, to], spacing)
        }
    }
}

/// The ellipse of the same second moments as the pixel centres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ellipse {
    /// Length of the major axis: 4 times the root of the larger eigenvalue of the covariance of the pixel centres
    /// (scikit-image's `axis_major_length`, without the 1/12 that a pixel has itself).
    pub major: f64,
    /// Length of the minor axis, likewise.
    pub minor: f64,
    /// Angle in degrees, above -90 and at most 90, from the image's rows to the major axis, clockwise as seen on the
    /// screen (from x to y). 0 where the axes are equal.
    pub orientation: f64,
    /// `sqrt(1 - (minor / major)²)`: 0 for a circle. None for a single pixel.
    pub eccentricity: Option<f64>,
}

impl Ellipse {
    fn new([xx, xy, yy]: [f64; 3], spacing: Spacing) -> Self {
        let (xx, yy) = (xx * spacing.x * spacing.x, yy * spacing.y * spacing.y);
        let xy = xy * spacing.x * spacing.y;
        let middle = f64::midpoint(xx, yy);
        let half = ((xx - yy) / 2.0).hypot(xy);
        let (large, small) = (middle + half, (middle - half).max(0.0));
        let angle = if half > 0.0 {
            (2.0 * xy).atan2(xx - yy).to_degrees() / 2.0
        } else {
            0.0
        };
        Self {
            major: 4.0 * large.sqrt(),
            minor: 4.0 * small.sqrt(),
            orientation: angle,
            eccentricity: (large > 0.0).then(|| (1.0 - small / large).sqrt()),
        }
    }
}

/// What is measured of a shape, in pixels or in millimetres.
///
/// Millimetres are not pixels times a factor: where columns and rows differ in distance, every corner is brought to
/// millimetres first and measured there, so the ends of the diameters and the axes of the ellipse may be others than
/// in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Pixels times the area of a pixel.
    pub area: f64,
    /// Length of the polygons of the 0.5 iso-line through the pixel centres, holes included (scikit-image's
    /// `find_contours` on the mask padded by one black pixel). The polygon's steps make it some percent longer than a
    /// smooth outline (a disc: 6 %).
    pub perimeter: f64,
    /// Length of the polygon around the convex hull of all pixel corners.
    pub hull_perimeter: f64,
    /// The longest line between two corners of pixels, the largest Feret (caliper) diameter. Where several tie, the
    /// first from the top.
    pub longest: Diameter,
    /// The longest chord, at right angles to `longest`, of the convex hull of all pixel corners.
    pub perpendicular: Diameter,
    /// The least distance of two parallel lines with all pixels between them, the smallest Feret (caliper) diameter.
    pub feret_min: f64,
    /// Diameter of the circle of the same area, `sqrt(4 area / pi)`.
    pub equivalent_diameter: f64,
    /// Width of the bounding box.
    pub width: f64,
    /// Height of the bounding box.
    pub height: f64,
    /// The ellipse of the same moments.
    pub ellipse: Ellipse,
    /// Pixels over the pixels of the convex hull (scikit-image's `solidity`): 1 without bays or holes. It has no unit and
    /// is the same in pixels and in millimetres.
    pub solidity: f64,
    /// `4 pi area / perimeter²`, not cut off at 1: 0.89 for a disc of pixels, less for all else.
    pub circularity: f64,
}

/// What does not depend on the spacing, from which figures in any unit follow.
pub(super) struct Geometry {
    pub sums: Sums,
    segments: Segments,
    corners: Vec<Point>,
    hull_pixels: u64,
    width: u32,
    height: u32,
}

impl Geometry {
    /// Of runs in raster order in a box of this width and height.
    pub fn new(runs: &[Run], width: u32, height: u32) -> Self {
        Self {
            sums: Sums::of(runs),
            segments: Segments::of(runs),
            corners: Hull::of_corners(runs).corners(),
            hull_pixels: Hull::pixels(runs),
            width,
            height,
        }
    }

    /// The figures where a pixel measures `spacing`; none without pixels.
    pub fn figures(&self, spacing: Spacing) -> Option<Figures> {
        let longest = hull::farthest(&self.corners, spacing)?;
        let perpendicular = hull::longest_chord(&self.corners, longest, spacing)?;
        let area = self.sums.count as f64 * (spacing.x * spacing.y);
        let perimeter = self.segments.length(spacing.x, spacing.y);
        Some(Figures {
            area,
            perimeter,
            hull_perimeter: hull::around(&self.corners, spacing),
            longest: Diameter::computed(longest, spacing),
            perpendicular: Diameter::computed(perpendicular, spacing),
            feret_min: hull::least_width(&self.corners, spacing),
            equivalent_diameter: (4.0 * area / PI).sqrt(),
            width: f64::from(self.width) * spacing.x,
            height: f64::from(self.height) * spacing.y,
            ellipse: Ellipse::new(self.sums.covariance(), spacing),
            solidity: self.sums.count as f64 / self.hull_pixels as f64,
            circularity: 4.0 * PI * area / (perimeter * perimeter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_angle_of_an_ellipse_is_taken_from_the_rows_downwards() {
        let at = |covariance| Ellipse::new(covariance, Spacing::PIXEL).orientation;
        assert_eq!(at([4.0, 0.0, 1.0]), 0.0);
        assert_eq!(at([1.0, 0.0, 4.0]), 90.0);
        assert_eq!(at([1.0, 0.5, 1.0]), 45.0);
        assert_eq!(at([1.0, -0.5, 1.0]), -45.0);
        assert_eq!(at([1.0, 0.0, 1.0]), 0.0);
    }
}
