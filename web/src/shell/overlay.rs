//! The canvas with the overlay. The engine's frames are handed to it without being read; pan and zoom move the last of
//! them by a CSS transform, until the next one is there.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use delineo::mask::View;
use js_sys::Object;
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, ImageBitmap};

use super::files::release;
use super::reflect;
use crate::app::stage::Canvas;
use crate::app::viewport::between;

/// From this magnification of a frame on, its pixels are shown as squares.
const SQUARES: f64 = 4.0;
/// So many measures are kept on the performance timeline.
const MOST_MEASURES: u32 = 1000;

/// A frame that is to be shown.
pub struct Frame {
    /// An `ImageBitmap`; nothing where the overlay is empty.
    pub bitmap: Option<JsValue>,
    /// Left, top, width and height on the canvas that it was drawn for, in device pixels.
    pub bounds: [u32; 4],
    /// What that canvas showed.
    pub view: View,
    /// When it was asked for.
    pub asked: f64,
}

/// The overlay.
#[derive(Default)]
pub struct Overlay {
    surface: Option<Surface>,
    /// The frame that came last and is not on the canvas yet.
    coming: Option<Frame>,
    /// Where the frame on the canvas belongs.
    shown: Option<([u32; 4], View)>,
    style: String,
    measures: Rc<Cell<u32>>,
}

/// The canvas, on which a bitmap takes the place of the one before.
struct Surface {
    canvas: HtmlCanvasElement,
    context: Object,
}

impl Overlay {
    /// Takes a frame, to be shown at the next [`Overlay::draw`].
    pub fn take(&mut self, frame: Frame) {
        if let Some(before) = self.coming.replace(frame) {
            before.release();
        }
    }

    /// Shows nothing from the next [`Overlay::draw`] on.
    pub fn clear(&mut self) {
        self.shown = None;
        if let Some(before) = self.coming.take() {
            before.release();
        }
    }

    /// Puts the last frame where it belongs when the canvas shows `view`.
    pub fn draw(&mut self, view: View, canvas: Canvas, is_hidden: bool) {
        if self.surface.is_none() {
            self.surface = Surface::find();
        }
        let Some(surface) = &self.surface else {
            return;
        };
        if let Some(frame) = self.coming.take() {
            let is_shown = frame.bitmap.as_ref().map(|bitmap| surface.show(bitmap));
            self.shown = matches!(is_shown, Some(Ok(()))).then_some((frame.bounds, frame.view));
            self.measure(&frame);
        }
        let style = match self.shown {
            Some((bounds, from)) if !is_hidden => placed(bounds, from, view, canvas.ratio),
            _ => "visibility: hidden".to_owned(),
        };
        if style != self.style {
            // A style attribute would be refused by the page's content security policy; this is none.
            surface.canvas.style().set_css_text(&style);
            self.style = style;
        }
    }

    /// Writes on the performance timeline how long the frame took, from when it was asked for to when the browser has
    /// painted it.
    fn measure(&self, frame: &Frame) {
        let Some(performance) = window().performance() else {
            return;
        };
        let detail = reflect::object(&[
            ("transferred", performance.now().into()),
            ("width", frame.bounds[2].into()),
            ("height", frame.bounds[3].into()),
        ]);
        let asked = frame.asked;
        let measures = Rc::clone(&self.measures);
        // An animation frame is under way: what comes after it comes after the paint.
        set_timeout(
            move || {
                measures.set(measures.get() + 1);
                if measures.get() > MOST_MEASURES {
                    performance.clear_measures_with_measure_name("overlay");
                    measures.set(1);
                }
                let options = reflect::object(&[
                    ("start", asked.into()),
                    ("end", performance.now().into()),
                    ("detail", detail.into()),
                ]);
                // Only the bench reads it.
                drop(reflect::call(
                    &performance,
                    "measure",
                    &["overlay".into(), options.into()],
                ));
            },
            Duration::ZERO,
        );
    }
}

impl Frame {
    /// Frees its memory.
    pub fn release(&self) {
        if let Some(bitmap) = &self.bitmap {
            release(bitmap);
        }
    }
}

impl Surface {
    /// The canvas on the page, once it is there.
    fn find() -> Option<Self> {
        let canvas = document().get_element_by_id("stage-overlay")?;
        let canvas: HtmlCanvasElement = canvas.dyn_into().ok()?;
        let context = canvas.get_context("bitmaprenderer").ok().flatten()?;
        Some(Self { canvas, context })
    }

    fn show(&self, bitmap: &JsValue) -> Result<(), JsValue> {
        let bitmap: &ImageBitmap = bitmap.dyn_ref().ok_or(JsValue::UNDEFINED)?;
        let size = (bitmap.width(), bitmap.height());
        if (self.canvas.width(), self.canvas.height()) != size {
            self.canvas.set_width(size.0);
            self.canvas.set_height(size.1);
        }
        reflect::call(&self.context, "transferFromImageBitmap", &[bitmap.into()]).map(drop)
    }
}

/// The style that puts a frame, drawn for view `from`, where it belongs in view `to`. The element has a CSS pixel for
/// each of the frame's, so that nothing is rounded; the transform makes them device pixels.
fn placed([left, top, width, height]: [u32; 4], from: View, to: View, ratio: f64) -> String {
    let (x, y, magnification) = between(from, to);
    let x = (x + f64::from(left) * magnification) / ratio;
    let y = (y + f64::from(top) * magnification) / ratio;
    let scale = magnification / ratio;
    let rendering = if magnification >= SQUARES {
        "pixelated"
    } else {
        "auto"
    };
    format!(
        "inset: 0 auto auto 0; width: {width}px; height: {height}px; transform-origin: 0 0; \
         transform: translate({x}px, {y}px) scale({scale}); will-change: transform; \
         image-rendering: {rendering}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: View = View {
        left: 10.0,
        top: 20.0,
        scale: 2.0,
        aspect: 1.0,
    };

    #[test]
    fn a_frame_for_the_view_that_is_shown_has_a_device_pixel_for_each_of_its_own() {
        let style = placed([30, 40, 500, 300], FROM, FROM, 2.0);
        assert!(style.contains("width: 500px; height: 300px"), "{style}");
        assert!(
            style.contains("translate(15px, 20px) scale(0.5)"),
            "{style}"
        );
    }

    #[test]
    fn the_last_frame_moves_and_grows_with_the_image() {
        let to = View {
            left: 0.0,
            top: 0.0,
            scale: 4.0,
            aspect: 1.0,
        };
        let style = placed([30, 40, 500, 300], FROM, to, 1.0);
        assert!(
            style.contains("translate(100px, 160px) scale(2)"),
            "{style}"
        );
        assert!(style.contains("image-rendering: auto"), "{style}");
    }
}
