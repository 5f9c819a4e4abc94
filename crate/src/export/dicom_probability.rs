//! The probability map as a fractional DICOM Segmentation.

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "dicom-probability",
    name: "DICOM probabilities",
    label: "DICOM SEG of probabilities",
    suffix: "_dicom-probability",
    extension: "dcm",
    media_type: "application/dicom",
    copyable: false,
};

#[cfg(feature = "rare-formats")]
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let origin = segmentation.origin()?;
    let source = super::dicom::source(segmentation)?;
    super::dicom::probability_segmentation(&source, segmentation.map, &origin.info)
}

#[cfg(not(feature = "rare-formats"))]
pub(super) fn encode(_: &Segmentation) -> Result<Vec<u8>, Error> {
    Err(Error::RareFormat)
}
