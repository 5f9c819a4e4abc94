//! The figures by name: the columns of tables and the keys of JSON, the same everywhere.

use super::figures::Figures;
use super::measurements::Measurements;
use super::measurements::Shape;
use super::uncertainty::{Extent, Interval, Uncertainty};

/// A named figure; none where it is not defined, as every length of an empty mask, or has no scale.
pub type Column = (&'static str, Option<f64>);

/// The figures of a mask, in a fixed order. Names end in their unit; those without one (eccentricity, orientation,
/// solidity, circularity) are of the true geometry: in mm where there is a scale.
///
/// The figures are those of `shape`, mostly [`Measurements::whole`]. `uncertainty` fills the columns that end in `_low`
/// and `_high`.
pub fn columns(
    measurements: &Measurements,
    shape: Option<&Shape>,
    uncertainty: Option<&Uncertainty>,
) -> Vec<Column> {
    let px = shape.map(|shape| &shape.px);
    let mm = shape.and_then(|shape| shape.mm.as_ref());
    let spacing = shape.and_then(|shape| shape.spacing);
    // An empty mask has an area and a perimeter: none.
    let sums = |figure: fn(&Figures) -> f64| Some(px.map_or(0.0, figure));
    let scaled = |figure: fn(&Figures) -> f64| mm.map(figure);
    let of = |figure: fn(&Figures) -> f64| px.map(figure);
    let shaped = |figure: fn(&Figures) -> f64| shape.map(|shape| figure(shape.figures()));
    let extent_px = uncertainty.map(|found| found.px);
    let extent_mm = uncertainty.and_then(|found| found.mm);
    let area = |extent: Option<Extent>| extent.map(|extent| extent.area);
    let longest = |extent: Option<Extent>| extent.and_then(|extent| extent.longest);
    let low = |interval: Option<Interval>| interval.map(|interval| interval.low);
    let high = |interval: Option<Interval>| interval.map(|interval| interval.high);
    vec![
        ("regions", Some(measurements.regions as f64)),
        ("area_px", sums(|f| f.area)),
        ("perimeter_px", sums(|f| f.perimeter)),
        ("longest_diameter_px", of(|f| f.longest.length)),
        ("perpendicular_diameter_px", of(|f| f.perpendicular.length)),
        ("feret_min_px", of(|f| f.feret_min)),
        ("equivalent_diameter_px", of(|f| f.equivalent_diameter)),
        ("width_px", of(|f| f.width)),
        ("height_px", of(|f| f.height)),
        ("major_axis_px", of(|f| f.ellipse.major)),
        ("minor_axis_px", of(|f| f.ellipse.minor)),
        (
            "eccentricity",
            shape.and_then(|shape| shape.figures().ellipse.eccentricity),
        ),
        ("orientation_degrees", shaped(|f| f.ellipse.orientation)),
        ("solidity", shaped(|f| f.solidity)),
        ("circularity", shaped(|f| f.circularity)),
        ("spacing_x_mm", spacing.map(|spacing| spacing.x)),
        ("spacing_y_mm", spacing.map(|spacing| spacing.y)),
        ("area_mm2", scaled(|f| f.area)),
        ("perimeter_mm", scaled(|f| f.perimeter)),
        ("longest_diameter_mm", scaled(|f| f.longest.length)),
        (
            "perpendicular_diameter_mm",
            scaled(|f| f.perpendicular.length),
        ),
        ("feret_min_mm", scaled(|f| f.feret_min)),
        ("equivalent_diameter_mm", scaled(|f| f.equivalent_diameter)),
        ("width_mm", scaled(|f| f.width)),
        ("height_mm", scaled(|f| f.height)),
        ("major_axis_mm", scaled(|f| f.ellipse.major)),
        ("minor_axis_mm", scaled(|f| f.ellipse.minor)),
        ("area_px_low", low(area(extent_px))),
        ("area_px_high", high(area(extent_px))),
        ("longest_diameter_px_low", low(longest(extent_px))),
        ("longest_diameter_px_high", high(longest(extent_px))),
        ("area_mm2_low", low(area(extent_mm))),
        ("area_mm2_high", high(area(extent_mm))),
        ("longest_diameter_mm_low", low(longest(extent_mm))),
        ("longest_diameter_mm_high", high(longest(extent_mm))),
    ]
}

/// Where a shape lies and its diameters end, in image pixels, the top left pixel's centre at (0.5, 0.5).
pub fn places(shape: Option<&Shape>) -> Vec<Column> {
    let place = |at: fn(&Shape) -> f64| shape.map(at);
    vec![
        ("left_px", place(|s| f64::from(s.bounds.left))),
        ("top_px", place(|s| f64::from(s.bounds.top))),
        ("centroid_x_px", place(|s| s.centroid[0])),
        ("centroid_y_px", place(|s| s.centroid[1])),
        ("longest_from_x_px", place(|s| s.figures().longest.from[0])),
        ("longest_from_y_px", place(|s| s.figures().longest.from[1])),
        ("longest_to_x_px", place(|s| s.figures().longest.to[0])),
        ("longest_to_y_px", place(|s| s.figures().longest.to[1])),
        (
            "perpendicular_from_x_px",
            place(|s| s.figures().perpendicular.from[0]),
        ),
        (
            "perpendicular_from_y_px",
            place(|s| s.figures().perpendicular.from[1]),
        ),
        (
            "perpendicular_to_x_px",
            place(|s| s.figures().perpendicular.to[0]),
        ),
        (
            "perpendicular_to_y_px",
            place(|s| s.figures().perpendicular.to[1]),
        ),
    ]
}

/// A figure for files: a full stop, no separators, as many digits as tell it from its neighbours; nothing for none.
pub fn text(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
