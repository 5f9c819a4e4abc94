//! A made-up B-mode picture of a breast with one lesion, as a linear probe shows it.
//!
//! Speckle is made the way it arises: scatterers of random phase, blurred by the pulse (short along the beam, wide
//! across it), the envelope taken and compressed logarithmically, which gives Rayleigh statistics (Wagner et al. 1983).

use image::{Rgb, RgbImage};

use super::noise::{Random, bump, exp2, fractal, hash, log2, mix, normal, ridges, step};
use super::outline::Outline;
use super::sample::Phantom;

/// Decibels that one doubling of the amplitude is worth.
const OCTAVE: f32 = 6.0206;

/// A made-up ultrasound picture of `width` × `height` pixels: layers of skin, fat, gland and muscle, and a
/// hypoechoic lesion with an irregular border and either enhancement or a shadow behind it.
pub fn ultrasound(seed: u32, width: u32, height: u32) -> Phantom {
    let mut random = Random::new(seed ^ 0x05_0a_d0);
    let tissue = Tissue::new(&mut random, width, height);
    let count = width as usize * height as usize;
    let mut depths = Vec::with_capacity(count);
    let [mut real, mut imaginary] = [Vec::with_capacity(count), Vec::with_capacity(count)];
    let seeds = [random.seed(), random.seed()];
    for y in 0..height {
        for x in 0..width {
            let depth = tissue.outline.depth(x, y);
            let amplitude = exp2(tissue.echo(x, y, depth) / OCTAVE);
            depths.push(depth);
            real.push(amplitude * normal(hash(x as i32, y as i32, seeds[0])));
            imaginary.push(amplitude * normal(hash(x as i32, y as i32, seeds[1])));
        }
    }
    let across = (1.8 * tissue.unit + 0.5) as usize;
    let along = (0.8 * tissue.unit + 0.5) as usize;
    let (w, h) = (width as usize, height as usize);
    let mut energy = 1.0;
    for field in [&mut real, &mut imaginary] {
        energy = blur(field, w, h, across.max(1), along.max(1));
    }
    let mut decibels: Vec<f32> = real
        .iter()
        .zip(&imaginary)
        .map(|(re, im)| 0.5 * OCTAVE * log2((re * re + im * im) / energy + 1e-4))
        .collect();
    // Machines average a little between beams, which rounds off the black cracks of raw speckle.
    for _ in 0..(1.5 * tissue.unit + 0.5).clamp(1.0, 8.0) as usize {
        soften(&mut decibels, w);
    }
    let image = RgbImage::from_fn(width, height, |x, y| {
        let at = y as usize * w + x as usize;
        // 46 dB from black to white; tissue of level 0 lies a little above the middle.
        let level = ((decibels[at] + 28.0) / 44.0).clamp(0.0, 1.0);
        Rgb([(level * level * (1.7 - 0.7 * level) * 236.0 + 4.0) as u8; 3])
    });
    Phantom {
        image,
        mask: Outline::mask(width, height, &depths),
    }
}

/// What the picture shows, before speckle.
struct Tissue {
    size: [f32; 2],
    /// Pixels to a 480th of the shorter side.
    unit: f32,
    outline: Outline,
    centre: [f32; 2],
    axes: [f32; 2],
    /// Decibels behind the lesion: positive enhances, negative shadows.
    behind: f32,
    /// Decibels of the lesion itself.
    lesion: f32,
    /// Depths, as parts of the height, at which fat, gland, muscle and the dark ground begin.
    layers: [f32; 4],
    seed: u32,
}

impl Tissue {
    fn new(random: &mut Random, width: u32, height: u32) -> Self {
        let size = [width as f32, height as f32];
        let side = size[0].min(size[1]);
        let long = side * random.between(0.19, 0.27);
        let axes = [long, long * random.between(0.58, 0.8)];
        let centre = [
            size[0] * random.between(0.4, 0.6),
            size[1] * random.between(0.4, 0.48),
        ];
        let shadow = random.between(0.0, 1.0) < 0.35;
        let roughness = if shadow { 0.26 } else { 0.16 };
        let tilt = random.between(-0.12, 0.12);
        Self {
            size,
            unit: side / 480.0,
            outline: Outline::new(random, centre, axes, tilt, roughness, 2.1),
            centre,
            axes,
            behind: if shadow {
                -9.0
            } else {
                random.between(4.0, 7.0)
            },
            lesion: random.between(-21.0, -16.0),
            layers: [
                random.between(0.035, 0.05),
                random.between(0.19, 0.26),
                random.between(0.66, 0.74),
                random.between(0.84, 0.92),
            ],
            seed: random.seed(),
        }
    }

    /// Echo level in decibels; `depth` is the depth below the lesion's border.
    fn echo(&self, x: u32, y: u32, depth: f32) -> f32 {
        // Positions in units of the picture's shorter side over five.
        let scale = 96.0 * self.unit.max(1e-3);
        let (u, v) = (x as f32 / scale, y as f32 / scale);
        let (across, down) = (x as f32 / self.size[0], y as f32 / self.size[1]);
        let around = self.layered(u, v, down);
        let [_, behind_y] = self.outline.place(x, y);
        let mut level = around;

        // Behind the lesion, strongest in the middle of the beam's path.
        let offset = (x as f32 - self.centre[0]) / (self.axes[0] * 1.02);
        let below = (y as f32 - self.centre[1]) / self.axes[1];
        if below > 0.0 && behind_y > 0.0 {
            let fade = step(0.3, 1.1, below) * (1.0 - 0.5 * step(1.5, 5.0, below));
            level += self.behind * bump(offset).sqrt() * fade;
            // Thin shadows from the lesion's flanks, where the beam is bent away.
            level -= 3.0 * (bump((offset.abs() - 1.0) / 0.14)) * fade;
        }

        let inside = step(-0.035, 0.035, depth);
        if inside > 0.0 {
            let texture = 13.0 * (fractal(u * 1.7, v * 2.2, 3, self.seed ^ 0x11) - 0.5);
            let lit = 3.0 * step(0.25, -0.1, self.outline.place(x, y)[1] + 0.9);
            level = mix(level, self.lesion + texture + lit, inside);
        }
        // The capsule: a thin bright line where the beam meets the border squarely.
        let [lu, lv] = self.outline.place(x, y);
        let facing = (lv * lv / (lu * lu + lv * lv + 1e-3)).clamp(0.0, 1.0);
        level += 7.0 * facing * bump((depth + 0.03) / 0.06);

        // Attenuation with depth, and the probe's weaker ends.
        let end = (2.0 * across - 1.0).abs();
        level - 7.0 * down - 5.0 * end * end * end * end
    }

