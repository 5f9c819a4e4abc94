//! What the page reads off the tools that correct the mask: the brush's size, what is being drawn, and what to say of it.

use delineo::mask::ThresholdBox;

use super::stage::Tool;
use super::state::App;
use super::viewport;
use super::wording;

/// Part of the image's shorter side that the brush has until the person chooses its size.
const BRUSH_SHARE: f64 = 0.06;

/// Lines on the stage that are drawn over the image, in CSS pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// Corners, joined by lines.
    pub points: Vec<(f64, f64)>,
    /// Whether the last is joined to the first.
    pub is_closed: bool,
}

impl App {
    /// Diameter of the brush in image pixels.
    pub fn brush(&self) -> f64 {
        let (least, most) = self.brush_limits();
        let shorter = 2.0 * most;
        let diameter = self.preferences.brush_pixels;
        let usual = (shorter * BRUSH_SHARE).round();
        diameter
            .filter(|diameter| diameter.is_finite())
            .unwrap_or(usual)
            .clamp(least, most)
    }

    /// Its least and largest diameter: a pixel, and half of the image's shorter side.
    pub fn brush_limits(&self) -> (f64, f64) {
        let shorter = self
            .shown()
            .map_or(512, |shown| shown.image.width.min(shown.image.height));
        (1.0, (f64::from(shorter) / 2.0).max(2.0))
    }

    /// Width and height of the brush on the screen in CSS pixels; image pixels may not be square.
    pub fn brush_on_screen(&self) -> (f64, f64) {
        let view = self.shown().map(|shown| shown.viewport.view);
        let scales = view.map_or((1.0, 1.0), |view| (view.scale, view.scale_y()));
        let size = |scale: f64| self.brush() * scale / self.stage.canvas.ratio;
        (size(scales.0), size(scales.1))
    }

    /// The threshold box that was just drawn, while its tool is in hand.
    pub fn drawn_box(&self) -> Option<ThresholdBox> {
        let last = self.shown()?.edits.last_box();
        last.filter(|_| self.stage.tool == Tool::Box)
    }

    /// The lasso or the box that is being drawn, or the box that was drawn last.
    pub fn sketch(&self) -> Sketch {
        let Some(view) = self.shown().map(|shown| shown.viewport.view) else {
            return Sketch::default();
        };
        let on_screen = |point: [f64; 2]| {
            let (x, y) = viewport::to_canvas(view, (point[0], point[1]));
            (x / self.stage.canvas.ratio, y / self.stage.canvas.ratio)
        };
        if let Some(outline) = &self.stage.outline {
            let corners = outline.corners.iter().copied();
            return Sketch {
                points: corners.map(on_screen).collect(),
                is_closed: false,
            };
        }
        let Some(of) = self.drawn_box() else {
            // By keyboard: where the box begins.
            let corner = self.stage.box_from.map(on_screen);
            return Sketch {
                points: corner.into_iter().collect(),
                is_closed: false,
            };
        };
        let [[ax, ay], [bx, by]] = of.corners.map(|corner| corner.map(f64::from));
        Sketch {
            points: [[ax, ay], [bx, ay], [bx, by], [ax, by]]
                .map(on_screen)
                .to_vec(),
            is_closed: true,
        }
    }

    /// The tool in hand and what it does, as a sentence; empty while the image is moved.
    pub fn tool_sentence(&self) -> String {
        let tool = self.stage.tool;
        if tool.stroke_kind().is_none() {
            return tool.sentence().to_owned();
        }
        format!(
            "{} {} px of the picture wide.",
            tool.sentence(),
            self.brush_text()
        )
    }

    /// The brush's diameter in image pixels, as a number to read.
    pub fn brush_text(&self) -> String {
        wording::grouped(self.brush().round())
    }
}
