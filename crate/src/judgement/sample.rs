//! A picture reduced to a small square, whatever its size, and its planes.

use image::RgbImage;

/// Columns and rows of the sample.
pub(super) const SIDE: usize = 128;

/// A place of the sample is the mean of at most so many pixels squared, spread over what the place covers.
const TAPS: u32 = 4;

/// One number a place, row by row.
pub(super) struct Plane {
    pub side: usize,
    pub values: Vec<f32>,
}

impl Plane {
    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.side + x]
    }

    /// Half as wide and high; each place is the mean of four.
    pub fn halved(&self) -> Self {
        let side = self.side / 2;
        let mean = |index: usize| {
            let (x, y) = (2 * (index % side), 2 * (index / side));
            let sum = self.at(x, y) + self.at(x + 1, y) + self.at(x, y + 1) + self.at(x + 1, y + 1);
            0.25 * sum
        };
        Self {
            side,
            values: (0..side * side).map(mean).collect(),
        }
    }

    /// The mean over squares of `2 * radius + 1` places, which end at the edge.
    pub fn blurred(&self, radius: usize) -> Self {
        let mut values = self.values.clone();
        let side = self.side;
        for (stride, step) in [(side, 1), (1, side)] {
            let source = values.clone();
            for line in 0..side {
                let value = |i: usize| source[line * stride + i * step];
                let mut sum: f32 = (0..radius).map(value).sum();
                for i in 0..side {
                    if i + radius < side {
                        sum += value(i + radius);
                    }
                    if i > radius {
                        sum -= value(i - radius - 1);
                    }
                    let count = (i + radius).min(side - 1) + 1 - i.saturating_sub(radius);
                    values[line * stride + i * step] = sum / count as f32;
                }
            }
        }
        Self { side, values }
    }
}

/// The planes of a sample, all in levels of 255.
pub(super) struct Sample {
    /// Brightness (ITU-R BT.601).
    pub luma: Plane,
    /// Red less green.
    pub red_green: Plane,
    /// Mean of red and green, less blue.
    pub yellow_blue: Plane,
    /// Largest channel less the smallest.
    pub colour: Plane,
}

impl Sample {
    /// The whole of `image`, squashed to a square. None where it has no pixels. It looks at 262144 pixels at most.
    pub fn of(image: &RgbImage) -> Option<Self> {
        let (width, height) = image.dimensions();
        if width == 0 || height == 0 {
            return None;
        }
        let taps = |length: u32| -> Vec<Vec<usize>> {
            let side = SIDE as u64;
            (0..side)
                .map(|place| {
                    let first = place * u64::from(length) / side;
                    let end = ((place + 1) * u64::from(length))
                        .div_ceil(side)
                        .max(first + 1);
                    let count = (end - first).min(u64::from(TAPS));
                    (0..count)
                        .map(|tap| (first + (2 * tap + 1) * (end - first) / (2 * count)) as usize)
                        .collect()
                })
                .collect()
        };
        let (columns, rows) = (taps(width), taps(height));
        let raw = image.as_raw();
        let mut planes: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(SIDE * SIDE));
        for ys in &rows {
            for xs in &columns {
                let mut sums = [0_u32; 3];
                for y in ys {
                    for x in xs {
                        let start = 3 * (y * width as usize + x);
                        for (sum, level) in sums.iter_mut().zip(&raw[start..start + 3]) {
                            *sum += u32::from(*level);
                        }
                    }
                }
                let [red, green, blue] = sums.map(|sum| sum as f32 / (xs.len() * ys.len()) as f32);
                let values = [
                    0.299 * red + 0.587 * green + 0.114 * blue,
                    red - green,
                    0.5 * (red + green) - blue,
                    red.max(green).max(blue) - red.min(green).min(blue),
                ];
                for (plane, value) in planes.iter_mut().zip(values) {
                    plane.push(value);
                }
            }
        }
        let [luma, red_green, yellow_blue, colour] =
            planes.map(|values| Plane { side: SIDE, values });
        Some(Self {
            luma,
            red_green,
            yellow_blue,
            colour,
        })
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_plain_picture_of_any_size_is_a_plain_sample() {
        for (width, height) in [(1, 1), (3, 200), (128, 128), (129, 700), (2000, 10)] {
            let image = RgbImage::from_pixel(width, height, Rgb([200, 100, 50]));
            let sample = Sample::of(&image).expect("pixels");
            assert!(sample.luma.values.iter().all(|v| (v - 124.2).abs() < 0.01));
            assert!(sample.red_green.values.iter().all(|v| *v == 100.0));
            assert!(sample.yellow_blue.values.iter().all(|v| *v == 100.0));
            assert!(sample.colour.values.iter().all(|v| *v == 150.0));
        }
        assert!(Sample::of(&RgbImage::new(0, 4)).is_none());
    }

    #[test]
    fn blurring_and_halving_keep_the_mean_of_a_slope() {
        let side = 16;
        let values: Vec<_> = (0..side * side).map(|i| (i % side) as f32).collect();
        let plane = Plane { side, values };
        let blurred = plane.blurred(2);
        assert!((blurred.at(8, 3) - 8.0).abs() < 1e-4);
        assert!((blurred.at(0, 3) - 1.0).abs() < 1e-4);
        assert!((blurred.at(15, 3) - 14.0).abs() < 1e-4);
        assert!((plane.halved().at(3, 3) - 6.5).abs() < 1e-4);
    }
}
