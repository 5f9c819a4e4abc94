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
        }
    }

    /// A grid of square pixels of side `1 / scale` whose top left corner lies at (`left`, `top`).
    pub fn canvas(width: u32, height: u32, left: f64, top: f64, scale: f64) -> Self {
        Self {
            width: width as usize,
            height: height as usize,
            left,
            top,
            step_x: 1.0 / scale,
            step_y: 1.0 / scale,
        }
    }

    /// Image coordinate of the centre of a column.
    pub fn x(&self, column: f64) -> f64 {
        self.left + (column + 0.5) * self.step_x
    }

    /// Image coordinate of the centre of a row.
    pub fn y(&self, row: f64) -> f64 {
        self.top + (row + 0.5) * self.step_y
    }

    /// Fractional column whose centre has this image coordinate.
    pub fn column(&self, x: f64) -> f64 {
        (x - self.left) / self.step_x - 0.5
    }

    /// Fractional row whose centre has this image coordinate.
    pub fn row(&self, y: f64) -> f64 {
        (y - self.top) / self.step_y - 0.5
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
        let (left, right) = span(self.width, f64::from(image_width), |i| self.x(i));
        let (top, bottom) = span(self.height, f64::from(image_height), |i| self.y(i));
        Window {
            left,
            top,
            right,
            bottom,
        }
    }
}

/// The indices below `count` whose position lies in `0.0..extent`; positions increase.
fn span(count: usize, extent: f64, position: impl Fn(f64) -> f64) -> (usize, usize) {
    let first_from = |bound: f64| {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if position(middle as f64) < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    (first_from(0.0), first_from(extent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inside_window_holds_the_pixels_whose_centre_lies_on_the_image() {
        // Two canvas pixels per image pixel, the image starting three canvas pixels from the left.
        let grid = Grid::canvas(20, 10, -1.5, 2.0, 2.0);
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
