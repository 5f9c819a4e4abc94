//! The mask as an 8-bit grey PNG.

use std::io::Write;

use png::{BitDepth, ColorType};

use super::format::ExportFormat;
use super::png::encode_rows;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::Mask;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "mask",
    name: "Mask",
    label: "Mask, PNG",
    suffix: "_mask",
    extension: "png",
    media_type: "image/png",
    copyable: true,
};

pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    mask_png(segmentation.mask())
}

/// The mask as an 8-bit grey PNG: 255 on the lesion, 0 elsewhere.
///
/// # Errors
/// [`Error::Encode`] when the image has no pixels.
pub fn mask_png(mask: &Mask) -> Result<Vec<u8>, Error> {
    label_png(mask, 255)
}

/// The mask as an 8-bit grey PNG: `value` on the lesion, 0 elsewhere.
///
/// # Errors
/// As [`mask_png`].
pub fn label_png(mask: &Mask, value: u8) -> Result<Vec<u8>, Error> {
    let size = (mask.width(), mask.height());
    encode_rows(size, ColorType::Grayscale, BitDepth::Eight, |out| {
        let mut line = vec![0; size.0 as usize];
        for row in mask.bits().chunks_exact(line.len()) {
            for (out, bit) in line.iter_mut().zip(row) {
                *out = bit * value;
            }
            out.write_all(&line)?;
        }
        Ok(())
    })
}
