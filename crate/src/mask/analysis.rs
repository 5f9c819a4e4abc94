//! Threshold and cleaning of the whole image on a small grid.
//!
//! Regions and holes cannot be judged from the visible part of a mask alone. They are found on the analysis grid, the
//! whole image reduced to at most [`SIDE`] a side, and each of its cells then rules what the canvas pixels over it
//! become. The analysis is kept until threshold, cleaning or map change, so panning and zooming do not repeat it, and
//! only the part of the grid that may reach the threshold is computed.

use super::binary::count;
use super::cleaning::Cleaning;
use super::grid::{Grid, Window, first};
use super::map::ProbabilityMap;
use super::runs::runs;
use super::sampler::{self, Sampler};
use super::stroke::{self, Stroke};

/// Longest side of the grid in cells.
const SIDE: u32 = 1024;

/// What a canvas pixel over a cell becomes: 1 where it reaches the threshold ...
const ON: u8 = 1;
/// ... and 1 where it does not.
const OFF: u8 = 2;

#[derive(Debug)]
pub(super) struct Analysis {
    width: u32,
    height: u32,
    grid: Grid,
    key: Option<(u64, u32, Cleaning)>,
    /// The cells that may reach the threshold, and one more on each side. All others are off whatever is cleaned.
    part: Window,
    /// `p >= threshold` in the part, then what cleaning made of it.
    raw: Vec<u8>,
    cleaned: Vec<u8>,
    /// What canvas pixels become, [`ON`] and [`OFF`], over the part and elsewhere.
    rules: Vec<u8>,
    elsewhere: u8,
    scratch: Vec<u8>,
    /// First canvas column over each column of the part.
    starts: Vec<usize>,
}

