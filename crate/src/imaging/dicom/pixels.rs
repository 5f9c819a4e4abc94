//! The header and the pixels of one frame, as every format's file gives them.

use std::borrow::Cow;

use dicom_dictionary_std::tags;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use image::RgbImage;

use super::super::colour::{Colour, Profile};
use super::super::format::Pixels;
use super::super::header::{CUT, Header};
use super::super::pixels::{Alpha, Samples, Stored, afford, finish, one_line};
use super::super::windowing::{Depth, Rendering};
use super::attributes::{bytes, code, number, numbers};
use super::codecs::Codecs;
use super::colour::{Palette, rgb};
use super::dataset::{DataSet, read};
use super::elements::PixelBytes;
use super::format::FORMAT;
use super::frames::{Fragments, OneFrame};
use super::grey::Greys;
use super::kinds::refusal;
use super::layout::Layout;
use super::scale::scale;
use crate::Error;

const BURNED_IN: &str = "The file says that text is burned into the picture; it may name a person.";
const OVERLAY: &str = "Graphics that lie over the picture in the file are left out.";
const TOO_LONG: &str = "The file says to be longer than it is; all its pixels are there.";

/// Reads everything but pixels.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let data = read(bytes)?;
    if let Some(sentence) = refusal(&data) {
        return Err(Error::UnsupportedImage(sentence));
    }
    let object = &data.attributes;
    let layout = Layout::read(object)?;
    let mut header = Header::new((layout.columns.into(), layout.rows.into()));
    if code(object, tags::BURNED_IN_ANNOTATION).as_deref() == Some("YES") {
        header.remarks.push(BURNED_IN.to_owned());
    }
    if data.overlay {
        header.remarks.push(OVERLAY.to_owned());
    }
    let present = present(&data, &layout);
    header.frames = present.min(layout.frames);
    if present == 0 {
        header.damage = Some(CUT);
    } else if present < layout.frames {
        header.remarks.push(format!(
            "The file was cut: only the first {present} of {} frames are there.",
            layout.frames
        ));
    } else if data.cut && matches!(data.pixels, Some(PixelBytes::Native { .. })) {
        header.remarks.push(TOO_LONG.to_owned());
    }
    if header.frames > 1 {
        header.frame_time = frame_time(&data);
    }
    (header.scale, header.pixel_aspect) = scale(object, &layout, &mut header.remarks);
    Ok(header)
}

/// Frames whose bytes are there.
fn present(data: &DataSet, layout: &Layout) -> u32 {
    let frames = match &data.pixels {
        Some(PixelBytes::Native { value, .. }) => match encapsulated(data) {
            // Compressed, and yet in one piece.
            true => u64::from(!value.is_empty() && !data.cut),
            false => 8 * value.len() as u64 / layout.native_bits(),
        },
        Some(PixelBytes::Fragments { .. }) => coded(data, layout).len() as u64,
        None => 0,
    };
    u32::try_from(frames).unwrap_or(u32::MAX)
}

fn encapsulated(data: &DataSet) -> bool {
    let syntax = Codecs.get(&data.syntax);
    syntax.is_some_and(|syntax| syntax.is_encapsulated_pixel_data())
}

/// The fragments of the file.
fn fragments<'a>(data: &'a DataSet, pixels: &'a PixelBytes) -> Option<Fragments<'a>> {
    match pixels {
        PixelBytes::Fragments { table, fragments } => {
            let extended = bytes(&data.attributes, tags::EXTENDED_OFFSET_TABLE);
            Some(Fragments::new(&data.bytes, table, fragments, extended))
        }
        PixelBytes::Native { .. } => None,
    }
}

/// The fragments of each frame. Of a single frame that was cut, none are whole.
fn coded(data: &DataSet, layout: &Layout) -> Vec<std::ops::Range<usize>> {
    let pixels = data.pixels.as_ref();
    let fragments = pixels.and_then(|pixels| fragments(data, pixels));
    match fragments {
        Some(_) if data.cut && layout.frames == 1 => Vec::new(),
        Some(fragments) => fragments.frames(layout.frames),
        None => Vec::new(),
    }
}

/// Milliseconds from one frame to the next, by the first attribute that tells it (PS3.3, C.7.6.5).
fn frame_time(data: &DataSet) -> Option<f64> {
    let object = &data.attributes;
    let positive = |value: &f64| *value > 0.0;
    let time = number(object, tags::FRAME_TIME).filter(positive);
    let mean = || {
        // The first entry is the time before the first frame.
        let steps = numbers(object, tags::FRAME_TIME_VECTOR);
        let steps = steps.get(1..).unwrap_or_default();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        Some(mean).filter(positive)
    };
    let rate = |tag| {
        let rate = number(object, tag).filter(positive);
        rate.map(|rate| 1000.0 / rate)
    };
    time.or_else(mean)
        .or_else(|| rate(tags::CINE_RATE))
        .or_else(|| rate(tags::RECOMMENDED_DISPLAY_FRAME_RATE))
}

