//! The probability map at the image's size, as a 16-bit grey PNG.

use std::io::Write;

use png::{BitDepth, ColorType};

use super::format::ExportFormat;
use super::png::encode_rows;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::{Grid, ProbabilityMap, Sampler};

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "probability",
    name: "Probability map",
    label: "Probability map, 16-bit PNG",
    suffix: "_probability",
    extension: "png",
    media_type: "image/png",
    copyable: false,
};

pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let (width, height) = segmentation.image.dimensions();
    probability_png(segmentation.map, width, height)
}

/// The probabilities at `width` × `height` as a 16-bit grey PNG, `round(p * 65535)`.
///
/// # Errors
/// [`Error::Encode`] when the size has no pixels.
pub fn probability_png(map: &ProbabilityMap, width: u32, height: u32) -> Result<Vec<u8>, Error> {
    let size = (width, height);
    encode_rows(size, ColorType::Grayscale, BitDepth::Sixteen, |out| {
        let grid = Grid::reduced(width, height, width, height);
        let mut sampler = Sampler::new(map, width, height, &grid);
        let (mut values, mut line) = (vec![0.0; grid.width], vec![0; grid.width * 2]);
        for row in 0..grid.height {
            sampler.row(row, &mut values);
            for (out, value) in line.chunks_exact_mut(2).zip(&values) {
                out.copy_from_slice(&((value * 65535.0).round() as u16).to_be_bytes());
            }
            out.write_all(&line)?;
        }
        Ok(())
    })
}
