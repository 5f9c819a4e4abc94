//! Pictures as other hands and other devices might have taken them, to measure what a model makes of those.

use image::RgbImage;
use serde::Deserialize;

use super::augmentation::Augmentation;
use super::epoch::random;
use super::pictures::Picture;
use crate::Error;
use crate::mask::Mask;
use crate::modality::Modality;

/// One way in which a picture can differ from those that a model learnt from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// What it does, for readers.
    pub meaning: String,
    /// Where it can happen.
    #[serde(default = "everywhere")]
    pub modalities: Vec<Modality>,
    /// How pictures are varied.
    pub augmentation: Augmentation,
}

fn everywhere() -> Vec<Modality> {
    Modality::ALL.to_vec()
}

impl Condition {
    /// Those that models are measured under, the unchanged picture first.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn standard() -> Result<Vec<Self>, Error> {
        Self::read(include_str!("conditions.toml"))
    }

    /// Reads a list of `[[condition]]` in TOML.
    ///
    /// # Errors
    /// [`Error::Training`] where it cannot be read, or a number cannot be meant.
    pub fn read(text: &str) -> Result<Vec<Self>, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct List {
            condition: Vec<Condition>,
        }
        let list: List =
            toml::from_str(text).map_err(|error| Error::Training(error.to_string()))?;
        for condition in &list.condition {
            condition.augmentation.check()?;
        }
        Ok(list.condition)
    }

    /// An image and its mask under this condition, both a square of `side` pixels. `place` is the image's place in the
    /// data set: the same place draws the same numbers.
    pub fn apply(
        &self,
        image: &RgbImage,
        mask: &Mask,
        side: u32,
        place: usize,
    ) -> (RgbImage, Mask) {
        let picture = Picture::new(image, mask, side);
        let mut random = random(0, 0, place);
        let sample = self
            .augmentation
            .apply(&picture, side as usize, &mut random);
        let level = |value: &f32| value.clamp(0.0, 255.0).round() as u8;
        let levels = sample.rgb.as_flattened().iter().map(level).collect();
        let bits = sample.mask.iter().map(|share| u8::from(*share >= 0.5));
        (
            RgbImage::from_raw(side, side, levels).unwrap_or_default(),
            Mask::new(side, side, bits.collect()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phantom;

    #[test]
    fn the_standard_ones_change_the_picture_and_leave_a_lesion_in_it() {
        let skin = phantom::dermoscopy(1, 200, 150);
        let conditions = Condition::standard().expect("readable");
        let plain = conditions[0].apply(&skin.image, &skin.mask, 96, 0);
        for condition in &conditions[1..] {
            let seen: Vec<_> = (0..8)
                .map(|place| condition.apply(&skin.image, &skin.mask, 96, place))
                .collect();
            let name = &condition.name;
            assert!(seen.iter().any(|(image, _)| *image != plain.0), "{name}");
            assert!(seen.iter().all(|(_, mask)| mask.area() > 0), "{name}");
            assert_eq!(
                seen[3],
                condition.apply(&skin.image, &skin.mask, 96, 3),
                "{name}"
            );
        }
    }

    #[test]
    fn the_unchanged_picture_is_only_squashed() {
        let skin = phantom::dermoscopy(2, 96, 96);
        let unchanged = &Condition::standard().expect("readable")[0];
        let (_, mask) = unchanged.apply(&skin.image, &skin.mask, 96, 0);
        let differing = mask
            .bits()
            .iter()
            .zip(skin.mask.bits())
            .filter(|(a, b)| a != b);
        assert!(differing.count() < 96, "only at the border");
    }

    #[test]
    fn a_list_that_cannot_be_meant_is_refused() {
        for text in [
            "[[condition]]\nname = 'a'\nmeaning = ''\naugmentation = { zoom = 0.5 }",
            "[[condition]]\nname = 'a'\nmeaning = ''\naugmentation = { zoo = 2 }",
            "[[condition]]\nname = 'a'",
        ] {
            assert!(Condition::read(text).is_err(), "{text}");
        }
    }
}
