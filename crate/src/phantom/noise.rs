//! Randomness and smooth noise from integer hashes, and the few functions that are built from exact arithmetic.

/// A stream of pseudo-random numbers (PCG-RXS-M-XS 32; O'Neill 2014).
pub(super) struct Random(u32);

impl Random {
    pub fn new(seed: u32) -> Self {
        Self(hash(0, 0, seed))
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let word = ((self.0 >> ((self.0 >> 28) + 4)) ^ self.0).wrapping_mul(277_803_737);
        (word >> 22) ^ word
    }

    /// A seed for a noise of its own.
    pub fn seed(&mut self) -> u32 {
        self.next()
    }

    /// Evenly distributed in `low..high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * unit(self.next())
    }
}

/// A well-mixed number for a lattice point.
pub(super) fn hash(x: i32, y: i32, seed: u32) -> u32 {
    let mut h = seed
        .wrapping_add((x as u32).wrapping_mul(0x9e37_79b1))
        .wrapping_add((y as u32).wrapping_mul(0x85eb_ca77));
    h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

/// A hash as a number in `0.0..1.0`.
pub(super) fn unit(hash: u32) -> f32 {
    (hash >> 8) as f32 / 16_777_216.0
}

/// Four bytes of a hash added up: near enough to a normal distribution of mean 0 and deviation 1.
pub(super) fn normal(hash: u32) -> f32 {
    let sum: i32 = hash.to_le_bytes().iter().map(|b| i32::from(*b)).sum();
    (sum - 510) as f32 / 147.8
}

/// Smooth noise in 0 to 1 that varies over a distance of 1.
pub(super) fn value(x: f32, y: f32, seed: u32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (ix, iy) = (fx as i32, fy as i32);
    let (tx, ty) = (smooth(x - fx), smooth(y - fy));
    let at = |dx, dy| unit(hash(ix + dx, iy + dy, seed));
    let top = mix(at(0, 0), at(1, 0), tx);
    let bottom = mix(at(0, 1), at(1, 1), tx);
    mix(top, bottom, ty)
}

/// Noise with detail at ever smaller distances, in 0 to 1 with mean 0.5.
pub(super) fn fractal(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 1.0, 0.0, 1.0);
    for octave in 0..octaves {
        // Shifted, so that the lattices of the octaves do not line up.
        let shift = octave as f32 * 17.3;
        sum += weight
            * value(
                x * scale + shift,
                y * scale - shift,
                seed.wrapping_add(octave),
            );
        total += weight;
        weight *= 0.5;
        scale *= 2.0;
    }
    sum / total
}

/// Thin winding lines: 1 on them, falling to 0 away from them.
pub(super) fn ridges(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    1.0 - (2.0 * fractal(x, y, octaves, seed) - 1.0).abs() * 2.0
}

/// Distances to the nearest and second nearest of points strewn one to a unit square (Worley 1996).
pub(super) fn cells(x: f32, y: f32, seed: u32) -> (f32, f32) {
    let (fx, fy) = (x.floor(), y.floor());
    let (mut first, mut second) = (f32::MAX, f32::MAX);
    for dy in -1..=1 {
        for dx in -1..=1 {
            let h = hash(fx as i32 + dx, fy as i32 + dy, seed);
            let px = fx + dx as f32 + 0.15 + 0.7 * (h & 0xffff) as f32 / 65536.0;
            let py = fy + dy as f32 + 0.15 + 0.7 * (h >> 16) as f32 / 65536.0;
            let distance = (px - x) * (px - x) + (py - y) * (py - y);
            if distance < first {
                (first, second) = (distance, first);
            } else if distance < second {
                second = distance;
            }
        }
    }
    (first.sqrt(), second.sqrt())
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn step(low: f32, high: f32, v: f32) -> f32 {
    smooth(((v - low) / (high - low)).clamp(0.0, 1.0))
}

/// A bump of height 1 at 0 that is gone at -1 and 1.
pub(super) fn bump(v: f32) -> f32 {
    let rest = (1.0 - v * v).max(0.0);
    rest * rest
}

/// 2 to the power of `v`, good to 0.01 %, for `v` within ±100.
pub(super) fn exp2(v: f32) -> f32 {
    let floor = v.floor();
    let t = v - floor;
    let power = f32::from_bits(((floor as i32 + 127) as u32) << 23);
    // Least-squares cubic through both ends.
    power * (1.0 + t * (0.695_976 + t * (0.224_940 + t * 0.079_084)))
}

/// Logarithm to base 2, good to 0.005, of a positive number.
pub(super) fn log2(v: f32) -> f32 {
    let bits = v.max(1e-30).to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    exponent as f32 + (m - 1.0) * (1.429_902 + (m - 1.0) * (-0.587_602 + (m - 1.0) * 0.157_700))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_stay_close_to_the_functions() {
        for i in -400..400 {
            let v = i as f32 / 40.0;
            assert!((exp2(v) / v.exp2() - 1.0).abs() < 1e-3, "exp2({v})");
            let positive = v.exp2();
            assert!((log2(positive) - v).abs() < 8e-3, "log2({positive})");
        }
    }

    #[test]
    fn noise_stays_in_its_range_and_is_the_same_everywhere() {
        for i in 0..1000 {
            let v = fractal(i as f32 * 0.37, i as f32 * -0.11, 4, 9);
            assert!((0.0..=1.0).contains(&v));
        }
        // Computed with Python integers.
        assert_eq!(hash(3, -4, 5), HASH);
    }

    const HASH: u32 = 0x7d14_be60;
}
