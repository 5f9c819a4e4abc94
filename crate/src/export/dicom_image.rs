//! The picture itself as a DICOM Secondary Capture: what the segmentation of a file that is no DICOM refers to.

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "dicom-image",
    name: "DICOM image",
    label: "DICOM image",
    suffix: "_dicom-image",
    extension: "dcm",
    media_type: "application/dicom",
    copyable: false,
};

#[cfg(feature = "rare-formats")]
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    super::dicom::source(segmentation).map(std::borrow::Cow::into_owned)
}

#[cfg(not(feature = "rare-formats"))]
pub(super) fn encode(_: &Segmentation) -> Result<Vec<u8>, Error> {
    Err(Error::RareFormat)
}
