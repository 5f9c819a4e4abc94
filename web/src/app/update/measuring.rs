//! What a person says about the size of things: the scale, and the ends of the diameters. And the report of it all.

use delineo::measure::{Axis, Spacing};

use crate::app::depth_marks;
use crate::app::edits::Calibration;
use crate::app::effect::Effect;
use crate::app::stage::{Held, Ruler, Tool};
use crate::app::state::{App, CommonScale};
use crate::app::viewport;

/// From how near, in CSS pixels, an end is taken: by a mouse or a pen, and by a finger.
const GRASP: f64 = 12.0;
const FINGER_GRASP: f64 = 24.0;
/// Ends of a line of known length that are nearer than this, in CSS pixels, are one press.
const SHORTEST: f64 = 4.0;

impl App {
    /// Where an end of something is taken, in canvas pixels around it.
    fn grasp(&self, is_finger: bool) -> f64 {
        let most = if is_finger { FINGER_GRASP } else { GRASP };
        most * self.stage.canvas.ratio
    }

    /// A pointer takes the end of a diameter, if there is one where it is.
    pub(super) fn take_end(&mut self, pointer: i32, at: (f64, f64), is_finger: bool) {
        let found = self.end_near(at, self.grasp(is_finger));
        self.stage.held = found.map(|(axis, end, ends)| Held {
            pointer,
            axis,
            end,
            ends,
            has_moved: false,
        });
    }

    /// The pointer that holds an end moved. Says whether it is that pointer.
    pub(super) fn drag_end(&mut self, pointer: i32, at: (f64, f64)) -> bool {
        let Some(mut held) = self.stage.held.filter(|held| held.pointer == pointer) else {
            return false;
        };
        held.ends[held.end] = self.point(at);
        if let Some(shown) = self.documents.shown_mut() {
            if held.has_moved {
                shown.edits.move_diameter(held.ends);
            } else {
                shown.edits.set_diameter(held.axis, held.ends);
            }
        }
        held.has_moved = true;
        self.stage.held = Some(held);
        true
    }

    /// A second finger: the first was the beginning of a pinch.
    pub(super) fn give_end_back(&mut self) {
        if let Some(held) = self.stage.held.take()
            && held.has_moved
            && let Some(shown) = self.documents.shown_mut()
        {
            shown.edits.abandon_diameter();
        }
    }

    /// The keyboard moves the end of a diameter by so many CSS pixels.
    pub(super) fn move_end(&mut self, axis: Axis, end: usize, across: f64, down: f64) {
        let found = self.diameters().into_iter().find(|(of, ..)| *of == axis);
        let (Some((_, mut ends, _)), Some(view)) =
            (found, self.shown().map(|shown| shown.viewport.view))
        else {
            return;
        };
        let Some(moved) = ends.get_mut(end) else {
            return;
        };
        let ratio = self.stage.canvas.ratio;
        let (x, y) = viewport::to_canvas(view, (moved[0], moved[1]));
        *moved = self.point((x + across * ratio, y + down * ratio));
        if let Some(shown) = self.documents.shown_mut() {
            shown.edits.nudge_diameter(axis, ends);
        }
    }

    /// A pointer begins a line of known length, goes on with the one that has one end, or moves an end of it.
    pub(super) fn begin_ruler(&mut self, pointer: i32, at: (f64, f64), is_finger: bool) {
        let Some(view) = self.shown().map(|shown| shown.viewport.view) else {
            return;
        };
        let point = self.point(at);
        let near = |end: [f64; 2]| {
            let (x, y) = viewport::to_canvas(view, (end[0], end[1]));
            (x - at.0).hypot(y - at.1) <= self.grasp(is_finger)
        };
        self.stage.ruler = Some(match self.stage.ruler {
            Some(Ruler { from, to: Some(to) }) if near(to) => Ruler {
                from,
                to: Some(point),
            },
            Some(Ruler { from, to: Some(to) }) if near(from) => Ruler {
                from: to,
                to: Some(point),
            },
            Some(Ruler { from, to: None }) if !near(from) => Ruler {
                from,
                to: Some(point),
            },
            _ => Ruler {
                from: point,
                to: None,
            },
        });
        self.stage.drawing = Some(pointer);
    }

    /// The pointer that draws the line moved.
    pub(super) fn extend_ruler(&mut self, at: (f64, f64)) {
        let to = self.point(at);
        if let Some(ruler) = &mut self.stage.ruler {
            ruler.to = Some(to);
        }
    }

