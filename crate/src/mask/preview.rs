//! The mask on the screen: repainted within a frame while a slider moves, at the canvas's size and not the image's.
//!
//! Only where the mask can be is anything computed: the samples of the small probability map that reach the threshold
//! say which pixels of the canvas may be on, and so do the corrections. What cleaning and the corrections of whole regions do
//! there is found out on the whole image, by the analysis.

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::cleaning::Cleaning;
use super::contour::{Closed, Contour};
use super::correction::{self, Correction};
use super::grid::{Grid, Window};
use super::look::{Palette, Style};
use super::map::ProbabilityMap;
use super::runs::{any, occupied, runs};
use super::thresholds::Thresholds;

/// Which part of the image the canvas shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Image coordinate of the canvas's left edge in image pixels.
    pub left: f64,
    /// Image coordinate of the canvas's top edge in image pixels.
    pub top: f64,
    /// Canvas (device) pixels per column of the image.
    pub scale: f64,
    /// Height of an image pixel over its width: 1 where pixels are square.
    pub aspect: f64,
}

impl View {
    /// The top left corner of the image, pixel for pixel, whose pixels are square.
    pub const ORIGIN: Self = Self {
        left: 0.0,
        top: 0.0,
        scale: 1.0,
        aspect: 1.0,
    };

    /// Canvas pixels per row of the image.
    pub fn scale_y(&self) -> f64 {
        self.scale * self.aspect
    }
}

/// What is painted of a mask: where it comes from, what of it is visible, and how it looks.
#[derive(Clone, Copy, Debug)]
pub struct Painting<'a> {
    /// Where the mask may be.
    pub map: &'a ProbabilityMap,
    /// Width and height of the canvas in its pixels.
    pub canvas: (u32, u32),
    /// Which part of the image is on the canvas.
    pub view: View,
    /// The probability from which a pixel is lesion.
    pub threshold: f32,
    /// What is removed and filled.
    pub cleaning: Cleaning,
    /// What was done by hand, oldest first.
    pub corrections: &'a [Correction],
    /// How it looks.
    pub style: Style,
}

/// Which part of the canvas was painted, in its pixels. The rest is transparent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// From the canvas's left edge.
    pub left: u32,
    /// From the canvas's top edge.
    pub top: u32,
    /// 0 where nothing was painted.
    pub width: u32,
    /// 0 where nothing was painted.
    pub height: u32,
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

    /// Paints what is visible of the mask: `rgba` becomes the pixels within the bounds that are returned, four bytes
    /// each, not premultiplied. All others are transparent: they lie off the lesion or off the image.
    ///
    /// At scale 1, and where the image fits the analysis grid, the tinted pixels are exactly those of
    /// [`Mask::make`](super::Mask::make). A view that is not finite, or whose scale is not positive, shows nothing.
    pub fn paint(&mut self, painting: &Painting<'_>, rgba: &mut Vec<u8>) -> Bounds {
        let Painting {
            map,
            canvas,
            view,
            threshold,
            cleaning,
            corrections,
            style,
        } = *painting;
        rgba.clear();
        let is_positive = |scale: f64| scale.is_finite() && scale > 0.0;
        let sound = view.left.is_finite()
            && view.top.is_finite()
            && is_positive(view.scale)
            && is_positive(view.scale_y());
        let palette = Palette::new(&style);
        if !sound || !(style.contour || palette.colour(1, 0)[3] > 0) {
            return Bounds::default();
        }
        let canvas = Grid::canvas(canvas, (view.left, view.top), (view.scale, view.scale_y()));
        let inside = canvas.inside(self.width, self.height);
        let margin = if style.contour {
            style.reach().ceil() as usize
        } else {
            0
        };
        let thresholds = Thresholds::new(
            map,
            (self.width, self.height),
            threshold,
            correction::boxes(corrections),
        );
        let mut part = thresholds
            .reach(&canvas)
            .union(&correction::reach(corrections, &canvas));
        let has_regions = corrections.iter().any(|of| of.region().is_some());
        if !cleaning.is_none() || has_regions {
            self.analysis.update(map, threshold, cleaning, corrections);
            part = part.union(&self.analysis.over(&canvas));
        }
        let part = part.widened(margin, &inside);
        let grid = canvas.crop(&part);
        self.field.resize(grid.width * grid.height, 0);
        thresholds.on(&grid, &mut self.field);
        if !cleaning.is_none() {
            self.analysis.clean(&grid, &mut self.field);
        }
        let mut regions = 0;
        for correction in corrections {
            if correction.region().is_some() {
                self.analysis.change_region(regions, &grid, &mut self.field);
                regions += 1;
            } else {
                correction.draw(&grid, &mut self.field);
            }
        }

        let window = occupied_window(&self.field, &grid).widened(margin, &grid.whole());
        if window.is_empty() {
            return Bounds::default();
        }
        if style.contour {
            let closed = self.closed(&canvas, &inside);
            self.contour
                .trace(&self.field, grid.width, &window, closed, style.reach());
        }
        rgba.resize(window.width() * window.height() * 4, 0);
        self.colour(grid.width, &window, &style, &palette, rgba);
        Bounds {
            left: (part.left + window.left) as u32,
            top: (part.top + window.top) as u32,
            width: window.width() as u32,
            height: window.height() as u32,
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
        corrections: &[Correction],
    ) -> (u64, bool) {
        self.analysis.update(map, threshold, cleaning, corrections);
        let (cells, of, exact) = self.analysis.area(corrections);
        if exact {
            (cells, true)
        } else {
            let image = f64::from(self.width) * f64::from(self.height);
            let scale = image / of as f64;
            ((cells as f64 * scale).round() as u64, false)
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

    /// Writes the colours of a window of the field, whose rows have `stride` pixels.
    fn colour(
        &self,
        stride: usize,
        window: &Window,
        style: &Style,
        palette: &Palette,
        rgba: &mut [u8],
    ) {
        let tint = [[0; 4], palette.colour(1, 0)];
        let lines = rgba.chunks_exact_mut(window.width() * 4);
        for (row, line) in (window.top..window.bottom).zip(lines) {
            let (pixels, _) = line.as_chunks_mut::<4>();
            let field = &self.field[row * stride..][window.left..window.right];
            for (run, on) in runs(field) {
                pixels[run].fill(tint[usize::from(on & 1)]);
            }
            if style.contour {
                let (left, closeness) = self.contour.row(row);
                let first = left.saturating_sub(window.left);
                occupied(closeness, |index, near| {
                    let at = first + index;
                    pixels[at] = palette.colour(field[at], near);
                });
            }
        }
    }
}

/// The least window of a grid that holds all pixels which are on.
fn occupied_window(field: &[u8], grid: &Grid) -> Window {
    let row = |y: usize| &field[y * grid.width..][..grid.width];
    let Some(top) = (0..grid.height).find(|y| any(row(*y))) else {
        return Window::EMPTY;
    };
    let bottom = (top..grid.height).rfind(|y| any(row(*y))).unwrap_or(top) + 1;
    // Only what would make the window wider is looked at, which is little from the second row on.
    let (mut left, mut right) = (grid.width, 0);
    for y in top..bottom {
        let row = row(y);
        left = row[..left].iter().position(|on| *on == 1).unwrap_or(left);
        let last = row[right..].iter().rposition(|on| *on == 1);
        right = last.map_or(right, |last| right + last + 1);
    }
    Window {
        left,
        top,
        right,
        bottom,
    }
}
