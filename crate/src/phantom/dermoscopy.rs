//! A made-up dermoscopy picture: pigmented lesion on lit skin.

use image::{Rgb, RgbImage};

use super::noise::{Random, bump, cells, fractal, hash, mix, normal, ridges, step};
use super::outline::Outline;
use super::sample::Phantom;

type Colour = [f32; 3];

/// A made-up dermoscopy picture of `width` × `height` pixels: skin with fine furrows, a pigmented lesion with an
/// irregular border, network, dots and shades of brown, a few hairs, and a soft vignette.
pub fn dermoscopy(seed: u32, width: u32, height: u32) -> Phantom {
    let mut random = Random::new(seed ^ 0x0d_e2_a0);
    let scene = Scene::new(&mut random, width, height);
    let mut depths = Vec::with_capacity(width as usize * height as usize);
    let mut hair = vec![0.0_f32; width as usize * height as usize];
    for _ in 0..(random.between(4.0, 10.0) as usize) {
        Hair::new(&mut random, &scene).draw(width, height, &mut hair);
    }
    let noise = random.seed();
    let image = RgbImage::from_fn(width, height, |x, y| {
        let depth = scene.outline.depth(x, y);
        depths.push(depth);
        let at = y as usize * width as usize + x as usize;
        let mut colour = scene.colour(x, y, depth);
        colour = blend(colour, scene.hair, hair[at]);
        let light = scene.light(x, y);
        let grain = 1.6 * normal(hash(x as i32, y as i32, noise));
        Rgb(colour.map(|c| (c * light + grain + 0.5).clamp(0.0, 255.0) as u8))
    });
    Phantom {
        image,
        mask: Outline::mask(width, height, &depths),
    }
}

struct Scene {
    size: [f32; 2],
    unit: f32,
    outline: Outline,
    skin: Colour,
    hair: Colour,
    /// Light, middle and dark brown.
    browns: [Colour; 3],
    /// How much darker the whole lesion is, 0 to 1.
    weight: f32,
    seed: u32,
}

impl Scene {
    fn new(random: &mut Random, width: u32, height: u32) -> Self {
        let size = [width as f32, height as f32];
        let side = size[0].min(size[1]);
        let long = side * random.between(0.25, 0.34);
        let axes = [long, long * random.between(0.72, 0.95)];
        let centre = [
            size[0] * random.between(0.45, 0.55),
            size[1] * random.between(0.45, 0.55),
        ];
        let tilt = random.between(-1.0, 1.0);
        let (pink, tan) = (random.between(-8.0, 10.0), random.between(-14.0, 8.0));
        let red = random.between(-8.0, 10.0);
        Self {
            size,
            unit: side / 480.0,
            outline: Outline::new(random, centre, axes, tilt, 0.17, 1.9),
            skin: [222.0 + tan, 176.0 + tan - pink, 156.0 + tan - 0.4 * pink],
            hair: [52.0, 38.0, 32.0],
            browns: [
                [176.0 + red, 124.0, 94.0],
                [128.0 + red, 82.0, 60.0],
                [66.0 + red, 42.0, 36.0],
            ],
            weight: random.between(0.0, 0.35),
            seed: random.seed(),
        }
    }

    fn colour(&self, x: u32, y: u32, depth: f32) -> Colour {
        // Units of a tenth of the shorter side.
        let scale = 48.0 * self.unit.max(1e-3);
        let (u, v) = (x as f32 / scale, y as f32 / scale);
        let skin = self.skin_at(u, v);
        // The border is sharp in places and fades in others; the mask's border lies in the middle of the fade.
        let softness = 0.03 + 0.1 * fractal(u * 0.5, v * 0.5, 2, self.seed ^ 20);
        let inside = step(-softness, softness, depth);
        if inside <= 0.0 {
            return skin;
        }
        blend(skin, self.lesion_at(u, v, depth, skin), inside)
    }

    fn skin_at(&self, u: f32, v: f32) -> Colour {
        let blotch = fractal(u * 0.35, v * 0.35, 3, self.seed ^ 1) - 0.5;
        let flush = fractal(u * 0.9, v * 0.9, 3, self.seed ^ 2) - 0.5;
        // Furrows cross in a fine lattice; pores lie between them.
        let (c, s) = (0.8, 0.6);
        let first = ridges(
            (c * u + s * v) * 2.4,
            (c * v - s * u) * 0.7,
            2,
            self.seed ^ 3,
        );
        let second = ridges(
            (c * u - s * v) * 0.8,
            (c * v + s * u) * 2.6,
            2,
            self.seed ^ 4,
        );
        let furrow = step(0.75, 1.0, first).max(step(0.75, 1.0, second));
        let grain = fractal(u * 9.0, v * 9.0, 2, self.seed ^ 5) - 0.5;
        let shade = 16.0 * blotch - 6.0 * furrow + 9.0 * grain;
        let [r, g, b] = self.skin;
        [
            r + shade,
            g + 1.15 * shade - 16.0 * flush,
            b + 1.2 * shade - 12.0 * flush,
        ]
    }

