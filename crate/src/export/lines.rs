//! Straight lines over an exported image, each with its figure: diameters.

use serde::{Deserialize, Serialize};

use crate::glyphs::{self, ADVANCE, HEIGHT};

/// A line with its figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// One end in image pixels: x to the right, y down, the top left pixel's centre at (0.5, 0.5).
    pub from: [f64; 2],
    /// The other end, where the figure stands.
    pub to: [f64; 2],
    /// The figure with its unit: digits, letters and `.,-:%/()`; may be empty.
    pub text: String,
}

// In pixels on an image of nominal size.
const HALF_WIDTH: f64 = 1.0;
const END_RADIUS: f64 = 4.0;
const EDGE: f64 = 1.2;
const TEXT_GAP: f64 = 12.0;
const TEXT_SCALE: f64 = 2.0;
/// Darkness of the edge and of what is behind a figure.
const SHADE: f64 = 0.65;
/// Space around a figure in pixels of its letters.
const PADDING: i64 = 2;

/// Lines as they lie on an image, to be drawn row by row.
pub(super) struct Lines {
    strokes: Vec<Stroke>,
    figures: Vec<Figure>,
    edge: f64,
}

struct Stroke {
    from: [f64; 2],
    to: [f64; 2],
    half: f64,
}

struct Figure {
    left: i64,
    top: i64,
    width: i64,
    scale: i64,
    pixels: Vec<(u32, u32)>,
}

impl Lines {
    /// For an image of this width and height; everything is `factor` times its nominal size.
    pub fn new(lines: &[Line], (width, height): (u32, u32), factor: f64) -> Self {
        let stroke = |from, to, half| Stroke {
            from,
            to,
            half: half * factor,
        };
        let strokes = lines.iter().flat_map(|line| {
            [
                stroke(line.from, line.to, HALF_WIDTH),
                stroke(line.from, line.from, END_RADIUS),
                stroke(line.to, line.to, END_RADIUS),
            ]
        });
        let figure = |line: &Line| Figure::new(line, (width.into(), height.into()), factor);
        Self {
            strokes: strokes.collect(),
            figures: lines
                .iter()
                .filter(|line| !line.text.is_empty())
                .map(figure)
                .collect(),
            edge: EDGE * factor,
        }
    }

    /// Draws what lies in a row into its pixels (RGB8).
    pub fn draw(&self, row: u32, pixels: &mut [u8]) {
        let (pixels, _) = pixels.as_chunks_mut::<3>();
        // All edges first, so that no line's edge lies on another line.
        for (widening, colour, opacity) in [(self.edge, 0.0, SHADE), (0.0, 255.0, 1.0)] {
            for stroke in &self.strokes {
                stroke.draw(row, widening, colour, opacity, pixels);
            }
        }
        for figure in &self.figures {
            figure.draw(row.into(), pixels);
        }
    }
}

impl Stroke {
    fn draw(&self, row: u32, widening: f64, colour: f64, opacity: f64, pixels: &mut [[u8; 3]]) {
        let y = f64::from(row) + 0.5;
        let reach = self.half + widening + 0.5;
        let along = |axis: usize| {
            let (one, other) = (self.from[axis], self.to[axis]);
            (one.min(other) - reach, one.max(other) + reach)
        };
        let ((left, right), (top, bottom)) = (along(0), along(1));
        if !(top..=bottom).contains(&y) {
            return;
        }
        // What is beside the image becomes its edge in the cast.
        let right = (right.ceil() as usize).min(pixels.len());
        let left = (left as usize).min(right);
        for (x, pixel) in pixels[left..right].iter_mut().enumerate() {
            let distance = self.distance([(left + x) as f64 + 0.5, y]);
            blend(pixel, colour, (reach - distance).clamp(0.0, 1.0) * opacity);
        }
    }

