//! From stored values to 8-bit RGB, within a bound on memory: windows, alpha and colour profiles are applied here, for
//! every format.

use std::error::Error as _;

use image::error::UnsupportedErrorKind;
use image::{ColorType, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};

use super::colour::{Colour, Converter, Profile, Unusable};
use super::format::{ImageFormat, Pixels};
use super::header::{CUT, Header};
use super::to_srgb::{self, ToSrgb};
use super::windowing::{Depth, Rendering, Window, Windowing};
use crate::Error;

/// Bytes that decoding may take at its peak, the finished image included. A browser gives a page's module 4 GB at
/// most, often less, and the model needs its share.
pub(super) const MAX_WORKING_BYTES: u64 = 1_000_000_000;

/// Pixels converted at a time.
const BLOCK: usize = 4096;

/// What alpha means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// There is none.
    None,
    /// The colours are not multiplied by it.
    Straight,
    /// The colours are multiplied by it already.
    #[cfg_attr(
        not(feature = "rare-formats"),
        allow(dead_code, reason = "only rare formats have it")
    )]
    Associated,
}

/// One number for each channel of each pixel, alpha last.
#[derive(Debug)]
pub(super) enum Samples {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    #[cfg_attr(
        not(feature = "rare-formats"),
        allow(dead_code, reason = "only rare formats have it")
    )]
    Floats(Vec<f32>),
}

/// An image as a file stores it.
#[derive(Debug)]
pub(super) struct Stored {
    /// Width and height in pixels.
    pub size: (u32, u32),
    pub colour: Colour,
    pub alpha: Alpha,
    pub samples: Samples,
    /// Which values are black and white. Bytes always reach from 0 to 255.
    pub depth: Depth,
    /// Whether the lowest value is white.
    pub inverted: bool,
}

/// Decodes with one of `image`'s decoders. `held` tells the bytes that the decoder holds besides its output, such as
/// coefficients or a second copy.
pub(super) fn read<D: ImageDecoder>(
    format: &'static ImageFormat,
    header: &Header,
    decoder: ImageResult<D>,
    held: impl FnOnce(&D) -> u64,
) -> Result<Stored, Error> {
    let fault = |error| fault(format, error);
    let mut decoder = decoder.map_err(fault)?;
    if decoder.dimensions() != header.size {
        return Err(format.damaged("its headers contradict each other"));
    }
    let decoded = decoder.total_bytes();
    let (colour, alpha) = match decoder.color_type() {
        ColorType::L8 => (Colour::Grey, Alpha::None),
        ColorType::La8 => (Colour::Grey, Alpha::Straight),
        ColorType::Rgb8 => (Colour::Rgb, Alpha::None),
        ColorType::Rgba8 => (Colour::Rgb, Alpha::Straight),
        other => return Err(unreadable(format, &format!("its pixels are {other:?}"))),
    };
    let finished = match decoder.color_type() {
        ColorType::Rgb8 => 0,
        _ => finished_bytes(header.size),
    };
    let mut bytes = room(format, decoded, held(&decoder) + finished)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(2 * MAX_WORKING_BYTES);
    decoder.set_limits(limits).map_err(fault)?;
    decoder.read_image(&mut bytes).map_err(fault)?;
    Ok(Stored {
        size: header.size,
        colour,
        alpha,
        samples: Samples::Bytes(bytes),
        depth: Depth::Full(255.0),
        inverted: false,
    })
}

/// Bytes of the finished image.
pub(super) fn finished_bytes((width, height): (u32, u32)) -> u64 {
    3 * u64::from(width) * u64::from(height)
}

/// A buffer of this many zeros, if there is memory for it and for `more` bytes.
pub(super) fn room<T: Clone + Default>(
    format: &ImageFormat,
    values: u64,
    more: u64,
) -> Result<Vec<T>, Error> {
    let bytes = values.saturating_mul(size_of::<T>() as u64);
    afford(format, bytes.saturating_add(more))?;
    let mut buffer = Vec::new();
    buffer
        .try_reserve_exact(values as usize)
        .map_err(|_| over_limits(format))?;
    buffer.resize(values as usize, T::default());
    Ok(buffer)
}

/// Refuses to decode what needs more than this many bytes at its peak.
pub(super) fn afford(format: &ImageFormat, needed: u64) -> Result<(), Error> {
    if needed <= MAX_WORKING_BYTES {
        return Ok(());
    }
    Err(Error::UnsupportedImage(format!(
        "Opening this {} needs {:.1} GB of memory, which is too much. Save it with 8 bits a channel, or reduce it, and try again.",
        format.name,
        needed as f64 / 1e9
    )))
}

