//! The picture with the mask drawn over it as a DICOM Secondary Capture.

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "dicom-overlay",
    name: "DICOM overlay",
    label: "DICOM overlay",
    suffix: "_dicom-overlay",
    extension: "dcm",
    media_type: "application/dicom",
    copyable: false,
};

#[cfg(feature = "rare-formats")]
pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let origin = segmentation.origin()?;
    let png = super::overlay::encode(segmentation)?;
    let drawn = image::load_from_memory(&png).map_err(|error| Error::Encode(error.to_string()))?;
    let source = super::dicom::source(segmentation)?;
    let stamp = &origin.info.stamp;
    super::dicom::secondary_capture(&drawn.into_rgb8(), Some(&source), origin.spacing, stamp)
}

#[cfg(not(feature = "rare-formats"))]
pub(super) fn encode(_: &Segmentation) -> Result<Vec<u8>, Error> {
    Err(Error::RareFormat)
}
