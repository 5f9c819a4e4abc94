//! Pictures in boxes (ISO/IEC 23008-12, HEIF): HEIC and AVIF are one container around two codecs.
//!
//! ```text
//! boxes ─ Plan: tiles, crop, turn, colour ─ hevc or av1 ─ Frame ─ ycbcr ─▶ RgbImage
//! ```

#[cfg(all(feature = "rare-formats", not(target_family = "wasm")))]
pub(super) mod av1;
mod brands;
#[cfg(feature = "rare-formats")]
mod frame;
#[cfg(feature = "rare-formats")]
pub(super) mod hevc;
#[cfg(feature = "rare-formats")]
mod plan;
#[cfg(feature = "rare-formats")]
mod read;
#[cfg(feature = "rare-formats")]
mod ycbcr;

pub(super) use brands::{Family, family};
#[cfg(feature = "rare-formats")]
pub(super) use read::{header, pixels};
