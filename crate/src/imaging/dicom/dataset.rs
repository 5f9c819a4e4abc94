//! A file's attributes and where its pixels lie, whatever its outer form: with or without preamble and meta information,
//! implicit, explicit, big endian or deflated.

use std::borrow::Cow;
use std::io::Read;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntaxRegistry, entries};
use flate2::read::DeflateDecoder;

use super::super::header::CUT;
use super::super::pixels::{MAX_WORKING_BYTES, over_limits};
use super::elements::{Element, Encoding, PixelBytes, elements, start};
use super::format::{FORMAT, SIGNATURE};
use crate::Error;

/// Damage of a data set that makes no sense.
const SENSELESS: &str = "the length of an element does not fit";

/// A data set whose pixels were not touched.
pub(super) struct DataSet<'a> {
    /// What lies behind the meta information, inflated where it was deflated.
    pub bytes: Cow<'a, [u8]>,
    /// The attributes that are needed here, and no others.
    pub attributes: InMemDicomObject,
    /// Where every element before the pixels lies.
    pub list: Vec<Element>,
    pub encoding: Encoding,
    /// UID of the transfer syntax, which says how the pixels are coded.
    pub syntax: String,
    /// UID of the kind of object.
    pub class: String,
    pub pixels: Option<PixelBytes>,
    /// Whether the pixel data claim to be longer than the file.
    pub cut: bool,
    /// Whether graphics lie over the picture that are not part of it.
    pub overlay: bool,
    /// Whether the pixels are floating-point numbers.
    pub floats: bool,
}

/// Reads all but the pixels.
///
/// # Errors
/// [`Error::DamagedImage`] where a length does not fit or nothing makes sense.
pub(super) fn read(bytes: &[u8]) -> Result<DataSet<'_>, Error> {
    let damaged = || FORMAT.damaged(SENSELESS);
    let begin = match bytes.get(SIGNATURE) {
        Some(b"DICM") => SIGNATURE.end,
        _ => 0,
    };
    let (meta, begin) = meta(bytes, begin).ok_or_else(damaged)?;
    let text = |tag| meta.iter().find(|element| element.tag == tag);
    let text = |tag| text(tag).map(|element| uid(&bytes[element.value.clone()]));
    let syntax = text(tags::TRANSFER_SYNTAX_UID);
    let data = match syntax.as_deref() {
        Some(
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
            | uids::JPIP_REFERENCED_DEFLATE
            | uids::JPIPHTJ2K_REFERENCED_DEFLATE,
        ) => Cow::Owned(inflate(&bytes[begin..])?),
        _ => Cow::Borrowed(&bytes[begin..]),
    };
    let encoding = encoding(&data, syntax.as_deref()).ok_or_else(damaged)?;
    let found = elements(&data, 0, encoding).ok_or_else(damaged)?;
    let attributes = attributes(&data, &found.list, encoding);
    let class = attributes
        .get(tags::SOP_CLASS_UID)
        .and_then(|element| element.to_str().ok())
        .map(|text| uid(text.as_bytes()))
        .or_else(|| text(tags::MEDIA_STORAGE_SOP_CLASS_UID))
        .unwrap_or_default();
    let holds = |wanted: fn(&Tag) -> bool| found.list.iter().any(|e| wanted(&e.tag));
    Ok(DataSet {
        attributes,
        encoding,
        syntax: syntax.unwrap_or_else(|| uncompressed(encoding).to_owned()),
        class,
        overlay: holds(|tag| (0x6000..0x6020).contains(&tag.0) && tag.1 == 0x3000),
        floats: holds(|tag| tag.0 == 0x7fe0 && matches!(tag.1, 8 | 9)),
        pixels: found.pixels,
        cut: found.cut,
        list: found.list,
        bytes: data,
    })
}

