//! Images that can be shown at once, and the overlays with which they come on the stage. Which ones are kept, and so how
//! much memory they take, is the app's decision.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::ImageBitmap;

use super::image_levels::Levels;
use super::overlay::Frame;
use crate::protocol::DocumentId;

/// All that is kept.
#[derive(Default)]
pub struct Kept {
    images: RefCell<HashMap<DocumentId, Rc<Levels>>>,
    overlays: RefCell<HashMap<DocumentId, Frame>>,
}

impl Kept {
    /// Keeps an image in the place of an earlier one, and makes its smaller copies. `ready` is called after each.
    pub fn keep_image(
        &self,
        document: DocumentId,
        bitmap: JsValue,
        ready: impl Fn(&Levels) + 'static,
    ) {
        self.forget(document);
        // The engine sends nothing else than a bitmap.
        let Ok(bitmap) = bitmap.dyn_into::<ImageBitmap>() else {
            return;
        };
        let levels = Levels::new(bitmap);
        levels.make(ready);
        self.images.borrow_mut().insert(document, levels);
    }

    /// An image.
    pub fn image(&self, document: DocumentId) -> Option<Rc<Levels>> {
        self.images.borrow().get(&document).map(Rc::clone)
    }

    /// Keeps an overlay in the place of an earlier one.
    pub fn keep_overlay(&self, document: DocumentId, frame: Frame) {
        if let Some(before) = self.overlays.borrow_mut().insert(document, frame) {
            before.release();
        }
    }

    /// Takes an overlay out, to show it.
    pub fn take_overlay(&self, document: DocumentId) -> Option<Frame> {
        self.overlays.borrow_mut().remove(&document)
    }

    /// Lets go of what is kept of a document. What is on the stage stays there until another image takes its place.
    pub fn forget(&self, document: DocumentId) {
        self.images.borrow_mut().remove(&document);
        if let Some(frame) = self.take_overlay(document) {
            frame.release();
        }
    }
}