impl Analysis {
    /// Of an image of `width` × `height` pixels.
    pub fn new(width: u32, height: u32) -> Self {
        let scale = (f64::from(SIDE) / f64::from(width.max(height).max(1))).min(1.0);
        let side = |length: u32| {
            ((f64::from(length) * scale).round() as u32)
                .max(1)
                .min(length)
        };
        Self {
            width,
            height,
            grid: Grid::reduced(width, height, side(width), side(height)),
            key: None,
            part: Window::EMPTY,
            raw: Vec::new(),
            cleaned: Vec::new(),
            rules: Vec::new(),
            elsewhere: ON,
            scratch: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Looks at the image anew, if anything has changed.
    pub fn update(&mut self, map: &ProbabilityMap, threshold: f32, cleaning: Cleaning) {
        let key = Some((map.id(), threshold.to_bits(), cleaning));
        if self.key == key {
            return;
        }
        self.key = key;
        let size = (self.width, self.height);
        // The cells around it keep the background beyond in sight, which decides what is a hole.
        self.part = sampler::reach(map, size, &self.grid, threshold).widened(1, &self.grid.whole());
        let grid = self.grid.crop(&self.part);
        self.raw.resize(grid.width * grid.height, 0);
        Sampler::new(map, self.width, self.height, &grid).on(threshold, &mut self.raw);
        self.cleaned.clone_from(&self.raw);
        if !cleaning.is_none() {
            cleaning.apply(grid.width, &mut self.cleaned);
            self.make_rules(cleaning);
        }
    }

    /// A cell's own verdict holds for the canvas pixels that agree with it on the threshold. A pixel that disagrees,
    /// because the border crosses the cell, follows the cell's neighbours of its own kind.
    fn make_rules(&mut self, cleaning: Cleaning) {
        let Self {
            raw,
            cleaned,
            rules,
            scratch: kinds,
            ..
        } = self;
        // Bit 0: reached the threshold and stayed. Bit 1: did not reach it and was filled. Bit 2: did not reach it.
        kinds.clear();
        kinds.extend(
            raw.iter()
                .zip(cleaned.iter())
                .map(|(raw, cleaned)| (cleaned << (1 - raw)) | ((1 - raw) << 2)),
        );
        rules.clone_from(kinds);
        spread(self.part.width(), rules);
        // Without branches, so that the compiler can use vector instructions: 1 for yes, 0 for no.
        let (largest, fill) = (
            u8::from(cleaning.largest_region),
            u8::from(cleaning.fill_holes),
        );
        for (rule, own) in rules.iter_mut().zip(kinds.iter()) {
            let (lesion, hole, below) = (own & 1, (own >> 1) & 1, own >> 2);
            let (near_lesion, near_hole, near_below) = (*rule & 1, (*rule >> 1) & 1, *rule >> 2);
            let stays = lesion | hole;
            let reaching = (largest ^ 1) | stays | (below & near_lesion);
            // Within a cell of lesion all round, a gap is a hole too small for the grid.
            let missing = fill & stays & (below | near_hole | (near_below ^ 1));
            *rule = reaching * ON + missing * OFF;
        }
        self.elsewhere = (largest ^ 1) * ON;
    }

    /// The pixels of a canvas over the part that is computed.
    pub fn over(&self, canvas: &Grid) -> Window {
        if self.part.is_empty() {
            return Window::EMPTY;
        }
        let (column, row) = (|i| self.column(canvas, i), |i| self.row(canvas, i));
        Window {
            left: first(canvas.width, |i| column(i) >= self.part.left),
            top: first(canvas.height, |i| row(i) >= self.part.top),
            right: first(canvas.width, |i| column(i) >= self.part.right),
            bottom: first(canvas.height, |i| row(i) >= self.part.bottom),
        }
    }

    /// The column of cells that a column of a canvas lies over.
    fn column(&self, canvas: &Grid, column: f64) -> usize {
        let cells = self.grid.width;
        let at = canvas.x(column) * (cells as f64 / f64::from(self.width));
        (at as usize).min(cells - 1)
    }

    /// The row of cells that a row of a canvas lies over.
    fn row(&self, canvas: &Grid, row: f64) -> usize {
        let cells = self.grid.height;
        let at = canvas.y(row) * (cells as f64 / f64::from(self.height));
        (at as usize).min(cells - 1)
    }

    /// Applies the rules to `field`, the pixels of a canvas that all lie on the image.
    pub fn rule(&mut self, canvas: &Grid, field: &mut [u8]) {
        if canvas.width == 0 {
            return;
        }
        let part = self.part;
        let mut starts = std::mem::take(&mut self.starts);
        starts.clear();
        for column in 0..canvas.width {
            let here = self.column(canvas, column as f64);
            while starts.len() <= part.width() && part.left + starts.len() <= here {
                starts.push(column);
            }
        }
        starts.resize(part.width() + 1, canvas.width);
        let mut changes: Vec<(usize, usize, u8)> = Vec::new();
        let mut of = None;
        for (row, line) in field.chunks_exact_mut(canvas.width).enumerate() {
            let cells = self.row(canvas, row as f64);
            if of != Some(cells) {
                of = Some(cells);
                changes.clear();
                if (part.top..part.bottom).contains(&cells) {
                    changes.push((0, starts[0], self.elsewhere));
                    let rules = &self.rules[(cells - part.top) * part.width()..][..part.width()];
                    changes.extend(
                        runs(rules)
                            .map(|(cells, rule)| (starts[cells.start], starts[cells.end], rule)),
                    );
                    changes.push((starts[part.width()], canvas.width, self.elsewhere));
                } else {
                    changes.push((0, canvas.width, self.elsewhere));
                }
                changes.retain(|(start, end, rule)| start < end && *rule != ON);
            }
            for &(start, end, rule) in &changes {
                let pixels = &mut line[start..end];
                match rule {
                    0 => pixels.fill(0),
                    OFF => pixels.iter_mut().for_each(|bit| *bit ^= 1),
                    _ => pixels.fill(1),
                }
            }
        }
        self.starts = starts;
    }

    /// How many cells are on, of how many, and whether the cells are the pixels of the image.
    pub fn area(&mut self, strokes: &[Stroke]) -> (u64, u64, bool) {
        let Self { grid, part, .. } = *self;
        let all = (grid.width * grid.height) as u64;
        let exact = (grid.width, grid.height) == (self.width as usize, self.height as usize);
        if strokes.is_empty() {
            return (count(&self.cleaned), all, exact);
        }
        let window = part.union(&stroke::reach(strokes, &grid).widened(0, &grid.whole()));
        let crop = grid.crop(&window);
        self.scratch.clear();
        self.scratch.resize(crop.width * crop.height, 0);
        if !part.is_empty() {
            let rows = self.scratch.chunks_exact_mut(crop.width);
            for (row, cells) in rows
                .skip(part.top - window.top)
                .zip(self.cleaned.chunks_exact(part.width()))
            {
                row[part.left - window.left..][..cells.len()].copy_from_slice(cells);
            }
        }
        stroke::draw(strokes, &crop, &crop.whole(), &mut self.scratch);
        (count(&self.scratch), all, exact)
    }
}

/// Gives each byte the bits of its eight neighbours too.
fn spread(width: usize, bytes: &mut [u8]) {
    if width == 0 {
        return;
    }
    let mut line = vec![0; width];
    for row in bytes.chunks_exact_mut(width) {
        line.copy_from_slice(row);
        row[1..]
            .iter_mut()
            .zip(&line)
            .for_each(|(out, left)| *out |= left);
        row.iter_mut()
            .zip(&line[1..])
            .for_each(|(out, right)| *out |= right);
    }
    let mut above = vec![0; width];
    let height = bytes.len() / width;
    for row in 0..height {
        let (head, tail) = bytes.split_at_mut((row + 1) * width);
        let here = &mut head[row * width..];
        line.copy_from_slice(here);
        here.iter_mut()
            .zip(&above)
            .for_each(|(out, above)| *out |= above);
        if row + 1 < height {
            here.iter_mut()
                .zip(tail.iter())
                .for_each(|(out, below)| *out |= below);
        }
        std::mem::swap(&mut above, &mut line);
    }
}
