//! The views of an input, and the way back to where they belong.

use image::RgbImage;

use super::Views;
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
    /// Those of the views that leave the shape as it is, the identity first.
    fn of(views: Views, width: usize, height: usize) -> impl Iterator<Item = Self> {
        let count = match views {
            Views::Mirror => 2,
            Views::All if width == height => 8,
            Views::All => 4,
        };
        (0..count).map(|bits| Self {
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
    /// As [`Model::segment`], with the probabilities averaged over views of the network's input.
    ///
    /// # Errors
    /// As [`Model::logits`].
    pub async fn segment_averaged(
        &self,
        image: &RgbImage,
        views: Views,
    ) -> Result<Vec<ProbabilityMap>, Error> {
        let input = &self.manifest().input;
        let (width, height) = (input.width as usize, input.height as usize);
        let shape = [1, self.architecture().in_channels, height, width];
        let plane = width * height;
        let values = imaging::preprocess(image, input);
        let mut sums = vec![0.0; self.architecture().classes * plane];
        let mut count = 0.0;
        for symmetry in Symmetry::of(views, width, height) {
            let sources: Vec<usize> = symmetry.sources(width, height).collect();
            let channels = values.chunks_exact(plane);
            let view = channels.flat_map(|channel| sources.iter().map(|at| channel[*at]));
            // One view at a time: eight would exceed the largest buffer that WebGPU promises.
            let logits = self.logits(view.collect(), shape).await?;
            let maps = self.probabilities(&logits);
            for (sums, map) in sums.chunks_exact_mut(plane).zip(maps) {
                for (at, probability) in sources.iter().zip(map.values()) {
                    sums[*at] += probability;
                }
            }
            count += 1.0;
        }
        Ok(sums
            .chunks_exact(plane)
            .map(|sums| {
                let means = sums.iter().map(|sum| sum / count).collect();
                ProbabilityMap::new(width, height, means)
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(which: Views, width: usize, height: usize) -> Vec<Vec<usize>> {
        Symmetry::of(which, width, height)
            .map(|symmetry| symmetry.sources(width, height).collect())
            .collect()
    }

    #[test]
    fn a_square_has_eight_views_and_another_rectangle_four_each_with_every_pixel_once() {
        for (width, height, count) in [(3, 3, 8), (3, 2, 4)] {
            let mut views = views(Views::All, width, height);
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
        let views = views(Views::All, 2, 2);
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
        assert_eq!(self::views(Views::Mirror, 2, 2), expected[..2]);
    }
}
