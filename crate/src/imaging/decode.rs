//! A file's bytes become an upright 8-bit RGB image, or one sentence on why not.

use image::RgbImage;
use image::metadata::Orientation;

use super::format::{ImageFormat, Reader};
use super::header::Header;
use super::orientation::upright;
use super::refused::refusal;
use super::table::{READERS, list};
use super::windowing::{Rendering, Windowing};
use crate::Error;
use crate::measure::{DepthMarks, Scale, propose_depth_marks};
use crate::modality::Modality;

/// Largest image taken, in millions of pixels.
pub const MAX_MEGAPIXELS: u64 = 100;

/// Least side taken, in pixels.
pub const MIN_SIDE: u32 = 16;

/// An image as decoded from a file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The image, upright, 8 bits a channel, alpha composited over black.
    pub image: RgbImage,
    /// Format by signature, such as `PNG`.
    pub format: &'static str,
    /// Sentences on what was lost or left out, such as "Reduced from 16 to 8 bits a channel."
    pub remarks: Vec<String>,
    /// How many pictures in time the file holds; the image is one of them.
    pub frames: u32,
    /// Milliseconds from one frame to the next, where the file tells.
    pub frame_time: Option<f64>,
    /// The window that was used, where the file has more than 8 bits a value.
    pub windowing: Option<Windowing>,
    /// Millimetres per pixel of the upright image, where the file tells.
    pub scale: Option<Scale>,
    /// Height of a pixel over its width, in the upright image: 1 where pixels are square.
    pub pixel_aspect: f64,
}

impl Decoded {
    /// The depth marks that are printed in the image, where it is ultrasound and the file does not tell its scale. A
    /// proposal for a person, and no scale. Not of clips, in which it would be looked for in each frame while they play.
    pub fn depth_marks(&self, modality: Modality) -> Option<DepthMarks> {
        let may_have_them =
            modality == Modality::Ultrasound && self.scale.is_none() && self.frames == 1;
        may_have_them.then(|| propose_depth_marks(&self.image))?
    }
}

/// Decodes a file of one of the [formats](super::FORMATS), told apart by signature, and turns the image upright as its
/// EXIF says.
///
/// # Errors
/// A sentence for the person who chose the file: [`Error::EmptyFile`], [`Error::NotAnImage`],
/// [`Error::UnsupportedImage`] (formats that are known but not decoded, images that would take too much memory),
/// [`Error::ImageTooSmall`] and [`Error::ImageTooLarge`] (from the header, before anything is allocated) and
/// [`Error::DamagedImage`]. A file that was cut short is damaged even where half of it could be shown; one that lacks
/// only what comes after its pixels is not.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    render(bytes, &Rendering::default())
}

/// As [`decode`], with a frame and a window of the person's choice. A frame that the file does not have is its last.
///
/// # Errors
/// As [`decode`].
pub fn render(bytes: &[u8], rendering: &Rendering) -> Result<Decoded, Error> {
    let (reader, header) = accepted(bytes)?;
    let rendering = Rendering {
        frame: rendering.frame.min(header.frames.saturating_sub(1)),
        ..*rendering
    };
    let pixels = (reader.pixels)(bytes, &header, &rendering)?;
    Ok(Decoded {
        image: upright(pixels.image, header.orientation),
        format: reader.format.name,
        remarks: header.remarks.into_iter().chain(pixels.remarks).collect(),
        frames: header.frames,
        frame_time: header.frame_time,
        windowing: pixels.windowing,
        scale: header.scale,
        pixel_aspect: header.pixel_aspect,
    })
}

/// Width and height in pixels of the upright image, from the file's headers alone.
///
/// # Errors
/// As [`decode`], as far as the headers tell: a file may have a size and yet be damaged.
pub fn size(bytes: &[u8]) -> Result<(u32, u32), Error> {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let (_, header) = accepted(bytes)?;
    let (width, height) = header.size;
    Ok(match header.orientation {
        Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH => (height, width),
        _ => (width, height),
    })
}

/// The format of a file, by its content; none where it is of none that is known.
pub fn format_of(bytes: &[u8]) -> Option<&'static ImageFormat> {
    let reader = READERS.iter().find(|reader| (reader.matches)(bytes))?;
    Some(reader.format)
}

/// Who reads the file, and its header, unless it is refused.
fn accepted(bytes: &[u8]) -> Result<(&'static Reader, Header), Error> {
    if bytes.is_empty() {
        return Err(Error::EmptyFile);
    }
    let Some(reader) = READERS.iter().find(|reader| (reader.matches)(bytes)) else {
        return Err(match refusal(bytes) {
            Some(sentence) => Error::UnsupportedImage(sentence.to_owned()),
            None => Error::NotAnImage { formats: list() },
        });
    };
    let header = (reader.header)(bytes)?;
    check(reader.format, &header)?;
    Ok((reader, header))
}

/// Whether an image of this width and height is taken.
///
/// # Errors
/// [`Error::ImageTooLarge`] and [`Error::ImageTooSmall`].
pub fn check_size(size: (u32, u32)) -> Result<(), Error> {
    not_too_large(size)?;
    not_too_small(size)
}

fn not_too_large((width, height): (u32, u32)) -> Result<(), Error> {
    if u64::from(width) * u64::from(height) <= MAX_MEGAPIXELS * 1_000_000 {
        return Ok(());
    }
    Err(Error::ImageTooLarge {
        width,
        height,
        megapixels: MAX_MEGAPIXELS,
    })
}

fn not_too_small((width, height): (u32, u32)) -> Result<(), Error> {
    if width >= MIN_SIDE && height >= MIN_SIDE {
        return Ok(());
    }
    Err(Error::ImageTooSmall {
        width,
        height,
        minimum: MIN_SIDE,
    })
}

/// Refuses by header, in the order of what helps most.
fn check(format: &ImageFormat, header: &Header) -> Result<(), Error> {
    not_too_large(header.size)?;
    if let Some(refusal) = header.refusal {
        return Err(Error::UnsupportedImage(refusal.to_owned()));
    }
    not_too_small(header.size)?;
    match header.damage {
        Some(damage) => Err(format.damaged(damage)),
        None => Ok(()),
    }
}
