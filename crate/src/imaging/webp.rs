//! WebP (RFC 9649).

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use super::format::{ImageFormat, Pixels, Reader};
use super::header::{ANIMATION, CUT, Header, little};
use super::orientation::exif;
use super::pixels;
use super::windowing::Rendering;
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "WebP",
    extensions: &["webp"],
    media_types: &["image/webp"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
    header: |bytes| chunks(bytes).ok_or_else(|| FORMAT.damaged(CUT)),
    pixels: decode,
};

/// RIFF chunks: `VP8 ` or `VP8L` alone, or `VP8X` followed by others.
fn chunks(bytes: &[u8]) -> Option<Header> {
    let mut header = Header::new((0, 0));
    if (little(bytes, 4, 4)? as usize).saturating_add(8) > bytes.len() {
        header.damage = Some(CUT);
    }
    let (mut at, mut sized) = (12, false);
    while let (Some(kind), Some(length)) = (bytes.get(at..at + 4), little(bytes, at + 4, 4)) {
        let data = &bytes[at + 8..];
        let size = match kind {
            b"VP8X" => {
                if data.first()? & 2 != 0 {
                    header.refusal = Some(ANIMATION);
                }
                Some((little(data, 4, 3)? + 1, little(data, 7, 3)? + 1))
            }
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
        let Some(data) = data.get(..length as usize) else {
            header.damage = Some(CUT);
            break;
        };
        match kind {
            b"ANIM" | b"ANMF" => header.refusal = Some(ANIMATION),
            b"EXIF" => header.orientation = exif(data),
            _ => {}
        }
        at += 8 + (length as usize).next_multiple_of(2);
    }
    sized.then_some(header)
}

fn decode(bytes: &[u8], header: &Header, _: &Rendering) -> Result<Pixels, Error> {
    // The decoder keeps a frame of RGBA beside its output.
    let frame = 4 * u64::from(header.size.0) * u64::from(header.size.1);
    let decoder = WebPDecoder::new(Cursor::new(bytes));
    pixels::read(&FORMAT, header, decoder, |_| frame)
}
