//! The two canvases on the stage: the picture below, the mask above, and the frames in between.
//!
//! The engine draws the mask for one view at a time. While the next frame is on its way the last one is shown where it
//! belongs in the current view, so that zoom and pan never lag behind the hand. One frame is asked for at a time; what
//! the person wants meanwhile is remembered, and only the last of it is asked for.

use std::time::Duration;

use delineo::mask::{Style, View};
use delineo_web::protocol::{Request, Settings};
use js_sys::{ArrayBuffer, Uint8ClampedArray};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap, ImageData};

use crate::sight::{self, Size};
use crate::store::Store;

/// How long nothing must change before the area is counted exactly.
const QUIET: Duration = Duration::from_millis(150);
/// A frame that takes longer than this (milliseconds) is no longer waited for.
const LOST: f64 = 5000.0;
/// From so many device pixels per image pixel on, pixels are shown as squares.
const SQUARES: f64 = 4.0;

/// The mask as the engine drew it.
struct Frame {
    canvas: HtmlCanvasElement,
    view: View,
}

/// Everything that a frame depends on.
#[derive(Clone, PartialEq)]
struct Wish {
    width: u32,
    height: u32,
    view: View,
    style: Style,
    mask: MaskKey,
}

/// Everything that the area depends on.
#[derive(Clone, Copy, PartialEq)]
struct MaskKey {
    job: u32,
    settings: Settings,
    history: u64,
}

/// A frame that the engine was asked for.
struct Asked {
    frame: u32,
    mask: MaskKey,
    at: f64,
}

/// The canvases and what is on them.
#[derive(Default)]
pub struct Easel {
    image: Option<HtmlCanvasElement>,
    overlay: Option<HtmlCanvasElement>,
    bitmap: Option<ImageBitmap>,
    size: Option<Size>,
    frame: Option<Frame>,
    is_scheduled: bool,
    frames: u32,
    asked: Option<Asked>,
    latest: Option<Wish>,
    counted: Option<MaskKey>,
    is_quiet: bool,
    timer: Option<TimeoutHandle>,
}

impl Easel {
    /// Takes the canvases of the page.
    pub fn mount(&mut self, image: HtmlCanvasElement, overlay: HtmlCanvasElement) {
        self.image = Some(image);
        self.overlay = Some(overlay);
    }

    fn draw(&self, store: Store) {
        let view = store.sight.get_untracked().view;
        if let (Some(context), Some(bitmap), Some(size)) = (
            self.image.as_ref().and_then(context),
            &self.bitmap,
            self.size,
        ) {
            draw_image(&context, bitmap, size, view);
        }
        if let Some(context) = self.overlay.as_ref().and_then(context) {
            clear_canvas(&context);
            if let Some(frame) = &self.frame {
                let (x, y, magnification) = sight::between(frame.view, view);
                context.set_image_smoothing_enabled((magnification - 1.0).abs() > 1e-9);
                let (width, height) = (
                    f64::from(frame.canvas.width()),
                    f64::from(frame.canvas.height()),
                );
                drop(context.draw_image_with_html_canvas_element_and_dw_and_dh(
                    &frame.canvas,
                    x,
                    y,
                    width * magnification,
                    height * magnification,
                ));
            }
        }
    }
}

/// Redraws, and asks for a new frame, whenever what it depends on changes.
pub fn follow(store: Store) {
    Effect::new(move |_| {
        store.sight.track();
        store.settings.track();
        store.preferences.track();
        store.history.track();
        store.shown.track();
        schedule(store);
    });
    Effect::new(move |before: Option<Size>| {
        let canvas = store.canvas.get();
        let size = canvas.size();
        store.easel.update_value(|easel| {
            for element in [&easel.image, &easel.overlay].into_iter().flatten() {
                element.set_width(canvas.width);
                element.set_height(canvas.height);
            }
        });
        if let Some(shown) = store.shown.get_untracked() {
            store
                .sight
                .update(|sight| *sight = sight.resized(before.unwrap_or(size), shown.size(), size));
        }
        // A canvas is empty after its size changed: draw before the browser shows it.
        store.easel.with_value(|easel| easel.draw(store));
        schedule(store);
        size
    });
}

