//! Attributes as numbers and words.

use dicom_core::Tag;
use dicom_object::InMemDicomObject;

/// The finite numbers of an attribute, whatever their representation; empty where it is absent or senseless.
pub(super) fn numbers(object: &InMemDicomObject, tag: Tag) -> Vec<f64> {
    let values = object.get(tag).and_then(|element| {
        let values = element.value().primitive()?;
        values.to_multi_float64().ok()
    });
    let mut values = values.unwrap_or_default();
    values.retain(|value| value.is_finite());
    values
}

/// The first of them.
pub(super) fn number(object: &InMemDicomObject, tag: Tag) -> Option<f64> {
    numbers(object, tag).first().copied()
}

/// A whole number from 0 on.
pub(super) fn count(object: &InMemDicomObject, tag: Tag) -> Option<u32> {
    let value = number(object, tag)?;
    (0.0..=f64::from(u32::MAX))
        .contains(&value)
        .then_some(value as u32)
}

/// A code string, in capitals.
pub(super) fn code(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let text = object.get(tag)?.to_str().ok()?;
    let text = text.trim_matches(['\0', ' ']).to_ascii_uppercase();
    (!text.is_empty()).then_some(text)
}

/// The items of a sequence; empty where it is absent.
pub(super) fn items(object: &InMemDicomObject, tag: Tag) -> &[InMemDicomObject] {
    object
        .get(tag)
        .and_then(|element| element.items())
        .unwrap_or_default()
}

/// Little-endian bytes of a value.
pub(super) fn bytes(object: &InMemDicomObject, tag: Tag) -> Option<Vec<u8>> {
    let bytes = object.get(tag)?.to_bytes().ok()?;
    Some(bytes.into_owned())
}
