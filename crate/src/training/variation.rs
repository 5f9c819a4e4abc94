//! One variation of a picture: a warp that moves image and mask alike, then distortions of the image alone.

use rand::rngs::ChaCha8Rng;

use super::augmentation::Augmentation;
use super::chance::happens;
use super::distortion;
use super::pictures::{Picture, Sample};
use super::warp::Warp;

impl Augmentation {
    /// Varies a picture, `side` × `side` pixels, as the random numbers say.
    pub fn apply(&self, picture: &Picture, side: usize, random: &mut ChaCha8Rng) -> Sample {
        let mut warp = Warp::new(self, random);
        if self.lesion_free_chance > 0.0 && happens(self.lesion_free_chance, random) {
            warp = warp.beside_lesion(picture, random).unwrap_or(warp);
        }
        let mut sample = warp.apply(picture, side);
        distortion::apply(self, &mut sample, random);
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;
    use image::{Rgb, RgbImage};
    use rand::SeedableRng;
    use serde_json::{Value, json};

    /// What moves the mask too; every other setting must leave it alone.
    const WARPS: [&str; 9] = [
        "flip_chance",
        "upside_down_chance",
        "quarter_turn_chance",
        "turn_degrees",
        "zoom",
        "stretch",
        "shift",
        "elastic",
        "lesion_free_chance",
    ];
    const SIDE: usize = 64;

    /// An image that is its own mask: grey disc and bar, so that no flip or turn leaves it as it is.
    fn picture(colour: [u8; 3]) -> Picture {
        let is_lesion = |x: u32, y: u32| {
            let (dx, dy) = (x as i32 - 60, y as i32 - 45);
            dx * dx + dy * dy < 900 || (x > 100 && y > 90 && y < 110)
        };
        let image = RgbImage::from_fn(160, 120, |x, y| {
            Rgb(if is_lesion(x, y) { colour } else { [0; 3] })
        });
        let bits = (0..160 * 120).map(|i| u8::from(is_lesion(i % 160, i / 160)));
        Picture::new(&image, &Mask::new(160, 120, bits.collect()), SIDE as u32)
    }

    fn all_settings() -> Vec<String> {
        let Ok(Value::Object(settings)) = serde_json::to_value(Augmentation::default()) else {
            panic!("settings are an object");
        };
        settings.into_iter().map(|(name, _)| name).collect()
    }

    fn only(name: &str) -> Augmentation {
        let value = match name {
            "turn_degrees" => 40.0,
            "brightness" | "noise" => 60.0,
            "elastic" | "shift" => 0.2,
            "blur" => 0.05,
            _ if name.ends_with("_chance") => 1.0,
            _ => 2.0,
        };
        serde_json::from_value(json!({ name: value })).expect("a setting of that name")
    }

    fn sample(of: &Augmentation, picture: &Picture, seed: u64) -> Sample {
        of.apply(picture, SIDE, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn every_augmentation_keeps_image_and_mask_aligned() {
        let white = picture([255; 3]);
        let settings = all_settings();
        assert!(
            WARPS
                .iter()
                .all(|warp| settings.iter().any(|name| name == warp))
        );
        for name in &settings {
            for seed in 0..6 {
                let found = sample(&only(name), &white, seed);
                if WARPS.contains(&name.as_str()) {
                    for (rgb, mask) in found.rgb.iter().zip(&found.mask) {
                        // Both were rounded to 8 bits once.
                        assert!((rgb[0] - 255.0 * mask).abs() < 2.0, "{name}, seed {seed}");
                    }
                } else {
                    let plain = sample(&Augmentation::default(), &white, seed);
                    assert_eq!(found.mask, plain.mask, "{name}, seed {seed}");
                }
            }
        }
    }

    #[test]
    fn every_augmentation_changes_something() {
        let skin = picture([200, 120, 90]);
        let plain = sample(&Augmentation::default(), &skin, 1);
        for name in all_settings() {
            let is_changed = (0..6).any(|seed| sample(&only(&name), &skin, seed).rgb != plain.rgb);
            assert!(is_changed, "{name}");
        }
    }

    #[test]
    fn no_augmentation_is_the_picture_itself() {
        let white = picture([255; 3]);
        let a = sample(&Augmentation::default(), &white, 1);
        assert_eq!(a, sample(&Augmentation::default(), &white, 2));
        // (π 30² + 59 * 19) / (160 * 120), the shares of disc and bar
        let share = a.mask.iter().sum::<f32>() / (SIDE * SIDE) as f32;
        assert!((share - 0.206).abs() < 0.005, "{share}");
    }
}
