//! The pictures of a training in memory: decoded once, squashed to a square as the network will see them.

use image::RgbImage;

use crate::Error;
use crate::dataset::Pair;
use crate::imaging::resize;
use crate::manifest::Resize;
use crate::mask::Mask;

/// Pictures are kept larger than the network's input by this factor, so that a warp has detail to enlarge.
const RESERVE: f32 = 1.25;

/// An image and its mask, both a square of `side` pixels.
#[derive(Clone, Debug)]
pub struct Picture {
    side: usize,
    rgb: Vec<[u8; 3]>,
    /// 255 times the share of each pixel that the lesion covers.
    mask: Vec<u8>,
}

impl Picture {
    /// Squashes an image and its mask to a square for inputs of `side` pixels.
    ///
    /// Both are averaged over areas, as the app feeds images; a mask's border becomes fractions.
    pub fn new(image: &RgbImage, mask: &Mask, input_side: u32) -> Self {
        let side = (input_side as f32 * RESERVE).round() as usize;
        let to = (side, side);
        let from = (image.width() as usize, image.height() as usize);
        let rgb = resize::<3>(image.as_raw(), from, to, Resize::Area);
        let levels: Vec<u8> = mask.bits().iter().map(|bit| bit * 255).collect();
        Self {
            side,
            rgb: rgb.as_chunks::<3>().0.to_vec(),
            mask: resize::<1>(&levels, from, to, Resize::Area),
        }
    }

    /// Reads a pair.
    ///
    /// # Errors
    /// As [`Pair::load`].
    pub fn load(pair: &Pair, input_side: u32) -> Result<Self, Error> {
        let (image, mask) = pair.load()?;
        Ok(Self::new(&image, &mask, input_side))
    }

    /// Width and height in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Whether any lesion lies in the box between two corners, x before y in shares of the side.
    pub(super) fn has_lesion(&self, from: [f32; 2], to: [f32; 2]) -> bool {
        let pixel = |share: f32| (share * self.side as f32).max(0.0) as usize;
        let [left, top] = from.map(pixel);
        let [right, bottom] = to.map(|share| (pixel(share) + 1).min(self.side));
        let mut rows = self.mask.chunks(self.side).take(bottom).skip(top);
        rows.any(|row| row[left.min(right)..right].iter().any(|cover| *cover > 0))
    }

    /// Colour, 0 to 255, and share of lesion, 0 to 1, at a point in pixels from the centre of the first; bilinear.
    pub(super) fn at(&self, x: f32, y: f32) -> ([f32; 3], f32) {
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let right = (left + 1).min(self.side - 1);
        let bottom = (top + 1).min(self.side - 1);
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let weights = [
            (1.0 - fx) * (1.0 - fy),
            fx * (1.0 - fy),
            (1.0 - fx) * fy,
            fx * fy,
        ];
        let (mut rgb, mut mask) = ([0.0; 3], 0.0);
        for ((x, y), weight) in corners.into_iter().zip(weights) {
            let i = y * self.side + x;
            for (sum, value) in rgb.iter_mut().zip(self.rgb[i]) {
                *sum += weight * f32::from(value);
            }
            mask += weight * f32::from(self.mask[i]) / 255.0;
        }
        (rgb, mask)
    }
}

/// What the network is shown once: a square of colours and of truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Width and height in pixels.
    pub side: usize,
    /// Colours, 0 to 255, row by row.
    pub rgb: Vec<[f32; 3]>,
    /// Share of lesion, 0 to 1, row by row.
    pub mask: Vec<f32>,
}

impl Sample {
    /// A black square without a lesion.
    pub fn black(side: usize) -> Self {
        Self {
            side,
            rgb: vec![[0.0; 3]; side * side],
            mask: vec![0.0; side * side],
        }
    }

    /// The colours as the network takes them: planes, `(v / 255 - mean) / std`.
    pub fn normalised(&self, mean: &[f32], std: &[f32]) -> impl Iterator<Item = f32> {
        (0..3).flat_map(move |channel| {
            let (mean, std) = (mean[channel], std[channel]);
            self.rgb
                .iter()
                .map(move |rgb| (rgb[channel].clamp(0.0, 255.0) / 255.0 - mean) / std)
        })
    }
}
