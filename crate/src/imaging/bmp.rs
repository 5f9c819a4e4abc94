//! BMP (Microsoft's BITMAPINFOHEADER family).

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;

use super::format::{ImageFormat, Pixels, Reader};
use super::header::{CUT, Header, little};
use super::pixels;
use super::windowing::Rendering;
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "BMP",
    extensions: &["bmp"],
    media_types: &["image/bmp"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: |bytes| {
        size(bytes)
            .map(Header::new)
            .ok_or_else(|| FORMAT.damaged(CUT))
    },
    pixels: decode,
};

/// "BM" begins many texts, so the size of the second header must be one that exists.
fn matches(bytes: &[u8]) -> bool {
    let second = little(bytes, 14, 4);
    bytes.starts_with(b"BM")
        && second.is_none_or(|size| matches!(size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    Some(if little(bytes, 14, 4)? == 12 {
        (little(bytes, 18, 2)?, little(bytes, 20, 2)?)
    } else {
        // A negative height means rows from the top; a negative width makes no sense and is refused as too large.
        let height = little(bytes, 22, 4)? as i32;
        (little(bytes, 18, 4)?, height.unsigned_abs())
    })
}

fn decode(bytes: &[u8], header: &Header, _: &Rendering) -> Result<Pixels, Error> {
    let decoder = BmpDecoder::new(Cursor::new(bytes));
    pixels::read(&FORMAT, header, decoder, |_| 0)
}
