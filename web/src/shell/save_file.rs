//! A file at a place that the person chose, written part by part (File System Access), so that no part stays in memory. The
//! browser writes to a copy, which takes the file's place when it is closed: until then what stood there is untouched.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::files::Files;
use super::reflect;
use crate::app::event::{Event, EventSink, SaveFileNews};
use crate::app::ids::PayloadId;

/// What opens the dialog.
const PICKER: &str = "showSaveFilePicker";

/// The file that was chosen last.
pub struct SaveFile {
    files: Rc<Files>,
    tell: EventSink,
    open: Rc<RefCell<Option<OpenFile>>>,
}

/// A file that is being written.
struct OpenFile {
    name: String,
    /// A `FileSystemWritableFileStream`; what it is told it does in order.
    stream: JsValue,
}

impl SaveFile {
    /// Takes payloads out of `files`; what came of them is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Self {
        Self {
            files,
            tell,
            open: Rc::default(),
        }
    }

    /// Whether the browser has such files.
    pub fn is_known() -> bool {
        reflect::get(&window(), PICKER).is_function()
    }

    /// Opens the dialog, now, while the browser still knows that the person asked for it.
    pub fn pick(&self, file_name: &str) {
        let accept =
            reflect::object(&[("application/zip", js_sys::Array::of1(&".zip".into()).into())]);
        let kind = reflect::object(&[
            ("description", "ZIP archive".into()),
            ("accept", accept.into()),
        ]);
        let options = reflect::object(&[
            ("suggestedName", file_name.into()),
            ("types", js_sys::Array::of1(&kind).into()),
        ]);
        let picked = reflect::call(&window(), PICKER, &[options.into()]);
        let (open, tell) = (Rc::clone(&self.open), Rc::clone(&self.tell));
        spawn_local(async move {
            let news = match opened(picked).await {
                Ok(file) => {
                    open.replace(Some(file));
                    SaveFileNews::Opened
                }
                Err(error) => not_picked(&error),
            };
            tell(Event::SaveFile(news));
        });
    }

    /// Writes a buffer behind what was written.
    pub fn write(&self, payload: PayloadId) {
        let part = self.files.take_payload(payload);
        let written = self.call("write", &[part.unwrap_or(JsValue::UNDEFINED)]);
        self.later(written, SaveFileNews::Written);
    }

    /// Begins anew.
    pub fn empty(&self) {
        // Where one of the two fails, so does the next part.
        drop(self.call("truncate", &[0.into()]));
        drop(self.call("seek", &[0.into()]));
    }

    /// Lets the copy take the file's place.
    pub fn close(&self) {
        let closed = self.call("close", &[]);
        let name = self.open.take().map_or_else(String::new, |file| file.name);
        self.later(closed, SaveFileNews::Saved(name));
    }

    /// Drops the copy.
    pub fn abandon(&self) {
        if let Ok(aborted) = self.call("abort", &[]) {
            // A copy that is gone already is dropped too.
            spawn_local(async move { drop(JsFuture::from(aborted).await) });
        }
        self.open.take();
    }

    /// Tells the stream what to do. It promises to.
    fn call(&self, method: &str, arguments: &[JsValue]) -> Result<Promise, JsValue> {
        let open = self.open.borrow();
        let stream = open.as_ref().map(|file| file.stream.clone());
        let stream = stream.unwrap_or(JsValue::UNDEFINED);
        let promised = reflect::call(&stream, method, arguments)?;
        Ok(Promise::resolve(&promised))
    }

    fn later(&self, promised: Result<Promise, JsValue>, news: SaveFileNews) {
        let tell = Rc::clone(&self.tell);
        spawn_local(async move {
            let done = match promised {
                Ok(promise) => JsFuture::from(promise).await,
                Err(error) => Err(error),
            };
            tell(Event::SaveFile(match done {
                Ok(_) => news,
                Err(error) => SaveFileNews::Failed(reason(&error)),
            }));
        });
    }
}

async fn opened(picked: Result<JsValue, JsValue>) -> Result<OpenFile, JsValue> {
    let file = JsFuture::from(Promise::resolve(&picked?)).await?;
    let stream = reflect::call_async(&file, "createWritable", &[]).await?;
    let name = reflect::get(&file, "name").as_string().unwrap_or_default();
    Ok(OpenFile { name, stream })
}

/// What a dialog that gave nothing means: the person closed it, or it failed.
pub(super) fn not_picked(error: &JsValue) -> SaveFileNews {
    match name(error).as_str() {
        "AbortError" => SaveFileNews::Dismissed,
        _ => SaveFileNews::Failed(reason(error)),
    }
}

/// What kind of error it is.
pub(super) fn name(error: &JsValue) -> String {
    reflect::get(error, "name").as_string().unwrap_or_default()
}

/// What the browser says of an error, as a sentence.
pub(super) fn reason(error: &JsValue) -> String {
    let message = reflect::get(error, "message")
        .as_string()
        .unwrap_or_default();
    let message = message.trim_end_matches('.');
    match message {
        "" => "The browser does not say why.".to_owned(),
        message => format!("The browser says: {message}."),
    }
}
