//! From a file's bytes to what the network and the screen need.
//!
//! ```text
//! bytes ─ signature ─ header ─ decode ─ 8-bit RGB ─ orientation ─▶ RgbImage ─ preprocess ─▶ network
//!                                                                     └────── display ─▶ canvas
//! ```
//!
//! Decoding happens here and not in the browser because engines differ in orientation and colour; the same file must
//! give the same mask everywhere.

mod decode;
mod directory;
mod display;
mod header;
mod orientation;
mod preprocess;
mod resize;

pub use decode::{Decoded, decode, size};
pub use display::{display_rgba, display_size};
pub use preprocess::preprocess;
#[cfg(feature = "network")]
pub(crate) use preprocess::{levels, resampled};
#[cfg(not(target_family = "wasm"))]
pub(crate) use resize::resize;

/// Largest image taken, in millions of pixels.
pub const MAX_MEGAPIXELS: u64 = 100;

/// Least side taken, in pixels.
pub const MIN_SIDE: u32 = 16;
