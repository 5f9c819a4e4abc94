//! The DICOM picture that a segmentation refers to.

use std::borrow::Cow;

use super::capture::secondary_capture;
use crate::Error;
use crate::export::segmentation::Segmentation;
use crate::imaging;

/// The file that was segmented, where it is DICOM; else its picture as a Secondary Capture.
///
/// # Errors
/// As [`secondary_capture`]; [`Error::Encode`] where the origin is not known.
pub fn source<'a>(segmentation: &Segmentation<'a>) -> Result<Cow<'a, [u8]>, Error> {
    let origin = segmentation.origin()?;
    let is_dicom = imaging::format_of(origin.file).is_some_and(|format| format.name == "DICOM");
    if is_dicom {
        return Ok(Cow::Borrowed(origin.file));
    }
    let stamp = &origin.info.stamp;
    secondary_capture(segmentation.image, None, origin.spacing, stamp).map(Cow::Owned)
}
