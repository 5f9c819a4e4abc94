//! What happens to a picture's light, and what lies over it: everything here leaves the mask alone.
//!
//! A lesion under a hair or a caliper is still a lesion, so nothing drawn over the image is cut out of the truth.

use std::f32::consts::{PI, TAU};

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::augmentation::Augmentation;
use super::chance::{around, factor, happens};
use super::pictures::Sample;

type Rgb = [f32; 3];

/// Distorts a sample in the order of a camera: things over the skin or on the screen, light, optics, sensor, file.
pub(super) fn apply(of: &Augmentation, sample: &mut Sample, random: &mut ChaCha8Rng) {
    if happens(of.hair_chance, random) {
        hairs(sample, random);
    }
    if happens(of.doppler_chance, random) {
        doppler(sample, random);
    }
    if happens(of.patch_chance, random) {
        patches(sample, random);
    }
    if happens(of.caliper_chance, random) {
        calipers(sample, random);
    }
    if happens(of.ruler_chance, random) {
        ruler(sample, random);
    }
    light(of, sample, random);
    if happens(of.vignette_chance, random) {
        vignette(sample, random);
    }
    let sigma = of.blur * random.random::<f32>() * sample.side as f32;
    if sigma > 0.3 {
        blur(sample, sigma);
    }
    grain(of, sample, random);
    if happens(of.jpeg_chance, random) {
        jpeg(sample, random.random_range(25..=90));
    }
}

/// Brightness, contrast, gamma, tint, saturation, grey.
fn light(of: &Augmentation, sample: &mut Sample, random: &mut ChaCha8Rng) {
    let (gamma, contrast) = (factor(of.gamma, random), factor(of.contrast, random));
    let brightness = around(of.brightness, random);
    let tint: Rgb = std::array::from_fn(|_| factor(of.tint, random));
    let is_grey = happens(of.grey_chance, random);
    let saturation = factor(of.saturation, random) * f32::from(u8::from(!is_grey));
    let count = sample.rgb.len() as f32;
    let mean = sample.rgb.iter().flatten().sum::<f32>() / (3.0 * count);
    for rgb in &mut sample.rgb {
        let luma = luma(*rgb);
        for (value, tint) in rgb.iter_mut().zip(tint) {
            let coloured = (luma + (*value - luma) * saturation) * tint;
            let curved = 255.0 * (coloured.clamp(0.0, 255.0) / 255.0).powf(gamma);
            *value = ((curved - mean) * contrast + mean + brightness).clamp(0.0, 255.0);
        }
    }
}

fn luma([r, g, b]: Rgb) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// Sensor noise and speckle, both grey.
fn grain(of: &Augmentation, sample: &mut Sample, random: &mut ChaCha8Rng) {
    let noise = of.noise * random.random::<f32>();
    let speckle = of.speckle * random.random::<f32>();
    if noise <= 0.0 && speckle <= 0.0 {
        return;
    }
    for rgb in &mut sample.rgb {
        let (a, b) = normal(random);
        for value in rgb {
            *value = (*value * (1.0 + speckle * a) + noise * b).clamp(0.0, 255.0);
        }
    }
}

/// Two independent standard normal numbers (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> (f32, f32) {
    let radius = (-2.0 * (1.0 - random.random::<f32>()).ln()).sqrt();
    let (sin, cos) = (TAU * random.random::<f32>()).sin_cos();
    (radius * cos, radius * sin)
}

/// Separable Gaussian blur, edges clamped.
fn blur(sample: &mut Sample, sigma: f32) {
    let side = sample.side;
    let radius = (2.5 * sigma).ceil() as isize;
    let weights: Vec<f32> = (-radius..=radius)
        .map(|d| (-(d * d) as f32 / (2.0 * sigma * sigma)).exp())
        .collect();
    let total: f32 = weights.iter().sum();
    for (stride, step) in [(side, 1), (1, side)] {
        let source = sample.rgb.clone();
        for line in 0..side {
            for i in 0..side {
                let mut sum = [0.0; 3];
                for (weight, d) in weights.iter().zip(-radius..) {
                    let from = (i as isize + d).clamp(0, side as isize - 1) as usize;
                    for (sum, value) in sum.iter_mut().zip(source[line * stride + from * step]) {
                        *sum += weight * value;
                    }
                }
                sample.rgb[line * stride + i * step] = sum.map(|sum| sum / total);
            }
        }
    }
}

