//! How close each pixel lies to the border between on and off.
//!
//! The border runs through the cracks between pixels that differ. Every crack stamps its surroundings with a small
//! kernel of closeness, and the greatest wins. The midpoints of the cracks of a slanted border lie on a line, so the
//! result looks smooth where the pixels themselves are stairs; the cost follows the border's length, not the area.

use super::grid::Window;
use super::runs::differences;

/// Sides of a window beyond which there is nothing but background. On the other sides the mask goes on unseen, and
/// no border is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub left: bool,
    pub top: bool,
    pub right: bool,
    pub bottom: bool,
}

impl Closed {
    /// The window is the whole image.
    pub const ALL: Self = Self {
        left: true,
        top: true,
        right: true,
        bottom: true,
    };
}

/// Closeness to the border, kept between paints so that nothing is allocated while a slider moves.
#[derive(Debug, Default)]
pub(crate) struct Contour {
    stride: usize,
    /// 0 beyond reach to 255 on the border, one byte a pixel.
    closeness: Vec<u8>,
    /// First and past-the-last touched column of each row.
    touched: Vec<(usize, usize)>,
}

impl Contour {
    /// Measures the closeness for a mask of rows of `stride` pixels. Only pixels of `window` are read or marked.
    /// Closeness falls from 255 on the border to 0 at a distance of `reach` pixels.
    pub fn trace(
        &mut self,
        bits: &[u8],
        stride: usize,
        window: &Window,
        closed: Closed,
        reach: f32,
    ) {
        self.reset(bits.len(), stride);
        if window.left >= window.right || window.top >= window.bottom {
            return;
        }
        let beside = Kernel::new(reach, 0.5, 0.0);
        let below = Kernel::new(reach, 0.0, 0.5);
        let row = |y: usize| &bits[y * stride..][window.left..window.right];
        for y in window.top..window.bottom {
            let line = row(y);
            // Cracks to the right of a pixel, then those below it.
            differences(&line[..line.len() - 1], &line[1..], |x| {
                self.stamp(&beside, window, window.left + x, y);
            });
            if closed.left && line[0] == 1 {
                self.stamp_from(&beside, window, window.left as isize - 1, y as isize);
            }
            if closed.right && line[line.len() - 1] == 1 {
                self.stamp(&beside, window, window.right - 1, y);
            }
            if y + 1 < window.bottom {
                differences(line, row(y + 1), |x| {
                    self.stamp(&below, window, window.left + x, y)
                });
            }
        }
        for (x, _) in row(window.top)
            .iter()
            .enumerate()
            .filter(|(_, on)| **on == 1)
        {
            if closed.top {
                let x = (window.left + x) as isize;
                self.stamp_from(&below, window, x, window.top as isize - 1);
            }
        }
        for (x, _) in row(window.bottom - 1)
            .iter()
            .enumerate()
            .filter(|(_, on)| **on == 1)
        {
            if closed.bottom {
                self.stamp(&below, window, window.left + x, window.bottom - 1);
            }
        }
    }

    /// The touched columns of a row and their closeness.
    pub fn row(&self, y: usize) -> (usize, &[u8]) {
        match self.touched.get(y) {
            Some(&(left, right)) if left < right => {
                (left, &self.closeness[y * self.stride..][left..right])
            }
            _ => (0, &[]),
        }
    }

    fn reset(&mut self, length: usize, stride: usize) {
        let height = length.checked_div(stride).unwrap_or(0);
        if self.stride == stride && self.closeness.len() == length {
            for (row, (left, right)) in self
                .closeness
                .chunks_exact_mut(stride.max(1))
                .zip(&self.touched)
            {
                if left < right {
                    row[*left..*right].fill(0);
                }
            }
        } else {
            self.stride = stride;
            self.closeness.clear();
            self.closeness.resize(length, 0);
        }
        self.touched.clear();
        self.touched.resize(height, (usize::MAX, 0));
    }

    fn stamp(&mut self, kernel: &Kernel, window: &Window, x: usize, y: usize) {
        self.stamp_from(kernel, window, x as isize, y as isize);
    }

