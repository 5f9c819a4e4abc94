//! Formats that are known but not read, each with a sentence that says what to do.

/// The sentence for a file that begins like one of these formats.
pub(super) fn refusal(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            "This is an animation or a picture in the GIF format; Delineo needs one still picture. Save it as PNG."
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            "This is a video; Delineo needs one still picture. Save a frame as PNG."
        }
        [b'%', b'P', b'D', b'F', b'-', ..] => {
            "This is a PDF file, which Delineo does not read. Save the picture in it as PNG."
        }
        [b'8', b'B', b'P', b'S', ..] => {
            "This is a Photoshop file, which Delineo does not read. Save it as PNG."
        }
        _ if bytes.get(128..132) == Some(b"DICM") => {
            "This is a DICOM file, which Delineo does not read yet. Export the picture in it as PNG."
        }
        _ => return None,
    })
}
