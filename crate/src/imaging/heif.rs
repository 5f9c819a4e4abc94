//! HEIC and HEIF (ISO/IEC 23008-12): what phones store.

use super::format::{ImageFormat, Reader};
use super::isobmff::{self, Family};

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "HEIC",
    extensions: &["heic", "heif", "hif"],
    media_types: &["image/heic", "image/heif"],
};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: |bytes| isobmff::header(&FORMAT, bytes),
    pixels: |bytes, _, rendering| isobmff::pixels(&FORMAT, bytes, rendering),
};
#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, matches);

fn matches(bytes: &[u8]) -> bool {
    isobmff::family(bytes) == Some(Family::Heif)
}
