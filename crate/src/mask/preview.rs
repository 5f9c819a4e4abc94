//! The mask on the screen: repainted within a frame while a slider moves, at the canvas's size and not the image's.
//!
//! Regions and holes cannot be judged from the visible part alone. They are found on the analysis grid, the whole
//! image reduced to at most [`ANALYSIS_SIDE`] a side, and each of its cells then rules what the canvas pixels over it
//! become. The analysis is kept until threshold, cleaning or map change, so panning and zooming do not repeat it.

use serde::{Deserialize, Serialize};

use super::binary::count;
use super::cleaning::Cleaning;
use super::contour::{Closed, Contour};
use super::grid::{Grid, Window};
use super::look::{Palette, Style};
use super::map::ProbabilityMap;
use super::sampler::Sampler;
use super::stroke::{self, Stroke};

/// Longest side of the analysis grid in cells.
const ANALYSIS_SIDE: u32 = 1024;

/// Which part of the image the canvas shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Image coordinate of the canvas's left edge in image pixels.
    pub left: f64,
    /// Image coordinate of the canvas's top edge in image pixels.
    pub top: f64,
    /// Canvas (device) pixels per image pixel.
    pub scale: f64,
}

/// Paints one image's mask again and again, and measures it; its buffers are reused from call to call.
#[derive(Debug)]
pub struct Preview {
    width: u32,
    height: u32,
    analysis: Analysis,
    field: Vec<u8>,
    contour: Contour,
}

impl Preview {
    /// For an image of `width` × `height` pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            analysis: Analysis::new(width, height),
            field: Vec::new(),
            contour: Contour::default(),
        }
    }

    /// Paints the visible part of the mask into `rgba`, which becomes `canvas.0 * canvas.1` RGBA pixels, not
    /// premultiplied, transparent off the lesion and off the image.
    ///
    /// At scale 1, and where the image fits the analysis grid, the tinted pixels are exactly those of
    /// [`Mask::make`](super::Mask::make). A view that is not finite, or whose scale is not positive, shows nothing.
    #[allow(clippy::too_many_arguments)] // each is a choice of its own, made in a different part of the page
    pub fn paint(
        &mut self,
        map: &ProbabilityMap,
        canvas: (u32, u32),
        view: View,
        threshold: f32,
        cleaning: Cleaning,
        strokes: &[Stroke],
        style: Style,
        rgba: &mut Vec<u8>,
    ) {
        let View { left, top, scale } = view;
        let grid = Grid::canvas(canvas.0, canvas.1, left, top, scale);
        let pixels = grid.width * grid.height;
        rgba.resize(pixels * 4, 0);
        let sound = left.is_finite() && top.is_finite() && scale.is_finite() && scale > 0.0;
        if !sound || pixels == 0 {
            rgba.fill(0);
            return;
        }
        let window = grid.inside(self.width, self.height);
        self.field.resize(pixels, 0);
        self.sample(map, &grid, &window, threshold);
        if !cleaning.is_none() {
            self.analysis.update(map, threshold, cleaning);
            self.analysis.rule(&grid, &window, &mut self.field);
        }
        stroke::draw(strokes, &grid, &window, &mut self.field);

        let palette = Palette::new(&style);
        tint(&self.field, palette.colour(1, 0), rgba);
        if style.contour {
            let closed = self.closed(&grid, &window);
            self.contour
                .trace(&self.field, grid.width, &window, closed, style.reach());
            self.outline(grid.width, &palette, rgba);
        }
    }

    /// The mask's area in pixels of the image, and whether it is exact.
    ///
    /// It is counted on the analysis grid: exact when that is the image itself (at most 1024 pixels a side), else
    /// scaled to the image and good to a fraction of a percent for a lesion of ordinary size.
    pub fn area(
        &mut self,
        map: &ProbabilityMap,
        threshold: f32,
        cleaning: Cleaning,
        strokes: &[Stroke],
    ) -> (u64, bool) {
        self.analysis.update(map, threshold, cleaning);
        let cells = self.analysis.area(strokes);
        let grid = &self.analysis.grid;
        let image = f64::from(self.width) * f64::from(self.height);
        let exact = (grid.width, grid.height) == (self.width as usize, self.height as usize);
        if exact {
            (cells, true)
        } else {
            let scale = image / (grid.width * grid.height) as f64;
            ((cells as f64 * scale).round() as u64, false)
        }
    }

    /// Fills the field with `p >= threshold`, 0 outside the window.
    fn sample(&mut self, map: &ProbabilityMap, grid: &Grid, window: &Window, threshold: f32) {
        let mut sampler = Sampler::new(map, self.width, self.height, grid);
        for (row, line) in self.field.chunks_exact_mut(grid.width).enumerate() {
            if (window.top..window.bottom).contains(&row) {
                sampler.row_on(row, threshold, line);
                line[..window.left].fill(0);
                line[window.right..].fill(0);
            } else {
                line.fill(0);
            }
        }
    }

    /// The sides on which the image ends where the window does.
    fn closed(&self, grid: &Grid, window: &Window) -> Closed {
        Closed {
            left: window.left > 0 || grid.x(-1.0) < 0.0,
            top: window.top > 0 || grid.y(-1.0) < 0.0,
            right: window.right < grid.width || grid.x(grid.width as f64) >= f64::from(self.width),
            bottom: window.bottom < grid.height
                || grid.y(grid.height as f64) >= f64::from(self.height),
        }
    }

    fn outline(&self, width: usize, palette: &Palette, rgba: &mut [u8]) {
        for (row, (line, field)) in rgba
            .chunks_exact_mut(width * 4)
            .zip(self.field.chunks_exact(width))
            .enumerate()
        {
            let (left, closeness) = self.contour.row(row);
            let field = &field[left..][..closeness.len()];
            let line = &mut line[left * 4..][..closeness.len() * 4];
            for ((pixel, near), on) in line.chunks_exact_mut(4).zip(closeness).zip(field) {
                if *near > 0 {
                    pixel.copy_from_slice(&palette.colour(*on, *near));
                }
            }
        }
    }
}

