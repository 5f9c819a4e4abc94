//! Which kind of picture an image is, so that it meets the network that was trained on its kind.
//!
//! Two measures of a small sample of the pixels decide, both unharmed by size, brightness and contrast:
//!
//! - *Speckle*: how much neighbours differ, in parts of their brightness. The interference that makes speckle
//!   multiplies the signal (Burckhardt 1978), and machines print it about two pixels wide; skin is smooth at that size.
//! - *Own colours*: how much the colours of equally bright pixels differ. On skin blood and melanin colour apart from
//!   brightness, while a tinted screen gives each brightness one colour, and a Doppler box, calipers and a logo leave
//!   most of the picture as it was. Grey alone decides nothing: dermoscopy is also kept as grey pictures.
//!
//! How dark a picture is was tried as well and changed nothing that these two do not see.
//!
//! The limit was chosen on the training parts of BUSI and ISIC 2017: 493 and 400 images, each as it is and grey, sepia,
//! blue, darker, brighter, cropped to a quarter, at half and at 2.2 times its size, and with Doppler colours, a screen
//! around it, a vignette or noise as befits its kind. What it tells rightly of the images of each part:
//!
//! | | train | val | test |
//! |---|---|---|---|
//! | BUSI, with a lesion and normal | 545 of 545 | 79 of 79 | 155 of 155 |
//! | ISIC 2017, 256x256 | 1496 of 1504 | 214 of 215 | 430 of 430 |
//! | ISIC 2017, whole photographs | | | 98 of 98 |
//! | ISIC 2017, 256x256, made grey | 1481 of 1504 | 212 of 215 | 421 of 430 |
//!
//! BUSI comes from one hospital and in grey, so the colours of other machines are
//! only imitated; that is why a person sees the choice and can change it.

use std::fmt;
use std::str::FromStr;

use image::RgbImage;
use serde::{Deserialize, Serialize};

/// What kind of picture. Serialised as the words of `model.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Skin through a dermatoscope.
    Dermoscopy,
    /// B-mode ultrasound.
    Ultrasound,
}

impl fmt::Display for Modality {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Dermoscopy => "dermoscopy",
            Self::Ultrasound => "ultrasound",
        })
    }
}

impl FromStr for Modality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|modality| modality.to_string() == text)
            .ok_or_else(|| format!("a picture is dermoscopy or ultrasound, not “{text}”"))
    }
}

/// Columns and rows of the sample.
const GRID: u32 = 64;

/// Neighbours are the shorter side over this apart, a pixel at least: about the width of a speckle.
const NEIGHBOURS: u32 = 160;

/// A place of the sample is the mean of a square of up to so many pixels a side, so that the noise of a large
/// photograph does not look like speckle.
const LARGEST_SQUARE: u32 = 8;

/// Places below this brightness are background: what is printed around a picture, a vignette, a shadow.
const DARK: f32 = 24.0;

/// How many places of next to equal brightness are compared in colour.
const EQUALS: usize = 64;

/// Speckle of a colourless picture above which it is ultrasound. Of the training images as they are, 99 % of the
/// ultrasound ones have more than 0.060 and 99 % of the dermoscopic ones less than 0.030.
const SPECKLE: f32 = 0.033;

/// The more colour, the more speckle it takes: exponent of one plus the own colours, in levels of 255.
const DOUBT: f32 = 0.2;

impl Modality {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dermoscopy, Self::Ultrasound];

    /// The word for it in `model.json` and in English.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dermoscopy => "dermoscopy",
            Self::Ultrasound => "ultrasound",
        }
    }

    /// What `image` looks like. It looks at a quarter of a million pixels at most and takes a few milliseconds.
    pub fn of(image: &RgbImage) -> Self {
        let signs = Signs::of(image);
        if signs.speckle > SPECKLE * (1.0 + signs.colour).powf(DOUBT) {
            Self::Ultrasound
        } else {
            Self::Dermoscopy
        }
    }
}

/// The two measures.
#[derive(Clone, Copy, Debug)]
struct Signs {
    /// Median over the sample of the contrast with the neighbours to the right and below, in parts of the brightness.
    speckle: f32,
    /// Median distance from the mean colour of equally bright places, in levels of 255.
    colour: f32,
}

