//! From a file's bytes to what the network and the screen need.
//!
//! ```text
//! bytes ─ signature ─ header ─ decode ─ window ─ profile ─ 8-bit sRGB ─ orientation ─▶ RgbImage ─ preprocess ─▶ network
//!                                                                              └────── display ─▶ canvas
//! ```
//!
//! Each format is a file and a line in the table, [`FORMATS`]; whatever names formats reads that. What a first visit does
//! not need is decoded only with the feature `rare-formats`: all formats but PNG and JPEG, JPEGs of rare kinds, and files
//! in colours other than those of sRGB. Every build recognises them.
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
mod srgb;
mod table;
mod tiff;
#[cfg(feature = "rare-formats")]
mod to_srgb;
#[cfg(not(feature = "rare-formats"))]
#[path = "to_srgb_elsewhere.rs"]
mod to_srgb;
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
