//! From a file's bytes to what the network and the screen need.
//!
//! ```text
//! bytes ─ signature ─ header ─ decode ─ window ─ profile ─ 8-bit sRGB ─ orientation ─▶ RgbImage ─ preprocess ─▶ network
//!                                                                              └────── display ─▶ canvas
//! ```
//!
//! Each format is a file and a line in the table, [`FORMATS`]; whatever names formats reads that. Formats that a first
//! visit does not need are decoded only with the feature `rare-formats`; every build recognises them.
//!
//! Decoding happens here and not in the browser because engines differ in orientation and colour; the same file must
//! give the same mask everywhere.

mod avif;
mod bmp;
mod colour;
mod decode;
mod dicom;
mod display;
mod format;
mod gif;
mod header;
mod heif;
mod isobmff;
mod jpeg;
mod jpeg2000;
mod jxl;
mod orientation;
mod pixels;
mod png;
mod preprocess;
mod refused;
mod resize;
mod table;
mod tiff;
mod webp;
mod windowing;

pub use decode::{Decoded, MAX_MEGAPIXELS, MIN_SIDE, check_size, decode, format_of, render, size};
#[cfg(feature = "rare-formats")]
pub(crate) use dicom::{Source, source};
pub use display::{display_rgba, display_size, thumbnail_rgba};
pub use format::ImageFormat;
pub use preprocess::preprocess;
#[cfg(feature = "network")]
pub(crate) use preprocess::{levels, resampled};
#[cfg(not(target_family = "wasm"))]
pub(crate) use resize::resize;
pub use table::{FORMATS, accept, by_extension, list};
pub use windowing::{Rendering, Window, Windowing};
