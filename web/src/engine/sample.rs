//! Synthetic images, for people who have none at hand.

use delineo::export::png;
use delineo::{Error, phantom};

use crate::protocol::Modality;

/// Size in pixels.
const SIZE: (u32, u32) = (768, 576);

/// The name and the bytes of a PNG.
pub fn make(modality: Modality, seed: u32) -> Result<(String, Vec<u8>), Error> {
    let (width, height) = SIZE;
    let phantom = match modality {
        Modality::Dermoscopy => phantom::dermoscopy(seed, width, height),
        Modality::Ultrasound => phantom::ultrasound(seed, width, height),
    };
    Ok((
        format!("synthetic-{modality}-{seed}.png"),
        png(&phantom.image)?,
    ))
}