impl Signs {
    fn of(image: &RgbImage) -> Self {
        let (width, height) = image.dimensions();
        let step = (width.min(height) / NEIGHBOURS).max(1);
        let side = (step / 2).clamp(1, LARGEST_SQUARE);
        let mut contrasts = Vec::with_capacity((GRID * GRID) as usize);
        let mut lit = Vec::with_capacity((GRID * GRID) as usize);
        for (x, y) in places(width, height) {
            let here = mean(image, x, y, side);
            let level = luma(here);
            if level < DARK {
                continue;
            }
            let against = |x, y| {
                let other = luma(mean(image, x, y, side));
                // The constant keeps quantisation of dark places from counting as contrast.
                (level - other).abs() / (level + other + 8.0)
            };
            contrasts.push(against(x + step, y) + against(x, y + step));
            lit.push((level, [here[0] - here[1], here[2] - here[1]]));
        }
        // Nothing but background is what a screen without a signal shows.
        Self {
            speckle: median(contrasts).unwrap_or(f32::INFINITY),
            colour: median(own_colours(lit)).unwrap_or(0.0),
        }
    }
}

/// Pixels spread evenly over an image.
fn places(width: u32, height: u32) -> impl Iterator<Item = (u32, u32)> {
    let spread = |index: u32, side: u32| (2 * index + 1) * side / (2 * GRID);
    let count = if width == 0 || height == 0 { 0 } else { GRID };
    (0..count).flat_map(move |row| {
        (0..count).map(move |column| (spread(column, width), spread(row, height)))
    })
}

/// Mean colour of the square of `side` pixels at `x`, `y`, moved inwards where it would stick out.
fn mean(image: &RgbImage, x: u32, y: u32, side: u32) -> [f32; 3] {
    let (width, height) = image.dimensions();
    let inwards = |at: u32, length: u32| at.min(length.saturating_sub(side));
    let (left, top) = (inwards(x, width), inwards(y, height));
    let mut sums = [0_u32; 3];
    for row in top..(top + side).min(height) {
        let start = 3 * (row as usize * width as usize + left as usize);
        let end = start + 3 * side.min(width) as usize;
        for pixel in image.as_raw()[start..end].chunks_exact(3) {
            for (sum, level) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*level);
            }
        }
    }
    let count = side.min(width) * side.min(height);
    sums.map(|sum| sum as f32 / count as f32)
}

