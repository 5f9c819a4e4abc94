//! Pixels laid over the image.
//!
//! The full mask, the analysis of the preview and the canvas differ only in where their pixels lie; one [`Grid`] says
//! where, so that they cannot disagree.

/// `width` × `height` pixels over the image. Lengths are in image pixels, from the image's top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub width: usize,
    pub height: usize,
    left: f64,
    top: f64,
    step_x: f64,
    step_y: f64,
    /// Columns and rows left of and above the first ones, whole numbers.
    first_column: f64,
    first_row: f64,
}

/// A rectangle of a grid's pixels; right and bottom are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Grid {
    /// A grid that covers an image of `image_width` × `image_height` exactly.
    pub fn reduced(image_width: u32, image_height: u32, width: u32, height: u32) -> Self {
        Self {
            width: width as usize,
            height: height as usize,
            left: 0.0,
            top: 0.0,
            step_x: f64::from(image_width) / f64::from(width.max(1)),
            step_y: f64::from(image_height) / f64::from(height.max(1)),
            first_column: 0.0,
            first_row: 0.0,
        }
    }

    /// A canvas whose top left corner lies at `corner`; `scale` are its columns per column and its rows per row of the
    /// image.
    pub fn canvas((width, height): (u32, u32), corner: (f64, f64), scale: (f64, f64)) -> Self {
        Self {
            width: width as usize,
            height: height as usize,
            left: corner.0,
            top: corner.1,
            step_x: 1.0 / scale.0,
            step_y: 1.0 / scale.1,
            first_column: 0.0,
            first_row: 0.0,
        }
    }

    /// A part of the grid: pixels at exactly the same places.
    pub fn crop(&self, window: &Window) -> Self {
        Self {
            width: window.width(),
            height: window.height(),
            first_column: self.first_column + window.left as f64,
            first_row: self.first_row + window.top as f64,
            ..*self
        }
    }

    /// Image coordinate of the centre of a column.
    pub fn x(&self, column: f64) -> f64 {
        self.left + (self.first_column + column + 0.5) * self.step_x
    }

    /// Image coordinate of the centre of a row.
    pub fn y(&self, row: f64) -> f64 {
        self.top + (self.first_row + row + 0.5) * self.step_y
    }

    /// Fractional column whose centre has this image coordinate.
    pub fn column(&self, x: f64) -> f64 {
        (x - self.left) / self.step_x - 0.5 - self.first_column
    }

    /// Fractional row whose centre has this image coordinate.
    pub fn row(&self, y: f64) -> f64 {
        (y - self.top) / self.step_y - 0.5 - self.first_row
    }

    /// All pixels.
    pub fn whole(&self) -> Window {
        Window {
            left: 0,
            top: 0,
            right: self.width,
            bottom: self.height,
        }
    }

    /// The pixels whose centre lies within an image of this size.
    pub fn inside(&self, image_width: u32, image_height: u32) -> Window {
        let (width, height) = (f64::from(image_width), f64::from(image_height));
        Window {
            left: first(self.width, |i| self.x(i) >= 0.0),
            top: first(self.height, |i| self.y(i) >= 0.0),
            right: first(self.width, |i| self.x(i) >= width),
            bottom: first(self.height, |i| self.y(i) >= height),
        }
    }
}

impl Window {
    /// No pixels.
    pub const EMPTY: Self = Self {
        left: 0,
        top: 0,
        right: 0,
        bottom: 0,
    };

    pub fn is_empty(&self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    pub fn width(&self) -> usize {
        self.right.saturating_sub(self.left)
    }

    pub fn height(&self) -> usize {
        self.bottom.saturating_sub(self.top)
    }

    /// The least window that holds both.
    pub fn union(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => *other,
            (_, true) => *self,
            (false, false) => Self {
                left: self.left.min(other.left),
                top: self.top.min(other.top),
                right: self.right.max(other.right),
                bottom: self.bottom.max(other.bottom),
            },
        }
    }

    /// The window with `margin` columns and rows more on each side, as far as they lie within another window.
    pub fn widened(&self, margin: usize, within: &Self) -> Self {
        if self.is_empty() {
            return Self::EMPTY;
        }
        Self {
            left: self.left.saturating_sub(margin).max(within.left),
            top: self.top.saturating_sub(margin).max(within.top),
            right: (self.right + margin).min(within.right),
            bottom: (self.bottom + margin).min(within.bottom),
        }
    }
}

/// The first index below `count` for which `holds`, or `count`; it holds for all after the first.
pub(super) fn first(count: usize, holds: impl Fn(f64) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle as f64) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inside_window_holds_the_pixels_whose_centre_lies_on_the_image() {
        // Two canvas pixels per image pixel, the image starting three canvas pixels from the left.
        let grid = Grid::canvas((20, 10), (-1.5, 2.0), (2.0, 2.0));
        let window = grid.inside(4, 4);
        assert_eq!(
            window,
            Window {
                left: 3,
                top: 0,
                right: 11,
                bottom: 4
            }
        );
    }
}