    fn layered(&self, u: f32, v: f32, down: f32) -> f32 {
        let [fat, gland, muscle, ground] = self.layers;
        let wave = |seed: u32, height: f32| {
            height * (2.0 * fractal(u * 0.55, 3.5, 3, self.seed ^ seed) - 1.0)
        };
        let at = [
            fat + wave(1, 0.008),
            gland + wave(2, 0.09),
            muscle + wave(3, 0.035),
            ground + wave(4, 0.05),
        ];
        // Skin: two bright lines with a darker layer between.
        let skin = 4.0 - 9.0 * bump((down - 0.5 * at[0]) / (0.4 * at[0]).max(1e-3));
        // Fat: dark lobules parted by bright, mostly level septa.
        let lobules = 14.0 * (fractal(u * 0.9, v * 1.8, 3, self.seed ^ 5) - 0.5);
        let septa = ridges(u * 0.45 + 0.25 * v, v * 1.5, 3, self.seed ^ 6).max(0.0);
        let fat_level = -9.0 + lobules + 14.0 * step(0.82, 1.0, septa);
        // Gland: bright, with darker ducts and islands of fat.
        let mottle = 20.0 * (fractal(u * 1.1, v * 2.0, 4, self.seed ^ 7) - 0.5);
        let ducts = ridges(u * 0.6, v * 1.6, 2, self.seed ^ 8).max(0.0);
        let gland_level = 1.0 + mottle - 9.0 * step(0.7, 1.0, ducts);
        // Muscle: dark with fine level stripes, under a bright fascia.
        let stripes = ridges(u * 0.22, v * 5.0 + 0.4 * u, 2, self.seed ^ 9).max(0.0);
        let fascia = 13.0 * bump((down - at[2]) / 0.012) + 9.0 * bump((down - at[3]) / 0.014);
        let muscle_level = -10.0 + 9.0 * step(0.55, 1.0, stripes);
        let ground_level = -24.0 + 9.0 * (fractal(u * 0.8, v * 0.9, 3, self.seed ^ 10) - 0.5);

        let mut level = mix(skin, fat_level, step(at[0] - 0.004, at[0] + 0.004, down));
        level = mix(level, gland_level, step(at[1] - 0.012, at[1] + 0.012, down));
        level = mix(
            level,
            muscle_level,
            step(at[2] - 0.008, at[2] + 0.008, down),
        );
        level = mix(level, ground_level, step(at[3] - 0.01, at[3] + 0.06, down));
        level + fascia
    }
}

/// Blurs twice with a box along each axis and returns the energy that is left of white noise of deviation 1.
fn blur(field: &mut [f32], width: usize, height: usize, across: usize, along: usize) -> f32 {
    if width == 0 || height == 0 {
        return 1.0;
    }
    let mut line = Vec::new();
    for _ in 0..2 {
        for row in field.chunks_exact_mut(width) {
            line.clear();
            line.extend_from_slice(row);
            for (x, out) in row.iter_mut().enumerate() {
                let window = &line[x.saturating_sub(across)..(x + across + 1).min(width)];
                *out = window.iter().sum();
            }
        }
        // Columns: a window of whole rows, added and subtracted as it moves, would drift; the sum is short anyway.
        let source = field.to_vec();
        for (y, out) in field.chunks_exact_mut(width).enumerate() {
            out.fill(0.0);
            for row in y.saturating_sub(along)..(y + along + 1).min(height) {
                let row = &source[row * width..][..width];
                out.iter_mut().zip(row).for_each(|(out, v)| *out += v);
            }
        }
    }
    triangle(across) * triangle(along)
}

/// Mixes each value with its neighbours, 1 : 2 : 1 along both axes.
fn soften(field: &mut [f32], width: usize) {
    if width == 0 || field.is_empty() {
        return;
    }
    for row in field.chunks_exact_mut(width) {
        let mut left = row[0];
        for x in 0..width {
            let right = row[(x + 1).min(width - 1)];
            let here = row[x];
            row[x] = 0.25 * (left + right) + 0.5 * here;
            left = here;
        }
    }
    let mut above = field[..width].to_vec();
    let height = field.len() / width;
    for y in 0..height {
        let (here, below) = field[y * width..].split_at_mut(width);
        for x in 0..width {
            let value = here[x];
            let next = below.get(x).copied().unwrap_or(value);
            here[x] = 0.25 * (above[x] + next) + 0.5 * value;
            above[x] = value;
        }
    }
}

/// Sum of the squared weights of a box of `2 * radius + 1` ones taken twice.
fn triangle(radius: usize) -> f32 {
    let top = 2 * radius as i32 + 1;
    (-top + 1..top)
        .map(|offset| ((top - offset.abs()) * (top - offset.abs())) as f32)
        .sum()
}
