//! The page: everything a person sees and touches.

use std::rc::Rc;

use delineo_web::{shell, view};

fn main() {
    let (state, sink) = shell::start();
    let thumbnails = view::ThumbnailPainter::new(Rc::new(|document, canvas| {
        shell::thumbnails::draw(document, canvas);
    }));
    view::mount(view::AppHandle::new(state, sink), thumbnails);
}
