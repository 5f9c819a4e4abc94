//! Pictures as other machines, programs and hands leave them.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::super::Kind;

/// Pictures are reduced to this before they are varied, so that it takes milliseconds.
const LONGEST: u32 = 400;

/// `image` no larger than is needed.
pub(super) fn reduced(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    if width.max(height) <= LONGEST {
        return image.clone();
    }
    let factor = f64::from(LONGEST) / f64::from(width.max(height));
    let side = |length: u32| ((f64::from(length) * factor) as u32).max(1);
    imageops::thumbnail(image, side(width), side(height))
}

fn happens(chance: f32, random: &mut ChaCha8Rng) -> bool {
    random.random::<f32>() < chance
}

/// Evenly from `low` to `high`.
fn between(low: f32, high: f32, random: &mut ChaCha8Rng) -> f32 {
    low + (high - low) * random.random::<f32>()
}

/// `image` varied: what is around it, its part, its size and sides, light, colours, blur, noise, file.
pub(super) fn varied(image: &RgbImage, kind: Kind, random: &mut ChaCha8Rng) -> RgbImage {
    let mut image = image.clone();
    if happens(0.5, random) {
        // Less of a known picture is left out, lest its kind be lost.
        let least = if kind == Kind::Other { 0.35 } else { 0.6 };
        image = cropped(&image, least, random);
    }
    if happens(0.5, random) {
        let (size, stretch) = (between(0.4, 1.4, random), between(0.8, 1.25, random));
        let side = |length: u32, factor: f32| ((length as f32 * factor) as u32).clamp(48, 700);
        let (width, height) = (
            side(image.width(), size * stretch),
            side(image.height(), size),
        );
        image = imageops::resize(&image, width, height, FilterType::Triangle);
    }
    if happens(0.5, random) {
        imageops::flip_horizontal_in_place(&mut image);
    }
    if kind == Kind::Dermoscopy && happens(0.5, random) {
        image = imageops::rotate90(&image);
    }
    if kind == Kind::Dermoscopy && happens(0.12, random) {
        vignette(&mut image, random);
    }
    if matches!(kind, Kind::BreastUltrasound | Kind::ThyroidUltrasound) && happens(0.12, random) {
        doppler(&mut image, random);
    }
    light(&mut image, kind, random);
    if happens(0.2, random) {
        image = imageops::fast_blur(&image, between(0.4, 1.6, random));
    }
    if happens(0.2, random) {
        noise(&mut image, between(2.0, 12.0, random), random);
    }
    if happens(0.25, random) {
        image = framed(&image, kind, random);
    }
    if happens(0.5, random) {
        image = through_jpeg(image, random.random_range(35..=92));
    }
    image
}

fn cropped(image: &RgbImage, least: f32, random: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut part = |length: u32| {
        let kept = ((length as f32 * between(least, 1.0, random)) as u32).max(1);
        (random.random_range(0..=length - kept.min(length)), kept)
    };
    let ((left, width), (top, height)) = (part(width), part(height));
    imageops::crop_imm(image, left, top, width, height).to_image()
}

/// Gamma, contrast, brightness, tint, grey.
fn light(image: &mut RgbImage, kind: Kind, random: &mut ChaCha8Rng) {
    let is_changed = happens(0.6, random);
    let gamma = between(-0.4, 0.4, random).exp();
    let contrast = between(-0.35, 0.35, random).exp();
    let brightness = between(-25.0, 25.0, random);
    let is_ultrasound = matches!(kind, Kind::BreastUltrasound | Kind::ThyroidUltrasound);
    let is_grey = happens(if kind == Kind::Other { 0.3 } else { 0.15 }, random);
    let tint = if happens(0.25, random) {
        let strength = if is_ultrasound || is_grey { 0.35 } else { 0.2 };
        [(); 3].map(|()| between(-strength, strength / 4.0, random).exp())
    } else {
        [1.0; 3]
    };
    let curve: Vec<f32> = (0..256)
        .map(|level| {
            let value = level as f32;
            if is_changed {
                let curved = 255.0 * (value / 255.0).powf(gamma);
                (curved - 110.0) * contrast + 110.0 + brightness
            } else {
                value
            }
        })
        .collect();
    for Rgb(pixel) in image.pixels_mut() {
        if is_grey {
            let [r, g, b] = pixel.map(f32::from);
            *pixel = [(0.299 * r + 0.587 * g + 0.114 * b) as u8; 3];
        }
        for (level, tint) in pixel.iter_mut().zip(tint) {
            *level = (curve[usize::from(*level)] * tint).clamp(0.0, 255.0) as u8;
        }
    }
}

