//! BMP (Microsoft's BITMAPINFOHEADER family), and the same without its file header, as clipboards hold it (DIB): recognised
//! by every build, decoded with the feature `rare-formats`.

#[cfg(feature = "rare-formats")]
mod decoder;
mod format;

use super::format::Reader;

pub(super) use format::FORMAT;

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: format::matches,
    header: decoder::header,
    pixels: decoder::decode,
};

#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, format::matches);