/// Decodes one frame.
pub(super) fn decode(file: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
    let data = read(file)?;
    let mut layout = Layout::read(&data.attributes)?;
    let needed = layout.decoded_bytes() + working_bytes(&data, &layout);
    afford(&FORMAT, needed)?;
    let samples = samples(&data, &mut layout, rendering.frame)?;
    let mut remarks = Vec::new();
    if layout.grey() {
        let greys = Greys::read(&data.attributes, &layout, rendering.frame);
        let values = values(&samples, &layout);
        let (grey, windowing) = greys.render(values, &layout, rendering.window, &mut remarks);
        let image = grey.into_iter().flat_map(|level| [level; 3]).collect();
        let (width, height) = header.size;
        let image = RgbImage::from_raw(width, height, image)
            .ok_or_else(|| FORMAT.damaged("its pixels do not fit its size"))?;
        return Ok(Pixels {
            image,
            remarks,
            windowing,
        });
    }
    let image = if layout.samples == 1 {
        let palette = Palette::read(&data.attributes, layout.signed)?;
        let colours = values(&samples, &layout).map(|value| palette.colour(value));
        colours.flatten().collect()
    } else {
        if layout.stored > 8 {
            remarks.push(format!(
                "Reduced from {} to 8 bits a channel.",
                layout.stored
            ));
        }
        rgb(&samples, &layout)
    };
    let stored = Stored {
        size: header.size,
        colour: Colour::Rgb,
        alpha: Alpha::None,
        samples: Samples::Bytes(image),
        depth: Depth::Full(255.0),
        inverted: false,
    };
    // Of colours alone (PS3.3, C.11.15).
    let profile = bytes(&data.attributes, tags::ICC_PROFILE);
    let profile = profile.filter(|bytes| !bytes.is_empty()).map(Profile::Icc);
    let mut pixels = finish(&FORMAT, stored, profile.as_ref(), rendering)?;
    pixels.remarks.splice(..0, remarks);
    Ok(pixels)
}

/// Bytes that decoding takes besides the decoded samples: the finished image, its greys, and what a codec holds.
fn working_bytes(data: &DataSet, layout: &Layout) -> u64 {
    let pixels = layout.pixels() as u64;
    let samples = pixels * u64::from(layout.samples);
    let codec = match encapsulated(data) {
        // JPEG 2000 holds coefficients of four bytes and planes of as many.
        true if data.syntax.starts_with("1.2.840.10008.1.2.4.9") => 8 * samples,
        true => 4 * samples,
        false => 0,
    };
    4 * pixels + codec
}

/// The samples of one frame, decompressed and little endian; `layout` is made to say how they lie now.
fn samples<'a>(data: &'a DataSet, layout: &mut Layout, frame: u32) -> Result<Cow<'a, [u8]>, Error> {
    let cut = || FORMAT.damaged(CUT);
    let pixels = data.pixels.as_ref().ok_or_else(cut)?;
    let coded = match (fragments(data, pixels), pixels) {
        (Some(fragments), _) => {
            let frames = coded(data, layout);
            let frame = frames.get(frame as usize).ok_or_else(cut)?;
            fragments.join(frame.clone())
        }
        (None, PixelBytes::Native { value, words }) if !encapsulated(data) => {
            return native(&data.bytes[value.clone()], *words, data, layout, frame);
        }
        (None, PixelBytes::Native { value, .. }) => Cow::Borrowed(&data.bytes[value.clone()]),
        (None, PixelBytes::Fragments { .. }) => return Err(cut()),
    };
    let reader = Codecs
        .get(&data.syntax)
        .and_then(|syntax| syntax.pixel_data_reader());
    let mut decoded = Vec::new();
    match reader {
        Some(reader) => {
            let one = OneFrame {
                syntax: &data.syntax,
                layout,
                data: coded,
            };
            reader
                .decode_frame(&one, 0, &mut decoded)
                .map_err(|error| FORMAT.damaged(one_line(&error.to_string())))?;
        }
        // In fragments, and yet not compressed.
        None => {
            return native(&coded, false, data, layout, 0)
                .map(|bytes| Cow::Owned(bytes.into_owned()));
        }
    }
    if (decoded.len() as u64) < layout.decoded_bytes() {
        return Err(cut());
    }
    if layout.samples == 3 {
        // What codecs of dicom-rs give.
        "RGB".clone_into(&mut layout.photometric);
        layout.planar = false;
    }
    Ok(Cow::Owned(decoded))
}

/// The samples of one frame that was never compressed.
fn native<'a>(
    bytes: &'a [u8],
    words: bool,
    data: &DataSet,
    layout: &mut Layout,
    frame: u32,
) -> Result<Cow<'a, [u8]>, Error> {
    let cut = || FORMAT.damaged(CUT);
    let bits = layout.native_bits();
    let first = bits.checked_mul(frame.into()).ok_or_else(cut)?;
    let (from, to) = (first / 8, (first + bits).div_ceil(8));
    // Bytes of big-endian words are swapped in pairs.
    let swap = match layout.allocated {
        8 if words => 2,
        16 => 2,
        32 => 4,
        _ => 1,
    };
    let swap = if data.encoding.big { swap } else { 1 };
    let range = from as usize..to as usize;
    let part = bytes.get(range.clone()).ok_or_else(cut)?;
    if layout.allocated == 1 {
        let unpacked = (first % 8..).take(layout.pixels());
        let unpacked = unpacked.map(|bit| part[bit as usize / 8] >> (bit % 8) & 1);
        (layout.allocated, layout.stored, layout.high) = (8, 1, 0);
        return Ok(Cow::Owned(unpacked.collect()));
    }
    if swap == 1 {
        return Ok(Cow::Borrowed(part));
    }
    let swapped = range.map(|at| {
        let other = at / swap * swap + (swap - 1 - at % swap);
        bytes.get(other).copied().unwrap_or_default()
    });
    Ok(Cow::Owned(swapped.collect()))
}

/// The values of samples of one colour.
fn values(samples: &[u8], layout: &Layout) -> impl Iterator<Item = i64> + Clone {
    let size = layout.sample_bytes();
    let chunks = samples.chunks_exact(size).take(layout.pixels());
    chunks.map(move |sample| {
        let raw = sample
            .iter()
            .rev()
            .fold(0, |raw, byte| raw << 8 | u32::from(*byte));
        layout.value(raw)
    })
}