fn vignette(image: &mut RgbImage, random: &mut ChaCha8Rng) {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let radius = between(0.42, 0.62, random) * width.max(height);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (across, down) = (x as f32 - width / 2.0, y as f32 - height / 2.0);
        if across.hypot(down) > radius {
            *pixel = Rgb([4; 3]);
        }
    }
}

/// A box in which part of the bright places is red or blue.
fn doppler(image: &mut RgbImage, random: &mut ChaCha8Rng) {
    let (width, height) = image.dimensions();
    let (left, top) = (
        random.random_range(0..=width / 2),
        random.random_range(0..=height / 2),
    );
    let (right, bottom) = (left + width / 3, top + height / 3);
    let is_frame = |x: u32, y: u32| x == left || x + 1 == right || y == top || y + 1 == bottom;
    for y in top..bottom.min(height) {
        for x in left..right.min(width) {
            let Rgb([level, ..]) = *image.get_pixel(x, y);
            let colour = match (x / 9 + y / 7) % 4 {
                _ if is_frame(x, y) => [0, 230, 0],
                0 if level > 50 => [level.saturating_add(90), level / 3, 0],
                1 if level > 50 => [0, level / 3, level.saturating_add(90)],
                _ => [level; 3],
            };
            image.put_pixel(x, y, Rgb(colour));
        }
    }
}

fn noise(image: &mut RgbImage, amount: f32, random: &mut ChaCha8Rng) {
    for Rgb(pixel) in image.pixels_mut() {
        let change = between(-amount, amount, random) as i16;
        *pixel = pixel.map(|level| (i16::from(level) + change).clamp(0, 255) as u8);
    }
}

/// A plain border, as of a machine's screen or a letterbox, with a few lines like text on it.
fn framed(image: &RgbImage, kind: Kind, random: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = image.dimensions();
    let most = if kind == Kind::Other { 0.4 } else { 0.22 };
    let [left, right, top, bottom] = [(); 4].map(|()| {
        let share = between(-most, most, random).max(0.0);
        (share * width.max(height) as f32) as u32
    });
    let ground = match random.random_range(0..4) {
        0 => [255; 3],
        1 => [(between(0.0, 60.0, random)) as u8; 3],
        _ => [random.random_range(0..14); 3],
    };
    let mut canvas = RgbImage::from_pixel(width + left + right, height + top + bottom, Rgb(ground));
    let ink = if ground[0] > 128 { 20 } else { 200 };
    for _ in 0..random.random_range(0..9) {
        let (x, y) = (
            random.random_range(0..canvas.width()),
            random.random_range(0..canvas.height()),
        );
        for dy in 0..5 {
            for dx in 0..random.random_range(10..60) {
                if (dx * 5 + dy * 3) % 7 < 3 && x + dx < canvas.width() && y + dy < canvas.height()
                {
                    canvas.put_pixel(x + dx, y + dy, Rgb([ink; 3]));
                }
            }
        }
    }
    imageops::replace(&mut canvas, image, i64::from(left), i64::from(top));
    canvas
}

/// Through a JPEG file and back; an encoder that fails leaves the picture as it is.
fn through_jpeg(image: RgbImage, quality: u8) -> RgbImage {
    let mut file = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut file, quality).encode_image(&image);
    match image::load_from_memory_with_format(&file, ImageFormat::Jpeg) {
        Ok(decoded) if written.is_ok() => decoded.to_rgb8(),
        _ => image,
    }
}
