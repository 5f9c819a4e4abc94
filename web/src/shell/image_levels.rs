//! A large image in halves: copies of it, each half as wide and high as the one before.
//!
//! Browsers scale an image down well only by such copies, which they make on the main thread and forget again. Chromium
//! on two cores without a GPU takes 50 to 110 ms for them, at 12 as at 48 megapixels, and no less when it is asked for a
//! reduced bitmap (`createImageBitmap` with a size). Drawn to half its size or more, an image needs none: so the copies
//! are made here, once, a strip at a time, and the nearest one is drawn in a few milliseconds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

use super::timers::pause;

/// An image that is no wider and no higher than this needs no smaller copy.
const LEAST_SIDE: u32 = 1024;
/// Pixels of a copy that are made in one go.
const STRIP: u32 = 500_000;

/// A rectangle: left, top, width, height.
pub type Rectangle = [f64; 4];

/// An image and its copies. Their memory is freed with it.
pub struct Levels {
    bitmap: ImageBitmap,
    halves: RefCell<Vec<HtmlCanvasElement>>,
}

impl Levels {
    /// The image alone.
    pub fn new(bitmap: ImageBitmap) -> Rc<Self> {
        Rc::new(Self {
            bitmap,
            halves: RefCell::default(),
        })
    }

    /// Width and height of the image in pixels.
    pub fn size(&self) -> (f64, f64) {
        (
            f64::from(self.bitmap.width()),
            f64::from(self.bitmap.height()),
        )
    }

    /// Makes the copies, until the image is dropped. `ready` is called after each.
    pub fn make(self: &Rc<Self>, ready: impl Fn(&Self) + 'static) {
        let levels = Rc::downgrade(self);
        spawn_local(async move {
            let mut size = match levels.upgrade() {
                Some(levels) => (levels.bitmap.width(), levels.bitmap.height()),
                None => return,
            };
            while size.0.max(size.1) > LEAST_SIDE {
                size = ((size.0 / 2).max(1), (size.1 / 2).max(1));
                let Ok((half, context)) = new_canvas(size) else {
                    return;
                };
                for (top, rows) in strips(size) {
                    pause(Duration::ZERO).await;
                    let Some(levels) = levels.upgrade() else {
                        return;
                    };
                    if levels.fill(&context, size, top, rows).is_err() {
                        return;
                    }
                }
                let Some(levels) = levels.upgrade() else {
                    return;
                };
                levels.halves.borrow_mut().push(half);
                ready(&levels);
            }
        });
    }

    /// Draws a part of the image, in its own pixels, by the smallest copy that has enough of them.
    ///
    /// # Errors
    /// What the browser says, as when the image was closed.
    pub fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        part: Rectangle,
        target: Rectangle,
    ) -> Result<(), JsValue> {
        set_quality(context);
        let halves = self.halves.borrow();
        let level = level_for(target[2] / part[2], halves.len());
        match level.checked_sub(1).and_then(|index| halves.get(index)) {
            None => draw_bitmap(context, &self.bitmap, part, target),
            Some(half) => {
                let (width, height) = self.size();
                let across = f64::from(half.width()) / width;
                let down = f64::from(half.height()) / height;
                let [left, top, part_width, part_height] = part;
                let part = [
                    left * across,
                    top * down,
                    part_width * across,
                    part_height * down,
                ];
                draw_canvas(context, half, part, target)
            }
        }
    }

    /// Draws so many rows of the next copy, which is of this size, from the last one.
    fn fill(
        &self,
        context: &CanvasRenderingContext2d,
        size: (u32, u32),
        top: u32,
        rows: u32,
    ) -> Result<(), JsValue> {
        set_quality(context);
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let target = [0.0, f64::from(top), width, f64::from(rows)];
        let part = |across: u32, down: u32| {
            let step = f64::from(down) / height;
            [
                0.0,
                f64::from(top) * step,
                f64::from(across),
                f64::from(rows) * step,
            ]
        };
        match self.halves.borrow().last() {
            None => {
                let part = part(self.bitmap.width(), self.bitmap.height());
                draw_bitmap(context, &self.bitmap, part, target)
            }
            Some(half) => draw_canvas(context, half, part(half.width(), half.height()), target),
        }
    }
}

impl Drop for Levels {
    fn drop(&mut self) {
        self.bitmap.close();
        for half in self.halves.get_mut() {
            half.set_width(0);
        }
    }
}

/// How many times an image may be halved that is shown with so many device pixels per pixel, of so many halves that
/// there are.
fn level_for(scale: f64, available: usize) -> usize {
    (1..=available)
        .take_while(|level| scale * 2_f64.powi(*level as i32) <= 1.0)
        .count()
}

/// The first row and the number of rows of each strip.
fn strips((width, height): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    let rows = (STRIP / width.max(1)).max(1);
    (0..height)
        .step_by(rows as usize)
        .map(move |top| (top, rows.min(height - top)))
}

/// Between two pixels is the mean of both, and no more is looked at: at half the size that is the mean of four.
fn set_quality(context: &CanvasRenderingContext2d) {
    // Not every browser knows the word.
    drop(js_sys::Reflect::set(
        context,
        &"imageSmoothingQuality".into(),
        &"low".into(),
    ));
}

fn new_canvas(size: (u32, u32)) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.dyn_into()?;
    canvas.set_width(size.0);
    canvas.set_height(size.1);
    let context = canvas.get_context("2d")?.ok_or(JsValue::UNDEFINED)?;
    Ok((canvas, context.dyn_into()?))
}

fn draw_bitmap(
    context: &CanvasRenderingContext2d,
    bitmap: &ImageBitmap,
    [sx, sy, sw, sh]: Rectangle,
    [dx, dy, dw, dh]: Rectangle,
) -> Result<(), JsValue> {
    context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
        bitmap, sx, sy, sw, sh, dx, dy, dw, dh,
    )
}

fn draw_canvas(
    context: &CanvasRenderingContext2d,
    canvas: &HtmlCanvasElement,
    [sx, sy, sw, sh]: Rectangle,
    [dx, dy, dw, dh]: Rectangle,
) -> Result<(), JsValue> {
    context.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
        canvas, sx, sy, sw, sh, dx, dy, dw, dh,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_never_magnified() {
        assert_eq!(level_for(2.0, 5), 0);
        assert_eq!(level_for(0.6, 5), 0);
        assert_eq!(level_for(0.5, 5), 1);
        assert_eq!(level_for(0.3, 5), 1);
        assert_eq!(level_for(0.24, 5), 2);
    }

    #[test]
    fn only_copies_that_are_there_are_drawn() {
        assert_eq!(level_for(0.01, 0), 0);
        assert_eq!(level_for(0.01, 2), 2);
    }

    #[test]
    fn strips_cover_every_row_once() {
        let rows: Vec<u32> = strips((4000, 1001))
            .flat_map(|(top, rows)| top..top + rows)
            .collect();
        assert_eq!(rows, (0..1001).collect::<Vec<_>>());
        assert!(strips((4000, 3000)).all(|(_, rows)| rows * 4000 <= STRIP));
    }
}