/// The refusal of a kind of image that no decoder here knows.
pub(super) fn unreadable(format: &ImageFormat, what: &str) -> Error {
    Error::UnsupportedImage(format!(
        "This kind of {} cannot be read ({}). Save it as an 8-bit RGB PNG and try again.",
        format.name,
        one_line(what)
    ))
}

/// The refusal of an image for which a decoder would need more memory than it may take.
pub(super) fn over_limits(format: &ImageFormat) -> Error {
    Error::UnsupportedImage(format!(
        "Opening this {} needs too much memory. Reduce it and try again.",
        format.name
    ))
}

/// The decoder's words as part of a sentence: no line breaks, no full stop, not endless.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(160).collect();
    line.trim_end_matches(['.', ':', ' ']).to_owned()
}

/// A decoder's error, said plainly.
fn fault(format: &ImageFormat, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(error) => match error.kind() {
            UnsupportedErrorKind::GenericFeature(feature) => unreadable(format, &feature),
            _ => unreadable(format, "its colours are stored in an unusual way"),
        },
        ImageError::Limits(_) => over_limits(format),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            format.damaged(CUT)
        }
        ImageError::Decoding(error) => match error.source() {
            Some(source) => format.damaged(one_line(&source.to_string())),
            None => format.damaged(one_line(&error.to_string())),
        },
        error => format.damaged(one_line(&error.to_string())),
    }
}

