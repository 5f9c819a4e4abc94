//! What an image format is called, and how it is read: the form that every format's file fills in.

use image::RgbImage;

use super::header::Header;
use super::windowing::{Rendering, Windowing};
use crate::Error;

/// An image format as people and systems name it.
#[derive(Debug)]
pub struct ImageFormat {
    /// `JPEG`: what sentences call it.
    pub name: &'static str,
    /// `jpg`, `jpeg`: the endings of its files, in lower case and without the dot, the usual one first.
    pub extensions: &'static [&'static str],
    /// `image/jpeg`: its media types (IANA), the registered one first.
    pub media_types: &'static [&'static str],
}

impl ImageFormat {
    pub(super) fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::DamagedImage {
            format: self.name,
            reason: reason.into(),
        }
    }
}

/// How a format is read. It is apart from [`ImageFormat`] so that who only names formats, as the page does, does not
/// carry their decoders.
pub(super) struct Reader {
    pub format: &'static ImageFormat,
    /// Whether a file that begins like these bytes is of this format. The bytes are the whole file.
    pub matches: fn(&[u8]) -> bool,
    /// Reads the headers; no pixel is decoded and nothing is allocated that the file's size does not justify.
    pub header: fn(&[u8]) -> Result<Header, Error>,
    /// Decodes the pixels as they are stored, before orientation.
    pub pixels: fn(&[u8], &Header, &Rendering) -> Result<Pixels, Error>,
}

#[cfg(not(feature = "rare-formats"))]
impl Reader {
    /// Of a format that this build recognises and does not decode.
    pub const fn elsewhere(format: &'static ImageFormat, matches: fn(&[u8]) -> bool) -> Self {
        Self {
            format,
            matches,
            header: |_| Err(Error::RareFormat),
            pixels: |_, _, _| Err(Error::RareFormat),
        }
    }
}

/// Decoded pixels.
pub(super) struct Pixels {
    /// 8 bits a channel, of the size that the header says.
    pub image: RgbImage,
    /// Sentences on what was lost or left out.
    pub remarks: Vec<String>,
    /// The window that was used, where a value has more than 8 bits.
    pub windowing: Option<Windowing>,
}