/// Brightness (ITU-R BT.601).
fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// For each place, given its brightness and two colour differences, how far its colour is from the mean of the
/// places that are as bright as it.
fn own_colours(mut lit: Vec<(f32, [f32; 2])>) -> Vec<f32> {
    lit.sort_by(|a, b| a.0.total_cmp(&b.0));
    lit.chunks(EQUALS)
        .flat_map(|equals| {
            let mean = |channel: usize| {
                let sum: f32 = equals.iter().map(|(_, colour)| colour[channel]).sum();
                sum / equals.len() as f32
            };
            let means = [mean(0), mean(1)];
            equals
                .iter()
                .map(move |(_, colour)| (colour[0] - means[0]).abs() + (colour[1] - means[1]).abs())
        })
        .collect()
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::phantom;

    /// Makes a colour of the one at a place.
    type Look = fn(u32, u32, [f32; 3]) -> [f32; 3];

    /// Ways in which the same picture may come from another machine, through other software or another lens.
    const LOOKS: [(&str, Look); 7] = [
        ("as it is", |_, _, colour| colour),
        ("grey", |_, _, colour| [luma(colour); 3]),
        ("sepia", |_, _, colour| {
            [1.0, 0.88, 0.7].map(|part| part * luma(colour))
        }),
        ("blue", |_, _, colour| {
            [0.6, 0.75, 1.0].map(|part| part * luma(colour))
        }),
        ("dim", |_, _, colour| colour.map(|level| 0.6 * level)),
        ("flat", |_, _, colour| {
            colour.map(|level| 60.0 + 0.7 * level)
        }),
        ("a copy with a coloured logo", |x, y, colour| {
            if x < 90 && y < 40 {
                [230.0, 40.0, 30.0]
            } else {
                colour
            }
        }),
    ];

    fn like(image: &RgbImage, look: impl Fn(u32, u32, [f32; 3]) -> [f32; 3]) -> RgbImage {
        RgbImage::from_fn(image.width(), image.height(), |x, y| {
            let colour = image.get_pixel(x, y).0.map(f32::from);
            Rgb(look(x, y, colour).map(|level| level.clamp(0.0, 255.0) as u8))
        })
    }

    fn ultrasound(seed: u32) -> RgbImage {
        phantom::ultrasound(seed, 480, 360).image
    }

    fn dermoscopy(seed: u32) -> RgbImage {
        phantom::dermoscopy(seed, 480, 360).image
    }

    #[test]
    fn both_kinds_are_told_whatever_their_tint_brightness_and_contrast() {
        for seed in 0..5 {
            for (name, look) in LOOKS {
                let seen = Modality::of(&like(&ultrasound(seed), look));
                assert_eq!(seen, Modality::Ultrasound, "seed {seed}, {name}");
                let seen = Modality::of(&like(&dermoscopy(seed), look));
                assert_eq!(seen, Modality::Dermoscopy, "seed {seed}, {name}");
            }
        }
    }

    #[test]
    fn both_kinds_are_told_at_any_size() {
        for (width, height) in [(64, 48), (120, 400), (450, 600), (1500, 1000)] {
            let seen = Modality::of(&phantom::ultrasound(3, width, height).image);
            assert_eq!(seen, Modality::Ultrasound, "{width}x{height}");
            let seen = Modality::of(&phantom::dermoscopy(3, width, height).image);
            assert_eq!(seen, Modality::Dermoscopy, "{width}x{height}");
        }
    }

    #[test]
    fn doppler_colours_in_a_box_leave_ultrasound_what_it_is() {
        // Flow towards the probe in red, away from it in blue, in a box of a quarter of the picture with a green frame.
        for seed in 0..5 {
            let seen = Modality::of(&like(&ultrasound(seed), |x, y, colour| {
                let level = luma(colour);
                match (x, y) {
                    (120..360, 90 | 91 | 268 | 269) | (120 | 121 | 358 | 359, 90..270) => {
                        [0.0, 255.0, 0.0]
                    }
                    (120..360, 90..270) if level > 60.0 && (x / 17 + y / 13) % 3 == 0 => {
                        [90.0 + level, 0.4 * level, 0.0]
                    }
                    (120..360, 90..270) if level > 60.0 && (x / 17 + y / 13) % 3 == 1 => {
                        [0.0, 0.4 * level, 90.0 + level]
                    }
                    _ => colour,
                }
            }));
            assert_eq!(seen, Modality::Ultrasound, "seed {seed}");
        }
    }

    #[test]
    fn a_machine_s_dark_screen_around_the_picture_leaves_it_what_it_is() {
        for seed in 0..5 {
            let inner = ultrasound(seed);
            let screen = RgbImage::from_fn(760, 560, |x, y| match (x, y) {
                (140..620, 100..460) => *inner.get_pixel(x - 140, y - 100),
                (20..100, 30..44) => Rgb([240, 200, 40]),
                _ => Rgb([8, 8, 12]),
            });
            assert_eq!(Modality::of(&screen), Modality::Ultrasound, "seed {seed}");
        }
    }

    #[test]
    fn a_black_vignette_leaves_skin_what_it_is_even_in_grey() {
        for seed in 0..5 {
            let round = |x: u32, y: u32, colour: [f32; 3]| {
                let (across, down) = (x as f32 - 240.0, y as f32 - 180.0);
                if across * across + down * down > 170.0 * 170.0 {
                    [3.0; 3]
                } else {
                    colour
                }
            };
            let dark = like(&dermoscopy(seed), round);
            assert_eq!(Modality::of(&dark), Modality::Dermoscopy, "seed {seed}");
            let grey = like(&dark, |_, _, colour| [luma(colour); 3]);
            assert_eq!(
                Modality::of(&grey),
                Modality::Dermoscopy,
                "seed {seed}, grey"
            );
        }
    }

    #[test]
    fn the_noise_of_a_large_photograph_is_no_speckle() {
        let skin = phantom::dermoscopy(2, 1280, 960).image;
        let mut state = 1_u32;
        let noisy = RgbImage::from_fn(1280, 960, |x, y| {
            Rgb(skin.get_pixel(x, y).0.map(|level| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                level.saturating_add((state >> 27) as u8).saturating_sub(16)
            }))
        });
        assert_eq!(Modality::of(&noisy), Modality::Dermoscopy);
    }

    #[test]
    fn an_image_with_nothing_on_it_has_a_modality_too() {
        for side in [0, 1, 2, 16, 200] {
            let white = RgbImage::from_pixel(side, side, Rgb([255; 3]));
            let black = RgbImage::new(side, side);
            assert_eq!(Modality::of(&black), Modality::Ultrasound);
            if side > 0 {
                assert_eq!(Modality::of(&white), Modality::Dermoscopy);
            }
        }
    }

    #[test]
    fn the_words_are_those_of_the_manifest() {
        for modality in Modality::ALL {
            let written = serde_json::to_value(modality).expect("a word");
            assert_eq!(written, modality.word());
        }
    }
}
