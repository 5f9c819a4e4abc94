//! Secondary Capture (PS3.3, A.8.1): a picture of any origin as DICOM.

use dicom_core::{PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use image::RgbImage;

use super::object::{Draft, uid};
use crate::Error;
use crate::export::origin::Stamp;
use crate::imaging::source as read_source;
use crate::measure::Spacing;

/// A picture as a Secondary Capture: the overlay over a DICOM picture, whose patient and study it takes over from
/// `source`, or a picture that was no DICOM, of nobody. `spacing` is the size of a pixel where it is known. The same
/// picture is the same object whenever it is made, so that what refers to it finds it.
///
/// # Errors
/// [`Error::Encode`] for a picture without pixels or with a side of more than 65535; as
/// [`decode`](crate::imaging::decode) for a source that is no DICOM picture.
pub fn secondary_capture(
    image: &RgbImage,
    source: Option<&[u8]>,
    spacing: Option<Spacing>,
    stamp: &Stamp,
) -> Result<Vec<u8>, Error> {
    let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
    let source = source.map(read_source).transpose()?;
    let (columns, rows) = sides(image.dimensions())?;
    let origin = source
        .as_ref()
        .map_or("", |source| source.instance.as_str());
    let instance = uid(&[
        b"capture",
        origin.as_bytes(),
        &columns.to_le_bytes(),
        image.as_raw(),
    ]);
    let mut draft = Draft::new();
    draft.common(source.as_ref(), class, &instance, stamp)?;
    draft.put(tags::MODALITY, VR::CS, "OT");
    draft.put(tags::SERIES_NUMBER, VR::IS, "1");
    draft.put(tags::LATERALITY, VR::CS, PrimitiveValue::Empty);
    draft.put(tags::CONVERSION_TYPE, VR::CS, "WSD");
    draft.strings(
        tags::IMAGE_TYPE,
        VR::CS,
        &["DERIVED", "SECONDARY"].map(str::to_owned),
    );
    draft.short(tags::SAMPLES_PER_PIXEL, 3);
    draft.put(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB");
    draft.short(tags::PLANAR_CONFIGURATION, 0);
    draft.short(tags::ROWS, rows);
    draft.short(tags::COLUMNS, columns);
    draft.short(tags::BITS_ALLOCATED, 8);
    draft.short(tags::BITS_STORED, 8);
    draft.short(tags::HIGH_BIT, 7);
    draft.short(tags::PIXEL_REPRESENTATION, 0);
    if let Some(spacing) = spacing {
        draft.strings(tags::PIXEL_SPACING, VR::DS, &decimals(spacing));
    }
    draft.put(tags::PIXEL_DATA, VR::OB, even(image.as_raw().clone()));
    draft.into_file(class, &instance)
}

/// Columns and rows as DICOM counts them.
pub(super) fn sides((width, height): (u32, u32)) -> Result<(u16, u16), Error> {
    let side = |length: u32| u16::try_from(length).ok().filter(|length| *length > 0);
    match (side(width), side(height)) {
        (Some(columns), Some(rows)) => Ok((columns, rows)),
        _ => Err(Error::Encode(format!(
            "DICOM holds pictures of 1 to 65535 pixels a side, and this one has {width}×{height}"
        ))),
    }
}

/// Row and column spacing as decimal strings of 16 characters at most.
fn decimals(spacing: Spacing) -> [String; 2] {
    [spacing.y, spacing.x].map(|length| {
        let exact = length.to_string();
        if exact.len() <= 16 {
            exact
        } else {
            format!("{length:.9e}")
        }
    })
}

/// Bytes with one more where their number is odd.
pub(super) fn even(mut bytes: Vec<u8>) -> PrimitiveValue {
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    PrimitiveValue::from(bytes)
}
