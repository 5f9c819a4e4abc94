//! What an object derived from a DICOM picture takes over from it: whose it is and which it is.
//!
//! Text is taken over as the bytes that it is, with the name of its character set, so that no name is garbled by being
//! read and written again.

use std::borrow::Cow;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::attributes::{bytes, code, count, numbers};
use super::dataset::read;
use super::layout::Layout;
use crate::Error;

/// Attributes of the modules Patient, Patient Study and General Study (PS3.3, C.7.1.1, C.7.2.1 and C.7.2.2), and the
/// character set of their text.
const TAKEN_OVER: [(Tag, VR); 19] = [
    (tags::SPECIFIC_CHARACTER_SET, VR::CS),
    (tags::STUDY_DATE, VR::DA),
    (tags::STUDY_TIME, VR::TM),
    (tags::ACCESSION_NUMBER, VR::SH),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    (tags::STUDY_DESCRIPTION, VR::LO),
    (tags::PATIENT_NAME, VR::PN),
    (tags::PATIENT_ID, VR::LO),
    (tags::ISSUER_OF_PATIENT_ID, VR::LO),
    (tags::PATIENT_BIRTH_DATE, VR::DA),
    (tags::PATIENT_SEX, VR::CS),
    (tags::PATIENT_AGE, VR::AS),
    (tags::PATIENT_SIZE, VR::DS),
    (tags::PATIENT_WEIGHT, VR::DS),
    (tags::PATIENT_IDENTITY_REMOVED, VR::CS),
    (tags::DEIDENTIFICATION_METHOD, VR::LO),
    (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH),
    (tags::STUDY_INSTANCE_UID, VR::UI),
    (tags::STUDY_ID, VR::SH),
];

/// A DICOM picture as others refer to it.
pub(crate) struct Source {
    /// Attributes of the patient and the study, each as its bytes.
    pub taken_over: Vec<(Tag, VR, Vec<u8>)>,
    pub class: String,
    pub instance: String,
    pub series: String,
    pub study: Option<String>,
    pub size: (u32, u32),
    /// Whether frames are counted, and so how many there are.
    pub frames: Option<u32>,
    /// How the picture was lossily compressed: ratios and methods.
    pub lossy: Option<(Vec<f64>, Vec<u8>)>,
}

/// Reads it; no pixel is decoded.
///
/// # Errors
/// As [`decode`](crate::imaging::decode) for what is no DICOM picture; [`Error::Encode`] for one without UIDs, which
/// nothing can refer to.
pub(crate) fn source(file: &[u8]) -> Result<Source, Error> {
    let data = read(file)?;
    let layout = Layout::read(&data.attributes)?;
    let raw = |tag: Tag| -> Option<Cow<[u8]>> {
        let element = data.list.iter().find(|element| element.tag == tag)?;
        Some(Cow::Borrowed(&data.bytes[element.value.clone()]))
    };
    let uid = |tag| {
        let text = raw(tag)?;
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_matches(['\0', ' ']);
        let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        sound.then(|| text.to_owned())
    };
    let needed = |tag| {
        let missing = "the DICOM file has no UID that a segmentation could refer to";
        uid(tag).ok_or_else(|| Error::Encode(missing.to_owned()))
    };
    let taken = TAKEN_OVER.iter().filter_map(|(tag, vr)| {
        let value = raw(*tag)?;
        Some((*tag, *vr, value.into_owned()))
    });
    let lossy = code(&data.attributes, tags::LOSSY_IMAGE_COMPRESSION).as_deref() == Some("01");
    Ok(Source {
        taken_over: taken.collect(),
        class: data.class.clone(),
        instance: needed(tags::SOP_INSTANCE_UID)?,
        series: needed(tags::SERIES_INSTANCE_UID)?,
        study: uid(tags::STUDY_INSTANCE_UID),
        size: (layout.columns.into(), layout.rows.into()),
        frames: count(&data.attributes, tags::NUMBER_OF_FRAMES),
        lossy: lossy.then(|| {
            let method = bytes(&data.attributes, tags::LOSSY_IMAGE_COMPRESSION_METHOD);
            let ratios = numbers(&data.attributes, tags::LOSSY_IMAGE_COMPRESSION_RATIO);
            (ratios, method.unwrap_or_default())
        }),
    })
}