/// Through a JPEG file and back.
fn jpeg(sample: &mut Sample, quality: u8) {
    let side = sample.side as u32;
    let bytes = sample
        .rgb
        .iter()
        .flatten()
        .map(|v| v.round() as u8)
        .collect();
    let mut file = Vec::new();
    let decoded = RgbImage::from_raw(side, side, bytes)
        .and_then(|image| {
            JpegEncoder::new_with_quality(&mut file, quality)
                .encode_image(&image)
                .ok()
        })
        .and_then(|()| image::load_from_memory_with_format(&file, ImageFormat::Jpeg).ok());
    // An encoder that fails leaves the sample as it is.
    if let Some(decoded) = decoded {
        for (rgb, pixel) in sample.rgb.iter_mut().zip(decoded.to_rgb8().pixels()) {
            *rgb = pixel.0.map(f32::from);
        }
    }
}

/// Black corners: a soft fall of light, or the round frame of a dermatoscope.
fn vignette(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let radius = 0.45 + 0.3 * random.random::<f32>();
    let is_hard = random.random::<bool>();
    let centre = [around(0.06, random), around(0.06, random)];
    let side = sample.side;
    for (i, rgb) in sample.rgb.iter_mut().enumerate() {
        let at = |i: usize, centre: f32| (i as f32 + 0.5) / side as f32 - 0.5 - centre;
        let distance = at(i % side, centre[0]).hypot(at(i / side, centre[1]));
        let light = if is_hard {
            ((radius - distance) * side as f32 / 2.0 + 0.5).clamp(0.02, 1.0)
        } else {
            1.0 - 0.85 * ((distance - radius * 0.7) / 0.4).clamp(0.0, 1.0)
        };
        *rgb = rgb.map(|value| value * light);
    }
}

/// Paints over a pixel; `cover` 1 hides what was there.
fn paint(sample: &mut Sample, x: f32, y: f32, colour: Rgb, cover: f32) {
    let side = sample.side as f32;
    if (0.0..side).contains(&x) && (0.0..side).contains(&y) {
        let rgb = &mut sample.rgb[y as usize * sample.side + x as usize];
        for (value, colour) in rgb.iter_mut().zip(colour) {
            *value += (colour - *value) * cover;
        }
    }
}

/// Thick curved lines, dark or grey, as hairs lie on skin.
fn hairs(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let side = sample.side as f32;
    for _ in 0..random.random_range(2..18) {
        let start = [side * random.random::<f32>(), side * random.random::<f32>()];
        let angle = PI * around(1.0, random);
        let bow = around(1.2, random);
        let length = side * (0.2 + 0.8 * random.random::<f32>());
        let width = side / 256.0 * (0.8 + 2.2 * random.random::<f32>());
        let level = if happens(0.15, random) {
            190.0
        } else {
            20.0 + 50.0 * random.random::<f32>()
        };
        let colour = [level, level * 0.85, level * 0.75];
        let steps = (2.0 * length) as usize;
        let [mut x, mut y] = start;
        for step in 0..steps {
            let direction = angle + bow * step as f32 / steps as f32;
            (x, y) = (x + 0.5 * direction.cos(), y + 0.5 * direction.sin());
            let across = (width * 2.0).ceil() as i32;
            for d in -across..=across {
                let offset = d as f32 / 2.0;
                let cover = (width / 2.0 - offset.abs() + 0.5).clamp(0.0, 1.0) * 0.6;
                paint(
                    sample,
                    x - offset * direction.sin(),
                    y + offset * direction.cos(),
                    colour,
                    cover,
                );
            }
        }
    }
}

/// Two or four crosses with dotted lines between them, and the figure that belongs to them.
fn calipers(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let side = sample.side as f32;
    let colour =
        [[255.0; 3], [255.0, 255.0, 90.0], [120.0, 255.0, 160.0]][random.random_range(0..3)];
    let arm = (side / 256.0 * 4.0).max(1.0).round() as i32;
    for _ in 0..random.random_range(1..=2) {
        let point = |random: &mut ChaCha8Rng| -> [f32; 2] {
            std::array::from_fn(|_| side * (0.15 + 0.7 * random.random::<f32>()))
        };
        let ends = [point(random), point(random)];
        for [x, y] in ends {
            for d in -arm..=arm {
                paint(sample, x + d as f32, y, colour, 0.9);
                paint(sample, x, y + d as f32, colour, 0.9);
            }
        }
        let dots = ((ends[0][0] - ends[1][0]).hypot(ends[0][1] - ends[1][1]) / 4.0) as usize;
        for dot in 0..dots {
            let share = dot as f32 / dots as f32;
            let [x, y] =
                std::array::from_fn(|axis| ends[0][axis] + (ends[1][axis] - ends[0][axis]) * share);
            paint(sample, x, y, colour, 0.8);
        }
    }
}

