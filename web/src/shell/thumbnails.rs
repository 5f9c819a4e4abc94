//! Thumbnails for the list of documents. Their memory is bounded: of many thousands, those that were neither made nor
//! drawn for the longest time are let go of, and the list draws nothing there.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use leptos::prelude::document as page;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

use super::files::release;
use crate::protocol::DocumentId;

/// Bytes of all thumbnails together, at most: 2500 of 80 by 80 pixels.
const MOST_BYTES: usize = 64_000_000;

thread_local! {
    static THUMBNAILS: RefCell<Thumbnails> = RefCell::default();
}

#[derive(Default)]
struct Thumbnails {
    all: HashMap<DocumentId, (u64, ImageBitmap)>,
    /// By when they were used last.
    order: BTreeMap<u64, DocumentId>,
    uses: u64,
    bytes: usize,
}

/// Keeps a thumbnail, an `ImageBitmap`, in the place of an earlier one of the same document.
pub fn keep(document: DocumentId, bitmap: JsValue) {
    if let Ok(bitmap) = bitmap.dyn_into::<ImageBitmap>() {
        THUMBNAILS.with_borrow_mut(|thumbnails| thumbnails.keep(document, bitmap));
    }
}

/// Lets go of a thumbnail.
pub fn forget(document: DocumentId) {
    THUMBNAILS.with_borrow_mut(|thumbnails| thumbnails.forget(document));
}

/// Draws a thumbnail on a canvas, which takes its size in pixels. Says whether there is one.
pub fn draw(document: DocumentId, canvas: &HtmlCanvasElement) -> bool {
    THUMBNAILS.with_borrow_mut(|thumbnails| {
        let Some(bitmap) = thumbnails.used(document) else {
            return false;
        };
        canvas.set_width(bitmap.width());
        canvas.set_height(bitmap.height());
        let context = canvas.get_context("2d").ok().flatten();
        let context = context.and_then(|context| context.dyn_into().ok());
        context.is_some_and(|context: CanvasRenderingContext2d| {
            context
                .draw_image_with_image_bitmap(bitmap, 0.0, 0.0)
                .is_ok()
        })
    })
}

/// Draws a thumbnail into the canvas that the list has for it, if it is in view.
pub fn draw_where_it_is_awaited(document: DocumentId) {
    let selector = format!("canvas[data-thumbnail=\"{}\"]", document.0);
    let canvas = page().query_selector(&selector).ok().flatten();
    if let Some(canvas) = canvas.and_then(|canvas| canvas.dyn_into().ok()) {
        draw(document, &canvas);
    }
}

impl Thumbnails {
    fn keep(&mut self, document: DocumentId, bitmap: ImageBitmap) {
        self.forget(document);
        self.bytes += bytes(&bitmap);
        self.uses += 1;
        self.order.insert(self.uses, document);
        self.all.insert(document, (self.uses, bitmap));
        while self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.order.first_key_value() else {
                return;
            };
            self.forget(*oldest);
        }
    }

    fn used(&mut self, document: DocumentId) -> Option<&ImageBitmap> {
        let (used, bitmap) = self.all.get_mut(&document)?;
        self.order.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.order.insert(self.uses, document);
        Some(bitmap)
    }

    fn forget(&mut self, document: DocumentId) {
        if let Some((used, bitmap)) = self.all.remove(&document) {
            self.order.remove(&used);
            self.bytes = self.bytes.saturating_sub(bytes(&bitmap));
            release(&bitmap);
        }
    }
}

fn bytes(bitmap: &ImageBitmap) -> usize {
    bitmap.width() as usize * bitmap.height() as usize * 4
}
