//! A JPEG file: its header, its colour profile, and who decodes it.

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::jpeg::JpegDecoder;

use super::super::colour::Profile;
use super::super::format::{Pixels, Reader};
use super::super::header::{CUT, Coding, END_MISSING, Header, big};
use super::super::orientation::exif;
use super::super::pixels::{self, Stored};
use super::super::srgb::foreign;
use super::super::to_srgb;
use super::super::windowing::Rendering;
use super::format::FORMAT;
#[cfg(feature = "rare-formats")]
use super::rare::rare;
use crate::Error;

pub static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| bytes.starts_with(&[0xff, 0xd8, 0xff]),
    header: |bytes| header(bytes).ok_or_else(|| FORMAT.damaged(CUT)),
    pixels: decode,
};

const RARE: &str =
    "This JPEG is of a rare kind (lossless or hierarchical). Save it as PNG and try again.";
/// Mark of the segments of a colour profile, each followed by its number from 1 and their count.
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// Marker segments from the start of the image on, of which the coded data is passed over.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    /// A marker and its data; the end marker has none.
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // To the next marker: 0xff, any number of fill bytes, then neither 0 (a stuffed 0xff) nor a restart.
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| *byte == 0xff)? + 1;
            match *self.bytes.get(self.at)? {
                0xff => {}
                0x00 | 0x01 | 0xd0..=0xd8 => self.at += 1,
                0xd9 => return Some((0xd9, &[])),
                marker => {
                    let length = (big(self.bytes, self.at + 1, 2)? as usize).max(2);
                    let segment = self.bytes.get(self.at + 3..self.at + 1 + length)?;
                    self.at += 1 + length;
                    return Some((marker, segment));
                }
            }
        }
    }
}

const fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments { bytes, at: 2 }
}

/// Up to the end marker. Decoders forgive a missing end by painting the rest grey; a lesion may be there, so such a file
/// goes to the decoder that tells what is missing.
fn header(bytes: &[u8]) -> Option<Header> {
    let (mut header, mut orientation) = (None, None);
    let (mut scanned, mut whole) = (false, false);
    for (marker, segment) in segments(bytes) {
        match marker {
            0xd9 => {
                whole = scanned;
                break;
            }
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && header.is_none() => {
                header = Some(frame(marker, segment)?);
            }
            0xe1 if orientation.is_none() && segment.starts_with(b"Exif\0\0") => {
                orientation = Some(exif(segment));
            }
            0xda => scanned = true,
            _ => {}
        }
    }
    let mut header = header?;
    header.orientation = orientation.unwrap_or(header.orientation);
    if !whole {
        header.coding = Coding::Rare;
        header.damage = (!scanned).then_some(CUT);
    }
    Some(header)
}

/// What the frame header says.
fn frame(marker: u8, segment: &[u8]) -> Option<Header> {
    let mut header = Header::new((big(segment, 3, 2)?, big(segment, 1, 2)?));
    let components = usize::from(*segment.get(5)?);
    // One in three is what `zune-jpeg` does not upsample.
    let mut sampling = (0..components).filter_map(|index| segment.get(7 + 3 * index));
    let is_odd = sampling.any(|sides| sides >> 4 == 3 || sides & 15 == 3);
    header.coding = match marker {
        _ if is_odd || components == 4 || segment[0] != 8 => Coding::Rare,
        0xc0 | 0xc1 => Coding::Plain,
        0xc2 => Coding::Progressive,
        _ => Coding::Rare,
    };
    if !matches!(marker, 0xc0..=0xc2 | 0xc9 | 0xca) {
        header.refusal = Some(RARE);
    }
    Some(header)
}

/// The profile's parts put together, if they are all there; an empty one, which is broken, if some are not.
fn profile(bytes: &[u8]) -> Option<Profile> {
    let before_pixels = segments(bytes).take_while(|(marker, _)| !matches!(marker, 0xda | 0xd9));
    let mut parts: Vec<(u8, u8, &[u8])> = before_pixels
        .filter(|(marker, _)| *marker == 0xe2)
        .filter_map(|(_, segment)| match segment.strip_prefix(PROFILE)? {
            [number, count, part @ ..] => Some((*number, *count, part)),
            _ => None,
        })
        .collect();
    parts.sort_by_key(|(number, ..)| *number);
    let (_, count, _) = *parts.first()?;
    let is_whole = parts.iter().map(|(number, ..)| *number).eq(1..=count);
    let all: Vec<&[u8]> = parts.iter().map(|(.., part)| *part).collect();
    Some(Profile::Icc(if is_whole {
        all.concat()
    } else {
        Vec::new()
    }))
}

fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
    let profile = profile(bytes);
    to_srgb::check(foreign(profile.as_ref()))?;
    let usual = match header.coding {
        Coding::Rare => None,
        _ => Some(usual(bytes, header)),
    };
    let mut lacks_end = false;
    let stored = match usual {
        Some(Ok(stored)) => stored,
        Some(Err(error @ Error::UnsupportedImage(_))) => return Err(error),
        // The stricter decoder overlooks damage that does not touch the pixels.
        usual => match rare(bytes, header) {
            Ok((stored, lacks)) => {
                lacks_end = lacks;
                stored
            }
            Err(error @ Error::RareFormat) => return Err(error),
            Err(error) => return Err(usual.and_then(Result::err).unwrap_or(error)),
        },
    };
    let mut pixels = pixels::finish(&FORMAT, stored, profile.as_ref(), rendering)?;
    if lacks_end {
        pixels.remarks.push(END_MISSING.to_owned());
    }
    Ok(pixels)
}

fn usual(bytes: &[u8], header: &Header) -> Result<Stored, Error> {
    let coefficients = |decoder: &JpegDecoder<_>| match header.coding {
        Coding::Plain => 0,
        _ => 2 * decoder.total_bytes(),
    };
    let decoder = JpegDecoder::new(Cursor::new(bytes));
    pixels::read(&FORMAT, header, decoder, coefficients)
}

/// The image, and whether its end marker is missing.
#[cfg(not(feature = "rare-formats"))]
const fn rare(_: &[u8], _: &Header) -> Result<(Stored, bool), Error> {
    Err(Error::RareFormat)
}
