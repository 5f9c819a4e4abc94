//! The border of the mask as an SVG, to be drawn over the image at any size.

use std::fmt::Write;

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::{RegionPolygon, Style};

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "svg",
    name: "Contour",
    label: "Contour, SVG",
    suffix: "_contour",
    extension: "svg",
    media_type: "image/svg+xml",
    copyable: false,
};

/// A path whose coordinates are image pixels: each region and each hole a closed part of it, filled by the even-odd rule.
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let mask = segmentation.mask();
    let (width, height) = (mask.width(), mask.height());
    let mut path = String::new();
    for polygon in RegionPolygon::of(mask).iter().map(RegionPolygon::smoothed) {
        for ring in [&polygon.exterior].into_iter().chain(&polygon.holes) {
            for (index, [x, y]) in ring.iter().enumerate() {
                let command = if index == 0 { 'M' } else { 'L' };
                // Halves of pixels, which decimals write exactly.
                write!(path, "{command}{x} {y}")
                    .map_err(|error| Error::Encode(error.to_string()))?;
            }
            path.push('Z');
        }
    }
    let Style {
        tint,
        contour,
        opacity,
        colour: [r, g, b],
        line,
    } = segmentation.style;
    let colour = format!("#{r:02x}{g:02x}{b:02x}");
    let fill = match tint {
        true => format!("fill=\"{colour}\" fill-opacity=\"{opacity}\""),
        false => "fill=\"none\"".to_owned(),
    };
    // A contour is what this file is for: it is drawn unless only the tint is.
    let stroke = match contour || !tint {
        true => format!(
            " stroke=\"{colour}\" stroke-width=\"{line}\" stroke-linejoin=\"round\" vector-effect=\"non-scaling-stroke\""
        ),
        false => String::new(),
    };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <path fill-rule=\"evenodd\" {fill}{stroke} d=\"{path}\"/>\n</svg>\n"
    );
    Ok(svg.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::phantom_tests::encoded;
    use super::*;

    #[test]
    fn each_region_and_hole_is_a_closed_part_of_one_path() {
        let svg = encoded(&FORMAT, &["......", ".###..", ".#.#..", ".###.#", "......"]);
        let svg = String::from_utf8(svg).expect("text");
        assert!(svg.contains("viewBox=\"0 0 6 5\""), "{svg}");
        assert_eq!(svg.matches('M').count(), 3, "{svg}");
        assert_eq!(svg.matches('Z').count(), 3, "{svg}");
        assert!(svg.contains("fill-rule=\"evenodd\""));
        let empty = String::from_utf8(encoded(&FORMAT, &["..", ".."])).expect("text");
        assert!(empty.contains("d=\"\""));
    }
}
