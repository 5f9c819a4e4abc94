//! How a mask looks over its image: a tint, a contour, or both; the same on the screen and in an exported overlay.

use serde::{Deserialize, Serialize};

/// What is drawn and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// Whether the lesion is tinted.
    pub tint: bool,
    /// Whether its border is drawn.
    pub contour: bool,
    /// Opacity of the tint, 0 to 1.
    pub opacity: f32,
    /// Red, green, blue of tint and contour.
    pub colour: [u8; 3],
    /// Width of the contour in canvas pixels.
    pub line: f32,
}

impl Default for Style {
    /// A light tint and a contour two pixels wide, in a cyan that stands out on skin and on ultrasound.
    fn default() -> Self {
        Self {
            tint: true,
            contour: true,
            opacity: 0.25,
            colour: [0, 214, 242],
            line: 2.0,
        }
    }
}

impl Style {
    /// Half the contour's width in pixels.
    fn half(&self) -> f32 {
        if self.line.is_finite() {
            self.line.clamp(0.0, 256.0) / 2.0
        } else {
            0.0
        }
    }

    /// Width in pixels of the dark edge on either side of the contour, which makes it readable on light images.
    fn edge(&self) -> f32 {
        (0.4 * self.half()).max(0.8)
    }

    /// Distance in pixels from the border beyond which the contour leaves no trace.
    pub(crate) fn reach(&self) -> f32 {
        self.half() + self.edge() + 0.5
    }

    /// The style with a contour `factor` times as wide.
    pub(crate) fn scaled(&self, factor: f32) -> Self {
        Self {
            line: self.line * factor,
            ..*self
        }
    }
}

/// RGBA colours, not premultiplied, by on/off and by closeness to the border.
pub(crate) struct Palette {
    colours: [[[u8; 4]; 256]; 2],
}

impl Palette {
    /// Darkness of the contour's edge.
    const EDGE: f32 = 0.6;

    pub fn new(style: &Style) -> Self {
        let opacity = if style.tint && style.opacity.is_finite() {
            style.opacity.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let colour = style.colour.map(f32::from);
        let (half, reach) = (style.half(), style.reach());
        let pixel = |on: usize, closeness: usize| {
            let distance = reach * (1.0 - closeness as f32 / 255.0);
            let (edge, core) = if closeness == 0 {
                (0.0, 0.0)
            } else {
                let edge = (reach - distance).clamp(0.0, 1.0) * Self::EDGE;
                (edge, (half + 0.5 - distance).clamp(0.0, 1.0))
            };
            let tint = if on == 1 { opacity } else { 0.0 };
            // Source over: black edge over the tint, then the contour over both.
            let edged = edge + tint * (1.0 - edge);
            let alpha = core + edged * (1.0 - core);
            if alpha <= 0.0 {
                return [0; 4];
            }
            let tinted = tint * (1.0 - edge) * (1.0 - core);
            let [r, g, b] = colour.map(|c| (c * (core + tinted) / alpha + 0.5) as u8);
            [r, g, b, (alpha * 255.0 + 0.5) as u8]
        };
        Self {
            colours: std::array::from_fn(|on| std::array::from_fn(|near| pixel(on, near))),
        }
    }

    /// The colour of a pixel: `on` is 0 or 1, `closeness` 0 far from the border to 255 on it.
    pub fn colour(&self, on: u8, closeness: u8) -> [u8; 4] {
        self.colours[usize::from(on & 1)][usize::from(closeness)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        tint: true,
        contour: true,
        opacity: 0.4,
        colour: [255, 200, 0],
        line: 2.0,
    };

    #[test]
    fn off_and_far_from_the_border_is_transparent() {
        assert_eq!(Palette::new(&STYLE).colour(0, 0), [0, 0, 0, 0]);
    }

    #[test]
    fn on_and_far_from_the_border_is_the_tint_at_its_opacity() {
        assert_eq!(Palette::new(&STYLE).colour(1, 0), [255, 200, 0, 102]); // 0.4 * 255
    }

    #[test]
    fn the_border_itself_is_the_opaque_colour() {
        assert_eq!(Palette::new(&STYLE).colour(0, 255), [255, 200, 0, 255]);
        assert_eq!(Palette::new(&STYLE).colour(1, 255), [255, 200, 0, 255]);
    }

    #[test]
    fn the_contour_has_a_dark_edge() {
        let palette = Palette::new(&STYLE);
        let darkest = (1..=255)
            .map(|near| palette.colour(0, near))
            .filter(|colour| colour[3] > 100)
            .map(|colour| colour[0])
            .min();
        assert_eq!(darkest, Some(0));
    }

    #[test]
    fn numbers_that_are_no_numbers_paint_nothing_strange() {
        let style = Style {
            opacity: f32::NAN,
            line: f32::NAN,
            ..STYLE
        };
        assert_eq!(Palette::new(&style).colour(1, 0), [0; 4]);
        assert!(style.reach().is_finite());
    }
}
