//! Data sets on disk: pairs of an image and its true mask, each in one part, checked before anything is computed.
//!
//! ```text
//! Layout ─ Dataset::open ─▶ Dataset ─ check ─▶ every fault, file by file
//!                              └─ pairs ─ Pair::load ─▶ RgbImage, Mask
//! ```
//!
//! Opening reads names only. [`Dataset::check`] reads the headers of images and the pixels of masks.

mod agreement;
mod files;
mod layout;
mod pair;
mod pairs;
mod part;
mod split;
#[cfg(test)]
mod tests;

pub use agreement::Agreement;
pub use layout::Layout;
pub use pair::Pair;
pub use pairs::Dataset;
pub use part::Part;
pub use split::Split;
