//! Files that are known but not read, each with a sentence that says what to do.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

/// Signatures at the beginning of a file, the more special ones first.
const SIGNATURES: [(&[u8], &str); 25] = [
    (b"%PDF-", PDF),
    (b"8BPS", PHOTOSHOP),
    (b"II\xbc\x01", JPEG_XR),
    (b"II\xbc\x00", JPEG_XR),
    // Raw photos that are TIFF in all but the signature: Olympus, Panasonic, Fujifilm, Sigma, Minolta, Canon.
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"\0MRM", RAW),
    (b"II\x1a\0\0\0HEAPCCDR", RAW),
    // AppleDouble and the layout of a folder.
    (b"\0\x05\x16\x07", MAC),
    (b"\0\0\0\x01Bud1", MAC),
    (b"PK\x03\x04", ARCHIVE),
    (b"PK\x05\x06", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"\x1f\x8b", GZIP),
    (b"\x1a\x45\xdf\xa3", VIDEO),
    (b"\0\0\x01\xba", VIDEO),
    (b"\0\0\x01\xb3", VIDEO),
    (b"NRRD", VOLUME),
    (b"\x89HDF\r\n\x1a\n", VOLUME),
    // The container of the catalogue of thumbnails and of old office files.
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WINDOWS),
];

/// Brand of raw photos in the container that videos, HEIC and others share (ISO/IEC 14496-12), at byte 8.
const RAW_BRAND: &[u8] = b"crx ";

const PDF: &str = "This is a PDF file, which Delineo does not read. Save the picture in it as PNG.";
const PHOTOSHOP: &str = "This is a Photoshop file, which Delineo does not read. Save it as PNG.";
const JPEG_XR: &str =
    "This is a JPEG XR file, which Delineo does not read. Save it as PNG or JPEG.";
/// Of a photo that the camera has not developed.
pub(super) const RAW: &str =
    "This is a raw photo of a camera. Develop it first: export it as JPEG, PNG or TIFF.";
const MAC: &str = "This is a helper file of macOS, not a picture. The picture lies beside it.";
const WINDOWS: &str = "This is a helper file of Windows or an old office document, not a picture.";
const ARCHIVE: &str =
    "This is an archive (ZIP or the like), not a picture. Unpack it and open the pictures in it.";
const GZIP: &str = "This is a compressed file (gzip), perhaps a volume (NIfTI), not a picture. Unpack it, or export a slice as PNG.";
const VOLUME: &str = "This is a volume or an array, not a picture. Export a slice as PNG.";
const VIDEO: &str = "This is a video; Delineo needs one still picture. Save a frame as PNG.";
const SVG: &str =
    "This is an SVG drawing, which is made of shapes and not of pixels. Export it as PNG.";
const PAGE: &str =
    "This is a web page, not a picture. Perhaps a download failed; download the picture again.";
const ANNOTATIONS: &str = "These are annotations of a picture (LabelMe, COCO or the like), not a picture. Open the picture itself.";
const MODEL: &str = "This describes a model. Drop it together with its .pth or .safetensors file.";
const JSON: &str = "This is a JSON file, neither a picture nor the description of a model.";

/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 4096;

/// The sentence for a file that begins like one of these formats.
pub(super) fn refusal(bytes: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES
        .iter()
        .find(|(signature, _)| bytes.starts_with(signature));
    if let Some((_, sentence)) = known {
        return Some(sentence);
    }
    if matches!(bytes.get(4..8), Some(b"ftyp" | b"moov" | b"mdat" | b"wide")) {
        let is_raw = bytes.get(8..12) == Some(RAW_BRAND);
        return Some(if is_raw { RAW } else { VIDEO });
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"AVI ") {
        return Some(VIDEO);
    }
    // NIfTI-1 tells its kind after a header of 348 bytes.
    if matches!(bytes.get(344..348), Some(b"n+1\0" | b"ni1\0")) {
        return Some(VOLUME);
    }
    text(bytes)
}

/// The sentence for a text.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]).to_ascii_lowercase();
    let start = start.trim_start();
    if start.starts_with('<') {
        // A drawing can stand in a page, but a page cannot stand in a drawing.
        return if start.contains("<html") || start.starts_with("<!doctype html") {
            Some(PAGE)
        } else if start.contains("<svg") {
            Some(SVG)
        } else {
            None
        };
    }
    if !start.starts_with(['{', '[']) {
        return None;
    }
    if let Ok(keys) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(bytes) {
        let has = |key: &&str| keys.contains_key(*key);
        return Some(if DESCRIBES.iter().all(has) {
            MODEL
        } else if ANNOTATES.iter().any(has) {
            ANNOTATIONS
        } else {
            JSON
        });
    }
    let is_list = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    is_list.then_some(JSON)
}

/// Keys that every description of a model has.
const DESCRIBES: [&str; 2] = ["variant", "weights"];
/// Keys of annotations: LabelMe, COCO, VIA and GeoJSON.
const ANNOTATES: [&str; 5] = [
    "shapes",
    "annotations",
    "imagePath",
    "_via_img_metadata",
    "features",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_is_named() {
        for (bytes, word) in [
            (&b"%PDF-1.7\n"[..], "PDF"),
            (b"II\xbc\x01....", "JPEG XR"),
            (b"PK\x03\x04....", "archive"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", "video"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
            (b"\x1a\x45\xdf\xa3", "video"),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01", "raw photo"),
            (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "helper file of macOS"),
            (b"\0\0\0\x01Bud1\0\0", "helper file of macOS"),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg width='3'>", "SVG"),
            (b"\n <!DOCTYPE html><html><svg/></html>", "web page"),
            (b"{\"shapes\": [], \"imagePath\": \"a.jpg\"}", "annotations"),
            (b"{\"images\": [], \"annotations\": [{}]}", "annotations"),
            (b"{\"a\": 1}", "JSON"),
            (b"[1, 2]", "JSON"),
            (
                b"{\"variant\": \"S\", \"weights\": {}}",
                "describes a model",
            ),
        ] {
            let sentence = refusal(bytes).unwrap_or_default();
            assert!(sentence.contains(word), "{word}: {sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn other_texts_and_bytes_are_nothing_known() {
        for bytes in [&b"{\"a\": "[..], b"< 5 mm", b"hello", b"", &[0; 300]] {
            assert_eq!(refusal(bytes), None, "{bytes:?}");
        }
    }
}
