//! TIFF (TIFF 6.0, Adobe's technical notes, and BigTIFF for files over 4 GB).

mod chunks;
mod directory;
mod format;
mod layout;
mod pages;
mod values;

pub(super) use format::FORMAT;
pub(super) use pages::READER;
