//! The mask as a NIfTI-1 volume of one slice (<https://nifti.nimh.nih.gov/nifti-1>), packed by gzip.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "nifti",
    name: "NIfTI mask",
    label: "Mask, NIfTI",
    suffix: "_mask",
    extension: "nii.gz",
    media_type: "application/gzip",
    copyable: false,
};

const HEADER: usize = 348;
/// Where the voxels begin: after the header and four bytes that say that there are no extensions.
const OFFSET: usize = HEADER + 4;
/// Data type of the voxels: unsigned bytes.
const UINT8: i16 = 2;
/// Unit of the spacing.
const MILLIMETRES: u8 = 2;
/// The coordinates are those of the scanner, or of what stands in for it.
const SCANNER: i16 = 1;

/// Columns, rows, one slice; 1 on the lesion. The columns run to the patient's left and the rows to the back, as ITK has a
/// picture that says nothing of the patient, so that the mask lies on what ITK makes of the picture. The spacing is in
/// millimetres where it is known, else 1 of no unit.
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let mask = segmentation.mask();
    let side = |pixels: u32| {
        i16::try_from(pixels).map_err(|_| {
            Error::Encode(format!(
                "NIfTI takes up to {} pixels a side, not {pixels}",
                i16::MAX
            ))
        })
    };
    let (width, height) = (side(mask.width())?, side(mask.height())?);
    let spacing = segmentation.spacing();
    let [dx, dy] = spacing.map_or([1.0, 1.0], |spacing| [spacing.x as f32, spacing.y as f32]);
    let mut header = [0; OFFSET];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(HEADER as i32).to_le_bytes());
    // dim: so many dimensions, and their sizes.
    for (index, size) in [3, width, height, 1, 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * index, &size.to_le_bytes());
    }
    put(70, &UINT8.to_le_bytes());
    // bitpix
    put(72, &8_i16.to_le_bytes());
    // pixdim: the sign of the third axis, and the spacings. Columns and rows run against NIfTI's axes, which is a half turn
    // about the third.
    for (index, length) in [1.0, dx, dy, 1.0].into_iter().enumerate() {
        put(76 + 4 * index, &length.to_le_bytes());
    }
    put(108, &(OFFSET as f32).to_le_bytes());
    // scl_slope
    put(112, &1.0_f32.to_le_bytes());
    if spacing.is_some() {
        put(123, &[MILLIMETRES]);
    }
    // cal_max, for viewers.
    put(124, &1.0_f32.to_le_bytes());
    // qform_code, sform_code, and the half turn as a quaternion.
    put(252, &SCANNER.to_le_bytes());
    put(254, &SCANNER.to_le_bytes());
    put(264, &1.0_f32.to_le_bytes());
    // srow_x, srow_y, srow_z.
    put(280, &(-dx).to_le_bytes());
    put(300, &(-dy).to_le_bytes());
    put(320, &1.0_f32.to_le_bytes());
    put(344, b"n+1\0");
    let fault = |error: std::io::Error| Error::Encode(error.to_string());
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&header).map_err(fault)?;
    packed.write_all(mask.bits()).map_err(fault)?;
    packed.finish().map_err(fault)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::phantom_tests::encoded;
    use super::*;

    #[test]
    fn the_voxels_are_the_mask_and_begin_where_the_header_says() {
        let packed = encoded(&FORMAT, &["..#", "##."]);
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("gzip");
        assert_eq!(bytes[..4], 348_i32.to_le_bytes());
        assert_eq!(bytes[42..46], [3, 0, 2, 0]);
        assert_eq!(bytes[OFFSET..], [0, 0, 1, 1, 1, 0]);
        assert_eq!(bytes[76 + 4..76 + 8], 0.5_f32.to_le_bytes());
    }
}
