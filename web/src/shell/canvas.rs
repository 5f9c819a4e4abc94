//! What is drawn on the stage: the image below, the overlay above. Both are drawn once for each frame of the screen.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use delineo::mask::View;
use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::image_levels::Levels;
use super::overlay::{Frame, Overlay};
use crate::app::App;
use crate::app::stage::Canvas;
use crate::app::viewport::{Size, Viewport};

/// From so many device pixels per image pixel on, pixels are shown as squares.
const SQUARES: f64 = 4.0;

/// Draws the stage.
pub struct StageRenderer {
    context: OnceCell<CanvasRenderingContext2d>,
    image: RefCell<Option<Image>>,
    overlay: RefCell<Overlay>,
    scene: Cell<Scene>,
    /// What the image on the canvas was drawn for; nothing where it must be drawn anew.
    drawn: Cell<Option<(View, Canvas)>>,
    is_scheduled: Cell<bool>,
}

/// What of the app's state is drawn.
#[derive(Clone, Copy, PartialEq)]
struct Scene {
    view: View,
    canvas: Canvas,
    is_comparing: bool,
}

/// The image on the stage.
struct Image {
    levels: Rc<Levels>,
    /// Its own size, which may be larger than the bitmap's.
    size: Size,
}

impl StageRenderer {
    /// An empty stage.
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            context: OnceCell::new(),
            image: RefCell::default(),
            overlay: RefCell::default(),
            scene: Cell::new(Scene {
                view: Viewport::default().view,
                canvas: Canvas::default(),
                is_comparing: false,
            }),
            drawn: Cell::default(),
            is_scheduled: Cell::default(),
        })
    }

    /// Draws anew where the app's state says so.
    pub fn follow(self: &Rc<Self>, app: &App) {
        let before = self.scene.get();
        let scene = Scene {
            view: app.shown().map_or(before.view, |shown| shown.viewport.view),
            canvas: app.stage.canvas,
            is_comparing: app.stage.is_comparing,
        };
        if scene != before {
            self.scene.set(scene);
            self.schedule();
        }
    }

    /// Shows an image in the place of the one before.
    pub fn show_image(self: &Rc<Self>, levels: Rc<Levels>, size: Size) {
        self.image.replace(Some(Image { levels, size }));
        self.schedule_image();
    }

    /// An image has another copy to be drawn from.
    pub fn has_another_copy(self: &Rc<Self>, levels: &Levels) {
        let shown = self.image.borrow();
        if shown
            .as_ref()
            .is_some_and(|image| std::ptr::eq(&*image.levels, levels))
        {
            self.schedule_image();
        }
    }

    /// Shows a frame of the overlay in the place of the one before.
    pub fn show_overlay(self: &Rc<Self>, frame: Frame) {
        self.overlay.borrow_mut().take(frame);
        self.schedule();
    }

    /// Takes the overlay off.
    pub fn clear_overlay(self: &Rc<Self>) {
        self.overlay.borrow_mut().clear();
        self.schedule();
    }

    /// Takes image and overlay off.
    pub fn clear(self: &Rc<Self>) {
        self.image.replace(None);
        self.clear_overlay();
        self.schedule_image();
    }

    fn schedule_image(self: &Rc<Self>) {
        self.drawn.set(None);
        self.schedule();
    }

    fn schedule(self: &Rc<Self>) {
        if !self.is_scheduled.replace(true) {
            let renderer = Rc::clone(self);
            request_animation_frame(move || {
                renderer.is_scheduled.set(false);
                renderer.draw();
            });
        }
    }

    fn draw(&self) {
        let Scene {
            view,
            canvas,
            is_comparing,
        } = self.scene.get();
        if self.drawn.get() != Some((view, canvas)) && self.draw_image(view, canvas).is_some() {
            self.drawn.set(Some((view, canvas)));
        }
        self.overlay.borrow_mut().draw(view, canvas, is_comparing);
    }

    fn draw_image(&self, view: View, canvas: Canvas) -> Option<()> {
        let context = self.context()?;
        let element = context.canvas()?;
        if (element.width(), element.height()) == (canvas.width, canvas.height) {
            let Size { width, height } = canvas.size();
            context.clear_rect(0.0, 0.0, width, height);
        } else {
            // Which clears it too.
            element.set_width(canvas.width);
            element.set_height(canvas.height);
        }
        if let Some(image) = &*self.image.borrow()
            && let Some([left, top, width, height]) = visible(view, image.size, canvas.size())
        {
            // A bitmap is smaller than its image where that is larger than a canvas may be.
            let (bitmap_width, bitmap_height) = image.levels.size();
            let across = bitmap_width / image.size.width;
            let down = bitmap_height / image.size.height;
            let part = [left * across, top * down, width * across, height * down];
            let target = [
                (left - view.left) * view.scale,
                (top - view.top) * view.scale_y(),
                width * view.scale,
                height * view.scale_y(),
            ];
            context.set_image_smoothing_enabled(view.scale < SQUARES);
            image.levels.draw(context, part, target).ok()?;
        }
        Some(())
    }

    fn context(&self) -> Option<&CanvasRenderingContext2d> {
        if self.context.get().is_none() {
            let canvas = document().get_element_by_id("stage-image")?;
            let canvas: HtmlCanvasElement = canvas.dyn_into().ok()?;
            // For the one frame in which the stage has its new size and the canvas does not: the image is not stretched.
            canvas
                .style()
                .set_css_text("object-fit: cover; object-position: 0 0");
            let context = canvas.get_context("2d").ok().flatten()?;
            self.context.set(context.dyn_into().ok()?).ok()?;
        }
        self.context.get()
    }
}

/// Left, top, width and height of the part of an image that a canvas shows, in whole image pixels. A browser may refuse,
/// or blur, an image that is drawn whole and magnified to 100 000 pixels.
fn visible(view: View, image: Size, canvas: Size) -> Option<[f64; 4]> {
    let along = |start: f64, visible: f64, image: f64| {
        let end = start + visible;
        (
            start.floor().clamp(0.0, image),
            end.ceil().clamp(0.0, image),
        )
    };
    let (left, right) = along(view.left, canvas.width / view.scale, image.width);
    let (top, bottom) = along(view.top, canvas.height / view.scale_y(), image.height);
    (right > left && bottom > top).then_some([left, top, right - left, bottom - top])
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Size = Size {
        width: 1000.0,
        height: 500.0,
    };
    const CANVAS: Size = Size {
        width: 800.0,
        height: 800.0,
    };

    fn view(left: f64, top: f64, scale: f64) -> View {
        View {
            left,
            top,
            scale,
            aspect: 1.0,
        }
    }

    #[test]
    fn only_what_is_visible_is_drawn() {
        let part = visible(view(100.5, 50.0, 8.0), IMAGE, CANVAS);
        assert_eq!(part, Some([100.0, 50.0, 101.0, 100.0]));
        assert_eq!(
            visible(view(-20.0, -60.0, 0.5), IMAGE, CANVAS),
            Some([0.0, 0.0, 1000.0, 500.0])
        );
    }

    #[test]
    fn nothing_is_drawn_beside_the_image_or_without_a_canvas() {
        assert_eq!(visible(view(1200.0, 0.0, 1.0), IMAGE, CANVAS), None);
        assert_eq!(visible(view(0.0, 0.0, 1.0), IMAGE, Size::new(0, 0)), None);
    }
}
