//! PNG (PNG 3rd edition, W3C 2025).

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Transformations};

use super::colour::{Colour, Profile};
use super::format::{ImageFormat, Pixels, Reader};
use super::header::{CUT, END_MISSING, Header, big, first_of};
use super::orientation::exif;
use super::pixels::{self, Alpha, Samples, Stored};
use super::srgb::foreign;
use super::to_srgb;
use super::windowing::{Depth, Rendering};
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "PNG",
    extensions: &["png"],
    media_types: &["image/png"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| bytes.starts_with(SIGNATURE),
    header,
    pixels: decode,
};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const APPLE: &str = "This is a variant of PNG that Apple’s tools make for programs. Save it as an ordinary PNG and try again.";
/// Longest colour profile that is unpacked, in bytes.
const MAX_PROFILE: usize = 4_000_000;

/// Chunks of length, type, data and checksum.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Chunks<'a> {
    /// Type and data.
    type Item = (&'a [u8], &'a [u8]);

    /// Nothing at a chunk that reaches beyond the end of the file.
    fn next(&mut self) -> Option<Self::Item> {
        let length = big(self.bytes, self.at, 4)? as usize;
        let data = self.at.checked_add(8)?;
        let end = data.checked_add(length)?;
        self.bytes.get(end..end.checked_add(4)?)?;
        let chunk = (&self.bytes[self.at + 4..data], &self.bytes[data..end]);
        self.at = end + 4;
        Some(chunk)
    }
}

fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks {
        bytes,
        at: SIGNATURE.len(),
    }
}

fn header(bytes: &[u8]) -> Result<Header, Error> {
    let cut = || FORMAT.damaged(CUT);
    let sides = |at| Some((big(bytes, at, 4)?, big(bytes, at + 4, 4)?));
    let kind = bytes.get(12..16).ok_or_else(cut)?;
    let mut header = Header::new(match kind {
        // A chunk of 4 bytes before the header.
        b"CgBI" => sides(32).ok_or_else(cut)?,
        _ => sides(16).ok_or_else(cut)?,
    });
    match kind {
        b"CgBI" => header.refusal = Some(APPLE),
        b"IHDR" => {}
        _ => header.damage = Some("it does not begin with its header"),
    }
    let (mut has_pixels, mut ends) = (false, false);
    for (kind, data) in chunks(bytes) {
        match kind {
            b"acTL" => {
                let frames = big(data, 0, 4).unwrap_or(1) as usize;
                if frames > 1 {
                    header.remarks.push(first_of(frames));
                }
            }
            // It may follow the pixels.
            b"eXIf" => header.orientation = exif(data),
            b"IDAT" => has_pixels = true,
            b"IEND" => {
                ends = true;
                break;
            }
            _ => {}
        }
    }
    if !ends && !has_pixels {
        header.damage = Some(CUT);
    }
    Ok(header)
}

/// What the file says about its colours. Each chunk takes precedence over those that follow here: cICP, iCCP, sRGB,
/// gAMA with cHRM (section 13.1.5 of the standard).
fn profile(bytes: &[u8]) -> Option<Profile> {
    let (mut code_points, mut icc, mut is_srgb) = (None, None, false);
    let (mut gamma, mut primaries) = (None, None);
    let thousandths = |data: &[u8], at| Some(big(data, at, 4)? as f32 / 100_000.0);
    for (kind, data) in chunks(bytes).take_while(|(kind, _)| *kind != b"IDAT") {
        match (kind, data) {
            (b"cICP", [primaries, transfer, ..]) => {
                code_points = Some(Profile::CodePoints(*primaries, *transfer));
            }
            (b"iCCP", data) => icc = Some(unpacked(data)),
            (b"sRGB", _) => is_srgb = true,
            (b"gAMA", data) => gamma = thousandths(data, 0).map(|gamma| 1.0 / gamma),
            (b"cHRM", data) => {
                let each = [0, 4, 8, 12, 16, 20, 24, 28].map(|at| thousandths(data, at));
                let points = each.map(|point| point.unwrap_or(0.0));
                primaries = each.iter().all(Option::is_some).then_some(points);
            }
            _ => {}
        }
    }
    match (code_points, icc, is_srgb, gamma) {
        (Some(code_points), ..) => Some(code_points),
        // An empty profile is broken, and said to be.
        (_, Some(icc), ..) => Some(Profile::Icc(icc.unwrap_or_default())),
        (_, _, true, _) => None,
        (.., Some(gamma)) => Some(Profile::Gamma(gamma, primaries)),
        _ => None,
    }
}

/// The profile after a name, a zero and the number of the compression method.
fn unpacked(data: &[u8]) -> Option<Vec<u8>> {
    let name = data.iter().position(|byte| *byte == 0)?;
    fdeflate::decompress_to_vec_bounded(data.get(name + 2..)?, MAX_PROFILE).ok()
}

fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
    let profile = profile(bytes);
    to_srgb::check(foreign(profile.as_ref()))?;
    let ends = chunks(bytes).any(|(kind, _)| kind == b"IEND");
    let whole = match ends {
        true => read(bytes, header, DecodeOptions::default()),
        false => Err(None),
    };
    let mut remarks = Vec::new();
    let stored = match whole {
        Ok(stored) => stored,
        Err(Some(error)) => return Err(error),
        Err(None) => {
            let reason = if ends { DAMAGED } else { CUT };
            let damaged = || FORMAT.damaged(reason);
            if !is_whole(bytes, header).ok_or_else(damaged)?? {
                return Err(damaged());
            }
            let mut options = DecodeOptions::default();
            options.set_ignore_crc(true);
            let stored = read(&essential(bytes), header, options);
            remarks.push(if ends { REPAIRED } else { END_MISSING }.to_owned());
            stored.map_err(|error| error.unwrap_or_else(damaged))?
        }
    };
    let mut pixels = pixels::finish(&FORMAT, stored, profile.as_ref(), rendering)?;
    pixels.remarks.extend(remarks);
    Ok(pixels)
}

const REPAIRED: &str = "Parts of the file are damaged; the checksum of the pixels is right.";

const DAMAGED: &str = "its pixels are not what was once written";

/// Whether the checksum of the pixels as a whole is there and is right; nothing where the header is too short. The
/// decoder does not look at it.
fn is_whole(bytes: &[u8], header: &Header) -> Option<Result<bool, Error>> {
    let (width, height) = (u64::from(header.size.0), u64::from(header.size.1));
    let channels = match bytes.get(25)? {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let row = (width * channels * u64::from(*bytes.get(24)?)).div_ceil(8);
    // A byte for each row, of which seven interlaced pictures have more, and an incomplete byte at the end of each.
    let most = row * height + 8 * height + 64;
    let packed = chunks(bytes).filter(|(kind, _)| *kind == b"IDAT");
    let packed: Vec<&[u8]> = packed.map(|(_, data)| data).collect();
    Some(
        pixels::afford(&FORMAT, most + bytes.len() as u64)
            .map(|()| fdeflate::decompress_to_vec_bounded(&packed.concat(), most as usize).is_ok()),
    )
}

/// The chunks that pixels need, and an end.
fn essential(bytes: &[u8]) -> Vec<u8> {
    let mut essential = SIGNATURE.to_vec();
    let mut add = |kind: &[u8], data: &[u8]| {
        essential.extend((data.len() as u32).to_be_bytes());
        essential.extend([kind, data, &[0; 4]].concat());
    };
    for (kind, data) in chunks(bytes) {
        if matches!(kind, b"IHDR" | b"PLTE" | b"tRNS" | b"IDAT") {
            add(kind, data);
        }
    }
    add(b"IEND", &[]);
    essential
}

/// The stored pixels, or why not; no reason where a second look may help.
fn read(bytes: &[u8], header: &Header, options: DecodeOptions) -> Result<Stored, Option<Error>> {
    let fault = |error| match error {
        DecodingError::LimitsExceeded => Some(pixels::over_limits(&FORMAT)),
        DecodingError::Format(_) | DecodingError::IoError(_) => None,
        error => Some(FORMAT.damaged(pixels::one_line(&error.to_string()))),
    };
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(fault)?;
    if reader.info().size() != header.size {
        return Err(Some(FORMAT.damaged("its headers contradict each other")));
    }
    let (colour, depth) = reader.output_color_type();
    let (colour, alpha) = match colour {
        ColorType::Grayscale => (Colour::Grey, Alpha::None),
        ColorType::GrayscaleAlpha => (Colour::Grey, Alpha::Straight),
        ColorType::Rgb => (Colour::Rgb, Alpha::None),
        ColorType::Rgba => (Colour::Rgb, Alpha::Straight),
        ColorType::Indexed => return Err(Some(pixels::unreadable(&FORMAT, "its palette"))),
    };
    let wide = depth == BitDepth::Sixteen;
    let decoded = reader
        .output_buffer_size()
        .map_or(u64::MAX, |size| size as u64);
    let more = match (colour, alpha, wide) {
        (Colour::Rgb, Alpha::None, false) => 0,
        _ => pixels::finished_bytes(header.size),
    };
    let samples = if wide {
        let mut words = pixels::room(&FORMAT, decoded / 2, more).map_err(Some)?;
        reader
            .next_frame(bytemuck::cast_slice_mut(&mut words))
            .map_err(fault)?;
        words
            .iter_mut()
            .for_each(|word| *word = u16::from_be(*word));
        Samples::Words(words)
    } else {
        let mut bytes = pixels::room(&FORMAT, decoded, more).map_err(Some)?;
        reader.next_frame(&mut bytes).map_err(fault)?;
        Samples::Bytes(bytes)
    };
    Ok(Stored {
        size: header.size,
        colour,
        alpha,
        samples,
        depth: if wide {
            Depth::Unsigned(16)
        } else {
            Depth::Full(255.0)
        },
        inverted: false,
    })
}
