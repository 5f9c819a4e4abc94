//! A segmentation whose mask is drawn in characters, for the tests of formats.

use image::RgbImage;

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::mask::{Cleaning, ProbabilityMap, Style};
use crate::measure::Spacing;

/// A file of a format: of `lesion.jpg`, half a millimetre a column and a quarter a row, whose mask is `#`.
pub(super) fn encoded(format: &ExportFormat, rows: &[&str]) -> Vec<u8> {
    let (width, height) = (rows[0].len(), rows.len());
    let values = rows.iter().flat_map(|row| row.bytes());
    let values = values.map(|at| f32::from(u8::from(at == b'#')));
    let map = ProbabilityMap::new(width, height, values.collect());
    let image = RgbImage::new(width as u32, height as u32);
    let style = Style::default();
    let mut segmentation = Segmentation::new(&image, &map, 0.5, Cleaning::default(), &[], style);
    segmentation.name = "lesion.jpg";
    segmentation.spacing = Some(Spacing { x: 0.5, y: 0.25 });
    format.encode(&segmentation).expect("is encoded")
}