    fn lesion_at(&self, u: f32, v: f32, depth: f32, skin: Colour) -> Colour {
        let [light, middle, dark] = self.browns;
        let shade = fractal(u * 0.55 + 7.0, v * 0.55, 4, self.seed ^ 10);
        // Darker towards the middle, in patches.
        let darkness = (0.15 + 0.45 * step(0.0, 0.7, depth) + 1.5 * (shade - 0.5) + self.weight)
            .clamp(0.0, 1.0);
        let mut colour = if darkness < 0.5 {
            blend(light, middle, darkness * 2.0)
        } else {
            blend(middle, dark, darkness * 2.0 - 1.0)
        };
        // Skin shines through a light lesion.
        colour = blend(colour, skin, 0.25 * (1.0 - darkness));
        // Pigment network: a honeycomb of darker lines, its meshes bent, clearest near the border.
        let bend = 1.6 * fractal(u * 1.1, v * 1.1, 3, self.seed ^ 11);
        let (near, next) = cells(u * 4.4 + bend, v * 4.4 - bend, self.seed ^ 12);
        let worn = 0.35 + 0.65 * fractal(u * 2.3, v * 2.3, 2, self.seed ^ 18);
        let line = step(0.42, 0.0, next - near) * worn;
        let patch = step(0.4, 0.62, fractal(u * 0.45, v * 0.45, 2, self.seed ^ 13));
        let clear = (1.0 - 0.75 * step(0.2, 0.7, depth)) * (0.25 + 0.75 * patch);
        colour = blend(colour, dark, 0.5 * line * clear);
        colour = blend(
            colour,
            skin,
            0.12 * (1.0 - line) * clear * step(0.5, 0.0, near),
        );
        // Dots and globules.
        let (dot, _) = cells(u * 2.0 + bend, v * 2.0 - bend, self.seed ^ 14);
        let some = fractal(u * 1.1, v * 1.1, 2, self.seed ^ 15);
        let size = 0.34 * step(0.5, 0.85, some) + 0.06;
        colour = blend(
            colour,
            dark,
            0.55 * step(0.5, 0.62, some) * step(size, 0.3 * size, dot),
        );
        // A veil of blue-grey, where pigment lies deep or has gone.
        let veil = step(
            0.6,
            0.78,
            fractal(u * 0.4 + 3.0, v * 0.4, 3, self.seed ^ 16),
        );
        colour = blend(
            colour,
            [128.0, 118.0, 122.0],
            0.4 * veil * step(0.1, 0.4, depth),
        );
        let grain = 10.0 * (fractal(u * 8.0, v * 8.0, 2, self.seed ^ 17) - 0.5);
        colour.map(|c| c + grain)
    }

    /// Brightness: a vignette, and light that comes a little from one side.
    fn light(&self, x: u32, y: u32) -> f32 {
        let across = 2.0 * (x as f32 + 0.5) / self.size[0] - 1.0;
        let down = 2.0 * (y as f32 + 0.5) / self.size[1] - 1.0;
        let off = across * across + down * down;
        1.02 - 0.07 * off - 0.11 * off * off + 0.02 * across
    }
}

/// One hair: a quadratic curve right across the picture or ending in it.
struct Hair {
    points: Vec<[f32; 2]>,
    radius: f32,
    strength: f32,
}

impl Hair {
    const SEGMENTS: usize = 28;

    fn new(random: &mut Random, scene: &Scene) -> Self {
        let [width, height] = scene.size;
        let reach = width.max(height);
        let middle = [
            width * random.between(0.1, 0.9),
            height * random.between(0.1, 0.9),
        ];
        // Hairs grow in much the same direction.
        let (dx, dy) = (random.between(0.35, 1.0), random.between(-0.9, 0.3));
        let norm = (dx * dx + dy * dy).sqrt();
        let (dx, dy) = (dx / norm, dy / norm);
        let half = reach * random.between(0.18, 0.5);
        let sag = reach * random.between(-0.09, 0.09);
        let points = (0..=Self::SEGMENTS)
            .map(|i| {
                let t = 2.0 * i as f32 / Self::SEGMENTS as f32 - 1.0;
                let bow = sag * (1.0 - t * t);
                [
                    middle[0] + dx * half * t - dy * bow,
                    middle[1] + dy * half * t + dx * bow,
                ]
            })
            .collect();
        Self {
            points,
            radius: scene.unit * random.between(0.8, 1.7),
            strength: random.between(0.6, 0.92),
        }
    }

    /// Marks how much of each pixel the hair covers; it thins out towards its tip.
    fn draw(&self, width: u32, height: u32, cover: &mut [f32]) {
        for (index, pair) in self.points.windows(2).enumerate() {
            let along = index as f32 / Self::SEGMENTS as f32;
            let radius = self.radius * (1.0 - 0.75 * along * along);
            let margin = radius + 1.0;
            let [a, b] = [pair[0], pair[1]];
            let low = |i: usize| (a[i].min(b[i]) - margin).max(0.0) as usize;
            let high = |i: usize, side: u32| {
                ((a[i].max(b[i]) + margin + 1.0).max(0.0) as usize).min(side as usize)
            };
            for y in low(1)..high(1, height) {
                for x in low(0)..high(0, width) {
                    let distance = distance([x as f32 + 0.5, y as f32 + 0.5], a, b);
                    let covered = (radius + 0.5 - distance).clamp(0.0, 1.0) * radius.min(0.5) * 2.0;
                    let pixel = &mut cover[y * width as usize + x];
                    // Rounder where it is thick: a lighter line along the middle.
                    let shine = 1.0 - 0.25 * bump(distance / radius.max(0.1));
                    *pixel = pixel.max(covered * self.strength * shine);
                }
            }
        }
    }
}

/// Distance of a point from a segment.
fn distance(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (px, py) = (point[0] - a[0], point[1] - a[1]);
    let t = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
    let (ox, oy) = (px - t * dx, py - t * dy);
    (ox * ox + oy * oy).sqrt()
}

fn blend(under: Colour, over: Colour, opacity: f32) -> Colour {
    std::array::from_fn(|i| mix(under[i], over[i], opacity))
}
