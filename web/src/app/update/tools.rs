//! The tools that correct the mask other than by strokes: lasso, regions, and boxes with a threshold of their own.

use delineo::mask::{Correction, Lasso, Place, ThresholdBox};

use crate::app::stage::{Outline, Tool};
use crate::app::state::App;
use crate::app::viewport;

/// How near, in CSS pixels, a region is meant although the pointer is beside it: by a mouse or a pen, and by a finger.
const NEAR: f64 = 4.0;
const FINGER_NEAR: f64 = 14.0;
/// Points of a lasso that are nearer to each other than this, in CSS pixels, are one.
const SHORTEST: f64 = 4.0;
/// From how near, in CSS pixels, the first corner of a lasso closes it.
const CLOSING: f64 = 10.0;

impl App {
    /// A pointer touched the stage with one of these tools in hand.
    pub(super) fn tool_down(&mut self, pointer: i32, at: (f64, f64), is_finger: bool) {
        self.stage.drawing = Some(pointer);
        match self.stage.tool {
            Tool::Lasso(_) => {
                self.press_lasso(at);
                self.draw_by_keyboard(false);
            }
            Tool::Fill | Tool::Drop => {
                let near = if is_finger { FINGER_NEAR } else { NEAR };
                self.correct_region(at, near);
            }
            Tool::Box => {
                let (x, y) = self.in_image(at);
                self.stage.box_from = Some([x, y]);
            }
            Tool::Move | Tool::Add | Tool::Erase | Tool::Scale => {}
        }
    }

    /// The pointer that draws moved.
    pub(super) fn tool_moved(&mut self, at: (f64, f64)) {
        match self.stage.tool {
            Tool::Lasso(_) => self.extend_lasso(at),
            Tool::Box => self.extend_box(at),
            _ => {}
        }
    }

    /// The pointer that draws let go.
    pub(super) fn tool_up(&mut self) {
        self.stage.box_from = None;
        // What was drawn in one go is closed; between corners that were clicked, a free line is only a part of it.
        let is_whole = |outline: &Outline| outline.is_free && outline.before_press == 0;
        if self.stage.outline.as_ref().is_some_and(is_whole) {
            self.close_lasso();
        } else if let Some(outline) = &mut self.stage.outline {
            outline.is_free = false;
        }
    }

    /// A second finger: the first was the beginning of a pinch.
    pub(super) fn tool_given_up(&mut self) {
        match self.stage.tool {
            Tool::Lasso(_) => {
                if let Some(outline) = &mut self.stage.outline {
                    outline.corners.truncate(outline.before_press);
                    outline.is_free = false;
                }
                self.stage
                    .outline
                    .take_if(|outline| outline.corners.is_empty());
            }
            Tool::Box => {
                let began = self.stage.box_from.take();
                let is_drawn = |of: ThresholdBox| began.map(single) == Some(of.corners[0]);
                if let Some(shown) = self.documents.shown_mut()
                    && shown.edits.last_box().is_some_and(is_drawn)
                {
                    shown.edits.abandon();
                }
            }
            _ => {
                if let Some(shown) = self.documents.shown_mut() {
                    shown.edits.abandon();
                }
            }
        }
    }

    /// Enter with one of these tools in hand. It closes a lasso that a pointer draws; by keyboard it sets a corner, and
    /// closes where the last one is.
    pub(super) fn tool_entered(&mut self) {
        let at = self.stage.keyboard_brush();
        let is_by_pointer = |outline: &Outline| !outline.is_by_keyboard;
        match self.stage.tool {
            Tool::Lasso(_) if self.stage.outline.as_ref().is_some_and(is_by_pointer) => {
                self.close_lasso();
            }
            Tool::Lasso(_) => {
                self.press_lasso(at);
                self.draw_by_keyboard(true);
            }
            Tool::Fill | Tool::Drop => self.correct_region(at, NEAR),
            Tool::Box if self.stage.box_from.is_some() => {
                self.extend_box(at);
                self.stage.box_from = None;
            }
            Tool::Box => {
                let (x, y) = self.in_image(at);
                self.stage.box_from = Some([x, y]);
            }
            Tool::Move | Tool::Add | Tool::Erase | Tool::Scale => {}
        }
    }

    /// Who draws the lasso from now on.
    pub(super) fn draw_by_keyboard(&mut self, is_by_keyboard: bool) {
        if let Some(outline) = &mut self.stage.outline {
            outline.is_by_keyboard = is_by_keyboard;
        }
    }

    /// Escape: what is being drawn is abandoned; where nothing is, the tool is put down.
    pub(super) fn put_down(&mut self) {
        if self.stage.outline.is_some() || self.stage.box_from.is_some() {
            if self.stage.drawing.is_some() {
                self.tool_given_up();
            }
            self.stage.let_go();
        } else {
            self.take_tool(Tool::Move);
        }
    }

