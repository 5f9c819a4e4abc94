//! The stage: the picture with its mask, and what hands do to it.

use delineo::mask::StrokeKind;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{PointerEvent, ResizeObserver, ResizeObserverEntry, WheelEvent};

use crate::gestures::{Gesture, wheel_factor};
use crate::sight;
use crate::store::{Canvas, Store, Tool};
use crate::wording;

/// How far an arrow key moves the picture, in CSS pixels.
const KEY_STEP: f64 = 48.0;
/// How far it moves the brush.
const KEY_BRUSH_STEP: f64 = 8.0;

/// A canvas larger than this is drawn coarser: a frame would take too long, and some phones refuse it.
const MOST_PIXELS: f64 = 9e6;

/// What the pointers do just now.
#[derive(Default)]
struct Hands {
    gesture: Gesture,
    /// The pointer that draws.
    drawing: Option<i32>,
}

/// The two canvases, their text alternative, and the brush's ring.
#[component]
pub fn Stage() -> impl IntoView {
    let store = expect_context::<Store>();
    let frame = NodeRef::<html::Div>::new();
    let image = NodeRef::<html::Canvas>::new();
    let overlay = NodeRef::<html::Canvas>::new();
    let hands = StoredValue::new_local(Hands::default());
    // Where the brush hovers, in CSS pixels of the stage.
    let hover = RwSignal::new(None::<(f64, f64)>);

    Effect::new(move |_| {
        if let (Some(frame), Some(image), Some(overlay)) = (frame.get(), image.get(), overlay.get())
        {
            store
                .easel
                .update_value(|easel| easel.mount(image, overlay));
            observe_size(store, &frame);
        }
    });

    let at = move |event: &PointerEvent| {
        canvas_point(
            store,
            frame,
            f64::from(event.client_x()),
            f64::from(event.client_y()),
        )
    };
    let on_down = move |event: PointerEvent| {
        let Some(point) = at(&event) else { return };
        if let Some(frame) = frame.get_untracked() {
            drop(frame.set_pointer_capture(event.pointer_id()));
        }
        hands.update_value(|hands| {
            hands.gesture.down(event.pointer_id(), point);
            match (stroke_kind(store), hands.gesture.count()) {
                (Some(kind), 1) if event.button() == 0 && store.has_border_now() => {
                    hands.drawing = Some(event.pointer_id());
                    store.history.update(|history| {
                        history.begin(kind, radius(store), in_image(store, point))
                    });
                }
                // A second finger: it was the beginning of a pinch, not of a stroke.
                (_, 2) if hands.drawing.take().is_some() => {
                    store.history.update(|history| history.abandon())
                }
                _ => {}
            }
        });
    };
    let on_move = move |event: PointerEvent| {
        let Some(point) = at(&event) else { return };
        let ratio = store.canvas.get_untracked().ratio;
        let hovers = stroke_kind(store).is_some() && event.pointer_type() != "touch";
        hover.set(hovers.then_some((point.0 / ratio, point.1 / ratio)));
        hands.update_value(|hands| {
            let motion = hands.gesture.moved(event.pointer_id(), point);
            if hands.drawing == Some(event.pointer_id()) {
                let point = in_image(store, point);
                if store
                    .history
                    .try_maybe_update(|history| (history.extend(point), ()))
                    .is_none()
                {
                    hands.drawing = None;
                }
            } else if let (Some(motion), Some(size)) = (
                motion,
                store
                    .shown
                    .with_untracked(|shown| shown.as_ref().map(|shown| shown.size())),
            ) {
                let canvas = store.canvas.get_untracked().size();
                store.sight.update(|sight| {
                    *sight = sight.pan(motion.dx, motion.dy, size, canvas);
                    if motion.factor != 1.0 {
                        *sight = sight.zoom(motion.factor, motion.at, size, canvas);
                    }
                });
            }
        });
    };
    let on_up = move |event: PointerEvent| {
        hands.update_value(|hands| {
            hands.gesture.up(event.pointer_id());
            if hands.drawing == Some(event.pointer_id()) {
                hands.drawing = None;
            }
        });
    };
    let on_wheel = move |event: WheelEvent| {
        event.prevent_default();
        let Some(point) = canvas_point(
            store,
            frame,
            f64::from(event.client_x()),
            f64::from(event.client_y()),
        ) else {
            return;
        };
        let ratio = store.canvas.get_untracked().ratio;
        if event.shift_key() || event.alt_key() {
            pan(store, -(event.delta_x() + event.delta_y()) * ratio, 0.0);
        } else {
            zoom(
                store,
                wheel_factor(
                    event.delta_y(),
                    event.delta_mode() == WheelEvent::DOM_DELTA_LINE,
                    event.ctrl_key(),
                ),
                Some(point),
            );
        }
    };
    let label = Memo::new(move |_| {
        store.shown.with(|shown| {
            let shown = shown.as_ref()?;
            Some(wording::alternative(
                &shown.name,
                shown.width,
                shown.height,
                store.area.get().as_ref(),
            ))
        })
    });
    let brush = Memo::new(move |_| store.preferences.with(|preferences| preferences.brush));
    view! {
        <div
            class="stage"
            node_ref=frame
            id="stage"
            role=move || label.get().map(|_| "img")
            aria-label=move || label.get()
            tabindex=move || label.get().map(|_| "0")
            data-tool=move || match store.tool.get() {
                Tool::Move => "move",
                Tool::Add => "add",
                Tool::Erase => "erase",
            }
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=on_up
            on:pointerleave=move |_| hover.set(None)
            on:wheel=on_wheel
            on:dblclick=move |_| if store.tool.get_untracked() == Tool::Move { toggle_fit(store) }
        >
            <canvas class="canvas" node_ref=image></canvas>
            <canvas class="canvas" class:hidden=move || store.comparing.get() node_ref=overlay></canvas>
            <Show when=move || hover.get().is_some() && store.tool.get() != Tool::Move>
                <div
                    class="brush"
                    style:left=move || format!("{}px", hover.get().map_or(0.0, |at| at.0))
                    style:top=move || format!("{}px", hover.get().map_or(0.0, |at| at.1))
                    style:width=move || format!("{}px", brush.get())
                    style:height=move || format!("{}px", brush.get())
                ></div>
            </Show>
        </div>
    }
}

