//! JPEG (ITU-T T.81).
//!
//! Nearly all files are decoded by `zune-jpeg`. What it does not read, and files that are not whole, are decoded here:
//! all four orders of DCT coding (sequential and progressive, Huffman and arithmetic), 8 and 12 bits, any sampling, four
//! inks. This decoder is slower, and strict: it tells a file that lacks only its end from one that lacks rows. It is there
//! with the feature `rare-formats`.

mod file;
mod format;

#[cfg(feature = "rare-formats")]
mod arithmetic;
#[cfg(feature = "rare-formats")]
mod coefficients;
#[cfg(feature = "rare-formats")]
mod frame;
#[cfg(feature = "rare-formats")]
mod huffman;
#[cfg(feature = "rare-formats")]
mod picture;
#[cfg(feature = "rare-formats")]
mod rare;
#[cfg(feature = "rare-formats")]
mod scan;

pub(super) use file::READER;
pub(super) use format::FORMAT;
#[cfg(feature = "rare-formats")]
pub(super) use picture::{Transform, decode_part};
