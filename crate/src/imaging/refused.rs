//! Formats that are known but not read, each with a sentence that says what to do.

/// The sentence for a file that begins like one of these formats.
pub(super) fn refusal(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(8..12).unwrap_or_default();
    Some(match bytes {
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            "This is an animation or a picture in the GIF format; Delineo needs one still picture. Save it as PNG."
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => match brand {
            b"avif" | b"avis" => {
                "This is an AVIF file, which Delineo does not read. Save it as PNG or JPEG."
            }
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
                "This is a HEIC file, which Delineo does not read. Save it as PNG or JPEG."
            }
            _ => "This is a video; Delineo needs one still picture. Save a frame as PNG.",
        },
        [b'%', b'P', b'D', b'F', b'-', ..] => {
            "This is a PDF file, which Delineo does not read. Save the picture in it as PNG."
        }
        [b'8', b'B', b'P', b'S', ..] => {
            "This is a Photoshop file, which Delineo does not read. Save it as PNG."
        }
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => {
            "This is a JPEG XL file, which Delineo does not read. Save it as PNG or JPEG."
        }
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => {
            "This is a JPEG 2000 file, which Delineo does not read. Save it as PNG or JPEG."
        }
        _ => return None,
    })
}
