//! What a person corrects by hand, as one list: later corrections lie over earlier ones.
//!
//! Every correction is said in image pixels and holds at any resolution. Boxes with another threshold count where the
//! threshold does, before the cleaning; all others are applied to the cleaned mask in their order.

use serde::{Deserialize, Serialize};

use super::grid::{Grid, Window};
use super::lasso::Lasso;
use super::region::{self, Deed, Place};
use super::stroke::{self, Stroke, StrokeKind};
use super::thresholds::ThresholdBox;

/// One correction by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// A stroke of a round brush.
    Stroke(Stroke),
    /// A filled polygon.
    Lasso(Lasso),
    /// The background region at a place becomes lesion, unless it is the outside of the lesion.
    FillRegion(Place),
    /// The lesion's region at a place becomes background.
    DropRegion(Place),
    /// Another threshold inside a box.
    Threshold(ThresholdBox),
}

impl From<Stroke> for Correction {
    fn from(stroke: Stroke) -> Self {
        Self::Stroke(stroke)
    }
}

impl Correction {
    /// The region that it is about, if it is about one.
    pub(super) fn region(&self) -> Option<(Deed, &Place)> {
        match self {
            Self::FillRegion(place) => Some((Deed::Fill, place)),
            Self::DropRegion(place) => Some((Deed::Drop, place)),
            Self::Stroke(_) | Self::Lasso(_) | Self::Threshold(_) => None,
        }
    }

    /// Draws it into `bits`, one byte a pixel of `grid`, which may be a part of the image; those that are about a region or
    /// a threshold draw nothing.
    pub(super) fn draw(&self, grid: &Grid, bits: &mut [u8]) {
        match self {
            Self::Stroke(stroke) => stroke.draw(grid, bits),
            Self::Lasso(lasso) => lasso.draw(grid, bits),
            Self::FillRegion(_) | Self::DropRegion(_) | Self::Threshold(_) => {}
        }
    }

    /// Least and greatest x and y of what it may add by drawing, in image pixels.
    fn added(&self) -> Option<[(f64, f64); 2]> {
        match self {
            Self::Stroke(stroke) => (stroke.kind == StrokeKind::Add).then(|| stroke.extent()),
            Self::Lasso(Lasso { kind, corners }) => {
                (*kind == StrokeKind::Add).then(|| stroke::extent(corners))
            }
            Self::FillRegion(_) | Self::DropRegion(_) | Self::Threshold(_) => None,
        }
    }
}

/// Applies the corrections to `bits`, a cleaned mask on a grid that covers the whole image.
pub(super) fn apply(corrections: &[Correction], grid: &Grid, bits: &mut [u8]) {
    for correction in corrections {
        match correction.region() {
            Some((deed, place)) => {
                region::apply(deed, place, grid, bits);
            }
            None => correction.draw(grid, bits),
        }
    }
}

/// The boxes with another threshold among corrections.
pub(super) fn boxes(corrections: &[Correction]) -> impl Iterator<Item = &ThresholdBox> {
    corrections
        .iter()
        .filter_map(|correction| match correction {
            Correction::Threshold(of) => Some(of),
            _ => None,
        })
}

/// The pixels of `grid` that the corrections may add by drawing, and some around them.
pub(super) fn reach(corrections: &[Correction], grid: &Grid) -> Window {
    let added = corrections.iter().filter_map(Correction::added);
    added.fold(Window::EMPTY, |window, [(left, right), (top, bottom)]| {
        // Casts of what lies beyond the grid, or of no number, end at its edges.
        let before = |at: f64| (at.floor() - 1.0) as usize;
        let behind = |at: f64, count: usize| ((at.ceil() + 2.0) as usize).min(count);
        window.union(&Window {
            left: before(grid.column(left)),
            top: before(grid.row(top)),
            right: behind(grid.column(right), grid.width),
            bottom: behind(grid.row(bottom), grid.height),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cleaning, Mask, ProbabilityMap};

    /// A lesion in the middle of 320 by 240 pixels, as a network says it.
    fn map() -> ProbabilityMap {
        let values = (0..64 * 64).map(|at| {
            let (x, y) = (at % 64, at / 64);
            let distance = f64::hypot(f64::from(x) - 31.5, f64::from(y) - 31.5);
            1.0 / (1.0 + ((distance - 14.0) * 0.8).exp()) as f32
        });
        ProbabilityMap::new(64, 64, values.collect())
    }

    fn made(corrections: &[Correction]) -> Mask {
        Mask::make(&map(), 320, 240, 0.5, Cleaning::PROPOSED, corrections)
    }

    fn dot(kind: StrokeKind, at: [f32; 2]) -> Correction {
        Correction::Stroke(Stroke {
            kind,
            radius: 7.0,
            points: vec![at],
        })
    }

    #[test]
    fn an_island_that_was_drawn_is_dropped_and_a_hole_that_was_erased_is_filled() {
        let (corner, middle) = ([19.2, 14.4], [160.0, 120.0]);
        let place = |at| Place { at, within: 1.6 };
        let before = made(&[]);
        let island = dot(StrokeKind::Add, corner);
        let hole = dot(StrokeKind::Erase, middle);
        let drawn = made(&[island.clone(), hole.clone()]);
        assert_ne!(drawn.area(), before.area());
        let undone = [
            island,
            hole,
            Correction::DropRegion(place(corner)),
            Correction::FillRegion(place(middle)),
        ];
        assert_eq!(made(&undone).bits(), before.bits());
    }

    #[test]
    fn a_correction_is_stored_under_its_own_name() {
        let place = Place {
            at: [3.0, 4.5],
            within: 1.0,
        };
        let text = serde_json::to_string(&Correction::FillRegion(place)).expect("writes");
        assert_eq!(text, r#"{"fill-region":{"at":[3.0,4.5],"within":1.0}}"#);
    }
}
