//! TIFF (TIFF 6.0, Adobe's technical notes, and BigTIFF for files over 4 GB): recognised by every build, decoded with the
//! feature `rare-formats`.

mod format;

#[cfg(feature = "rare-formats")]
mod chunks;
#[cfg(feature = "rare-formats")]
mod directory;
#[cfg(feature = "rare-formats")]
mod layout;
#[cfg(feature = "rare-formats")]
mod pages;
#[cfg(feature = "rare-formats")]
mod values;

use super::format::Reader;

pub(super) use format::FORMAT;

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: format::matches,
    header: pages::header,
    pixels: pages::decode,
};

#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, format::matches);
