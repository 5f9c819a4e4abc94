//! How far area and diameter may be off, by the model's own calibrated probabilities.

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::measurements::{Measurements, Shape};
use super::scale::{Scale, ScaleSource};
use crate::mask::{Cleaning, Correction, INNER, Mask, OUTER, ProbabilityMap};

/// A figure's least and greatest likely value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Least.
    pub low: f64,
    /// Greatest.
    pub high: f64,
}

/// Intervals of area and longest diameter in one unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Of the area.
    pub area: Interval,
    /// Of the longest diameter, as computed; a line drawn by hand has no interval.
    pub longest: Option<Interval>,
}

/// What is measured on the masks where the calibrated probability reaches 0.9 and 0.1, which hold the measured mask
/// between them. The intervals tell how unsure the model is along the border; they do not tell what a second person
/// would draw, and have no coverage that was tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// In pixels.
    pub px: Extent,
    /// In mm, where the shape has a scale.
    pub mm: Option<Extent>,
}

impl Uncertainty {
    /// The intervals of a mask as a whole ([`Measurements::whole`]), which was made at this width and height with this
    /// threshold, cleaning and these corrections from the map. A threshold beyond 0.1 or 0.9 takes their place.
    pub fn of_whole(
        shape: &Shape,
        map: &ProbabilityMap,
        (width, height): (u32, u32),
        threshold: f32,
        cleaning: Cleaning,
        corrections: &[Correction],
    ) -> Self {
        let scale = shape
            .spacing
            .map(|spacing| Scale::everywhere(spacing, ScaleSource::ByHand));
        let at = |level: f32| {
            let mask = Mask::make(map, width, height, level, cleaning, corrections);
            Measurements::of(&mask, scale.as_ref()).whole
        };
        let (inner, outer) = (at(INNER.max(threshold)), at(OUTER.min(threshold)));
        Self::between(shape, inner.as_ref(), outer.as_ref())
    }

    /// The intervals of a shape that lies between a smaller and a larger one of the same spacing; the smaller may be
    /// empty. The shape's own figures are always within them.
    pub fn between(shape: &Shape, inner: Option<&Shape>, outer: Option<&Shape>) -> Self {
        let px = |shape: Option<&Shape>| shape.map(|shape| shape.px);
        let mm = |shape: Option<&Shape>| shape.and_then(|shape| shape.mm);
        Self {
            px: extent(&shape.px, px(inner), px(outer)),
            mm: shape.mm.map(|own| extent(&own, mm(inner), mm(outer))),
        }
    }
}

fn extent(own: &Figures, inner: Option<Figures>, outer: Option<Figures>) -> Extent {
    let interval = |figure: fn(&Figures) -> f64| Interval {
        low: inner.as_ref().map_or(0.0, figure).min(figure(own)),
        high: outer.as_ref().map_or(0.0, figure).max(figure(own)),
    };
    Extent {
        area: interval(|figures| figures.area),
        longest: (!own.longest.by_hand).then(|| interval(|figures| figures.longest.length)),
    }
}
