//! WebP (RFC 9649).

use super::format::{ImageFormat, Reader};

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "WebP",
    extensions: &["webp"],
    media_types: &["image/webp"],
};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: decoder::header,
    pixels: decoder::decode,
};
#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, matches);

fn matches(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

#[cfg(feature = "rare-formats")]
mod decoder {
    use std::borrow::Cow;
    use std::io::Cursor;

    use image::codecs::webp::WebPDecoder;

    use super::super::colour::Profile;
    use super::super::format::Pixels;
    use super::super::header::{CUT, Header, first_of, little};
    use super::super::orientation::exif;
    use super::super::pixels;
    use super::super::windowing::Rendering;
    use super::FORMAT;
    use crate::Error;

    /// Flags of the extended header and the chunks that they announce.
    const FLAGS: [(u8, &[u8]); 3] = [(0x20, b"ICCP"), (0x08, b"EXIF"), (0x04, b"XMP ")];

    /// RIFF chunks, the last one perhaps cut short: type, data and the length that it should have.
    fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], usize)> {
        let mut at = 12;
        std::iter::from_fn(move || {
            let kind = bytes.get(at..at + 4)?;
            let length = little(bytes, at + 4, 4)? as usize;
            let data = &bytes[at + 8..];
            at = (at + 8).saturating_add(length.next_multiple_of(2));
            Some((kind, &data[..length.min(data.len())], length))
        })
    }

    pub fn header(bytes: &[u8]) -> Result<Header, Error> {
        whole_header(bytes).ok_or_else(|| FORMAT.damaged(CUT))
    }

    /// `VP8 ` or `VP8L` alone, or `VP8X` followed by others.
    fn whole_header(bytes: &[u8]) -> Option<Header> {
        let mut header = Header::new((0, 0));
        if (little(bytes, 4, 4)? as usize).saturating_add(8) > bytes.len() {
            header.damage = Some(CUT);
        }
        let (mut sized, mut frames) = (false, 0);
        for (kind, data, length) in chunks(bytes) {
            let size = match kind {
                b"VP8X" => Some((little(data, 4, 3)? + 1, little(data, 7, 3)? + 1)),
                b"VP8 " => Some((little(data, 6, 2)? & 0x3fff, little(data, 8, 2)? & 0x3fff)),
                b"VP8L" => {
                    let packed = little(data, 1, 4)?;
                    Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1))
                }
                _ => None,
            };
            if let (Some(size), false) = (size, sized) {
                (header.size, sized) = (size, true);
            }
            if data.len() < length {
                header.damage = Some(CUT);
                break;
            }
            match kind {
                b"ANMF" => frames += 1,
                b"EXIF" => header.orientation = exif(data),
                _ => {}
            }
        }
        if frames > 1 {
            header.remarks.push(first_of(frames));
        }
        sized.then_some(header)
    }

    pub fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
        let chunk = |wanted: &[u8]| chunks(bytes).find(|(kind, ..)| *kind == wanted);
        let profile = chunk(b"ICCP").map(|(_, data, _)| Profile::Icc(data.to_vec()));
        // The decoder refuses files whose header announces chunks that are not there. The flags are the header's first
        // byte, and the header is the first chunk.
        let mut bytes = Cow::Borrowed(bytes);
        let absent = FLAGS.iter().filter(|(_, kind)| chunk(kind).is_none());
        let wrong = absent.fold(0, |all, (flag, _)| all | flag);
        if bytes.get(12..16) == Some(b"VP8X")
            && bytes.get(20).is_some_and(|flags| flags & wrong != 0)
        {
            bytes.to_mut()[20] &= !wrong;
        }
        // The decoder keeps a frame of RGBA beside its output.
        let frame = 4 * u64::from(header.size.0) * u64::from(header.size.1);
        let decoder = WebPDecoder::new(Cursor::new(bytes.as_ref()));
        let stored = pixels::read(&FORMAT, header, decoder, |_| frame)?;
        pixels::finish(&FORMAT, stored, profile.as_ref(), rendering)
    }
}