    /// Takes the last corner of a lasso back. Says whether there was one.
    pub(super) fn take_corner_back(&mut self) -> bool {
        let Some(outline) = &mut self.stage.outline else {
            return false;
        };
        outline.corners.pop();
        outline.before_press = outline.before_press.min(outline.corners.len());
        self.stage
            .outline
            .take_if(|outline| outline.corners.is_empty());
        true
    }

    /// A press of the lasso: another corner, or the end where it is on the first or the last one.
    fn press_lasso(&mut self, at: (f64, f64)) {
        let outline = self.stage.outline.clone().unwrap_or_default();
        let is_near = |corner: Option<&[f64; 2]>, most: f64| {
            corner.is_some_and(|corner| self.distance(*corner, at) < most)
        };
        let closes = outline.corners.len() > 2
            && (is_near(outline.corners.first(), CLOSING)
                || is_near(outline.corners.last(), SHORTEST));
        if closes {
            return self.close_lasso();
        }
        let is_same = is_near(outline.corners.last(), SHORTEST);
        let (x, y) = self.in_image(at);
        let outline = self.stage.outline.insert(outline);
        outline.before_press = outline.corners.len();
        outline.is_free = false;
        if !is_same {
            outline.corners.push([x, y]);
        }
    }

    fn extend_lasso(&mut self, at: (f64, f64)) {
        let last = self
            .stage
            .outline
            .as_ref()
            .and_then(|outline| outline.corners.last());
        if last.is_none_or(|last| self.distance(*last, at) < SHORTEST) {
            return;
        }
        let (x, y) = self.in_image(at);
        if let Some(outline) = &mut self.stage.outline {
            outline.is_free = true;
            outline.corners.push([x, y]);
        }
    }

    /// Two corners are no area: then nothing is corrected.
    fn close_lasso(&mut self) {
        let (Some(outline), Tool::Lasso(kind)) = (self.stage.outline.take(), self.stage.tool)
        else {
            return;
        };
        if outline.corners.len() > 2
            && let Some(shown) = self.documents.shown_mut()
        {
            shown.edits.correct(Correction::Lasso(Lasso {
                kind,
                corners: outline.corners.into_iter().map(single).collect(),
            }));
        }
    }

    fn correct_region(&mut self, at: (f64, f64), near: f64) {
        let (x, y) = self.in_image(at);
        let is_fill = self.stage.tool == Tool::Fill;
        let near = near * self.stage.canvas.ratio;
        if let Some(shown) = self.documents.shown_mut() {
            let place = Place {
                at: single([x, y]),
                within: (near / shown.viewport.view.scale) as f32,
            };
            shown.edits.correct(if is_fill {
                Correction::FillRegion(place)
            } else {
                Correction::DropRegion(place)
            });
        }
    }

    /// The box reaches to here; too small a one is a press and no box.
    fn extend_box(&mut self, at: (f64, f64)) {
        let Some(from) = self.stage.box_from else {
            return;
        };
        let (x, y) = self.in_image(at);
        let is_small = self.distance(from, at) < SHORTEST;
        let corners = [from, [x, y]].map(single);
        if let Some(shown) = self.documents.shown_mut() {
            let is_begun = |of: ThresholdBox| of.corners[0] == corners[0];
            if shown.edits.last_box().is_some_and(is_begun) {
                shown.edits.change_box(|of| of.corners = corners);
            } else if !is_small {
                shown.edits.correct(Correction::Threshold(ThresholdBox {
                    corners,
                    threshold: None,
                }));
            }
        }
    }

    /// The threshold of the box that was drawn last, in hundredths; none for the one that its probabilities propose.
    pub(super) fn set_box_threshold(&mut self, threshold: Option<f32>) {
        let threshold = threshold.map(|value| (value.clamp(0.01, 0.99) * 100.0).round() / 100.0);
        if let Some(shown) = self.documents.shown_mut() {
            shown.edits.change_box(|of| of.threshold = threshold);
        }
    }

    /// From a point of the image to one of the canvas, in CSS pixels.
    fn distance(&self, point: [f64; 2], at: (f64, f64)) -> f64 {
        let view = self.shown().map(|shown| shown.viewport.view);
        let there = view.map_or((point[0], point[1]), |view| {
            viewport::to_canvas(view, (point[0], point[1]))
        });
        (there.0 - at.0).hypot(there.1 - at.1) / self.stage.canvas.ratio
    }
}

fn single(point: [f64; 2]) -> [f32; 2] {
    point.map(|at| at as f32)
}
