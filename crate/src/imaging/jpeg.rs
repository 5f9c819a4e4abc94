//! JPEG (ITU-T T.81).

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::jpeg::JpegDecoder;

use super::format::{ImageFormat, Pixels, Reader};
use super::header::{CMYK, CUT, Header, big};
use super::orientation::exif;
use super::pixels;
use super::windowing::Rendering;
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "JPEG",
    extensions: &["jpg", "jpeg"],
    media_types: &["image/jpeg"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| bytes.starts_with(&[0xff, 0xd8, 0xff]),
    header: |bytes| segments(bytes).ok_or_else(|| FORMAT.damaged(CUT)),
    pixels: decode,
};

const CODING: &str =
    "This JPEG is of a rare kind (lossless, arithmetic or 12-bit). Save it as PNG and try again.";

/// Marker segments, and the entropy-coded data between them, up to the end-of-image marker. Decoders forgive a missing
/// end by painting the rest grey; a lesion may be there, so it counts as damage.
fn segments(bytes: &[u8]) -> Option<Header> {
    let (mut frame, mut orientation) = (None, None);
    let (mut at, mut scanned, mut whole) = (2, false, false);
    // To the next marker: 0xff, any number of fill bytes, then neither 0 (a stuffed 0xff) nor a restart.
    while let Some(skipped) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == 0xff))
    {
        at += skipped + 1;
        let Some(&marker) = bytes.get(at) else { break };
        match marker {
            0xff => continue,
            0x00 | 0x01 | 0xd0..=0xd8 => {
                at += 1;
                continue;
            }
            0xd9 => {
                whole = scanned;
                break;
            }
            _ => {}
        }
        let Some(length) = big(bytes, at + 1, 2) else {
            break;
        };
        let Some(segment) = bytes.get(at + 3..at + 1 + (length as usize).max(2)) else {
            break;
        };
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && frame.is_none() => {
                let mut header = Header::new((big(segment, 3, 2)?, big(segment, 1, 2)?));
                header.progressive = marker == 0xc2;
                if *segment.get(5)? == 4 {
                    header.refusal = Some(CMYK);
                } else if !matches!(marker, 0xc0..=0xc2) || segment[0] != 8 {
                    header.refusal = Some(CODING);
                }
                frame = Some(header);
            }
            0xe1 if orientation.is_none() && segment.starts_with(b"Exif\0\0") => {
                orientation = Some(exif(segment));
            }
            0xda => scanned = true,
            _ => {}
        }
        at += 1 + length as usize;
    }
    let mut header = frame?;
    header.orientation = orientation.unwrap_or(header.orientation);
    header.damage = (!whole).then_some(CUT);
    Some(header)
}

fn decode(bytes: &[u8], header: &Header, _: &Rendering) -> Result<Pixels, Error> {
    let coefficients = |decoder: &JpegDecoder<_>| match header.progressive {
        true => 2 * decoder.total_bytes(),
        false => 0,
    };
    let decoder = JpegDecoder::new(Cursor::new(bytes));
    pixels::read(&FORMAT, header, decoder, coefficients)
}
