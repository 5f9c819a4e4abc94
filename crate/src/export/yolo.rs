//! The mask as YOLO segmentation text (<https://docs.ultralytics.com/datasets/segment/>): a line a region, the class and the
//! corners in parts of the image's width and height.

use std::fmt::Write;

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::RegionPolygon;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "yolo",
    name: "YOLO annotation",
    label: "YOLO segmentation, text",
    // `labels/lesion.txt` belongs to `images/lesion.jpg`.
    suffix: "",
    extension: "txt",
    media_type: "text/plain",
    copyable: false,
};

/// An image without a lesion is an empty file, as YOLO has it. Holes are reached by cuts without width, as its polygons have
/// none.
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let mask = segmentation.mask();
    let [width, height] = [mask.width(), mask.height()].map(f64::from);
    // A thousandth of a pixel, so that no pixel's centre changes sides.
    let digits = width.max(height).log10().ceil() as usize + 3;
    let mut text = String::new();
    for polygon in RegionPolygon::of(mask) {
        // The program segments one class.
        text.push('0');
        for [x, y] in polygon.smoothed().with_cuts() {
            let (x, y) = (x / width, y / height);
            write!(text, " {x:.digits$} {y:.digits$}")
                .map_err(|error| Error::Encode(error.to_string()))?;
        }
        text.push('\n');
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::phantom_tests::encoded;
    use super::*;

    #[test]
    fn a_region_is_a_line_of_its_class_and_corners_from_0_to_1() {
        let text = encoded(
            &FORMAT,
            &["..........", ".###......", ".###......", ".........#"],
        );
        let text = String::from_utf8(text).expect("text");
        assert_eq!(text.lines().count(), 2, "{text}");
        for line in text.lines() {
            let mut numbers = line.split(' ');
            assert_eq!(numbers.next(), Some("0"));
            let numbers: Vec<f64> = numbers.map(|at| at.parse().expect("a number")).collect();
            assert!(numbers.len() >= 6 && numbers.len().is_multiple_of(2));
            assert!(numbers.iter().all(|at| (0.0..=1.0).contains(at)));
        }
        assert_eq!(encoded(&FORMAT, &["..", ".."]), b"");
    }
}