    /// Marks the surroundings of the crack right of, or below, the pixel (`x`, `y`), which may lie one outside.
    fn stamp_from(&mut self, kernel: &Kernel, window: &Window, x: isize, y: isize) {
        let clip =
            |at: isize, low: usize, high: usize| at.clamp(low as isize, high as isize) as usize;
        let (x, y) = (x - kernel.margin, y - kernel.margin);
        let size = kernel.size as isize;
        let (left, right) = (
            clip(x, window.left, window.right),
            clip(x + size, window.left, window.right),
        );
        if left >= right {
            return;
        }
        for row in clip(y, window.top, window.bottom)..clip(y + size, window.top, window.bottom) {
            let near = &kernel.closeness[(row as isize - y) as usize * kernel.size..]
                [(left as isize - x) as usize..(right as isize - x) as usize];
            let line = &mut self.closeness[row * self.stride..][left..right];
            for (pixel, near) in line.iter_mut().zip(near) {
                *pixel = (*pixel).max(*near);
            }
            let touched = &mut self.touched[row];
            *touched = (touched.0.min(left), touched.1.max(right));
        }
    }
}

/// Closeness of the pixels around a crack.
struct Kernel {
    /// Columns and rows.
    size: usize,
    /// Columns and rows before the pixel that the crack belongs to.
    margin: isize,
    closeness: Vec<u8>,
}

impl Kernel {
    /// For a crack whose midpoint lies at (`x`, `y`) from the centre of its pixel.
    fn new(reach: f32, x: f32, y: f32) -> Self {
        let margin = reach.ceil() as isize;
        let size = 2 * margin + 2;
        let closeness = (0..size * size)
            .map(|index| {
                let (column, row) = (index % size - margin, index / size - margin);
                let distance = (column as f32 - x).hypot(row as f32 - y);
                ((1.0 - distance / reach).clamp(0.0, 1.0) * 255.0).round() as u8
            })
            .collect();
        Self {
            size: size as usize,
            margin,
            closeness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(rows: &[&str], closed: Closed, reach: f32) -> Vec<Vec<u8>> {
        let width = rows[0].len();
        let bits: Vec<u8> = rows
            .iter()
            .flat_map(|row| row.bytes().map(|c| u8::from(c == b'#')))
            .collect();
        let window = Window {
            left: 0,
            top: 0,
            right: width,
            bottom: rows.len(),
        };
        let mut contour = Contour::default();
        // Twice: what an earlier trace left behind must not show.
        contour.trace(&vec![1; bits.len()], width, &window, Closed::ALL, 3.0);
        contour.trace(&bits, width, &window, closed, reach);
        (0..rows.len())
            .map(|y| {
                let (left, near) = contour.row(y);
                let mut row = vec![0; width];
                row[left..left + near.len()].copy_from_slice(near);
                row
            })
            .collect()
    }

    #[test]
    fn closeness_falls_with_the_distance_from_the_border() {
        let rows = ["....####"; 9];
        let near = traced(
            &rows,
            Closed {
                left: false,
                top: false,
                right: false,
                bottom: false,
            },
            2.5,
        );
        // Distances 0.5, 1.5 and 2.5 of 2.5.
        assert_eq!(near[4], [0, 0, 102, 204, 204, 102, 0, 0]);
    }

    #[test]
    fn a_border_runs_along_the_image_edge_only_where_the_mask_ends_there() {
        let rows = ["######"; 6];
        let all = traced(&rows, Closed::ALL, 1.5);
        assert_eq!(all[3], [170, 0, 0, 0, 0, 170]);
        assert_eq!(all[0][3], 170);
        assert_eq!(all[5][3], 170);
        let left = Closed {
            left: true,
            top: false,
            right: false,
            bottom: false,
        };
        assert_eq!(traced(&rows, left, 1.5)[0], [170, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_mask_without_border_is_not_touched() {
        assert!(
            traced(&["....."; 5], Closed::ALL, 3.0)
                .iter()
                .flatten()
                .all(|near| *near == 0)
        );
    }
}