    /// The pointer let go: a line without length is its first end.
    pub(super) fn end_ruler(&mut self) {
        let is_short = self.ruler_length() < SHORTEST;
        if let Some(ruler) = self.stage.ruler.as_mut().filter(|_| is_short) {
            ruler.to = None;
        }
    }

    /// The keyboard sets the first end, then the second one, then begins anew.
    pub(super) fn set_ruler_end(&mut self) {
        let point = self.point(self.stage.keyboard_brush());
        self.stage.ruler = Some(match self.stage.ruler {
            Some(Ruler { from, to: None }) => Ruler {
                from,
                to: Some(point),
            },
            _ => Ruler {
                from: point,
                to: None,
            },
        });
        self.end_ruler();
    }

    /// How long the line of known length is on the screen, in CSS pixels; 0 while there is none.
    fn ruler_length(&self) -> f64 {
        let view = self.shown().map(|shown| shown.viewport.view);
        let (Some(view), Some(Ruler { from, to: Some(to) })) = (view, self.stage.ruler) else {
            return 0.0;
        };
        let spacing = Spacing {
            x: view.scale,
            y: view.scale_y(),
        };
        spacing.distance(from, to) / self.stage.canvas.ratio
    }

    /// The line of known length lies between two depth marks; the person says how long it is.
    pub(super) fn use_depth_marks(&mut self) {
        let Some(marks) = self.depth_marks() else {
            return;
        };
        self.take_tool(Tool::Scale);
        self.stage.ruler = Some(depth_marks::line(marks));
        self.effects.push(Effect::FocusLength);
    }

    /// The line's length becomes the scale, of this image or of all of its size that follow.
    pub(super) fn apply_scale(&mut self, millimetres: f64, for_size: bool) {
        let (Some(shown), Some(Ruler { from, to: Some(to) })) = (self.shown(), self.stage.ruler)
        else {
            return;
        };
        let aspect = shown.image.pixel_aspect;
        let image = &shown.image;
        let (width, height) = (image.width, image.height);
        let length = Spacing { x: 1.0, y: aspect }.distance(from, to);
        let spacing = Spacing {
            x: millimetres / length,
            y: millimetres / length * aspect,
        };
        if !(millimetres.is_finite() && millimetres > 0.0 && spacing.is_usable()) {
            return self.fail("The scale was not set: the length must be a number above 0.");
        }
        self.calibrate(Some(spacing));
        if for_size {
            self.common_scales
                .retain(|common| (common.width, common.height) != (width, height));
            self.common_scales.push(CommonScale {
                width,
                height,
                aspect,
                spacing,
            });
        }
        self.stage.ruler = None;
        self.stage.tool = Tool::Move;
        self.effects.push(Effect::FocusStage);
    }

    /// Sets the scale of the image on the stage, or lets the file's count again.
    pub(super) fn calibrate(&mut self, spacing: Option<Spacing>) {
        if let Some(shown) = self.documents.shown_mut() {
            let order = shown.calibration().map_or(0, |last| last.order) + 1;
            shown.edits.calibrate(Calibration { order, spacing });
        }
    }

    /// Lets the file's own scale count again, or none.
    pub(super) fn remove_scale(&mut self) {
        self.calibrate(None);
        if let Some(shown) = self.shown() {
            let size = (shown.image.width, shown.image.height);
            self.common_scales
                .retain(|common| (common.width, common.height) != size);
        }
    }

    /// The scale that the person set for all images of this size.
    pub(super) fn common_scale(&self, width: u32, height: u32, aspect: f64) -> Option<Spacing> {
        let is_meant = |common: &&CommonScale| {
            (common.width, common.height) == (width, height) && common.aspect == aspect
        };
        self.common_scales
            .iter()
            .find(is_meant)
            .map(|common| common.spacing)
    }

    /// Puts the report into the clipboard.
    pub(super) fn copy_report(&mut self) {
        if let Some(text) = self.report_text() {
            self.notices.forget_errors();
            let what = "Report";
            self.effects.push(Effect::CopyText { what, text });
        }
    }

    /// Image coordinates of a canvas point, within the image.
    fn point(&self, at: (f64, f64)) -> [f64; 2] {
        let Some(shown) = self.shown() else {
            return [at.0, at.1];
        };
        let (x, y) = viewport::to_image(shown.viewport.view, at);
        let size = shown.size();
        [x.clamp(0.0, size.width), y.clamp(0.0, size.height)]
    }
}
