//! Pictures that are made rather than found: plain ones, drawings, and limbs with a lesion before a background.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

fn colour(random: &mut ChaCha8Rng) -> [f32; 3] {
    if random.random::<f32>() < 0.3 {
        return [random.random_range(0.0..255.0); 3];
    }
    [(); 3].map(|()| random.random_range(0.0..255.0))
}

fn pixel(levels: [f32; 3]) -> Rgb<u8> {
    Rgb(levels.map(|level| level.clamp(0.0, 255.0) as u8))
}

fn mixed(a: [f32; 3], b: [f32; 3], part: f32) -> [f32; 3] {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * part)
}

/// A plain colour, a slope, noise of some coarseness, stripes, squares or shapes.
pub(super) fn drawing(random: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = (random.random_range(120..360), random.random_range(120..360));
    let (a, b) = (colour(random), colour(random));
    match random.random_range(0..7) {
        0 => RgbImage::from_pixel(width, height, pixel(a)),
        1 => {
            let (u, v): (f32, f32) = (random.random(), random.random());
            RgbImage::from_fn(width, height, |x, y| {
                let part = u * x as f32 / width as f32 + v * y as f32 / height as f32;
                pixel(mixed(a, b, part / (u + v + 0.01)))
            })
        }
        2 | 3 => {
            let coarse = [1, 1, 2, 4, 9, 24, 60][random.random_range(0..7)];
            let is_coloured = random.random::<f32>() < 0.4;
            let small = RgbImage::from_fn(width / coarse + 2, height / coarse + 2, |_, _| {
                if is_coloured {
                    return pixel(colour(random));
                }
                pixel(mixed(a, b, random.random()))
            });
            imageops::resize(&small, width, height, FilterType::Triangle)
        }
        4 => {
            let (across, down) = (random.random_range(2..40), random.random_range(2..40));
            let is_striped = random.random::<bool>();
            RgbImage::from_fn(width, height, |x, y| {
                let row = if is_striped { 0 } else { y / down };
                pixel(if (x / across + row) % 2 == 0 { a } else { b })
            })
        }
        _ => {
            let mut image = RgbImage::from_pixel(width, height, pixel(a));
            for _ in 0..random.random_range(1..14) {
                let ink = pixel(colour(random));
                let (left, top) = (
                    random.random_range(0..width),
                    random.random_range(0..height),
                );
                let (across, down) = (
                    random.random_range(2..width),
                    random.random_range(2..height),
                );
                let is_round = random.random::<bool>();
                for y in top..(top + down).min(height) {
                    for x in left..(left + across).min(width) {
                        let u = 2.0 * (x - left) as f32 / across as f32 - 1.0;
                        let v = 2.0 * (y - top) as f32 / down as f32 - 1.0;
                        if !is_round || u * u + v * v < 1.0 {
                            image.put_pixel(x, y, ink);
                        }
                    }
                }
            }
            image
        }
    }
}

/// A limb across `background` with the skin and the lesion of `lesion`, a dermoscopic picture, small on it.
pub(super) fn limb(lesion: &RgbImage, background: &RgbImage, random: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = (320_u32, random.random_range(220..340));
    let mut image = if random.random::<f32>() < 0.5 {
        // Cloth, a wall, a table.
        let (plain, grain) = (colour(random), random.random_range(0.0..14.0));
        RgbImage::from_fn(width, height, |_, _| {
            let change = random.random_range(-grain - 0.1..grain + 0.1);
            pixel(plain.map(|level| level + change))
        })
    } else {
        imageops::resize(background, width, height, FilterType::Triangle)
    };
    let skin = rim(lesion);
    let coarse = RgbImage::from_fn(width / 24 + 2, height / 24 + 2, |_, _| {
        pixel(skin.map(|level| level * random.random_range(0.86..1.1)))
    });
    let skin = imageops::resize(&coarse, width, height, FilterType::Triangle);
    let turn = random.random_range(0.0..std::f32::consts::PI);
    let (sin, cos) = turn.sin_cos();
    let half = random.random_range(0.22..0.55) * height as f32;
    let (middle_x, middle_y) = (
        width as f32 * random.random_range(0.35..0.65),
        height as f32 * random.random_range(0.35..0.65),
    );
    let bend = random.random_range(-0.0015..0.0015);
    let radius = random.random_range(0.07..0.3) * height as f32;
    let grain = random.random_range(1.0..7.0);
    for (x, y, out) in image.enumerate_pixels_mut() {
        let (u, v) = (x as f32 - middle_x, y as f32 - middle_y);
        let (along, across) = (u * cos + v * sin, v * cos - u * sin);
        let part = (across + bend * along * along) / half;
        if part.abs() >= 1.0 {
            continue;
        }
        // A cylinder under a light from one side.
        let light = (1.0 - 0.75 * (part + 0.2) * (part + 0.2)).max(0.2);
        let mut levels = skin.get_pixel(x, y).0.map(f32::from);
        let distance = u.hypot(v) / radius;
        if distance < 1.0 {
            let at = |offset: f32, length: u32| {
                let place = (0.5 + 0.42 * offset / radius) * length as f32;
                (place as u32).min(length - 1)
            };
            let inner = lesion.get_pixel(at(u, lesion.width()), at(v, lesion.height()));
            let inside = (4.0 * (1.0 - distance)).min(1.0);
            levels = mixed(levels, inner.0.map(f32::from), inside);
        }
        let change = random.random_range(-grain..grain);
        *out = pixel(levels.map(|level| level * light + change));
    }
    image
}

/// Median colour of what is neither the middle nor a black corner: the skin.
fn rim(image: &RgbImage) -> [f32; 3] {
    let (width, height) = image.dimensions();
    let mut channels = [const { Vec::new() }; 3];
    for index in 0..64 {
        for (x, y) in [
            (width * index / 64, height / 10),
            (width * index / 64, height - 1 - height / 10),
        ] {
            let Rgb(levels) = *image.get_pixel(x, y);
            if levels[0] > 60 {
                for (channel, level) in channels.iter_mut().zip(levels) {
                    channel.push(level);
                }
            }
        }
    }
    channels.map(|mut channel| {
        channel.sort_unstable();
        channel
            .get(channel.len() / 2)
            .map_or(190.0, |level| f32::from(*level))
    })
}