    fn distance(&self, at: [f64; 2]) -> f64 {
        let along = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let off = [at[0] - self.from[0], at[1] - self.from[1]];
        let square = along[0] * along[0] + along[1] * along[1];
        let part = if square > 0.0 {
            ((off[0] * along[0] + off[1] * along[1]) / square).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (off[0] - part * along[0]).hypot(off[1] - part * along[1])
    }
}

impl Figure {
    fn new(line: &Line, (width, height): (i64, i64), factor: f64) -> Self {
        let scale = ((TEXT_SCALE * factor).round() as i64).max(1);
        let letters = line.text.chars().count() as i64;
        let size = [
            letters * i64::from(ADVANCE) * scale,
            i64::from(HEIGHT) * scale,
        ];
        let [across, down] = [line.to[0] - line.from[0], line.to[1] - line.from[1]];
        let gap = TEXT_GAP * factor / across.hypot(down).max(1.0);
        let x = line.to[0] + across * gap - if across < 0.0 { size[0] as f64 } else { 0.0 };
        let y = line.to[1] + down * gap - size[1] as f64 / 2.0;
        let within = |at: f64, size: i64, image: i64| {
            let padding = PADDING * scale;
            (at.round() as i64).min(image - size - padding).max(padding)
        };
        Self {
            left: within(x, size[0], width),
            top: within(y, size[1], height),
            width: size[0],
            scale,
            pixels: glyphs::pixels(&line.text).collect(),
        }
    }

    fn draw(&self, row: i64, pixels: &mut [[u8; 3]]) {
        let padding = PADDING * self.scale;
        let height = i64::from(HEIGHT) * self.scale;
        if row < self.top - padding || row >= self.top + height + padding {
            return;
        }
        let most = pixels.len() as i64;
        let part =
            |left: i64, right: i64| left.clamp(0, most) as usize..right.clamp(0, most) as usize;
        let behind = part(
            self.left - padding,
            self.left + self.width + padding - self.scale,
        );
        pixels[behind]
            .iter_mut()
            .for_each(|pixel| blend(pixel, 0.0, SHADE));
        let line = (row - self.top).div_euclid(self.scale);
        for (column, _) in self
            .pixels
            .iter()
            .filter(|(_, row)| i64::from(*row) == line)
        {
            let left = self.left + i64::from(*column) * self.scale;
            pixels[part(left, left + self.scale)].fill([255; 3]);
        }
    }
}

fn blend(pixel: &mut [u8; 3], colour: f64, opacity: f64) {
    for value in pixel {
        *value = (colour * opacity + f64::from(*value) * (1.0 - opacity)).round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (120, 60);

    fn image(lines: &[Line]) -> Vec<Vec<[u8; 3]>> {
        let lines = Lines::new(lines, SIZE, 1.0);
        let row = |y| {
            let mut row = vec![90; SIZE.0 as usize * 3];
            lines.draw(y, &mut row);
            row.as_chunks::<3>().0.to_vec()
        };
        (0..SIZE.1).map(row).collect()
    }

    fn line(from: [f64; 2], to: [f64; 2], text: &str) -> Line {
        let text = text.to_owned();
        Line { from, to, text }
    }

    #[test]
    fn a_line_is_white_with_a_dark_edge_and_ends_in_discs() {
        let image = image(&[line([10.0, 30.0], [60.0, 30.0], "")]);
        assert_eq!(image[29][35], [255; 3]);
        assert_eq!(image[30][35], [255; 3]);
        assert!(image[31][35][0] < 90 && image[28][35][0] < 90);
        assert_eq!(image[32][10], [255; 3], "the disc");
        assert_eq!(image[40][35], [90; 3]);
    }

    #[test]
    fn the_figure_stands_beyond_the_second_end_on_dark() {
        let image = image(&[line([10.0, 30.0], [60.0, 30.0], "12.3 mm")]);
        let part: Vec<[u8; 3]> = (24..37).flat_map(|y| image[y][70..118].to_vec()).collect();
        assert!(part.iter().filter(|pixel| **pixel == [255; 3]).count() > 100);
        assert!(part.iter().filter(|pixel| pixel[0] < 40).count() > 100);
    }

    #[test]
    fn a_figure_at_the_edge_is_moved_into_the_image_and_odd_lines_are_no_fault() {
        let near = image(&[line([60.0, 30.0], [119.0, 59.0], "88 PX")]);
        assert!(near[58].iter().any(|pixel| pixel[0] < 40));
        image(&[line(
            [-50.0, -9.0],
            [1e6, 400.0],
            "far outside of all there is to see",
        )]);
        image(&[line([f64::NAN, 3.0], [5.0, f64::INFINITY], "?")]);
    }
}
