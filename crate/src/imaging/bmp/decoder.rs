//! The pixels of a file.

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;

use super::super::colour::Profile;
use super::super::format::Pixels;
use super::super::header::{CUT, Header, little};
use super::super::pixels::{self, Samples};
use super::super::windowing::Rendering;
use super::format::{FILE_HEADER, FORMAT, Info, MASKS, has_file_header};
use crate::Error;

/// Kinds of compression: runs of 8 and 4 bits.
const RLE8: u32 = 1;
const RLE4: u32 = 2;
/// `bV5CSType` of a profile in the file.
const EMBEDDED: u32 = 0x4d42_4544;

impl Info {
    /// A negative width makes no sense and is refused as too large.
    fn size(&self) -> (u32, u32) {
        (self.width, self.height.unsigned_abs())
    }

    /// Where the pixels begin, counted from this header.
    fn pixels_at(&self) -> u32 {
        let masks = if self.length == 40 && self.compression == MASKS {
            12
        } else {
            0
        };
        let colours = match self.colours {
            0 if self.bits <= 8 => 1 << self.bits,
            colours => colours,
        };
        self.length + masks + 4 * colours
    }
}

pub fn header(bytes: &[u8]) -> Result<Header, Error> {
    let info = info(bytes).ok_or_else(|| FORMAT.damaged(CUT))?;
    Ok(Header::new(info.size()))
}

fn info(bytes: &[u8]) -> Option<Info> {
    Info::read(match has_file_header(bytes) {
        true => bytes.get(FILE_HEADER..)?,
        false => bytes,
    })
}

pub fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
    let info = info(bytes).ok_or_else(|| FORMAT.damaged(CUT))?;
    let mut bytes = Cow::Borrowed(bytes);
    if !has_file_header(&bytes) {
        let at = FILE_HEADER as u32 + info.pixels_at();
        let length = (FILE_HEADER + bytes.len()) as u32;
        let mut file = b"BM".to_vec();
        file.extend([length, 0, at].iter().flat_map(|value| value.to_le_bytes()));
        file.extend_from_slice(&bytes);
        bytes = Cow::Owned(file);
    }
    // Some programs leave out the padding of the last row.
    let row = (u64::from(info.width) * u64::from(info.bits)).div_ceil(8);
    let padding = row.next_multiple_of(4) - row;
    let first = little(&bytes, 10, 4).unwrap_or(0);
    let whole = u64::from(first) + row.next_multiple_of(4) * u64::from(header.size.1);
    let missing = whole.saturating_sub(bytes.len() as u64);
    if matches!(info.compression, 0 | MASKS) && (1..=padding).contains(&missing) {
        bytes.to_mut().resize(whole as usize, 0);
    }
    // The standard allows runs only with rows from the bottom, and the decoder holds files to it.
    let turns = matches!(info.compression, RLE8 | RLE4) && info.height < 0;
    if turns {
        let height = info.height.unsigned_abs().to_le_bytes();
        bytes.to_mut()[FILE_HEADER + 8..FILE_HEADER + 12].copy_from_slice(&height);
    }
    let profile = profile(&bytes);
    let decoder = BmpDecoder::new(Cursor::new(bytes.as_ref()));
    let mut stored = pixels::read(&FORMAT, header, decoder, |_| 0)?;
    if let (true, Samples::Bytes(samples)) = (turns, &mut stored.samples) {
        let row = samples.len() / header.size.1 as usize;
        let mut rows: Vec<&mut [u8]> = samples.chunks_exact_mut(row).collect();
        let (upper, lower) = rows.split_at_mut(header.size.1 as usize / 2);
        for (above, below) in upper.iter_mut().zip(lower.iter_mut().rev()) {
            above.swap_with_slice(below);
        }
    }
    pixels::finish(&FORMAT, stored, profile.as_ref(), rendering)
}

/// The colour profile in a file with a header of version 5.
fn profile(bytes: &[u8]) -> Option<Profile> {
    let field = |at| little(bytes, FILE_HEADER + at, 4);
    if field(0)? != 124 || field(56)? != EMBEDDED {
        return None;
    }
    let first = FILE_HEADER.checked_add(field(112)? as usize)?;
    let profile = bytes.get(first..first.checked_add(field(116)? as usize)?)?;
    Some(Profile::Icc(profile.to_vec()))
}
