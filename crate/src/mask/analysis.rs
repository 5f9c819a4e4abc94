//! Threshold, cleaning and corrected regions of the whole image on a small grid.
//!
//! Regions and holes cannot be judged from the visible part of a mask alone. They are found on the analysis grid, the
//! whole image reduced to at most [`SIDE`] a side, and each of its cells then rules what the canvas pixels over it
//! become. The analysis is kept until threshold, cleaning, map or the corrections that it depends on change, so panning
//! and zooming do not repeat it, and only the part of the grid that may reach the threshold is computed.

use super::binary::count;
use super::cleaning::Cleaning;
use super::correction::{self, Correction};
use super::grid::{Grid, Window};
use super::map::ProbabilityMap;
use super::region;
use super::rules::{Cells, Rules};
use super::thresholds::{ThresholdBox, Thresholds};

/// Longest side of the grid in cells.
const SIDE: u32 = 1024;

#[derive(Debug)]
pub(super) struct Analysis {
    cells: Cells,
    key: Option<(u64, u32, Cleaning)>,
    boxes: Vec<ThresholdBox>,
    /// The cells that may reach the threshold, and one more on each side. All others are off whatever is cleaned.
    part: Window,
    /// `p >= threshold` in the part, then what cleaning made of it.
    raw: Vec<u8>,
    cleaned: Vec<u8>,
    rules: Rules,
    regions: CorrectedRegions,
    scratch: Vec<u8>,
}

/// What came of the corrections up to the last one that is about a region.
#[derive(Debug, Default)]
struct CorrectedRegions {
    /// Those corrections; none where there is nothing to keep.
    of: Vec<Correction>,
    /// The whole grid after them.
    cells: Vec<u8>,
    /// What each of those about a region said, in order.
    rules: Vec<Rules>,
}

impl Analysis {
    /// Of an image of `width` × `height` pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            cells: Cells::new(width, height, SIDE),
            key: None,
            boxes: Vec::new(),
            part: Window::EMPTY,
            raw: Vec::new(),
            cleaned: Vec::new(),
            rules: Rules::default(),
            regions: CorrectedRegions::default(),
            scratch: Vec::new(),
        }
    }

    /// Looks at the image anew, if anything has changed.
    pub fn update(
        &mut self,
        map: &ProbabilityMap,
        threshold: f32,
        cleaning: Cleaning,
        corrections: &[Correction],
    ) {
        let key = Some((map.id(), threshold.to_bits(), cleaning));
        let boxes = correction::boxes(corrections);
        if self.key != key || !boxes.eq(&self.boxes) {
            self.key = key;
            self.boxes = correction::boxes(corrections).copied().collect();
            self.regions = CorrectedRegions::default();
            let thresholds = Thresholds::new(map, self.cells.image(), threshold, self.boxes.iter());
            self.clean_cells(&thresholds, cleaning);
        }
        self.correct_regions(corrections);
    }

    fn clean_cells(&mut self, thresholds: &Thresholds, cleaning: Cleaning) {
        let whole = self.cells.grid;
        // The cells around it keep the background beyond in sight, which decides what is a hole.
        self.part = thresholds.reach(&whole).widened(1, &whole.whole());
        let grid = whole.crop(&self.part);
        self.raw.resize(grid.width * grid.height, 0);
        thresholds.on(&grid, &mut self.raw);
        self.cleaned.clone_from(&self.raw);
        if !cleaning.is_none() {
            cleaning.apply(grid.width, self.cells.count(), &mut self.cleaned);
            let cells = (&self.raw[..], &self.cleaned[..]);
            self.rules
                .follow_cleaning(cleaning, self.part, cells, &mut self.scratch);
        }
    }

    fn correct_regions(&mut self, corrections: &[Correction]) {
        let last = corrections.iter().rposition(|of| of.region().is_some());
        let corrections = &corrections[..last.map_or(0, |last| last + 1)];
        if self.regions.of == corrections {
            return;
        }
        let grid = self.cells.grid;
        let mut regions = CorrectedRegions {
            of: corrections.to_vec(),
            cells: Vec::new(),
            rules: Vec::new(),
        };
        self.lay_out(&grid.whole(), &mut regions.cells);
        for correction in corrections {
            let Some((deed, place)) = correction.region() else {
                correction.draw(&grid, &mut regions.cells);
                continue;
            };
            self.scratch.clone_from(&regions.cells);
            let changed = region::apply(deed, place, &grid, &mut regions.cells);
            regions.rules.push(if changed.is_empty() {
                Rules::default()
            } else {
                let cells = (&self.scratch[..], &regions.cells[..]);
                Rules::of_region(deed, &grid, cells, &changed)
            });
        }
        self.regions = regions;
    }

    /// Writes the cleaned cells of a window that holds the part.
    fn lay_out(&self, window: &Window, out: &mut Vec<u8>) {
        out.clear();
        out.resize(window.width() * window.height(), 0);
        let part = self.part;
        if part.is_empty() {
            return;
        }
        for (row, cells) in out
            .chunks_exact_mut(window.width())
            .skip(part.top - window.top)
            .zip(self.cleaned.chunks_exact(part.width()))
        {
            row[part.left - window.left..][..cells.len()].copy_from_slice(cells);
        }
    }

    /// The pixels of a canvas over the cells that may be on before anything is drawn.
    pub fn over(&self, canvas: &Grid) -> Window {
        let regions = self.regions.rules.iter().map(|rules| &rules.part);
        regions
            .chain([&self.part])
            .fold(Window::EMPTY, |window, part| {
                window.union(&self.cells.over(part, canvas))
            })
    }

    /// Cleans `field`, the pixels of a canvas that all lie on the image.
    pub fn clean(&self, canvas: &Grid, field: &mut [u8]) {
        self.rules.apply(&self.cells, canvas, field);
    }

    /// Fills or drops in `field` what the correction does that is number `index` among those about a region.
    pub fn change_region(&self, index: usize, canvas: &Grid, field: &mut [u8]) {
        if let Some(rules) = self.regions.rules.get(index) {
            rules.apply(&self.cells, canvas, field);
        }
    }

    /// How many cells are on, of how many, and whether the cells are the pixels of the image.
    pub fn area(&mut self, corrections: &[Correction]) -> (u64, u64, bool) {
        let (all, exact) = (self.cells.count() as u64, self.cells.are_pixels());
        let grid = self.cells.grid;
        let mut cells = std::mem::take(&mut self.scratch);
        let after = &corrections[self.regions.of.len().min(corrections.len())..];
        let crop = if self.regions.of.is_empty() {
            let drawn = correction::reach(after, &grid).widened(0, &grid.whole());
            let window = self.part.union(&drawn);
            self.lay_out(&window, &mut cells);
            grid.crop(&window)
        } else {
            cells.clone_from(&self.regions.cells);
            grid
        };
        correction::apply(after, &crop, &mut cells);
        let on = count(&cells);
        self.scratch = cells;
        (on, all, exact)
    }
}
