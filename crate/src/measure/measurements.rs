//! What is measured of a mask: all of it together, and each lesion.

use serde::{Deserialize, Serialize};

use super::figures::{Diameter, Figures, Geometry};
use super::outline::bounds;
use super::scale::{Rect, Scale, Spacing};
use crate::mask::{Mask, Regions, Run};

/// How many lesions are listed one by one.
const LISTED: usize = 1000;

/// Which of the two diameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axis {
    /// The longest.
    Longest,
    /// The longest at right angles to it.
    Perpendicular,
}

/// A shape, in pixels and, where a scale holds for all of it, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The least rectangle that holds it.
    pub bounds: Rect,
    /// Mean of the pixel centres in image pixels, the top left pixel's centre at (0.5, 0.5).
    pub centroid: [f64; 2],
    /// Millimetres per pixel, where they are known for the whole shape.
    pub spacing: Option<Spacing>,
    /// Lengths in pixels, areas in square pixels.
    pub px: Figures,
    /// Lengths in mm, areas in mm²; there when `spacing` is.
    pub mm: Option<Figures>,
}

impl Shape {
    fn of(runs: &[Run], scale: Option<&Scale>) -> Option<Self> {
        let bounds = bounds(runs)?;
        let geometry = Geometry::new(runs, bounds.right - bounds.left, bounds.bottom - bounds.top);
        let spacing = scale.and_then(|scale| scale.within(bounds));
        let spacing = spacing.filter(|spacing| spacing.is_usable());
        Some(Self {
            bounds,
            centroid: geometry.sums.centroid(),
            spacing,
            px: geometry.figures(Spacing::PIXEL)?,
            mm: spacing.and_then(|spacing| geometry.figures(spacing)),
        })
    }

    /// The figures of the true geometry: in mm where there is a scale, else in pixels.
    pub fn figures(&self) -> &Figures {
        self.mm.as_ref().unwrap_or(&self.px)
    }

    /// Puts a person's own line, its ends in image pixels, in the place of a computed diameter. The other diameter stays
    /// as it is.
    pub fn set_by_hand(&mut self, axis: Axis, from: [f64; 2], to: [f64; 2]) {
        let set = |figures: &mut Figures, spacing| {
            let diameter = Diameter::by_hand(from, to, spacing);
            match axis {
                Axis::Longest => figures.longest = diameter,
                Axis::Perpendicular => figures.perpendicular = diameter,
            }
        };
        set(&mut self.px, Spacing::PIXEL);
        if let (Some(mm), Some(spacing)) = (&mut self.mm, self.spacing) {
            set(mm, spacing);
        }
    }
}

/// The measurements of a mask; the default is that of an empty one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// How many regions the mask has (8-connected).
    pub regions: usize,
    /// All of the mask as one shape, also where it has several regions; none for an empty mask.
    pub whole: Option<Shape>,
    /// Each region: that of the most pixels first, of equal ones the first in raster order. At most 1000 are listed.
    pub lesions: Vec<Shape>,
}

impl Measurements {
    /// Measures a mask, in mm too where `scale` holds for the shape that is measured.
    pub fn of(mask: &Mask, scale: Option<&Scale>) -> Self {
        let regions = Regions::label(mask.width() as usize, mask.bits(), 1, 1);
        let whole = Shape::of(&regions.runs, scale);
        let (count, largest) = largest(regions);
        let lesions = match (&whole, count) {
            (Some(whole), 1) => vec![*whole],
            _ => largest
                .iter()
                .filter_map(|runs| Shape::of(runs, scale))
                .collect(),
        };
        Self {
            regions: count,
            whole,
            lesions,
        }
    }
}

/// How many regions there are, and the runs of the largest ones.
fn largest(mut regions: Regions) -> (usize, Vec<Vec<Run>>) {
    let roots: Vec<usize> = (0..regions.runs.len())
        .map(|index| regions.find(index))
        .collect();
    let mut areas = vec![0_u64; roots.len()];
    for (run, root) in regions.runs.iter().zip(&roots) {
        areas[*root] += u64::from(run.end - run.start);
    }
    let mut found: Vec<usize> = (0..roots.len()).filter(|at| roots[*at] == *at).collect();
    // Stable, and a root is its region's first run in raster order.
    found.sort_by_key(|root| std::cmp::Reverse(areas[*root]));
    let count = found.len();
    found.truncate(LISTED);
    let mut places = vec![None; roots.len()];
    for (place, root) in found.iter().enumerate() {
        places[*root] = Some(place);
    }
    let mut listed = vec![Vec::new(); found.len()];
    for (run, root) in regions.runs.iter().zip(&roots) {
        if let Some(place) = places[*root] {
            listed[place].push(*run);
        }
    }
    (count, listed)
}
