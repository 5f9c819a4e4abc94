//! The mask itself: on or off for each pixel of the image.

use super::cleaning::Cleaning;
use super::correction::{self, Correction};
use super::grid::Grid;
use super::map::ProbabilityMap;
use super::thresholds::Thresholds;

/// A binary mask: one byte a pixel, row by row, 1 on the lesion and 0 elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    bits: Vec<u8>,
}

impl Mask {
    /// A mask of `width` × `height` pixels from one byte a pixel; every byte other than 0 counts as 1.
    ///
    /// # Panics
    /// When `bits` does not hold `width * height` bytes.
    pub fn new(width: u32, height: u32, mut bits: Vec<u8>) -> Self {
        assert_eq!(
            bits.len(),
            width as usize * height as usize,
            "a mask of {width}×{height} needs as many bytes"
        );
        bits.iter_mut().for_each(|bit| *bit = u8::from(*bit != 0));
        Self {
            width,
            height,
            bits,
        }
    }

    /// The mask at image size: the map resampled as [`ProbabilityMap::resample`] does, `p >= threshold`
    /// (another one in the boxes of the corrections), then `cleaning`, then the other corrections, oldest first.
    pub fn make(
        map: &ProbabilityMap,
        width: u32,
        height: u32,
        threshold: f32,
        cleaning: Cleaning,
        corrections: &[Correction],
    ) -> Self {
        let grid = Grid::reduced(width, height, width, height);
        let mut bits = vec![0; grid.width * grid.height];
        Thresholds::new(
            map,
            (width, height),
            threshold,
            correction::boxes(corrections),
        )
        .on(&grid, &mut bits);
        cleaning.apply(grid.width, bits.len(), &mut bits);
        correction::apply(corrections, &grid, &mut bits);
        Self {
            width,
            height,
            bits,
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// One byte a pixel, 0 or 1, row by row.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// How many pixels are on.
    pub fn area(&self) -> u64 {
        count(&self.bits)
    }
}

/// How many of the bytes, each 0 or 1, are 1.
pub(super) fn count(bits: &[u8]) -> u64 {
    // Chunks of 255 fit a byte-wide sum, which the compiler turns into vector instructions.
    bits.chunks(255)
        .map(|chunk| u64::from(chunk.iter().sum::<u8>()))
        .sum()
}