/// Ticks along one side.
fn ruler(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let side = sample.side as f32;
    let level = if random.random::<bool>() { 235.0 } else { 15.0 };
    let spacing = side / 256.0 * (6.0 + 18.0 * random.random::<f32>());
    let edge = side * 0.12 * random.random::<f32>();
    let which = random.random_range(0..4);
    let count = (side / spacing) as usize;
    for tick in 0..count {
        let long = if tick % 5 == 0 { 2.0 } else { 1.0 };
        let length = (side / 256.0 * 6.0 * long) as i32;
        for d in 0..length {
            let (along, across) = (tick as f32 * spacing, edge + d as f32);
            let (x, y) = match which {
                0 => (along, across),
                1 => (along, side - 1.0 - across),
                2 => (across, along),
                _ => (side - 1.0 - across, along),
            };
            paint(sample, x, y, [level; 3], 0.9);
        }
    }
}

/// Blobs of red and blue inside a thin box, where the tissue is not black.
fn doppler(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let side = sample.side as f32;
    let corner: [f32; 2] = std::array::from_fn(|_| side * 0.6 * random.random::<f32>());
    let size: [f32; 2] = std::array::from_fn(|_| side * (0.2 + 0.3 * random.random::<f32>()));
    for _ in 0..random.random_range(1..6) {
        let at: [f32; 2] =
            std::array::from_fn(|axis| corner[axis] + size[axis] * random.random::<f32>());
        let radius = side * (0.01 + 0.05 * random.random::<f32>());
        let hue = if random.random::<bool>() {
            [230.0, 60.0, 30.0]
        } else {
            [40.0, 80.0, 235.0]
        };
        let reach = radius as i32 + 1;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let distance = (dx as f32).hypot(dy as f32) / radius;
                paint(
                    sample,
                    at[0] + dx as f32,
                    at[1] + dy as f32,
                    hue,
                    (1.2 - distance).clamp(0.0, 0.85),
                );
            }
        }
    }
    let line = [[90.0, 220.0, 120.0], [230.0; 3]][random.random_range(0..2)];
    for step in 0..size[0] as usize {
        paint(sample, corner[0] + step as f32, corner[1], line, 0.9);
        paint(
            sample,
            corner[0] + step as f32,
            corner[1] + size[1],
            line,
            0.9,
        );
    }
    for step in 0..size[1] as usize {
        paint(sample, corner[0], corner[1] + step as f32, line, 0.9);
        paint(
            sample,
            corner[0] + size[0],
            corner[1] + step as f32,
            line,
            0.9,
        );
    }
}

/// Patches of one colour near the edge: ink, stickers, boxes of text.
fn patches(sample: &mut Sample, random: &mut ChaCha8Rng) {
    let side = sample.side as f32;
    for _ in 0..random.random_range(1..4) {
        let colour: Rgb = std::array::from_fn(|_| 255.0 * random.random::<f32>());
        let is_round = random.random::<bool>();
        let half: [f32; 2] = std::array::from_fn(|_| side * (0.02 + 0.1 * random.random::<f32>()));
        // One coordinate near an edge: what hides the middle of a lesion would make the truth unknowable.
        let near = 0.12 * random.random::<f32>();
        let near = if random.random::<bool>() {
            near
        } else {
            1.0 - near
        };
        let along = random.random::<f32>();
        let [x, y] = if random.random::<bool>() {
            [near, along]
        } else {
            [along, near]
        };
        let (x, y) = (x * side, y * side);
        for dy in -half[1] as i32..=half[1] as i32 {
            for dx in -half[0] as i32..=half[0] as i32 {
                let inside = (dx as f32 / half[0]).hypot(dy as f32 / half[1]) <= 1.0;
                if inside || !is_round {
                    paint(sample, x + dx as f32, y + dy as f32, colour, 0.95);
                }
            }
        }
    }
}