/// Zooms about a canvas point, or about the middle.
pub fn zoom(store: Store, factor: f64, at: Option<(f64, f64)>) {
    let canvas = store.canvas.get_untracked();
    if let Some(size) = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.size()))
    {
        store.sight.update(|sight| {
            *sight = sight.zoom(factor, at.unwrap_or(canvas.middle()), size, canvas.size())
        });
    }
}

/// Shows one image pixel as one pixel of the screen.
pub fn actual_size(store: Store) {
    let canvas = store.canvas.get_untracked();
    if let Some(size) = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.size()))
    {
        store
            .sight
            .update(|sight| *sight = sight.zoom_to(1.0, canvas.middle(), size, canvas.size()));
    }
}

/// Shows the whole image.
pub fn fit(store: Store) {
    if let Some(size) = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.size()))
    {
        store
            .sight
            .set(sight::Sight::fit(size, store.canvas.get_untracked().size()));
    }
}

/// Moves the picture by so many canvas pixels.
pub fn pan(store: Store, dx: f64, dy: f64) {
    if let Some(size) = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.size()))
    {
        store
            .sight
            .update(|sight| *sight = sight.pan(dx, dy, size, store.canvas.get_untracked().size()));
    }
}

/// An arrow key: it moves the picture, or with a brush in hand the brush, which draws as it goes if `draws`.
pub fn arrow(store: Store, across: f64, down: f64, draws: bool) {
    let canvas = store.canvas.get_untracked();
    let Some(kind) = stroke_kind(store) else {
        let step = canvas.ratio * KEY_STEP;
        return pan(store, -across * step, -down * step);
    };
    let step = canvas.ratio * KEY_BRUSH_STEP;
    let from = brush_point(store);
    let before = in_image(store, from);
    let to = (from.0 + across * step, from.1 + down * step);
    let kept = (
        to.0.clamp(0.0, f64::from(canvas.width)),
        to.1.clamp(0.0, f64::from(canvas.height)),
    );
    // At the edge the picture moves instead.
    pan_if_needed(store, kept.0 - to.0, kept.1 - to.1);
    store.brush_at.set(Some(kept));
    if draws && store.has_border_now() {
        let after = in_image(store, kept);
        let radius = radius(store);
        store.history.update(|history| {
            if !history.ends_at(kind, before) {
                history.begin(kind, radius, before);
            }
            history.extend(after);
        });
    }
}

