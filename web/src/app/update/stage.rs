//! What hands and arrows do on the stage.

use crate::app::gestures::{Pointer, PointerPhase};
use crate::app::stage::{Canvas, Tool};
use crate::app::state::App;
use crate::app::viewport::{self, Size, Viewport};

/// How far an arrow key moves the image, in CSS pixels.
const KEY_STEP: f64 = 48.0;
/// How far it moves the brush.
const KEY_BRUSH_STEP: f64 = 8.0;
/// The part of the stage's height that may come or go below the image while a tool is in hand: two lines of a notice.
const NUDGE: f64 = 0.125;
/// How much the brush's size changes with a CSS pixel of the wheel's turn: about a fifth with a notch.
const BRUSH_TURN: f64 = 0.0018;

impl App {
    /// The stage has another size: fitted images are fitted again, others stay around their centre. With a tool in hand the
    /// image stays where it is on the screen when a line below the stage comes or goes: a sentence must not move the picture
    /// under the pointer.
    pub(super) fn resize(&mut self, canvas: Canvas) {
        let before = self.stage.canvas;
        self.stage.canvas = canvas;
        if self.stage.tool != Tool::Move && self.is_nudge(before, canvas) {
            return;
        }
        let before = before.size();
        self.move_viewport(|viewport, size, canvas| viewport.resized(before, size, canvas));
    }

    /// Whether a change of the stage's size only takes or gives a little of its height, and leaves nearly all of a fitted
    /// image visible.
    fn is_nudge(&self, before: Canvas, canvas: Canvas) -> bool {
        let Some(shown) = self.shown() else {
            return false;
        };
        let height = f64::from(before.height);
        let change = (f64::from(canvas.height) - height).abs();
        let viewport = shown.viewport;
        let bottom = viewport::to_canvas(viewport.view, (0.0, shown.size().height)).1;
        let hidden = bottom - f64::from(canvas.height);
        let is_visible = !viewport.fitted || hidden <= height * NUDGE;
        (before.width, before.ratio) == (canvas.width, canvas.ratio)
            && change <= height * NUDGE
            && is_visible
    }

    /// A fitted image is fitted again, where it stayed while a tool was in hand.
    pub(super) fn fit_again(&mut self) {
        self.move_viewport(|viewport, size, canvas| match viewport.fitted {
            true => viewport.fit(size, canvas),
            false => viewport,
        });
    }

    /// Changes what is visible of the image on the stage.
    pub(super) fn move_viewport(&mut self, change: impl FnOnce(Viewport, Size, Size) -> Viewport) {
        let canvas = self.stage.canvas.size();
        if let Some(shown) = self.documents.shown_mut() {
            shown.viewport = change(shown.viewport, shown.size(), canvas);
        }
    }

    /// A pointer drags, pinches or draws.
    pub(super) fn pointer(&mut self, pointer: Pointer) {
        let Pointer {
            phase,
            id,
            at,
            is_main,
            is_finger,
        } = pointer;
        match phase {
            PointerPhase::Down => self.pointer_down(id, at, is_main, is_finger),
            PointerPhase::Moved => {
                let hovers = self.stage.tool != Tool::Move && !is_finger;
                self.stage.hover = hovers.then_some(at);
                self.pointer_moved(id, at);
            }
            PointerPhase::Up => {
                self.stage.gesture.up(id);
                if self.stage.drawing == Some(id) {
                    self.stage.drawing = None;
                    self.end_ruler();
                    self.tool_up();
                }
                self.stage.held.take_if(|held| held.pointer == id);
            }
            PointerPhase::Left => self.stage.hover = None,
        }
    }

    fn pointer_down(&mut self, id: i32, at: (f64, f64), is_main: bool, is_finger: bool) {
        self.stage.gesture.down(id, at);
        if self.is_read_only() {
            return;
        }
        let has_maps = self.shown().is_some_and(|shown| shown.maps().is_some());
        if is_main && self.stage.gesture.count() == 1 {
            match self.stage.tool {
                Tool::Move => return self.take_end(id, at, is_finger),
                Tool::Scale => return self.begin_ruler(id, at, is_finger),
                Tool::Add | Tool::Erase => {}
                Tool::Lasso(_) | Tool::Fill | Tool::Drop | Tool::Box => {
                    if has_maps {
                        self.tool_down(id, at, is_finger);
                    }
                    return;
                }
            }
        }
        if self.stage.gesture.count() == 2 {
            self.give_end_back();
            if self.stage.tool == Tool::Scale && self.stage.drawing.take().is_some() {
                return self.end_ruler();
            }
        }
        match (self.stage.tool.stroke_kind(), self.stage.gesture.count()) {
            (Some(kind), 1) if is_main && has_maps => {
                let (radius, point) = (self.brush_radius(), self.in_image(at));
                if let Some(shown) = self.documents.shown_mut() {
                    shown.edits.begin(kind, radius, point);
                    self.stage.drawing = Some(id);
                }
            }
            // A second finger: it was the beginning of a pinch, not of a stroke.
            (_, 2) if self.stage.drawing.take().is_some() => self.tool_given_up(),
            _ => {}
        }
    }

