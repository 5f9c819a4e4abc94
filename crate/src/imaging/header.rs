//! What a file's headers tell, for every format: enough to refuse it before a pixel is decoded.

use image::metadata::Orientation;

use crate::measure::Scale;

/// Damage of a file that is shorter than its headers say.
pub(super) const CUT: &str = "it ends too early";
/// Remark on a file that lacks only what comes after the pixels.
pub(super) const END_MISSING: &str = "The end of the file is missing; every pixel is there.";

/// What the headers say.
#[derive(Debug)]
pub(super) struct Header {
    /// Stored width and height in pixels, before orientation.
    pub size: (u32, u32),
    /// How the stored image is to be turned.
    pub orientation: Orientation,
    /// Why the image is refused, whatever its size.
    pub refusal: Option<&'static str>,
    /// Why the file is not whole.
    pub damage: Option<&'static str>,
    /// How the pixels are coded, where that chooses a decoder.
    pub coding: Coding,
    /// Pictures in time, else 1.
    pub frames: u32,
    /// Milliseconds from one frame to the next.
    pub frame_time: Option<f64>,
    /// Millimetres per pixel. Formats that tell this have no orientation.
    pub scale: Option<Scale>,
    /// Height of a pixel over its width.
    pub pixel_aspect: f64,
    /// Sentences on what the headers tell that a person should know.
    pub remarks: Vec<String>,
}

impl Header {
    /// Of a whole, upright, single image of this width and height.
    pub fn new(size: (u32, u32)) -> Self {
        Self {
            size,
            orientation: Orientation::NoTransforms,
            refusal: None,
            damage: None,
            coding: Coding::Plain,
            frames: 1,
            frame_time: None,
            scale: None,
            pixel_aspect: 1.0,
            remarks: Vec::new(),
        }
    }
}

/// How the pixels of a JPEG are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As nearly every file.
    Plain,
    /// All coefficients are needed in memory.
    Progressive,
    /// As few files, and as files that are not whole.
    Rare,
}

/// Remark on an animation of this many frames.
pub(super) fn first_of(frames: usize) -> String {
    format!("This is an animation of {frames} frames; the first is shown.")
}

/// A little-endian number of up to four bytes.
pub(super) fn little(bytes: &[u8], at: usize, size: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let fold = |value, byte: &u8| value << 8 | u32::from(*byte);
    Some(bytes.iter().rev().fold(0, fold))
}

/// A big-endian number of up to four bytes.
pub(super) fn big(bytes: &[u8], at: usize, size: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let fold = |value, byte: &u8| value << 8 | u32::from(*byte);
    Some(bytes.iter().fold(0, fold))
}
