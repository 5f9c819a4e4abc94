//! Files that leave the page, to the disk as a download or to the clipboard; and the question before work is lost.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Error, Function, Promise};
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BeforeUnloadEvent, Blob, BlobPropertyBag, ClipboardItem, HtmlAnchorElement, Url};

use super::files::Files;
use super::reflect;
use crate::app::event::{Event, EventSink};
use crate::app::ids::PayloadId;
use crate::protocol::RequestId;

/// Where files go out.
pub struct Outlet {
    files: Rc<Files>,
    tell: EventSink,
    /// What the clipboard waits for.
    promised: RefCell<HashMap<RequestId, Promised>>,
    /// Parts of a file that is made step by step.
    parts: RefCell<Vec<Blob>>,
    guard: RefCell<Option<Guard>>,
}

/// What makes the browser ask before the page is closed.
type Guard = Closure<dyn FnMut(BeforeUnloadEvent)>;

/// A promise to the clipboard.
struct Promised {
    media_type: &'static str,
    resolve: Function,
    reject: Function,
}

impl Outlet {
    /// Takes payloads out of `files`; what came of them is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Self {
        Self {
            files,
            tell,
            promised: RefCell::default(),
            parts: RefCell::default(),
            guard: RefCell::default(),
        }
    }

    /// Whether the browser asks before the page is closed. It has no listener otherwise: some keep no page with one in
    /// memory for the way back.
    pub fn guard(&self, is_guarded: bool) {
        let guard = is_guarded.then(|| {
            Guard::new(|event: BeforeUnloadEvent| {
                event.prevent_default();
                // Browsers before 2024 look at this alone.
                event.set_return_value("Corrections would be lost.");
            })
        });
        if let Some(guard) = &guard {
            let listener = guard.as_ref().unchecked_ref();
            drop(window().add_event_listener_with_callback("beforeunload", listener));
        }
        if let Some(before) = self.guard.replace(guard) {
            let listener = before.as_ref().unchecked_ref();
            drop(window().remove_event_listener_with_callback("beforeunload", listener));
        }
    }

    /// Saves a file.
    pub fn save(&self, payload: PayloadId, file_name: String, media_type: &str) {
        let file = self.files.take_blob(payload, media_type);
        let saved = file.and_then(|file| download(&file, &file_name));
        (self.tell)(Event::FileSaved {
            file_name,
            is_saved: saved.is_ok(),
        });
    }

    /// Keeps a buffer as the next part of a file. The browser may hold it on the disk, which a buffer never is.
    pub fn keep_part(&self, payload: PayloadId) {
        // The engine sends nothing else than a buffer.
        if let Ok(part) = self.files.take_blob(payload, "") {
            self.parts.borrow_mut().push(part);
        }
    }

    /// Forgets the parts.
    pub fn drop_parts(&self) {
        self.parts.borrow_mut().clear();
    }

    /// Saves the parts as one file.
    pub fn save_parts(&self, file_name: String, media_type: &str) {
        let parts: Array = self.parts.take().iter().collect();
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        let file = Blob::new_with_blob_sequence_and_options(&parts, &options);
        let saved = file.and_then(|file| download(&file, &file_name));
        (self.tell)(Event::FileSaved {
            file_name,
            is_saved: saved.is_ok(),
        });
    }

    /// Opens the clipboard now, while the browser still knows that the person asked for it, to be filled later.
    pub fn reserve(&self, id: RequestId, what: &'static str, media_type: &'static str) {
        let file = Promise::new(&mut |resolve, reject| {
            let promised = Promised {
                media_type,
                resolve,
                reject,
            };
            self.promised.borrow_mut().insert(id, promised);
        });
        let written = write_to_clipboard(media_type, &file);
        let tell = Rc::clone(&self.tell);
        spawn_local(async move {
            let is_written = match written {
                Ok(promise) => JsFuture::from(promise).await.is_ok(),
                Err(_) => {
                    // Nothing else reports that the promise was broken.
                    spawn_local(async move { drop(JsFuture::from(file).await) });
                    false
                }
            };
            tell(Event::ClipboardWritten { what, is_written });
        });
    }

    /// Gives the clipboard what was promised.
    pub fn fill(&self, id: RequestId, payload: PayloadId) {
        let Some(promised) = self.promised.borrow_mut().remove(&id) else {
            return self.files.drop_payload(payload);
        };
        drop(match self.files.take_blob(payload, promised.media_type) {
            Ok(file) => promised.resolve.call1(&JsValue::NULL, &file),
            Err(error) => promised.reject.call1(&JsValue::NULL, &error),
        });
    }

    /// Puts a text into the clipboard.
    pub fn copy_text(&self, what: &'static str, text: &str) {
        let clipboard = reflect::get(&window().navigator(), "clipboard");
        let (text, tell) = (JsValue::from_str(text), Rc::clone(&self.tell));
        // Called at once, while the browser still knows that the person asked for it.
        let written = reflect::call(&clipboard, "writeText", &[text]);
        spawn_local(async move {
            let is_written = match written {
                Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await.is_ok(),
                Err(_) => false,
            };
            tell(Event::ClipboardWritten { what, is_written });
        });
    }

    /// There is nothing for the clipboard: it must not wait any longer.
    pub fn abandon(&self, id: RequestId) {
        if let Some(promised) = self.promised.borrow_mut().remove(&id) {
            let reason = Error::new("The file was not made.");
            drop(promised.reject.call1(&JsValue::NULL, &reason));
        }
    }
}

fn write_to_clipboard(media_type: &str, file: &Promise) -> Result<Promise, JsValue> {
    // Both are absent on pages without a secure origin, and in some browsers.
    let clipboard = reflect::get(&window().navigator(), "clipboard");
    if !reflect::get(&window(), "ClipboardItem").is_function() {
        return Err(JsValue::UNDEFINED);
    }
    let record = reflect::object(&[(media_type, file.into())]);
    let item = ClipboardItem::new_with_record_from_str_to_blob_promise(&record)?;
    reflect::call(&clipboard, "write", &[Array::of1(&item).into()])?.dyn_into()
}

fn download(file: &Blob, file_name: &str) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(file)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    anchor.set_href(&address);
    anchor.set_download(file_name);
    anchor.click();
    // The browser reads the address after this event.
    set_timeout(
        move || drop(Url::revoke_object_url(&address)),
        Duration::from_secs(30),
    );
    Ok(())
}
