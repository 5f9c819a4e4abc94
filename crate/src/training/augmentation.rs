//! The settings of how a picture is varied before the network sees it.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How much of what. All zero, the default, changes nothing; a name that ends in `_chance` is a probability.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Mirror left and right.
    pub flip_chance: f32,
    /// Mirror top and bottom.
    pub upside_down_chance: f32,
    /// Turn by a multiple of 90 degrees.
    pub quarter_turn_chance: f32,
    /// Turn by up to so many degrees.
    pub turn_degrees: f32,
    /// Enlarge or reduce by up to this factor, at least 1.
    pub zoom: f32,
    /// Stretch one side against the other by up to this factor, at least 1.
    pub stretch: f32,
    /// Shift by up to this share of the side.
    pub shift: f32,
    /// Bend: largest displacement as a share of the side.
    pub elastic: f32,
    /// Show a piece without a lesion, enlarged, as an image without one.
    pub lesion_free_chance: f32,
    /// Add up to so many of 255 levels.
    pub brightness: f32,
    /// Scale the distance from the mean by up to this factor, at least 1.
    pub contrast: f32,
    /// Raise to a power of up to this factor, at least 1.
    pub gamma: f32,
    /// Scale each colour by up to this factor, at least 1.
    pub tint: f32,
    /// Scale the saturation by up to this factor, at least 1.
    pub saturation: f32,
    /// Take the colour away.
    pub grey_chance: f32,
    /// Additive Gaussian noise, standard deviation up to so many of 255 levels.
    pub noise: f32,
    /// Multiplicative speckle, standard deviation up to this share.
    pub speckle: f32,
    /// Gaussian blur, standard deviation up to this share of the side.
    pub blur: f32,
    /// Compress as JPEG of quality 25 to 90.
    pub jpeg_chance: f32,
    /// Draw hairs.
    pub hair_chance: f32,
    /// Draw crosses and dotted lines as sonographers measure with.
    pub caliper_chance: f32,
    /// Draw a ruler along a side.
    pub ruler_chance: f32,
    /// Darken the corners, softly or as a round black frame.
    pub vignette_chance: f32,
    /// Draw flow colours in a box (Doppler).
    pub doppler_chance: f32,
    /// Draw patches of one colour, as ink, stickers and text boxes.
    pub patch_chance: f32,
}

impl Augmentation {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Training`] when one cannot be meant.
    pub fn check(&self) -> Result<(), Error> {
        let factors = [
            self.zoom,
            self.stretch,
            self.contrast,
            self.gamma,
            self.tint,
            self.saturation,
        ];
        let chances = [
            self.flip_chance,
            self.upside_down_chance,
            self.quarter_turn_chance,
            self.lesion_free_chance,
            self.grey_chance,
            self.jpeg_chance,
            self.hair_chance,
            self.caliper_chance,
            self.ruler_chance,
            self.vignette_chance,
            self.doppler_chance,
            self.patch_chance,
        ];
        let amounts = [
            self.turn_degrees,
            self.shift,
            self.elastic,
            self.brightness,
            self.noise,
            self.speckle,
            self.blur,
        ];
        let fault = |text: &str| Err(Error::Training(format!("augmentation: {text}")));
        if factors
            .iter()
            .any(|f| *f != 0.0 && !(1.0..=10.0).contains(f))
        {
            fault("a factor is 0 (off) or 1 to 10")
        } else if chances.iter().any(|p| !(0.0..=1.0).contains(p)) {
            fault("a chance is 0 to 1")
        } else if amounts.iter().any(|a| !(0.0..=360.0).contains(a)) {
            fault("an amount is at least 0")
        } else {
            Ok(())
        }
    }
}
