//! What the format is called, and the headers by which a file of it is recognised.

use super::super::format::ImageFormat;
use super::super::header::little;

pub static FORMAT: ImageFormat = ImageFormat {
    name: "BMP",
    extensions: &["bmp", "dib"],
    media_types: &["image/bmp"],
};

/// Whether a file begins as one of this format does, with or without its file header.
pub fn matches(bytes: &[u8]) -> bool {
    has_file_header(bytes) || Info::read(bytes).is_some_and(|info| info.is_sure())
}

/// Bytes before the info header.
pub const FILE_HEADER: usize = 14;
/// The kind of compression with masks for each channel; those of lower numbers are runs.
pub const MASKS: u32 = 3;

/// "BM" begins many texts, so the size of the second header must be one that exists.
pub fn has_file_header(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BM") && little(bytes, FILE_HEADER, 4).is_none_or(is_header_size)
}

fn is_header_size(size: u32) -> bool {
    matches!(size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
}

/// The header that tells about the pixels.
pub struct Info {
    pub length: u32,
    pub width: u32,
    /// Negative where rows come from the top.
    pub height: i32,
    planes: u32,
    pub bits: u32,
    pub compression: u32,
    pub colours: u32,
}

impl Info {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let length = little(bytes, 0, 4)?;
        if length == 12 {
            return Some(Self {
                length,
                width: little(bytes, 4, 2)?,
                height: little(bytes, 6, 2)? as i32,
                planes: little(bytes, 8, 2)?,
                bits: little(bytes, 10, 2)?,
                compression: 0,
                colours: 0,
            });
        }
        Some(Self {
            length,
            width: little(bytes, 4, 4)?,
            height: little(bytes, 8, 4)? as i32,
            planes: little(bytes, 12, 2)?,
            bits: little(bytes, 14, 2)?,
            compression: little(bytes, 16, 4).unwrap_or(0),
            colours: little(bytes, 32, 4).unwrap_or(0),
        })
    }

    /// Whether this can be nothing else, where no file header says so.
    fn is_sure(&self) -> bool {
        matches!(self.length, 40 | 108 | 124)
            && self.planes == 1
            && matches!(self.bits, 1 | 4 | 8 | 16 | 24 | 32)
            && self.compression <= MASKS
            && self.colours <= 256
            && (1..=0xffff).contains(&self.width)
            && (1..=0xffff).contains(&self.height.unsigned_abs())
    }
}
