//! Delineo: CMUNeXt lesion segmentation (Tang et al., ISBI 2024) natively and in the browser.
//!
//! The flow, each arrow a module:
//!
//! ```text
//! file ─▶ imaging::decode ─▶ RGB8 image ─▶ imaging::preprocess ─▶ network ─▶ mask::ProbabilityMap
//!                                                                               │
//!                  export ◀─ mask::Mask ◀─ corrections ◀─ cleaning ◀─ threshold ◀───┘
//! ```
//!
//! The library knows neither the DOM nor JavaScript. The feature `network` is the network on every device, `cpu` the network on
//! the CPU alone, without burn; without either the library is everything but the network and its weights, and builds in
//! seconds.

pub mod collection;
#[cfg(not(target_family = "wasm"))]
pub mod dataset;
pub mod error;
pub mod export;
mod glyphs;
pub mod imaging;
pub mod intake;
pub mod judgement;
pub mod manifest;
mod map_copy;
pub mod mask;
pub mod measure;
pub mod metrics;
pub mod modality;
pub mod names;
pub mod natural;
pub mod pairing;
pub mod phantom;
pub mod text;
pub mod tta;
pub mod zip;

#[cfg(feature = "cpu")]
pub mod device;
#[cfg(all(feature = "network", not(target_family = "wasm")))]
pub mod evaluation;
#[cfg(feature = "cpu")]
pub mod model;
#[cfg(feature = "cpu")]
pub mod network;
#[cfg(feature = "train")]
pub mod training;
#[cfg(feature = "cpu")]
pub mod weights;

pub use error::Error;
pub use image::RgbImage;
pub use map_copy::MapCopy;
