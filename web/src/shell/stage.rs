//! The stage's element: its size in device pixels, and the keyboard's focus.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, ResizeObserver, ResizeObserverEntry, ResizeObserverSize};

use super::reflect;
use super::timers::pause;
use crate::app::event::{Event, EventSink};
use crate::app::stage::Canvas;

/// A canvas larger than this is drawn coarser: a frame would take too long, and some phones refuse it.
const MOST_PIXELS: f64 = 9e6;

/// Tells each size of the stage, from when the stage is there.
pub fn observe_size(tell: EventSink) {
    spawn_local(async move {
        let stage = loop {
            match element() {
                Some(stage) => break stage,
                None => pause(Duration::from_millis(20)).await,
            }
        };
        let resized = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            if let Ok(entry) = entries.get(0).dyn_into::<ResizeObserverEntry>() {
                tell(Event::CanvasResized(canvas_for(&entry)));
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            // So a move to a finer screen is told too, in browsers that know this box.
            let options = reflect::object(&[("box", "device-pixel-content-box".into())]);
            let observed = reflect::call(
                &observer,
                "observe",
                &[stage.clone().into(), options.into()],
            );
            if observed.is_err() {
                observer.observe(&stage);
            }
        }
        // Both live as long as the page.
        resized.forget();
    });
}

/// Gives the stage the keyboard's focus.
pub fn focus() {
    if let Some(stage) = element().and_then(|stage| stage.dyn_into::<HtmlElement>().ok()) {
        drop(stage.focus());
    }
}

/// Gives the field with an id the keyboard's focus, once the controls that were perhaps just opened are there.
pub fn focus_field(id: &'static str) {
    spawn_local(async move {
        pause(Duration::from_millis(30)).await;
        let field = document().get_element_by_id(id);
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            drop(field.focus());
        }
    });
}

fn element() -> Option<Element> {
    document().get_element_by_id("stage")
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
    let sizes: Array = reflect::get(entry, "devicePixelContentBoxSize")
        .dyn_into()
        .ok()?;
    let size: ResizeObserverSize = sizes.get(0).dyn_into().ok()?;
    Some((size.inline_size(), size.block_size()))
}
