//! One mask against the truth, as a person looks at it.

use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::surface::SurfaceDistance;
use crate::Error;
use crate::mask::Mask;
use crate::measure::Spacing;

/// What agrees and what does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Dice coefficient; 1 when both masks are empty.
    pub dice: f64,
    /// Intersection over union; 1 when both masks are empty.
    pub iou: f64,
    /// Distances of the borders in pixels; none when a mask is empty, or both are: there is no border to measure from.
    pub surface_px: Option<SurfaceDistance>,
    /// The same in mm, where there is a spacing.
    pub surface_mm: Option<SurfaceDistance>,
    /// Pixels of the prediction outside the truth.
    pub false_positive_px: u64,
    /// Pixels of the truth outside the prediction.
    pub false_negative_px: u64,
    /// The area of the false positive pixels in mm².
    pub false_positive_mm2: Option<f64>,
    /// The area of the false negative pixels in mm².
    pub false_negative_mm2: Option<f64>,
}

impl Comparison {
    /// Compares a prediction with the truth.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn of(prediction: &Mask, truth: &Mask, spacing: Option<Spacing>) -> Result<Self, Error> {
        let confusion = Confusion::of(prediction, truth)?;
        let empty = prediction.area() == 0 && truth.area() == 0;
        let surface = |spacing| match empty {
            true => Ok(None),
            false => SurfaceDistance::spaced(prediction, truth, spacing),
        };
        let spacing = spacing.filter(|spacing| spacing.is_usable());
        let area = |pixels: u64| spacing.map(|spacing| pixels as f64 * (spacing.x * spacing.y));
        Ok(Self {
            dice: confusion.dice(),
            iou: confusion.iou(),
            surface_px: surface(Spacing::PIXEL)?,
            surface_mm: spacing.map(surface).transpose()?.flatten(),
            false_positive_px: confusion.fp,
            false_negative_px: confusion.fn_,
            false_positive_mm2: area(confusion.fp),
            false_negative_mm2: area(confusion.fn_),
        })
    }
}

/// What a pixel is in the difference of two masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// No lesion in either.
    Background,
    /// Lesion in both.
    Agreement,
    /// Lesion in the truth only.
    Missed,
    /// Lesion in the prediction only.
    TooMuch,
}

impl Difference {
    /// The difference of each pixel, row by row.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn of(prediction: &Mask, truth: &Mask) -> Result<impl Iterator<Item = Self>, Error> {
        super::confusion::same_size(prediction, truth)?;
        let both = prediction.bits().iter().zip(truth.bits());
        Ok(both.map(|bits| match bits {
            (0, 0) => Self::Background,
            (0, _) => Self::Missed,
            (_, 0) => Self::TooMuch,
            _ => Self::Agreement,
        }))
    }

    /// A picture of the difference, four bytes a pixel (RGBA, straight alpha), row by row, to be laid over the image;
    /// the background is clear. `colours` are those of agreement, missed and too much.
    ///
    /// # Errors
    /// [`Error::MaskSizes`] when the masks differ in size.
    pub fn picture(
        prediction: &Mask,
        truth: &Mask,
        colours: [[u8; 4]; 3],
    ) -> Result<Vec<u8>, Error> {
        let [agreement, missed, too_much] = colours;
        let mut picture = Vec::with_capacity(4 * truth.bits().len());
        for difference in Self::of(prediction, truth)? {
            picture.extend(match difference {
                Self::Background => [0; 4],
                Self::Agreement => agreement,
                Self::Missed => missed,
                Self::TooMuch => too_much,
            });
        }
        Ok(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(bits: &[u8]) -> Mask {
        Mask::new(bits.len() as u32, 1, bits.to_vec())
    }

    #[test]
    fn each_pixel_agrees_or_is_missed_or_is_too_much() {
        let (prediction, truth) = (mask(&[0, 1, 0, 1]), mask(&[0, 1, 1, 0]));
        let colours = [[1, 1, 1, 9], [2, 2, 2, 9], [3, 3, 3, 9]];
        let picture = Difference::picture(&prediction, &truth, colours).expect("one size");
        assert_eq!(picture, [0, 0, 0, 0, 1, 1, 1, 9, 2, 2, 2, 9, 3, 3, 3, 9]);
        assert!(Difference::picture(&prediction, &mask(&[1]), colours).is_err());
        assert!(Comparison::of(&prediction, &mask(&[1]), None).is_err());
    }

    #[test]
    fn areas_and_distances_are_in_pixels_and_in_mm() {
        let spacing = Spacing { x: 0.5, y: 0.25 };
        let (prediction, truth) = (mask(&[1, 0, 0, 0]), mask(&[0, 0, 1, 1]));
        let found = Comparison::of(&prediction, &truth, Some(spacing)).expect("one size");
        assert_eq!((found.dice, found.iou), (0.0, 0.0));
        assert_eq!((found.false_positive_px, found.false_negative_px), (1, 2));
        assert_eq!(found.false_positive_mm2, Some(0.125));
        assert_eq!(found.false_negative_mm2, Some(0.25));
        // One way 2, the other 2 and 3, so the mean of three is 7 / 3.
        let px = found.surface_px.expect("two borders");
        let mm = found.surface_mm.expect("two borders");
        assert!((px.assd - 7.0 / 3.0).abs() < 1e-12 && (mm.assd - 7.0 / 6.0).abs() < 1e-12);
        let nothing = Comparison::of(&mask(&[0]), &mask(&[0]), None).expect("one size");
        assert_eq!((nothing.dice, nothing.surface_px), (1.0, None));
    }
}
