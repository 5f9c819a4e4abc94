//! Test-time augmentation: the network sees the image flipped and turned as well, and the answers are averaged.
//!
//! Eight views of a square input cost eight times the network, and four views of another four times.

use image::RgbImage;

use crate::mask::ProbabilityMap;
use crate::model::Model;
use crate::{Error, imaging};

/// A flip, a quarter turn, or both: a symmetry of the rectangle or, with `transpose`, of the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Symmetry {
    /// Columns become rows; taken after the flips.
    transpose: bool,
    flip_x: bool,
    flip_y: bool,
}

impl Symmetry {
    /// All that leave the shape as it is, the identity first.
    fn all(width: usize, height: usize) -> impl Iterator<Item = Self> {
        (0..if width == height { 8 } else { 4 }).map(|bits| Self {
            flip_x: bits & 1 != 0,
            flip_y: bits & 2 != 0,
            transpose: bits & 4 != 0,
        })
    }

    /// Where each pixel of the view comes from, row by row.
    fn sources(self, width: usize, height: usize) -> impl Iterator<Item = usize> {
        (0..width * height).map(move |at| {
            let (mut x, mut y) = (at % width, at / width);
            if self.transpose {
                (x, y) = (y, x);
            }
            if self.flip_x {
                x = width - 1 - x;
            }
            if self.flip_y {
                y = height - 1 - y;
            }
            y * width + x
        })
    }
}

impl Model {
    /// As [`Model::segment`], with the probabilities averaged over the flips and quarter turns of the network's input:
    /// eight views of a square input, the four flips of another.
    ///
    /// # Errors
    /// As [`Model::logits`].
    pub async fn segment_averaged(&self, image: &RgbImage) -> Result<Vec<ProbabilityMap>, Error> {
        let input = &self.manifest().input;
        let (width, height) = (input.width as usize, input.height as usize);
        let shape = [1, self.architecture().in_channels, height, width];
        let temperature = self.manifest().temperature;
        let plane = width * height;
        let values = imaging::preprocess(image, input);
        let mut sums = vec![0.0; self.architecture().classes * plane];
        let mut views = 0.0;
        for symmetry in Symmetry::all(width, height) {
            let sources: Vec<usize> = symmetry.sources(width, height).collect();
            let channels = values.chunks_exact(plane);
            let view = channels.flat_map(|channel| sources.iter().map(|at| channel[*at]));
            // One view at a time: eight would exceed the largest buffer that WebGPU promises.
            let logits = self.logits(view.collect(), shape).await?;
            for (sums, logits) in sums.chunks_exact_mut(plane).zip(logits.chunks_exact(plane)) {
                let map = ProbabilityMap::from_logits(width, height, logits, temperature);
                for (at, probability) in sources.iter().zip(map.values()) {
                    sums[*at] += probability;
                }
            }
            views += 1.0;
        }
        Ok(sums
            .chunks_exact(plane)
            .map(|sums| {
                let means = sums.iter().map(|sum| sum / views).collect();
                ProbabilityMap::new(width, height, means)
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(width: usize, height: usize) -> Vec<Vec<usize>> {
        Symmetry::all(width, height)
            .map(|symmetry| symmetry.sources(width, height).collect())
            .collect()
    }

    #[test]
    fn a_square_has_eight_views_and_another_rectangle_four_each_with_every_pixel_once() {
        for (width, height, count) in [(3, 3, 8), (3, 2, 4)] {
            let mut views = views(width, height);
            assert_eq!(views[0], (0..width * height).collect::<Vec<_>>());
            views.sort();
            views.dedup();
            assert_eq!(views.len(), count);
            for mut view in views {
                view.sort_unstable();
                assert_eq!(view, (0..width * height).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_views_are_flips_and_quarter_turns() {
        let views = views(2, 2);
        // The square 0 1 / 2 3
        let expected = [
            [0, 1, 2, 3],
            [1, 0, 3, 2],
            [2, 3, 0, 1],
            [3, 2, 1, 0],
            [0, 2, 1, 3],
            [1, 3, 0, 2],
            [2, 0, 3, 1],
            [3, 1, 2, 0],
        ];
        assert_eq!(views, expected);
    }
}
