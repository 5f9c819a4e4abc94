//! DICOM objects that are no picture, and pictures in codings that are not read, each with its sentence.

use dicom_dictionary_std::{tags, uids};
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;

use super::attributes::count;
use super::codecs::Codecs;
use super::dataset::DataSet;

/// Why an object is refused, whatever its pixels.
pub(super) fn refusal(data: &DataSet) -> Option<String> {
    let storage = "1.2.840.10008.5.1.4.1.1.";
    let kind = data.class.strip_prefix(storage).unwrap_or_default();
    let first = kind.split('.').next().unwrap_or_default();
    let sentence = match (data.class.as_str(), first) {
        (uids::MEDIA_STORAGE_DIRECTORY_STORAGE, _) => {
            "This is a DICOMDIR, an index of DICOM files. Open the files that it lists."
        }
        (_, "88") => {
            "This is a DICOM report without a picture. Open the pictures that it is about."
        }
        (_, "104") => {
            "This is a document inside a DICOM file (such as a PDF) and no picture. Open the pictures that belong to it."
        }
        (uids::RT_IMAGE_STORAGE, _) => return undecodable(data),
        (_, "481") => {
            "This is a radiotherapy object (such as a plan, a dose or contours) and no picture. Open the pictures that it belongs to."
        }
        (_, "66") => {
            "This is a DICOM segmentation or registration and no picture. Open the picture that it belongs to."
        }
        (_, "11") => {
            "This is a DICOM presentation state: how a picture is to be shown, without the picture. Open the picture itself."
        }
        (_, "9") => "This is a DICOM waveform (such as an ECG) and no picture.",
        _ if data.floats => {
            "The pixels of this DICOM file are floating-point numbers, which Delineo does not read. Export the picture in it as PNG."
        }
        _ if data.pixels.is_none() => {
            "This DICOM file holds no picture. Open one of the pictures that belong to it."
        }
        _ if tiles(data) => {
            "This is a slide in tiles from a microscope, which Delineo does not read. Export a part of it as PNG."
        }
        _ => return undecodable(data),
    };
    Some(sentence.to_owned())
}

/// Whether each frame is a part of one large picture.
fn tiles(data: &DataSet) -> bool {
    let larger = |total, one| count(&data.attributes, total) > count(&data.attributes, one);
    larger(tags::TOTAL_PIXEL_MATRIX_COLUMNS, tags::COLUMNS)
        || larger(tags::TOTAL_PIXEL_MATRIX_ROWS, tags::ROWS)
}

/// The refusal of a transfer syntax that has no decoder here.
fn undecodable(data: &DataSet) -> Option<String> {
    let Some(syntax) = Codecs.get(&data.syntax) else {
        return Some(format!(
            "The pixels of this DICOM file are coded in a way that Delineo does not know (transfer syntax {}). Export the picture in it as PNG.",
            printable(&data.syntax)
        ));
    };
    let name = syntax.name();
    if syntax.uid().starts_with("1.2.840.10008.1.2.4.10") {
        return Some(format!(
            "This DICOM file holds a video ({name}), which Delineo does not read. Save a frame as PNG."
        ));
    }
    let lossy = [uids::JPEG_BASELINE8_BIT, uids::JPEG_EXTENDED12_BIT].contains(&syntax.uid());
    if lossy && count(&data.attributes, tags::BITS_STORED) > Some(8) {
        return Some(format!(
            "Delineo does not read lossy JPEG of 12 bits, the coding of this DICOM file’s pixels ({name}). Save the file uncompressed, or export the picture in it as PNG."
        ));
    }
    (syntax.is_encapsulated_pixel_data() && syntax.pixel_data_reader().is_none()).then(|| {
        format!("Delineo does not read the coding of this DICOM file’s pixels ({name}). Save the file uncompressed, or export the picture in it as PNG.")
    })
}

/// Of a UID, what may be shown.
fn printable(uid: &str) -> String {
    let allowed = |c: &char| c.is_ascii_digit() || *c == '.';
    uid.chars().filter(allowed).take(64).collect()
}