    fn pointer_moved(&mut self, id: i32, at: (f64, f64)) {
        let Some(motion) = self.stage.gesture.moved(id, at) else {
            return;
        };
        if self.drag_end(id, at) {
            return;
        }
        if self.stage.drawing == Some(id) && self.stage.tool == Tool::Scale {
            return self.extend_ruler(at);
        }
        if self.stage.drawing == Some(id) && self.stage.tool.stroke_kind().is_none() {
            return self.tool_moved(at);
        }
        if self.stage.drawing == Some(id) {
            let point = self.in_image(at);
            if let Some(shown) = self.documents.shown_mut() {
                shown.edits.extend(point);
            }
            return;
        }
        self.move_viewport(|viewport, size, canvas| {
            let moved = viewport.pan(motion.dx, motion.dy, size, canvas);
            if motion.factor == 1.0 {
                moved
            } else {
                moved.zoom(motion.factor, motion.at, size, canvas)
            }
        });
    }

    /// An arrow key: it moves the image, or with a brush in hand the brush, which draws as it goes if `draws`.
    pub(super) fn arrow(&mut self, across: f64, down: f64, draws: bool) {
        let ratio = self.stage.canvas.ratio;
        let kind = self.stage.tool.stroke_kind();
        if self.stage.tool == Tool::Move {
            let step = ratio * KEY_STEP;
            return self.move_viewport(|viewport, size, canvas| {
                viewport.pan(-across * step, -down * step, size, canvas)
            });
        }
        // The keyboard has the brush now, also where the pointer rests on the stage.
        self.stage.hover = None;
        self.draw_by_keyboard(true);
        let step = match kind {
            None if draws => ratio,
            _ => ratio * KEY_BRUSH_STEP,
        };
        let before = self.in_image(self.stage.keyboard_brush());
        let (over_x, over_y) = self.stage.move_keyboard_brush(across * step, down * step);
        if over_x != 0.0 || over_y != 0.0 {
            // At the edge the image moves instead.
            self.move_viewport(|viewport, size, canvas| {
                viewport.pan(-over_x, -over_y, size, canvas)
            });
        }
        let has_maps = self.shown().is_some_and(|shown| shown.maps().is_some());
        if let Some(kind) = kind.filter(|_| draws && has_maps) {
            let after = self.in_image(self.stage.keyboard_brush());
            let radius = self.brush_radius();
            if let Some(shown) = self.documents.shown_mut() {
                if !shown.edits.ends_at(kind, before) {
                    shown.edits.begin(kind, radius, before);
                }
                shown.edits.extend(after);
            }
        }
    }

    /// Puts the brush down once, for those who draw with the keyboard.
    pub(super) fn dab(&mut self) {
        if self.stage.tool.corrects() && self.stage.tool.stroke_kind().is_none() {
            return self.tool_entered();
        }
        self.stage.hover = None;
        if self.stage.tool == Tool::Scale {
            return self.set_ruler_end();
        }
        let point = self.in_image(self.stage.keyboard_brush());
        let radius = self.brush_radius();
        if let (Some(kind), Some(shown)) =
            (self.stage.tool.stroke_kind(), self.documents.shown_mut())
        {
            shown.edits.begin(kind, radius, point);
        }
    }

    /// Sets the brush's diameter in image pixels, within its limits.
    pub(super) fn set_brush(&mut self, diameter: f64) {
        let (least, most) = self.brush_limits();
        self.preferences.brush_pixels = Some(diameter.clamp(least, most));
    }

    /// The wheel with Alt or Shift.
    pub(super) fn turn_aside(&mut self, turn: f64) {
        if self.stage.tool.stroke_kind().is_some() {
            self.set_brush(self.brush() * (-turn * BRUSH_TURN).exp());
        } else {
            let across = -turn * self.stage.canvas.ratio;
            self.move_viewport(|viewport, size, canvas| viewport.pan(across, 0.0, size, canvas));
        }
    }

    /// The brush's radius in image pixels.
    fn brush_radius(&self) -> f64 {
        self.brush() / 2.0
    }

    /// The image coordinates of a canvas point.
    pub(super) fn in_image(&self, at: (f64, f64)) -> (f64, f64) {
        self.shown()
            .map_or(at, |shown| viewport::to_image(shown.viewport.view, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brush_is_where_the_keyboard_moves_it_although_the_pointer_rests_on_the_stage() {
        let mut app = App::default();
        app.stage.tool = Tool::Add;
        app.pointer(Pointer {
            phase: PointerPhase::Moved,
            id: 1,
            at: (3.0, 4.0),
            is_main: false,
            is_finger: false,
        });
        assert_eq!(app.stage.hover, Some((3.0, 4.0)));
        app.arrow(1.0, 0.0, false);
        assert_eq!(app.stage.hover, None);
    }
}
