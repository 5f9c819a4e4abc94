//! PNG (PNG 3rd edition, W3C 2025).

use std::io::Cursor;

use image::codecs::png::PngDecoder;

use super::format::{ImageFormat, Pixels, Reader};
use super::header::{ANIMATION, CUT, Header, big};
use super::orientation::exif;
use super::pixels;
use super::windowing::Rendering;
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "PNG",
    extensions: &["png"],
    media_types: &["image/png"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
    header: |bytes| chunks(bytes).ok_or_else(|| FORMAT.damaged(CUT)),
    pixels: decode,
};

/// Chunks of length, type, data and checksum. The EXIF chunk may follow the pixels, where `image`'s decoder does not
/// look for it.
fn chunks(bytes: &[u8]) -> Option<Header> {
    let mut header = Header::new((big(bytes, 16, 4)?, big(bytes, 20, 4)?));
    let begins = bytes.get(12..16)? == b"IHDR";
    let (mut at, mut ends) = (8, false);
    while let (Some(length), Some(kind)) = (big(bytes, at, 4), bytes.get(at + 4..at + 8)) {
        let data = (at + 8).checked_add(length as usize)?;
        let Some(end) = data.checked_add(4).filter(|end| *end <= bytes.len()) else {
            break;
        };
        match kind {
            b"acTL" => header.refusal = Some(ANIMATION),
            b"eXIf" => header.orientation = exif(&bytes[at + 8..data]),
            b"IEND" => {
                ends = true;
                break;
            }
            _ => {}
        }
        at = end;
    }
    header.damage = match (begins, ends) {
        (false, _) => Some("it does not begin with its header"),
        (true, false) => Some(CUT),
        (true, true) => None,
    };
    Some(header)
}

fn decode(bytes: &[u8], header: &Header, _: &Rendering) -> Result<Pixels, Error> {
    let decoder = PngDecoder::new(Cursor::new(bytes));
    pixels::read(&FORMAT, header, decoder, |_| 0)
}
