//! Segmentation (PS3.3, A.51): a mask, or probabilities, that refer to one frame of a DICOM picture.

use dicom_core::{PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

use super::capture::{even, sides};
use super::codes::{ABNORMAL, ARTIFICIAL_INTELLIGENCE, LESION, SEGMENTED, SOURCE_IMAGE, region};
use super::object::{Draft, uid};
use crate::Error;
use crate::export::origin::SegmentationInfo;
use crate::imaging::{Source, source as read_source};
use crate::mask::{Mask, ProbabilityMap};

/// What the pixels are.
enum Kind {
    Binary,
    /// Probabilities of 0 to [`MOST`].
    Fractional,
}

/// The value of probability 1.
const MOST: u8 = 255;

/// The mask as a binary Segmentation of the DICOM picture `source`. For a picture of another format, make a
/// [`secondary_capture`](super::secondary_capture) first and give its bytes.
///
/// # Errors
/// [`Error::Encode`] where the mask's size or frame is not the source's, or the source has no UIDs; as
/// [`decode`](crate::imaging::decode) for a source that is no DICOM picture.
pub fn segmentation(source: &[u8], mask: &Mask, info: &SegmentationInfo) -> Result<Vec<u8>, Error> {
    let source = read_source(source)?;
    // Bits lie from the lowest on, without a gap between rows (PS3.5, 8.1.1 and D).
    let bytes = mask.bits().chunks(8).map(|bits| {
        let set = bits.iter().enumerate();
        set.fold(0_u8, |byte, (place, bit)| byte | bit << place)
    });
    let size = (mask.width(), mask.height());
    encode(&source, Kind::Binary, size, bytes.collect(), info)
}

/// The probabilities at the source's size as a fractional Segmentation, 255 for probability 1.
///
/// # Errors
/// As [`segmentation`].
pub fn probability_segmentation(
    source: &[u8],
    map: &ProbabilityMap,
    info: &SegmentationInfo,
) -> Result<Vec<u8>, Error> {
    let source = read_source(source)?;
    let (width, height) = source.size;
    let levels = map.resample(width, height);
    // The cast clamps.
    let levels = levels
        .into_iter()
        .map(|p| (p * f32::from(MOST)).round() as u8);
    encode(
        &source,
        Kind::Fractional,
        source.size,
        levels.collect(),
        info,
    )
}

fn encode(
    source: &Source,
    kind: Kind,
    size: (u32, u32),
    pixels: Vec<u8>,
    info: &SegmentationInfo,
) -> Result<Vec<u8>, Error> {
    let class = uids::SEGMENTATION_STORAGE;
    let (columns, rows) = sides(size)?;
    if size != source.size || info.frame >= source.frames.unwrap_or(1).max(1) {
        return Err(Error::Encode(
            "the mask does not fit the DICOM picture that it is of".to_owned(),
        ));
    }
    let binary = matches!(kind, Kind::Binary);
    let instance = uid(&[
        if binary { b"binary" } else { b"fractional" },
        source.instance.as_bytes(),
        &info.frame.to_le_bytes(),
        &pixels,
        info.algorithm.as_bytes(),
        info.version.as_bytes(),
        info.stamp.date.as_bytes(),
        info.stamp.time.as_bytes(),
    ]);
    let mut draft = Draft::new();
    draft.common(Some(source), class, &instance, &info.stamp)?;
    draft.put(tags::MODALITY, VR::CS, "SEG");
    draft.put(tags::SERIES_NUMBER, VR::IS, "1");
    draft.put(tags::SERIES_DESCRIPTION, VR::LO, "Lesion segmentation");
    draft.put(tags::CONTENT_LABEL, VR::CS, "LESION");
    draft.put(tags::CONTENT_DESCRIPTION, VR::LO, "Lesion");
    draft.put(tags::CONTENT_CREATOR_NAME, VR::PN, PrimitiveValue::Empty);
    draft.strings(
        tags::IMAGE_TYPE,
        VR::CS,
        &["DERIVED", "PRIMARY"].map(str::to_owned),
    );
    image_pixel(&mut draft, binary, (columns, rows), source);
    draft.sequence(tags::SEGMENT_SEQUENCE, [segment(info)]);
    dimensions(&mut draft, &instance);
    functional_groups(&mut draft, source, info.frame);
    let mut referenced = Draft::new();
    referenced.put(
        tags::REFERENCED_SOP_CLASS_UID,
        VR::UI,
        source.class.as_str(),
    );
    referenced.put(
        tags::REFERENCED_SOP_INSTANCE_UID,
        VR::UI,
        source.instance.as_str(),
    );
    let mut series = Draft::new();
    series.put(tags::SERIES_INSTANCE_UID, VR::UI, source.series.as_str());
    series.sequence(tags::REFERENCED_INSTANCE_SEQUENCE, [referenced.into_item()]);
    draft.sequence(tags::REFERENCED_SERIES_SEQUENCE, [series.into_item()]);
    draft.put(tags::PIXEL_DATA, VR::OB, even(pixels));
    draft.into_file(class, &instance)
}

/// The modules Image Pixel and Segmentation Image (C.7.6.3 and C.8.20.2).
fn image_pixel(draft: &mut Draft, binary: bool, (columns, rows): (u16, u16), source: &Source) {
    let bits = if binary { 1 } else { 8 };
    draft.short(tags::SAMPLES_PER_PIXEL, 1);
    draft.put(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    draft.put(tags::NUMBER_OF_FRAMES, VR::IS, "1");
    draft.short(tags::ROWS, rows);
    draft.short(tags::COLUMNS, columns);
    draft.short(tags::BITS_ALLOCATED, bits);
    draft.short(tags::BITS_STORED, bits);
    draft.short(tags::HIGH_BIT, bits - 1);
    draft.short(tags::PIXEL_REPRESENTATION, 0);
    match &source.lossy {
        Some((ratios, methods)) => {
            // What was lost in the source is lost in what was made of it.
            draft.put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
            if !ratios.is_empty() && !methods.is_empty() {
                let ratios: Vec<String> =
                    ratios.iter().map(|ratio| format!("{ratio:.6}")).collect();
                draft.strings(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, &ratios);
                let methods = PrimitiveValue::from(methods.clone());
                draft.put(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, methods);
            }
        }
        None => draft.put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00"),
    }
    if binary {
        draft.put(tags::SEGMENTATION_TYPE, VR::CS, "BINARY");
    } else {
        draft.put(tags::SEGMENTATION_TYPE, VR::CS, "FRACTIONAL");
        draft.put(tags::SEGMENTATION_FRACTIONAL_TYPE, VR::CS, "PROBABILITY");
        draft.short(tags::MAXIMUM_FRACTIONAL_VALUE, MOST.into());
    }
}

/// What the one segment is and how it was found (C.8.20.4).
fn segment(info: &SegmentationInfo) -> InMemDicomObject {
    let mut algorithm = Draft::new();
    let family = ARTIFICIAL_INTELLIGENCE.item();
    algorithm.sequence(tags::ALGORITHM_FAMILY_CODE_SEQUENCE, [family]);
    algorithm.put(tags::ALGORITHM_NAME, VR::LO, text(&info.algorithm));
    algorithm.put(tags::ALGORITHM_VERSION, VR::LO, text(&info.version));
    let mut segment = Draft::new();
    segment.short(tags::SEGMENT_NUMBER, 1);
    segment.put(tags::SEGMENT_LABEL, VR::LO, "Lesion");
    let by = if info.corrected {
        "SEMIAUTOMATIC"
    } else {
        "AUTOMATIC"
    };
    segment.put(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, by);
    segment.put(tags::SEGMENT_ALGORITHM_NAME, VR::LO, text(&info.algorithm));
    segment.sequence(
        tags::SEGMENTATION_ALGORITHM_IDENTIFICATION_SEQUENCE,
        [algorithm.into_item()],
    );
    segment.sequence(
        tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE,
        [ABNORMAL.item()],
    );
    segment.sequence(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, [LESION.item()]);
    if let Some(site) = info.site {
        segment.sequence(tags::ANATOMIC_REGION_SEQUENCE, [region(site).item()]);
    }
    segment.into_item()
}

/// A long string of ASCII, which every character set holds.
fn text(words: &str) -> String {
    let kept = words
        .chars()
        .filter(|c| matches!(c, ' '..='~') && *c != '\\');
    let kept: String = kept.take(64).collect();
    if kept.trim().is_empty() {
        "unknown".to_owned()
    } else {
        kept
    }
}

/// The one dimension: the segment's number (C.7.6.17).
fn dimensions(draft: &mut Draft, instance: &str) {
    let organisation = uid(&[b"dimensions", instance.as_bytes()]);
    let mut named = Draft::new();
    named.put(
        tags::DIMENSION_ORGANIZATION_UID,
        VR::UI,
        organisation.as_str(),
    );
    draft.sequence(tags::DIMENSION_ORGANIZATION_SEQUENCE, [named.into_item()]);
    let mut index = Draft::new();
    index.put(tags::DIMENSION_ORGANIZATION_UID, VR::UI, organisation);
    let pointer = |tag: dicom_core::Tag| PrimitiveValue::from(tag);
    index.put(
        tags::DIMENSION_INDEX_POINTER,
        VR::AT,
        pointer(tags::REFERENCED_SEGMENT_NUMBER),
    );
    index.put(
        tags::FUNCTIONAL_GROUP_POINTER,
        VR::AT,
        pointer(tags::SEGMENT_IDENTIFICATION_SEQUENCE),
    );
    index.put(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, "Segment Number");
    draft.sequence(tags::DIMENSION_INDEX_SEQUENCE, [index.into_item()]);
}

/// What holds for the one frame: its segment and its source (C.7.6.16).
fn functional_groups(draft: &mut Draft, source: &Source, frame: u32) {
    // The size of a pixel is the source's (A.51.5); a group of our own would need the thickness of a slice, which a
    // picture does not have.
    let shared = Draft::new().into_item();
    draft.sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, [shared]);

    let mut content = Draft::new();
    content.put(tags::DIMENSION_INDEX_VALUES, VR::UL, 1_u32);
    let mut number = Draft::new();
    number.short(tags::REFERENCED_SEGMENT_NUMBER, 1);
    let mut image = Draft::new();
    image.put(
        tags::REFERENCED_SOP_CLASS_UID,
        VR::UI,
        source.class.as_str(),
    );
    image.put(
        tags::REFERENCED_SOP_INSTANCE_UID,
        VR::UI,
        source.instance.as_str(),
    );
    if source.frames.is_some_and(|frames| frames > 1) {
        let one = (frame + 1).to_string();
        image.put(tags::REFERENCED_FRAME_NUMBER, VR::IS, one);
    }
    image.put(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES");
    image.sequence(
        tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE,
        [SOURCE_IMAGE.item()],
    );
    let mut derivation = Draft::new();
    derivation.sequence(tags::SOURCE_IMAGE_SEQUENCE, [image.into_item()]);
    derivation.sequence(tags::DERIVATION_CODE_SEQUENCE, [SEGMENTED.item()]);
    let mut own = Draft::new();
    own.sequence(tags::FRAME_CONTENT_SEQUENCE, [content.into_item()]);
    own.sequence(tags::SEGMENT_IDENTIFICATION_SEQUENCE, [number.into_item()]);
    own.sequence(tags::DERIVATION_IMAGE_SEQUENCE, [derivation.into_item()]);
    draft.sequence(
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        [own.into_item()],
    );
}