/// Writes `colour` where the field is 1 and transparency elsewhere.
fn tint(field: &[u8], colour: [u8; 4], rgba: &mut [u8]) {
    let colour = u32::from_ne_bytes(colour);
    for (pixel, on) in rgba.chunks_exact_mut(4).zip(field) {
        // A mask instead of a branch, so that the compiler can use vector instructions.
        pixel.copy_from_slice(&(colour & u32::from(*on).wrapping_neg()).to_ne_bytes());
    }
}

/// Threshold and cleaning of the whole image on a small grid.
#[derive(Debug)]
struct Analysis {
    width: u32,
    height: u32,
    grid: Grid,
    key: Option<(u64, u32, Cleaning)>,
    /// `p >= threshold`, then what cleaning made of it.
    raw: Vec<u8>,
    cleaned: Vec<u8>,
    /// What a canvas pixel over the cell becomes: bit 0 where it reaches the threshold, bit 1 where it does not.
    rules: Vec<u8>,
    scratch: Vec<u8>,
    /// First canvas column over each cell column.
    starts: Vec<usize>,
}

impl Analysis {
    const ON: u8 = 1;
    const OFF: u8 = 2;

    fn new(width: u32, height: u32) -> Self {
        let scale = (f64::from(ANALYSIS_SIDE) / f64::from(width.max(height).max(1))).min(1.0);
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
            raw: Vec::new(),
            cleaned: Vec::new(),
            rules: Vec::new(),
            scratch: Vec::new(),
            starts: Vec::new(),
        }
    }

    fn update(&mut self, map: &ProbabilityMap, threshold: f32, cleaning: Cleaning) {
        let key = Some((map.id(), threshold.to_bits(), cleaning));
        if self.key == key {
            return;
        }
        self.key = key;
        self.raw.resize(self.grid.width * self.grid.height, 0);
        Sampler::new(map, self.width, self.height, &self.grid).on(threshold, &mut self.raw);
        self.cleaned.clone_from(&self.raw);
        if !cleaning.is_none() {
            cleaning.apply(self.grid.width, &mut self.cleaned);
            self.make_rules(cleaning);
        }
    }

    /// A cell's own verdict holds for the canvas pixels that agree with it on the threshold. A pixel that disagrees,
    /// because the border crosses the cell, follows the cell's neighbours of its own kind.
    fn make_rules(&mut self, cleaning: Cleaning) {
        const LESION: u8 = 1; // reached the threshold and stayed, or was added as part of a filled hole
        const HOLE: u8 = 2; // did not reach the threshold and was filled
        const BELOW: u8 = 4; // did not reach the threshold
        let Self {
            raw,
            cleaned,
            rules,
            scratch,
            grid,
            ..
        } = self;
        let kinds = scratch;
        kinds.clear();
        kinds.extend(
            raw.iter()
                .zip(cleaned.iter())
                .map(|(raw, cleaned)| (cleaned << (1 - raw)) | ((1 - raw) * BELOW)),
        );
        let table: [u8; 64] = std::array::from_fn(|index| {
            let (own, around) = (index as u8 & 7, index as u8 >> 3);
            let (stays, below) = (own & (LESION | HOLE) != 0, own & BELOW != 0);
            let reaching = match (cleaning.largest_region, below) {
                (false, _) => true,
                (true, false) => stays,
                (true, true) => stays || around & LESION != 0,
            };
            let missing = match (cleaning.fill_holes, below) {
                (false, _) => false,
                (true, true) => stays,
                // Within a cell of lesion all round, a gap is a hole too small for the grid.
                (true, false) => stays && (around & HOLE != 0 || around & BELOW == 0),
            };
            u8::from(reaching) * Self::ON + u8::from(missing) * Self::OFF
        });
        rules.clone_from(kinds);
        spread(grid.width, rules);
        for (rule, own) in rules.iter_mut().zip(kinds.iter()) {
            *rule = table[usize::from(*rule << 3 | *own)];
        }
    }

    /// Applies the rules to the canvas field.
    fn rule(&mut self, canvas: &Grid, window: &Window, field: &mut [u8]) {
        let (cells_x, cells_y) = (self.grid.width, self.grid.height);
        let cell = |at: f64, cells: usize, extent: u32| {
            ((at * (cells as f64 / f64::from(extent))) as usize).min(cells - 1)
        };
        if window.left >= window.right || window.top >= window.bottom {
            return;
        }
        self.starts.clear();
        for column in window.left..window.right {
            let here = cell(canvas.x(column as f64), cells_x, self.width);
            while self.starts.len() <= here {
                self.starts.push(column);
            }
        }
        self.starts.resize(cells_x + 1, window.right);
        for row in window.top..window.bottom {
            let above = cell(canvas.y(row as f64), cells_y, self.height) * cells_x;
            let rules = &self.rules[above..][..cells_x];
            let line = &mut field[row * canvas.width..][..canvas.width];
            let mut first = 0;
            for same in rules.chunk_by(|a, b| a == b) {
                let end = first + same.len();
                let pixels = &mut line[self.starts[first]..self.starts[end]];
                match same[0] {
                    0 => pixels.fill(0),
                    Self::ON => {}
                    Self::OFF => pixels.iter_mut().for_each(|bit| *bit ^= 1),
                    _ => pixels.fill(1),
                }
                first = end;
            }
        }
    }

    fn area(&mut self, strokes: &[Stroke]) -> u64 {
        if strokes.is_empty() {
            return count(&self.cleaned);
        }
        self.scratch.clone_from(&self.cleaned);
        let whole = self.grid.whole();
        stroke::draw(strokes, &self.grid, &whole, &mut self.scratch);
        count(&self.scratch)
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
