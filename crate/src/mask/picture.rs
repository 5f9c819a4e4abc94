//! A mask that was saved as a picture.

use image::RgbImage;

use super::binary::Mask;
use crate::Error;

/// How far from black or white a pixel of a mask may be: lossy files and smoothed edges.
const NEAR: u8 = 48;
/// One in this many pixels may be farther.
const ONE_IN: usize = 20;

impl Mask {
    /// The mask that a picture shows. In a picture of two grey levels the darker is the background, unless it is not black
    /// and there is no other: then all is lesion. In one of more levels the lesion is where it is at least 128.
    ///
    /// # Errors
    /// [`Error::NotAMask`] when the picture is coloured, or has more than one in 20 pixels of a middle grey.
    pub fn of_picture(picture: &RgbImage) -> Result<Self, Error> {
        let pixels = picture.as_raw().as_chunks::<3>().0;
        let mut counts = [0_usize; 256];
        let mut bits = Vec::with_capacity(pixels.len());
        for &[r, g, b] in pixels {
            let (low, high) = (r.min(g).min(b), r.max(g).max(b));
            if high - low > NEAR {
                return Err(Error::NotAMask("it is coloured"));
            }
            bits.push(g);
            counts[usize::from(g)] += 1;
        }
        let levels: Vec<u8> = (0..=255)
            .filter(|at| counts[usize::from(*at)] > 0)
            .collect();
        let least = match levels[..] {
            [] | [0] => 1,
            [only] => only,
            [_, brighter] => brighter,
            _ => {
                let middle: usize = counts[usize::from(NEAR)..=usize::from(255 - NEAR)]
                    .iter()
                    .sum();
                if middle * ONE_IN > pixels.len() {
                    return Err(Error::NotAMask("it has many shades of grey"));
                }
                128
            }
        };
        bits.iter_mut()
            .for_each(|bit| *bit = u8::from(*bit >= least));
        Ok(Self::new(picture.width(), picture.height(), bits))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn grey(levels: &[u8]) -> RgbImage {
        RgbImage::from_fn(levels.len() as u32, 1, |x, _| Rgb([levels[x as usize]; 3]))
    }

    #[test]
    fn the_lesion_is_the_brighter_of_two_levels() {
        for (levels, bits) in [
            ([0, 255, 0], [0, 1, 0]),
            ([0, 1, 1], [0, 1, 1]),
            ([0, 128, 0], [0, 1, 0]),
            ([0, 0, 0], [0, 0, 0]),
            ([255, 255, 255], [1, 1, 1]),
            ([1, 1, 1], [1, 1, 1]),
        ] {
            let mask = Mask::of_picture(&grey(&levels)).expect("a mask");
            assert_eq!(mask.bits(), bits, "{levels:?}");
        }
    }

    #[test]
    fn a_mask_from_a_lossy_file_is_taken_and_a_picture_is_not() {
        let mut levels = [[3; 50], [251; 50]].concat();
        levels[49] = 120;
        levels[50] = 140;
        let mask = Mask::of_picture(&grey(&levels)).expect("a mask");
        assert_eq!(mask.area(), 50);
        let ramp: Vec<u8> = (0..=255).collect();
        assert!(matches!(
            Mask::of_picture(&grey(&ramp)),
            Err(Error::NotAMask(_))
        ));
        let red = RgbImage::from_pixel(2, 2, Rgb([200, 20, 20]));
        assert!(matches!(Mask::of_picture(&red), Err(Error::NotAMask(_))));
    }
}
