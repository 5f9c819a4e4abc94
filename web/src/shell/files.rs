//! The files and payloads behind the numbers that the app knows them by.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use js_sys::{Array, ArrayBuffer};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, ImageBitmap};

use crate::app::ids::{FileId, PayloadId};
use crate::app::importing::Whole;
use crate::contents::Part;

/// All that is kept.
#[derive(Default)]
pub struct Files {
    blobs: RefCell<HashMap<FileId, Blob>>,
    payloads: RefCell<HashMap<PayloadId, JsValue>>,
    last_id: Cell<u32>,
}

impl Files {
    /// Keeps a file.
    pub fn keep(&self, file: Blob) -> FileId {
        let id = FileId(self.next_id());
        self.blobs.borrow_mut().insert(id, file);
        id
    }

    /// A file that was not dropped.
    pub fn get(&self, id: FileId) -> Option<Blob> {
        self.blobs.borrow().get(&id).cloned()
    }

    /// A file is no longer needed.
    pub fn drop_file(&self, id: FileId) {
        self.blobs.borrow_mut().remove(&id);
    }

    /// Keeps what came with an engine's answer.
    pub fn keep_payload(&self, payload: JsValue) -> PayloadId {
        let id = PayloadId(self.next_id());
        self.payloads.borrow_mut().insert(id, payload);
        id
    }

    /// Takes a payload out, to use it.
    pub fn take_payload(&self, id: PayloadId) -> Option<JsValue> {
        self.payloads.borrow_mut().remove(&id)
    }

    /// Takes a buffer out, as a file of this media type.
    ///
    /// # Errors
    /// When the payload is no buffer, or the browser has no memory for the file.
    pub fn take_blob(&self, id: PayloadId, media_type: &str) -> Result<Blob, JsValue> {
        let payload = self.take_payload(id).unwrap_or(JsValue::UNDEFINED);
        let buffer: ArrayBuffer = payload.dyn_into()?;
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        Blob::new_with_u8_array_sequence_and_options(&Array::of1(&buffer), &options)
    }

    /// A part of a blob, of which nothing is read for that.
    pub fn part(whole: &Blob, part: &Part) -> Option<Blob> {
        let (start, end) = (part.start as f64, part.end as f64);
        whole
            .slice_with_f64_and_f64_and_content_type(start, end, &part.media_type)
            .ok()
    }

    /// Keeps parts as files and lets go of the whole. Those that the browser has no memory for, and all after them, are missing.
    pub fn keep_parts(&self, whole: Whole, parts: &[Part]) -> Vec<FileId> {
        let blob = match whole {
            Whole::File(id) => self.blobs.borrow_mut().remove(&id),
            Whole::Payload(id) => self.take_blob(id, "").ok(),
        };
        let parts = parts.iter();
        parts
            .map_while(|part| Self::part(blob.as_ref()?, part))
            .map(|part| self.keep(part))
            .collect()
    }

    /// A payload is no longer needed.
    pub fn drop_payload(&self, id: PayloadId) {
        if let Some(payload) = self.take_payload(id) {
            release(&payload);
        }
    }

    /// A number that nothing else in here has.
    pub fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }
}

/// Frees a bitmap's memory now, which the garbage collector may not do for long. Other payloads have nothing to free.
pub fn release(payload: &JsValue) {
    if let Some(bitmap) = payload.dyn_ref::<ImageBitmap>() {
        bitmap.close();
    }
}