impl Samples {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Words(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// Least and greatest value among every `step`th group's first `taken`; infinities and NaN are passed over.
    fn range(&self, step: usize, skipped: usize, taken: usize) -> (f64, f64) {
        fn of<T: Copy>(
            values: &[T],
            (step, skipped, taken): (usize, usize, usize),
            number: impl Fn(T) -> f32,
        ) -> (f64, f64) {
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            for pixel in values.chunks_exact(step) {
                for value in &pixel[skipped..skipped + taken] {
                    let value = number(*value);
                    if value.is_finite() {
                        (low, high) = (low.min(value), high.max(value));
                    }
                }
            }
            if low > high {
                return (0.0, 0.0);
            }
            (low.into(), high.into())
        }
        let part = (step, skipped, taken);
        match self {
            Self::Bytes(values) => of(values, part, f32::from),
            Self::Words(values) => of(values, part, f32::from),
            Self::Floats(values) => of(values, part, |value| value),
        }
    }
}

/// Upright or not, what a file stores becomes 8-bit sRGB.
pub(super) fn finish(
    format: &'static ImageFormat,
    mut stored: Stored,
    profile: Option<&Profile>,
    rendering: &Rendering,
) -> Result<Pixels, Error> {
    let mut remarks = Vec::new();
    let channels = stored.colour.channels() + usize::from(stored.alpha != Alpha::None);
    let (width, height) = stored.size;
    if stored.samples.len() != width as usize * height as usize * channels {
        return Err(format.damaged("its pixels do not fit its size"));
    }
    let profile = profile.filter(|profile| !profile.is_srgb(stored.colour));
    to_srgb::check(profile)?;
    let (window, windowing) = window(&stored, channels, rendering, &mut remarks);
    let way = profile.map(|profile| ToSrgb::new(profile, stored.colour));
    let way = match way {
        Some(Ok(way)) => way,
        Some(Err(Unusable)) => {
            remarks.push(UNUSABLE.to_owned());
            None
        }
        None => None,
    };
    let hidden = stored.alpha != Alpha::None
        && stored.samples.range(channels, channels - 1, 1) == (0.0, 0.0)
        && stored.samples.range(channels, 0, channels - 1) != (0.0, 0.0);
    let mut mixing = Mixing {
        colour: stored.colour,
        channels,
        alpha: if hidden { Alpha::None } else { stored.alpha },
        window,
        white: opaque(&stored, channels, window),
        inverted: stored.inverted,
        way: way.as_ref(),
        is_transparent: false,
    };
    let plain = mixing.way.is_none() && !stored.inverted && mixing.colour == Colour::Rgb;
    let bytes = match &mut stored.samples {
        Samples::Bytes(bytes) if plain && stored.alpha == Alpha::None => Ok(std::mem::take(bytes)),
        Samples::Bytes(bytes) if stored.alpha == Alpha::None && !stored.inverted => {
            let eight = way.as_ref().map(ToSrgb::eight).transpose();
            eight.and_then(|eight| mixing.of_bytes(std::mem::take(bytes), eight))
        }
        Samples::Bytes(values) => mixing.of(values, f32::from),
        Samples::Words(values) => mixing.of(values, f32::from),
        Samples::Floats(values) => mixing.of(values, |value| value),
    };
    let is_transparent = mixing.is_transparent;
    let bytes = match bytes {
        Ok(bytes) => {
            remarks.extend(way.map(|way| format!("Converted from {} to sRGB.", way.name())));
            bytes
        }
        // The profile can be read and yet not be used: the numbers are taken as they are.
        Err(Unusable) => {
            let again = finish(format, stored, None, rendering)?;
            return Ok(Pixels {
                remarks: [vec![UNUSABLE.to_owned()], again.remarks].concat(),
                ..again
            });
        }
    };
    if stored.colour == Colour::Cmyk {
        remarks.push("Converted from CMYK, the colours of a printing press.".to_owned());
    }
    if hidden {
        remarks.push("The image is transparent everywhere; its colours are shown.".to_owned());
    } else if is_transparent {
        remarks.push("Transparent parts are shown over black.".to_owned());
    }
    let image = RgbImage::from_raw(width, height, bytes)
        .ok_or_else(|| format.damaged("its pixels do not fit its size"))?;
    Ok(Pixels {
        image,
        remarks,
        windowing,
    })
}

const UNUSABLE: &str = "The colour profile of the file cannot be used and was ignored.";

/// The values that become black and white. A window can be chosen for grey only: in colour it would change hues.
fn window(
    stored: &Stored,
    channels: usize,
    rendering: &Rendering,
    remarks: &mut Vec<String>,
) -> (Window, Option<Windowing>) {
    if matches!(stored.samples, Samples::Bytes(_)) {
        return (Window::between(0.0, 255.0), None);
    }
    let range = stored.samples.range(channels, 0, stored.colour.channels());
    let is_grey = stored.colour == Colour::Grey;
    let depth = match stored.depth {
        Depth::Float if !is_grey => Depth::LinearLight,
        depth => depth,
    };
    let proposed = depth.window(range);
    let shown = rendering.window.filter(|_| is_grey);
    if shown.is_none() {
        remarks.push(proposed.remark);
    }
    let shown = shown.unwrap_or(proposed.window);
    let mut presets = vec![(proposed.name, proposed.window)];
    let whole = Window::between(range.0, range.1);
    if range.1 > range.0 && whole != proposed.window {
        presets.push(("darkest to brightest".to_owned(), whole));
    }
    let windowing = Windowing {
        shown,
        range,
        presets,
    };
    (shown, is_grey.then_some(windowing))
}

/// The value of alpha that is opaque.
fn opaque(stored: &Stored, channels: usize, window: Window) -> f32 {
    let top = window.centre + window.width / 2.0;
    let greatest = || stored.samples.range(channels, channels - 1, 1).1;
    let white = match stored.samples {
        Samples::Bytes(_) => 255.0,
        _ if stored.alpha == Alpha::None => 1.0,
        Samples::Words(_) if greatest() > top => f64::from(u16::MAX),
        Samples::Words(_) => top,
        Samples::Floats(_) if greatest() <= 1.0 => 1.0,
        Samples::Floats(_) => top.max(greatest()),
    };
    white as f32
}

/// How stored values become 8-bit RGB.
struct Mixing<'a> {
    colour: Colour,
    channels: usize,
    alpha: Alpha,
    window: Window,
    white: f32,
    inverted: bool,
    way: Option<&'a ToSrgb>,
    is_transparent: bool,
}

