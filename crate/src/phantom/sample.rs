//! What a phantom is.

use image::RgbImage;

use crate::mask::Mask;

/// A made-up picture and its true mask, of the same size.
#[derive(Clone, Debug)]
pub struct Phantom {
    /// The picture.
    pub image: RgbImage,
    /// Its lesion, one region that lies wholly within the picture.
    pub mask: Mask,
}
