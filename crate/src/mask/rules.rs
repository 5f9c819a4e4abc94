//! What the cells of the analysis say to the pixels of a canvas over them.
//!
//! A cell's own verdict holds for the canvas pixels that agree with it on whether they are on. A pixel that disagrees,
//! because the border crosses the cell, follows the cell's neighbours of its own kind.

use super::cleaning::Cleaning;
use super::grid::{Grid, Window, first};
use super::region::Deed;
use super::runs::runs;

/// What a canvas pixel over a cell becomes: 1 where it was on ...
const ON: u8 = 1;
/// ... and 1 where it was off.
const OFF: u8 = 2;

/// The cells: the whole image, reduced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    width: u32,
    height: u32,
    /// Where they lie.
    pub grid: Grid,
}

impl Cells {
    /// Of an image of `width` × `height` pixels, at most `side` a side.
    pub fn new(width: u32, height: u32, side: u32) -> Self {
        let scale = (f64::from(side) / f64::from(width.max(height).max(1))).min(1.0);
        let side = |length: u32| {
            ((f64::from(length) * scale).round() as u32)
                .max(1)
                .min(length)
        };
        Self {
            width,
            height,
            grid: Grid::reduced(width, height, side(width), side(height)),
        }
    }

    /// The image's size in pixels.
    pub fn image(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.grid.width * self.grid.height
    }

    /// Whether the cells are the pixels of the image.
    pub fn are_pixels(&self) -> bool {
        (self.grid.width, self.grid.height) == (self.width as usize, self.height as usize)
    }

    /// The pixels of a canvas over a window of cells.
    pub fn over(&self, part: &Window, canvas: &Grid) -> Window {
        if part.is_empty() {
            return Window::EMPTY;
        }
        let (column, row) = (|i| self.column(canvas, i), |i| self.row(canvas, i));
        Window {
            left: first(canvas.width, |i| column(i) >= part.left),
            top: first(canvas.height, |i| row(i) >= part.top),
            right: first(canvas.width, |i| column(i) >= part.right),
            bottom: first(canvas.height, |i| row(i) >= part.bottom),
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
}

/// What canvas pixels become, [`ON`] and [`OFF`], over a window of cells and elsewhere.
#[derive(Debug)]
pub(super) struct Rules {
    /// The window.
    pub part: Window,
    of: Vec<u8>,
    elsewhere: u8,
}

impl Default for Rules {
    /// Every pixel stays as it is.
    fn default() -> Self {
        Self {
            part: Window::EMPTY,
            of: Vec::new(),
            elsewhere: ON,
        }
    }
}

impl Rules {
    /// What a cleaning made of the cells of a window, from what they were before. All other cells are off. `kinds` is room
    /// for as many bytes.
    pub fn follow_cleaning(
        &mut self,
        cleaning: Cleaning,
        part: Window,
        (raw, cleaned): (&[u8], &[u8]),
        kinds: &mut Vec<u8>,
    ) {
        self.part = part;
        // Bit 0: was on and stayed. Bit 1: was off and was filled. Bit 2: was off.
        kinds.clear();
        kinds.extend(
            raw.iter()
                .zip(cleaned)
                .map(|(raw, cleaned)| (cleaned << (1 - raw)) | ((1 - raw) << 2)),
        );
        self.of.clone_from(kinds);
        spread(part.width(), &mut self.of);
        // Without branches, so that the compiler can use vector instructions: 1 for yes, 0 for no.
        let (removes, fill) = (u8::from(cleaning.removes()), u8::from(cleaning.fill_holes));
        for (rule, own) in self.of.iter_mut().zip(kinds.iter()) {
            let (lesion, hole, below) = (own & 1, (own >> 1) & 1, own >> 2);
            let (near_lesion, near_hole, near_below) = (*rule & 1, (*rule >> 1) & 1, *rule >> 2);
            let stays = lesion | hole;
            let reaching = (removes ^ 1) | stays | (below & near_lesion);
            // Within a cell of lesion all round, a gap is a hole too small for the grid.
            let missing = fill & stays & (below | near_hole | (near_below ^ 1));
            *rule = reaching * ON + missing * OFF;
        }
        self.elsewhere = (removes ^ 1) * ON;
    }

    /// What a region that was filled or dropped means: the cells of the whole grid before and after, of which only those of
    /// the window `changed` differ.
    pub fn of_region(
        deed: Deed,
        grid: &Grid,
        (before, after): (&[u8], &[u8]),
        changed: &Window,
    ) -> Self {
        // Two cells more: those beside the region have a say, and see their own neighbours.
        let part = changed.widened(2, &grid.whole());
        // Bit 0: changed. Bit 1: stayed on.
        let kinds: Vec<u8> = (part.top..part.bottom)
            .flat_map(|row| {
                let cells = row * grid.width + part.left..row * grid.width + part.right;
                before[cells.clone()].iter().zip(&after[cells])
            })
            .map(|(before, after)| (before ^ after) | ((before & after) << 1))
            .collect();
        let mut near = kinds.clone();
        spread(part.width(), &mut near);
        let rule = |(own, near): (&u8, &u8)| {
            let (is_changed, is_lesion) = (own & 1 == 1, own & 2 == 2);
            let (near_changed, near_lesion) = (near & 1 == 1, near & 2 == 2);
            match deed {
                Deed::Fill if is_changed || (is_lesion && near_changed) => ON | OFF,
                Deed::Drop if is_changed || (!is_lesion && near_changed && !near_lesion) => 0,
                Deed::Fill | Deed::Drop => ON,
            }
        };
        Self {
            part,
            of: kinds.iter().zip(&near).map(rule).collect(),
            elsewhere: ON,
        }
    }

    /// Applies the rules to `field`, the pixels of a canvas that all lie on the image.
    pub fn apply(&self, cells: &Cells, canvas: &Grid, field: &mut [u8]) {
        if canvas.width == 0 {
            return;
        }
        let part = self.part;
        // First canvas column over each column of the part.
        let mut starts = Vec::with_capacity(part.width() + 1);
        for column in 0..canvas.width {
            let here = cells.column(canvas, column as f64);
            while starts.len() <= part.width() && part.left + starts.len() <= here {
                starts.push(column);
            }
        }
        starts.resize(part.width() + 1, canvas.width);
        let mut changes: Vec<(usize, usize, u8)> = Vec::new();
        let mut of = None;
        for (row, line) in field.chunks_exact_mut(canvas.width).enumerate() {
            let cells = cells.row(canvas, row as f64);
            if of != Some(cells) {
                of = Some(cells);
                changes.clear();
                if (part.top..part.bottom).contains(&cells) {
                    changes.push((0, starts[0], self.elsewhere));
                    let rules = &self.of[(cells - part.top) * part.width()..][..part.width()];
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