impl Mixing<'_> {
    /// 8-bit values without alpha: grey by a table, colours in place.
    fn of_bytes(
        &self,
        mut bytes: Vec<u8>,
        eight: Option<Converter<u8>>,
    ) -> Result<Vec<u8>, Unusable> {
        let convert = |from: &[u8], to: &mut [u8]| match &eight {
            Some(eight) => eight(from, to),
            None => {
                to.copy_from_slice(&naive_bytes(self.colour, from));
                Ok(())
            }
        };
        if self.colour == Colour::Grey {
            let every: Vec<u8> = (0..=255).collect();
            let mut table = vec![0; 3 * every.len()];
            convert(&every, &mut table)?;
            let table = table.as_chunks::<3>().0;
            return Ok(bytes.iter().flat_map(|v| table[usize::from(*v)]).collect());
        }
        // No more channels come out than go in.
        let mut converted = vec![0; 3 * BLOCK];
        let mut end = 0;
        for first in (0..bytes.len()).step_by(self.channels * BLOCK) {
            let from = &bytes[first..bytes.len().min(first + self.channels * BLOCK)];
            let to = &mut converted[..from.len() / self.channels * 3];
            convert(from, to)?;
            bytes[end..end + to.len()].copy_from_slice(to);
            end += to.len();
        }
        bytes.truncate(end);
        Ok(bytes)
    }

    /// Any values.
    fn of<T: Copy>(
        &mut self,
        values: &[T],
        number: impl Fn(T) -> f32,
    ) -> Result<Vec<u8>, Unusable> {
        let sixteen = self.way.map(ToSrgb::sixteen).transpose()?;
        let low = (self.window.centre - self.window.width / 2.0) as f32;
        let width = (self.window.width as f32).max(f32::MIN_POSITIVE);
        // NaN stays; the casts below take it to 0.
        let clamp = |level: f32| level.clamp(0.0, 1.0);
        let mut rgb = Vec::with_capacity(values.len() / self.channels * 3);
        let inks = self.colour.channels();
        let (mut block, mut converted) = (Vec::new(), vec![0_u16; 3 * BLOCK]);
        for pixels in values.chunks(self.channels * BLOCK) {
            block.clear();
            let first = rgb.len();
            for pixel in pixels.chunks_exact(self.channels) {
                let opacity = self.opacity(number(pixel[self.channels - 1]));
                self.is_transparent |= opacity < 1.0;
                let level = |value: &T| {
                    let level = clamp((number(*value) - low) / width);
                    if self.inverted { 1.0 - level } else { level }
                };
                if sixteen.is_some() {
                    let straight = match self.alpha {
                        Alpha::Associated if opacity > 0.0 => 1.0 / opacity,
                        _ => 1.0,
                    };
                    let word = |value| (clamp(level(value) * straight) * 65535.0 + 0.5) as u16;
                    block.extend(pixel[..inks].iter().map(word));
                }
                let factor = match self.alpha {
                    Alpha::Straight => opacity,
                    // Over black, multiplied colours are what is seen.
                    Alpha::None | Alpha::Associated => 1.0,
                };
                let byte = |level: f32| (level * factor * 255.0 + 0.5) as u8;
                rgb.extend(match (self.colour, pixel) {
                    (Colour::Rgb, [r, g, b, ..]) => [r, g, b].map(|value| byte(level(value))),
                    (Colour::Cmyk, [c, m, y, k, ..]) => {
                        [c, m, y].map(|ink| byte((1.0 - level(ink)) * (1.0 - level(k))))
                    }
                    (_, pixel) => [byte(level(&pixel[0])); 3],
                });
            }
            if let Some(sixteen) = &sixteen {
                let converted = &mut converted[..pixels.len() / self.channels * 3];
                sixteen(&block, converted)?;
                let each = converted.as_chunks::<3>().0.iter();
                let outs = rgb[first..].as_chunks_mut::<3>().0;
                for ((out, colour), pixel) in
                    outs.iter_mut().zip(each).zip(pixels.chunks(self.channels))
                {
                    let opacity = self.opacity(number(pixel[self.channels - 1]));
                    let byte = |word: u16| (f32::from(word) / 257.0 * opacity + 0.5) as u8;
                    *out = colour.map(byte);
                }
            }
        }
        Ok(rgb)
    }

    /// From 0 to 1, of the last number of a pixel.
    fn opacity(&self, last: f32) -> f32 {
        match self.alpha {
            Alpha::None => 1.0,
            Alpha::Straight | Alpha::Associated => (last / self.white).clamp(0.0, 1.0),
        }
    }
}

/// RGB of grey, of RGB and of inks without a profile.
fn naive_bytes(colour: Colour, bytes: &[u8]) -> Vec<u8> {
    match colour {
        Colour::Rgb => bytes.to_vec(),
        Colour::Grey => bytes.iter().flat_map(|v| [*v; 3]).collect(),
        Colour::Cmyk => {
            let inks = bytes.as_chunks::<4>().0.iter();
            let left = |ink: u8, black: u8| {
                let product = u32::from(255 - ink) * u32::from(255 - black);
                ((product + 127) / 255) as u8
            };
            inks.flat_map(|[c, m, y, k]| [c, m, y].map(|ink| left(*ink, *k)))
                .collect()
        }
    }
}