/// Puts the brush down, for those who draw with the keyboard.
pub fn dab(store: Store) {
    if let Some(kind) = stroke_kind(store).filter(|_| store.has_border_now()) {
        let point = in_image(store, brush_point(store));
        let radius = radius(store);
        store
            .history
            .update(|history| history.begin(kind, radius, point));
    }
}

/// Where the keyboard's brush is, in canvas pixels: in the middle until it is moved.
fn brush_point(store: Store) -> (f64, f64) {
    let canvas = store.canvas.get_untracked();
    let (x, y) = store
        .brush_at
        .get_untracked()
        .unwrap_or_else(|| canvas.middle());
    (
        x.clamp(0.0, f64::from(canvas.width)),
        y.clamp(0.0, f64::from(canvas.height)),
    )
}

fn pan_if_needed(store: Store, dx: f64, dy: f64) {
    if dx != 0.0 || dy != 0.0 {
        pan(store, dx, dy);
    }
}

fn toggle_fit(store: Store) {
    if store.sight.get_untracked().fitted {
        actual_size(store)
    } else {
        fit(store)
    }
}

fn stroke_kind(store: Store) -> Option<StrokeKind> {
    match store.tool.get_untracked() {
        Tool::Move => None,
        Tool::Add => Some(StrokeKind::Add),
        Tool::Erase => Some(StrokeKind::Erase),
    }
}

/// The brush's radius in image pixels.
fn radius(store: Store) -> f64 {
    let diameter = store
        .preferences
        .with_untracked(|preferences| preferences.brush);
    diameter / 2.0 * store.canvas.get_untracked().ratio / store.sight.get_untracked().view.scale
}

fn in_image(store: Store, point: (f64, f64)) -> (f64, f64) {
    sight::to_image(store.sight.get_untracked().view, point)
}

fn canvas_point(store: Store, frame: NodeRef<html::Div>, x: f64, y: f64) -> Option<(f64, f64)> {
    let bounds = frame.get_untracked()?.get_bounding_client_rect();
    let ratio = store.canvas.get_untracked().ratio;
    Some(((x - bounds.left()) * ratio, (y - bounds.top()) * ratio))
}

/// Keeps the canvas as large as the stage, to the device pixel where the browser tells.
fn observe_size(store: Store, frame: &web_sys::HtmlDivElement) {
    let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let Ok(entry) = entries.get(0).dyn_into::<ResizeObserverEntry>() else {
            return;
        };
        let canvas = canvas_for(&entry);
        if store.canvas.get_untracked() != canvas {
            store.canvas.set(canvas);
        }
    });
    if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(frame);
        // Both live as long as the page.
        callback.forget();
    }
}

/// The canvas for a stage of this size.
fn canvas_for(entry: &ResizeObserverEntry) -> Canvas {
    let bounds = entry.content_rect();
    let ratio = window().device_pixel_ratio();
    let (width, height) = (bounds.width() * ratio, bounds.height() * ratio);
    // A browser that only plays a finer screen tells device pixels of the real one.
    let (width, height) = device_pixels(entry)
        .filter(|told| (told.0 - width).abs() < 2.0 && (told.1 - height).abs() < 2.0)
        .unwrap_or((width, height));
    let reduction = (MOST_PIXELS / (width * height).max(1.0)).sqrt().min(1.0);
    Canvas {
        width: (width * reduction).round() as u32,
        height: (height * reduction).round() as u32,
        ratio: ratio * reduction,
    }
}

fn device_pixels(entry: &ResizeObserverEntry) -> Option<(f64, f64)> {
    let sizes = js_sys::Reflect::get(entry, &"devicePixelContentBoxSize".into())
        .ok()?
        .dyn_into::<js_sys::Array>()
        .ok()?;
    let size = sizes
        .get(0)
        .dyn_into::<web_sys::ResizeObserverSize>()
        .ok()?;
    Some((size.inline_size(), size.block_size()))
}