/// Hangs a picture. A picture that was hung before keeps its last frame until the next one is there.
pub fn hang(store: Store, bitmap: ImageBitmap, size: Size, is_reopened: bool) {
    store.easel.update_value(|easel| {
        if let Some(before) = easel.bitmap.replace(bitmap) {
            before.close();
        }
        easel.size = Some(size);
        easel.asked = None;
        easel.latest = None;
        easel.counted = None;
        if !is_reopened {
            easel.frame = None;
        }
    });
    schedule(store);
}

/// Takes the picture down.
pub fn clear(store: Store) {
    store.easel.update_value(|easel| {
        if let Some(bitmap) = easel.bitmap.take() {
            bitmap.close();
        }
        easel.size = None;
        easel.frame = None;
        easel.asked = None;
        easel.latest = None;
        easel.counted = None;
        for canvas in [&easel.image, &easel.overlay].into_iter().flatten() {
            if let Some(context) = context(canvas) {
                clear_canvas(&context);
            }
        }
    });
}

/// Asks for a new frame although nothing changed on the page: the engine has a new probability map.
pub fn repaint(store: Store) {
    store.easel.update_value(|easel| {
        easel.asked = None;
        easel.latest = None;
        easel.counted = None;
    });
    schedule(store);
}

/// Sends the corrections if the engine has older ones.
pub fn send_corrections(store: Store, job: u32) {
    let key = (
        job,
        store.history.with_untracked(|history| history.version()),
    );
    store.engine.update_value(|engine| {
        if engine.corrected != Some(key) {
            let strokes = store.history.with_untracked(|history| history.strokes());
            if !(strokes.is_empty() && engine.corrected.is_none()) {
                engine.send(Request::Correct { job, strokes });
            }
            engine.corrected = Some(key);
        }
    });
}

/// Takes a frame from the engine. Answers whether its area replaces any earlier one, or nothing if it is about a
/// picture that is no longer shown.
pub fn painted(
    store: Store,
    job: u32,
    frame: u32,
    (width, height): (u32, u32),
    view: View,
    payload: &JsValue,
) -> Option<bool> {
    let is_new_mask = store.easel.try_update_value(|easel| {
        let asked = easel
            .asked
            .take_if(|asked| asked.frame == frame && asked.mask.job == job)?;
        let drawn = pixels(payload, width, height).and_then(|data| {
            let canvas = easel
                .frame
                .take()
                .map_or_else(new_canvas, |frame| Ok(frame.canvas))?;
            if (canvas.width(), canvas.height()) != (width, height) {
                canvas.set_width(width);
                canvas.set_height(height);
            }
            context(&canvas)
                .ok_or(JsValue::NULL)?
                .put_image_data(&data, 0.0, 0.0)?;
            Ok(canvas)
        });
        easel.frame = drawn.ok().map(|canvas| Frame { canvas, view });
        easel.draw(store);
        let is_new_mask = easel.counted.replace(asked.mask) != Some(asked.mask);
        Some(is_new_mask)
    })??;
    schedule(store);
    Some(is_new_mask)
}

/// Draws and asks at the next animation frame.
fn schedule(store: Store) {
    let is_first = store
        .easel
        .try_update_value(|easel| !std::mem::replace(&mut easel.is_scheduled, true));
    if is_first == Some(true) {
        request_animation_frame(move || {
            store.easel.update_value(|easel| {
                easel.is_scheduled = false;
                easel.draw(store);
            });
            ask(store);
        });
    }
}

