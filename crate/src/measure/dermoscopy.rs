//! Figures that dermoscopy adds: asymmetry and irregularity of the outline, as geometry and not as a score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::measurements::Shape;
use super::outline::bounds;
use super::scale::{Rect, Spacing};
use crate::mask::{Mask, Regions, Run};

/// About how many pixels are mirrored; of larger lesions every n-th column of every n-th row.
const SAMPLES: f64 = 1e6;

/// Asymmetry and irregularity of a lesion's outline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Share of the lesion, 0 to 1, that its mirror image about the major axis through the centroid does not cover:
    /// what does not overlap when one half is folded over the other, over the area (Stoecker, Li and Moss, Comput. Med.
    /// Imaging Graph. 16, 1992).
    pub asymmetry_major: f64,
    /// The same about the minor axis.
    pub asymmetry_minor: f64,
    /// Border irregularity, `perimeter² / (4 pi area)`, the inverse of the circularity (Golston et al., Comput. Med.
    /// Imaging Graph. 16, 1992): 1.13 for a disc of pixels, more for all else.
    pub irregularity: f64,
    /// Perimeter over the perimeter of the convex hull: it grows with notches, not with elongation.
    pub convexity_excess: f64,
}

impl Outline {
    /// For one of the lesions that were measured on this mask ([`super::Measurements::lesions`]), or all of it.
    pub fn of(mask: &Mask, lesion: &Shape) -> Self {
        let part = Part::cut(mask, lesion);
        let figures = lesion.figures();
        let angle = figures.ellipse.orientation.to_radians();
        let spacing = lesion.spacing.unwrap_or(Spacing::PIXEL);
        let (sin, cos) = angle.sin_cos();
        Self {
            asymmetry_major: part.uncovered([cos, sin], spacing),
            asymmetry_minor: part.uncovered([-sin, cos], spacing),
            irregularity: 1.0 / figures.circularity,
            convexity_excess: figures.perimeter / figures.hull_perimeter,
        }
    }
}

/// The lesion's own pixels in its bounding box.
struct Part {
    width: usize,
    height: usize,
    bits: Vec<u8>,
    /// From the box's top left corner, in pixels.
    centroid: [f64; 2],
    count: f64,
}

impl Part {
    fn cut(mask: &Mask, lesion: &Shape) -> Self {
        let whole = Rect {
            left: 0,
            top: 0,
            right: lesion.bounds.right - lesion.bounds.left,
            bottom: lesion.bounds.bottom - lesion.bounds.top,
        };
        let (left, top) = (lesion.bounds.left as usize, lesion.bounds.top as usize);
        let (width, height) = (whole.right as usize, whole.bottom as usize);
        let stride = mask.width() as usize;
        let rows = mask.bits().chunks_exact(stride.max(1)).skip(top);
        let cut: Vec<u8> = rows
            .take(height)
            .flat_map(|row| row[left..left + width].iter().copied())
            .collect();
        let mut regions = Regions::label(width, &cut, 1, 1);
        let mut parts = BTreeMap::<usize, Vec<Run>>::new();
        for index in 0..regions.runs.len() {
            let (root, run) = (regions.find(index), regions.runs[index]);
            parts.entry(root).or_default().push(run);
        }
        // Two regions cannot both touch all four sides of a box without meeting. A shape of several regions is all of
        // them.
        let area = |runs: &[Run]| -> u32 { runs.iter().map(|run| run.end - run.start).sum() };
        let runs = parts
            .into_values()
            .find(|runs| bounds(runs) == Some(whole) && f64::from(area(runs)) == lesion.px.area);
        let mut bits = vec![0; cut.len()];
        for run in runs.as_ref().unwrap_or(&regions.runs) {
            bits[run.row as usize * width..][run.start as usize..run.end as usize].fill(1);
        }
        Self {
            width,
            height,
            bits,
            centroid: [
                lesion.centroid[0] - left as f64,
                lesion.centroid[1] - top as f64,
            ],
            count: lesion.px.area,
        }
    }

    /// Share of the pixels whose mirror image about the line through the centroid along `axis` (of length 1, where a
    /// pixel measures `spacing`) is no pixel of the lesion.
    fn uncovered(&self, [ax, ay]: [f64; 2], spacing: Spacing) -> f64 {
        let step = ((self.count / SAMPLES).sqrt().floor() as usize).max(1);
        // The reflection 2 a aᵀ - 1, from pixels to pixels.
        let (xx, yy) = (2.0 * ax * ax - 1.0, 2.0 * ay * ay - 1.0);
        let (xy, yx) = (
            2.0 * ax * ay * spacing.y / spacing.x,
            2.0 * ax * ay * spacing.x / spacing.y,
        );
        let (mut all, mut outside) = (0_u64, 0_u64);
        let rows = self.bits.chunks_exact(self.width).enumerate();
        for (y, row) in rows.step_by(step) {
            let dy = y as f64 + 0.5 - self.centroid[1];
            for (x, _) in row
                .iter()
                .enumerate()
                .step_by(step)
                .filter(|(_, on)| **on == 1)
            {
                let dx = x as f64 + 0.5 - self.centroid[0];
                let to = [
                    self.centroid[0] + xx * dx + xy * dy,
                    self.centroid[1] + yx * dx + yy * dy,
                ];
                all += 1;
                outside += u64::from(!self.covers(to));
            }
        }
        if all == 0 {
            0.0
        } else {
            outside as f64 / all as f64
        }
    }

    fn covers(&self, [x, y]: [f64; 2]) -> bool {
        // What is left of or above the box becomes 0 in the cast, so it is asked first.
        if x < 0.0 || y < 0.0 {
            return false;
        }
        let (x, y) = (x as usize, y as usize);
        x < self.width && y < self.height && self.bits[y * self.width + x] == 1
    }
}
