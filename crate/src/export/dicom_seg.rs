//! The mask as a DICOM Segmentation that refers to the picture it is of.

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "dicom-seg",
    name: "DICOM SEG",
    label: "DICOM SEG",
    suffix: "_dicom-seg",
    extension: "dcm",
    media_type: "application/dicom",
    copyable: false,
};

#[cfg(feature = "rare-formats")]
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let origin = segmentation.origin()?;
    let source = super::dicom::source(segmentation)?;
    super::dicom::segmentation(&source, segmentation.mask(), &origin.info)
}

#[cfg(not(feature = "rare-formats"))]
pub(super) fn encode(_: &Segmentation) -> Result<Vec<u8>, Error> {
    Err(Error::RareFormat)
}
