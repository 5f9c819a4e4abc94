//! What is exported: everything that any format may need to know of one image.

use std::cell::OnceCell;

use image::RgbImage;

use super::lines::Line;
use super::origin::Origin;
#[cfg(feature = "rare-formats")]
use crate::Error;
use crate::mask::{Cleaning, Correction, Mask, ProbabilityMap, Style};
use crate::measure::{ReportPage, Spacing};

/// What is segmented where nobody says otherwise.
const LABEL: &str = "lesion";

/// An image, what the network made of it, and how a person wants the mask. The mask is made when a format first asks
/// for it, and only then.
#[derive(Clone, Debug)]
pub struct Segmentation<'a> {
    /// The image, upright, at its own size.
    pub image: &'a RgbImage,
    /// Probability of the class that is shown, at the network's size.
    pub map: &'a ProbabilityMap,
    /// Threshold on the probability.
    pub threshold: f32,
    /// Cleaning after the threshold.
    pub cleaning: Cleaning,
    /// Corrections by hand, oldest first.
    pub corrections: &'a [Correction],
    /// How the mask looks over the image.
    pub style: Style,
    /// What is drawn over the image besides, such as diameters; nothing unless it is set.
    pub lines: Vec<Line>,
    /// The image file's name, for the formats that refer to it; empty unless it is set.
    pub name: &'a str,
    /// The name of the class that is shown, `lesion` unless it is set.
    pub label: &'a str,
    /// The size of a pixel, where it is one everywhere; that of `origin` unless it is set.
    pub spacing: Option<Spacing>,
    /// What was measured of it, for the format that says so.
    pub report: Option<ReportPage>,
    /// Where it comes from, for the formats that say so.
    pub origin: Option<Origin<'a>>,
    mask: OnceCell<Mask>,
}

impl<'a> Segmentation<'a> {
    /// The segmentation of `image` by `map`, whose mask is not made yet.
    pub fn new(
        image: &'a RgbImage,
        map: &'a ProbabilityMap,
        threshold: f32,
        cleaning: Cleaning,
        corrections: &'a [Correction],
        style: Style,
    ) -> Self {
        Self {
            image,
            map,
            threshold,
            cleaning,
            corrections,
            style,
            lines: Vec::new(),
            name: "",
            label: LABEL,
            spacing: None,
            report: None,
            origin: None,
            mask: OnceCell::new(),
        }
    }

    /// With what is known of its origin.
    pub fn from(self, origin: Origin<'a>) -> Self {
        Self {
            origin: Some(origin),
            ..self
        }
    }

    /// Where it comes from.
    ///
    /// # Errors
    /// [`Error::Encode`] where that is not known.
    #[cfg(feature = "rare-formats")]
    pub(super) fn origin(&self) -> Result<&Origin<'a>, Error> {
        let unknown = || Error::Encode("the file that was segmented is not known".to_owned());
        self.origin.as_ref().ok_or_else(unknown)
    }

    /// The size of a pixel, where that is known and one can measure with it.
    pub fn spacing(&self) -> Option<Spacing> {
        let of_file = || self.origin.as_ref()?.spacing;
        self.spacing
            .or_else(of_file)
            .filter(|spacing| spacing.is_usable())
    }

    /// The mask at the image's own size ([`Mask::make`]). What is changed after the first call no longer counts.
    pub fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| {
            let (width, height) = self.image.dimensions();
            let Self {
                map,
                threshold,
                cleaning,
                corrections,
                ..
            } = *self;
            Mask::make(map, width, height, threshold, cleaning, corrections)
        })
    }
}