/// The elements of group 2, and where the data set begins behind them.
fn meta(bytes: &[u8], begin: usize) -> Option<(Vec<Element>, usize)> {
    let mut end = begin;
    while let Some((tag, _, value, length)) = start(bytes, end, Encoding::EXPLICIT)
        && tag.0 == 2
    {
        end = value.checked_add(length?).filter(|at| *at <= bytes.len())?;
    }
    let list = elements(&bytes[..end], begin, Encoding::EXPLICIT)?.list;
    Some((list, end))
}

/// A UID without its padding.
fn uid(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim_matches(['\0', ' ']).to_owned()
}

/// What was deflated (RFC 1951), within the bound on memory.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut inflated = Vec::new();
    let read = DeflateDecoder::new(bytes)
        .take(MAX_WORKING_BYTES / 2)
        .read_to_end(&mut inflated);
    match read {
        Ok(length) if length as u64 == MAX_WORKING_BYTES / 2 => Err(over_limits(&FORMAT)),
        // What was inflated before the fault is looked at as any file that was cut.
        Ok(_) => Ok(inflated),
        Err(_) if !inflated.is_empty() => Ok(inflated),
        Err(_) => Err(FORMAT.damaged(CUT)),
    }
}

/// How the data set is written: as its first element shows, since files exist that say explicit and are implicit.
fn encoding(bytes: &[u8], syntax: Option<&str>) -> Option<Encoding> {
    let declared = [Encoding::IMPLICIT, Encoding::BIG]
        .into_iter()
        .find(|encoding| syntax == Some(uncompressed(*encoding)))
        .unwrap_or(Encoding::EXPLICIT);
    let fits = |encoding: &Encoding| {
        let first = start(bytes, 0, *encoding);
        first.is_some_and(|(tag, _, value, length)| {
            let end = length.unwrap_or(0).checked_add(value);
            (3..=0x7fe0).contains(&tag.0) && end.is_some_and(|end| end <= bytes.len())
        })
    };
    let all = [
        declared,
        Encoding::EXPLICIT,
        Encoding::BIG,
        Encoding::IMPLICIT,
    ];
    all.into_iter().find(fits)
}

/// UID of the transfer syntax without compression that writes elements like this.
fn uncompressed(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::IMPLICIT => entries::IMPLICIT_VR_LITTLE_ENDIAN.uid(),
        Encoding::BIG => entries::EXPLICIT_VR_BIG_ENDIAN.uid(),
        _ => entries::EXPLICIT_VR_LITTLE_ENDIAN.uid(),
    }
}

/// What of the data set is looked at: nothing that names a person, an institution or a day.
fn needed(tag: Tag) -> bool {
    matches!(tag.0, 0x0028 | 0x5200)
        || [
            tags::SOP_CLASS_UID,
            tags::MODALITY,
            tags::RECOMMENDED_DISPLAY_FRAME_RATE,
            tags::CINE_RATE,
            tags::FRAME_TIME,
            tags::FRAME_TIME_VECTOR,
            tags::IMAGER_PIXEL_SPACING,
            tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
            tags::TOTAL_PIXEL_MATRIX_COLUMNS,
            tags::TOTAL_PIXEL_MATRIX_ROWS,
            tags::PRESENTATION_LUT_SHAPE,
            tags::EXTENDED_OFFSET_TABLE,
        ]
        .contains(&tag)
}

/// Reads the needed elements one by one, so that one that cannot be read does not hide the others.
fn attributes(bytes: &[u8], list: &[Element], encoding: Encoding) -> InMemDicomObject {
    let mut all = InMemDicomObject::new_empty();
    let Some(syntax) = TransferSyntaxRegistry.get(uncompressed(encoding)) else {
        return all;
    };
    for element in list.iter().filter(|element| needed(element.tag)) {
        let bytes = &bytes[element.whole.clone()];
        if let Ok(read) = InMemDicomObject::read_dataset_with_ts(bytes, syntax) {
            all.extend(read);
        }
    }
    all
}
