//! How a picture is varied before the network sees it: one warp that moves image and mask alike, then
//! [distortions](super::distortion) of the image alone.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::distortion;
use super::pictures::{Picture, Sample};
use crate::Error;

/// Points a side of the grid of displacements that bends a picture.
const ELASTIC_POINTS: usize = 5;

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

    /// Varies a picture, `side` × `side` pixels, as the random numbers say.
    pub fn apply(&self, picture: &Picture, side: usize, random: &mut ChaCha8Rng) -> Sample {
        let mut sample = Draw::new(self, random).warp(picture, side);
        distortion::apply(self, &mut sample, random);
        sample
    }
}

/// Whether something of this probability happens.
pub(super) fn happens(chance: f32, random: &mut ChaCha8Rng) -> bool {
    // Drawn even when nothing can happen, so that one setting does not shift the others' numbers.
    random.random::<f32>() < chance
}

/// Evenly from `-amount` to `amount`.
pub(super) fn around(amount: f32, random: &mut ChaCha8Rng) -> f32 {
    amount * (2.0 * random.random::<f32>() - 1.0)
}

/// A factor from `1 / limit` to `limit`, evenly in its logarithm; 1 where the limit is 0.
pub(super) fn factor(limit: f32, random: &mut ChaCha8Rng) -> f32 {
    around(limit.max(1.0).ln(), random).exp()
}

/// What lies beyond the picture's edge.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Beyond {
    Mirrored,
    Black,
}

/// One warp, drawn: where in the picture each point of the sample comes from.
///
/// Points are in shares of the side from the centre, so -0.5 to 0.5.
#[derive(Clone, Debug)]
pub struct Draw {
    /// Rows of the matrix from sample to picture.
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
    bend: Vec<[f32; 2]>,
    beyond: Beyond,
}

impl Draw {
    /// Draws a warp.
    pub fn new(of: &Augmentation, random: &mut ChaCha8Rng) -> Self {
        let quarter = happens(of.quarter_turn_chance, random);
        let quarters = if quarter {
            random.random_range(0..4)
        } else {
            0
        };
        let angle = (around(of.turn_degrees, random) + 90.0 * quarters as f32).to_radians();
        let zoom = factor(of.zoom, random);
        let stretch = factor(of.stretch, random).sqrt();
        let mirror = |is_mirrored| if is_mirrored { -1.0 } else { 1.0 };
        let sx = mirror(happens(of.flip_chance, random)) * stretch / zoom;
        let sy = mirror(happens(of.upside_down_chance, random)) / stretch / zoom;
        let (sin, cos) = angle.sin_cos();
        let shift = [around(of.shift, random), around(of.shift, random)];
        let bend = (0..ELASTIC_POINTS * ELASTIC_POINTS)
            .map(|_| [around(of.elastic, random), around(of.elastic, random)])
            .collect();
        let beyond = if random.random::<bool>() {
            Beyond::Mirrored
        } else {
            Beyond::Black
        };
        Self {
            matrix: [[cos * sx, -sin * sx], [sin * sy, cos * sy]],
            shift,
            bend,
            beyond,
        }
    }

    /// The picture seen through this warp, image and mask alike, both bilinear.
    pub fn warp(&self, picture: &Picture, side: usize) -> Sample {
        let mut sample = Sample::black(side);
        let scale = picture.side() as f32;
        let is_bent = self.bend.iter().flatten().any(|offset| *offset != 0.0);
        for y in 0..side {
            for x in 0..side {
                let at = |i: usize| (i as f32 + 0.5) / side as f32 - 0.5;
                let [mut u, mut v] = [at(x), at(y)];
                if is_bent {
                    let [du, dv] = self.bend_at(u, v);
                    (u, v) = (u + du, v + dv);
                }
                let [to_u, to_v] = self.matrix;
                let (u, v) = (
                    to_u[0] * u + to_u[1] * v + self.shift[0],
                    to_v[0] * u + to_v[1] * v + self.shift[1],
                );
                let inside = |s: f32| (-0.5..=0.5).contains(&s);
                if self.beyond == Beyond::Black && !(inside(u) && inside(v)) {
                    continue;
                }
                let place = |s: f32| (mirrored(s + 0.5) * scale - 0.5).clamp(0.0, scale - 1.0);
                let (rgb, mask) = picture.at(place(u), place(v));
                let i = y * side + x;
                sample.rgb[i] = rgb;
                sample.mask[i] = mask;
            }
        }
        sample
    }

    /// The displacement at a point: cosine interpolation of the grid.
    fn bend_at(&self, u: f32, v: f32) -> [f32; 2] {
        let place = |s: f32| {
            let s =
                ((s + 0.5) * (ELASTIC_POINTS - 1) as f32).clamp(0.0, ELASTIC_POINTS as f32 - 1.001);
            let share = s.fract();
            (
                s as usize,
                (1.0 - (std::f32::consts::PI * share).cos()) / 2.0,
            )
        };
        let ((x, fx), (y, fy)) = (place(u), place(v));
        let point = |dx: usize, dy: usize| self.bend[(y + dy) * ELASTIC_POINTS + x + dx];
        std::array::from_fn(|axis| {
            let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
            mix(
                mix(point(0, 0)[axis], point(1, 0)[axis], fx),
                mix(point(0, 1)[axis], point(1, 1)[axis], fx),
                fy,
            )
        })
    }
}

/// Any number folded into 0 to 1, as between two mirrors.
fn mirrored(s: f32) -> f32 {
    let s = s.rem_euclid(2.0);
    if s > 1.0 { 2.0 - s } else { s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;
    use image::{Rgb, RgbImage};
    use rand::SeedableRng;
    use serde_json::{Value, json};

    /// What moves the mask too; every other setting must leave it alone.
    const WARPS: [&str; 8] = [
        "flip_chance",
        "upside_down_chance",
        "quarter_turn_chance",
        "turn_degrees",
        "zoom",
        "stretch",
        "shift",
        "elastic",
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
