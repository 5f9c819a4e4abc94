//! A small picture of a document.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::icon::Symbol;
use crate::app::command_table::Icon;
use crate::protocol::DocumentId;

/// Side in device pixels.
const SIDE: u32 = 96;

/// Paints a document's thumbnail into a canvas that has just come into the page, if there is one by now. Who has one that
/// comes later finds the canvas by its attribute `data-thumbnail`, the document's number. Bitmaps are the shell's, so it is
/// given to the page as a context.
#[derive(Clone)]
pub struct ThumbnailPainter(StoredValue<Paint, LocalStorage>);

type Paint = Rc<dyn Fn(DocumentId, &HtmlCanvasElement)>;

impl ThumbnailPainter {
    /// Paints with this.
    pub fn new(paint: Paint) -> Self {
        Self(StoredValue::new_local(paint))
    }
}

/// The thumbnail; an icon until it is painted.
#[component]
pub fn Thumbnail(
    /// The document.
    id: DocumentId,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let painter = use_context::<ThumbnailPainter>();
    Effect::new(move |_| {
        if let (Some(painter), Some(canvas)) = (&painter, canvas.get()) {
            let paint = painter.0.with_value(Rc::clone);
            paint(id, &canvas);
        }
    });
    view! {
        <span class="image-thumbnail" aria-hidden="true">
            <Symbol of=Icon::Sample />
            <canvas width=SIDE.to_string() height=SIDE.to_string() data-thumbnail=id.0.to_string() node_ref=canvas></canvas>
        </span>
    }
}