/// Asks the engine for the frame that is wanted now, unless it is at work on one or has drawn it already.
fn ask(store: Store) {
    let Some(wish) = wish(store) else { return };
    let now = window()
        .performance()
        .map_or(0.0, |performance| performance.now());
    let has_exact_area = store
        .area
        .with_untracked(|area| area.is_some_and(|area| area.exact));
    let request = store.easel.try_update_value(|easel| {
        if easel
            .asked
            .as_ref()
            .is_some_and(|asked| now - asked.at < LOST)
        {
            return None;
        }
        let is_new = easel.latest.as_ref() != Some(&wish);
        let wants_count = easel.is_quiet && !(has_exact_area && easel.counted == Some(wish.mask));
        if !is_new && !wants_count {
            return None;
        }
        easel.frames += 1;
        easel.asked = Some(Asked {
            frame: easel.frames,
            mask: wish.mask,
            at: now,
        });
        easel.latest = Some(wish.clone());
        easel.is_quiet = false;
        Some((easel.frames, !is_new))
    });
    let Some((frame, exact)) = request.flatten() else {
        return;
    };
    send_corrections(store, wish.mask.job);
    let Wish {
        width,
        height,
        view,
        style,
        mask,
    } = wish;
    let request = Request::Paint {
        job: mask.job,
        frame,
        width,
        height,
        view,
        settings: mask.settings,
        style,
        exact,
    };
    store.engine.update_value(|engine| engine.send(request));
    if !exact {
        wait_for_quiet(store);
    }
}

fn wish(store: Store) -> Option<Wish> {
    if !store.has_border_now() {
        return None;
    }
    let job = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.id))?;
    let canvas = store.canvas.get_untracked();
    if canvas.size().is_empty() || store.engine.with_value(|engine| engine.holds != Some(job)) {
        return None;
    }
    Some(Wish {
        width: canvas.width,
        height: canvas.height,
        view: store.sight.get_untracked().view,
        style: store
            .preferences
            .with_untracked(|preferences| preferences.style(canvas.ratio)),
        mask: MaskKey {
            job,
            settings: store.settings.get_untracked(),
            history: store.history.with_untracked(|history| history.version()),
        },
    })
}

fn wait_for_quiet(store: Store) {
    let timer = set_timeout_with_handle(
        move || {
            store.easel.update_value(|easel| {
                easel.timer = None;
                easel.is_quiet = true;
            });
            schedule(store);
        },
        QUIET,
    );
    store.easel.update_value(|easel| {
        if let Some(before) = easel.timer.take() {
            before.clear();
        }
        easel.timer = timer.ok();
    });
}

/// Draws the visible part of the picture only: a browser may refuse, or blur, an image magnified to 100 000 pixels.
fn draw_image(context: &CanvasRenderingContext2d, bitmap: &ImageBitmap, size: Size, view: View) {
    clear_canvas(context);
    let Some(canvas) = context.canvas() else {
        return;
    };
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let left = view.left.floor().clamp(0.0, size.width);
    let top = view.top.floor().clamp(0.0, size.height);
    let right = (view.left + width / view.scale)
        .ceil()
        .clamp(0.0, size.width);
    let bottom = (view.top + height / view.scale)
        .ceil()
        .clamp(0.0, size.height);
    if right <= left || bottom <= top {
        return;
    }
    // A bitmap is smaller than its picture where that is larger than a canvas may be.
    let (across, down) = (
        f64::from(bitmap.width()) / size.width,
        f64::from(bitmap.height()) / size.height,
    );
    context.set_image_smoothing_enabled(view.scale < SQUARES);
    // Not every browser knows the quality; those that do smooth a reduced picture better.
    drop(js_sys::Reflect::set(
        context,
        &"imageSmoothingQuality".into(),
        &"high".into(),
    ));
    drop(
        context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            bitmap,
            left * across,
            top * down,
            (right - left) * across,
            (bottom - top) * down,
            (left - view.left) * view.scale,
            (top - view.top) * view.scale,
            (right - left) * view.scale,
            (bottom - top) * view.scale,
        ),
    );
}

fn clear_canvas(context: &CanvasRenderingContext2d) {
    if let Some(canvas) = context.canvas() {
        context.clear_rect(
            0.0,
            0.0,
            f64::from(canvas.width()),
            f64::from(canvas.height()),
        );
    }
}

fn pixels(payload: &JsValue, width: u32, height: u32) -> Result<ImageData, JsValue> {
    let buffer: &ArrayBuffer = payload.dyn_ref().ok_or(JsValue::NULL)?;
    ImageData::new_with_js_u8_clamped_array_and_sh(&Uint8ClampedArray::new(buffer), width, height)
}

fn new_canvas() -> Result<HtmlCanvasElement, JsValue> {
    Ok(document().create_element("canvas")?.unchecked_into())
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}
