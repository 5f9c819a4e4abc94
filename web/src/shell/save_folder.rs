//! Files in a new folder, inside one that the person chose (File System Access), written one after the other, so that none
//! stays in memory. What was in the chosen folder before is not touched: a folder that is there already is never written to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::files::Files;
use super::reflect;
use super::save_file::{name, not_picked, reason};
use crate::app::event::{Event, EventSink, SaveFileNews};
use crate::app::folders;
use crate::app::gathering::numbered;
use crate::app::ids::PayloadId;
use crate::protocol::GatheredFile;

/// What opens the dialog.
const PICKER: &str = "showDirectoryPicker";
/// What finds or makes a folder in another one.
const FOLDER: &str = "getDirectoryHandle";

/// The folder that was made last.
pub struct SaveFolder {
    files: Rc<Files>,
    tell: EventSink,
    open: Rc<RefCell<Option<Rc<OpenFolder>>>>,
}

/// A folder that is being filled.
struct OpenFolder {
    /// `FileSystemDirectoryHandle`s by their paths below it; its own path is empty.
    folders: RefCell<HashMap<String, JsValue>>,
    /// What was written: the handle of the folder, and the name there.
    written: RefCell<Vec<(JsValue, String)>>,
}

impl SaveFolder {
    /// Takes payloads out of `files`; what came of them is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Self {
        Self {
            files,
            tell,
            open: Rc::default(),
        }
    }

    /// Whether the browser has such folders.
    pub fn is_known() -> bool {
        reflect::get(&window(), PICKER).is_function()
    }

    /// Opens the dialog, now, while the browser still knows that the person asked for it, and makes a folder there.
    pub fn pick(&self, proposed: String) {
        let options = reflect::object(&[
            ("id", JsValue::from(proposed.as_str())),
            ("mode", "readwrite".into()),
        ]);
        let picked = reflect::call(&window(), PICKER, &[options.into()]);
        let (open, tell) = (Rc::clone(&self.open), Rc::clone(&self.tell));
        spawn_local(async move {
            let news = match made(picked, &proposed).await {
                Ok((name, folder)) => {
                    open.replace(Some(Rc::new(OpenFolder::new(folder))));
                    SaveFileNews::FolderMade(name)
                }
                Err(error) => not_picked(&error),
            };
            tell(Event::SaveFile(news));
        });
    }

    /// Writes files whose bytes are one behind the other in a buffer.
    pub fn write(&self, payload: PayloadId, files: Vec<GatheredFile>) {
        let part = self.files.take_payload(payload);
        let open = self.open.borrow().clone();
        let tell = Rc::clone(&self.tell);
        spawn_local(async move {
            let done = match (open, part) {
                (Some(open), Some(part)) => open.write(&part, &files).await,
                _ => Err(JsValue::UNDEFINED),
            };
            tell(Event::SaveFile(match done {
                Ok(()) => SaveFileNews::Written,
                Err(error) => SaveFileNews::Failed(reason(&error)),
            }));
        });
    }

    /// Deletes what was written.
    pub fn empty(&self) {
        let open = self.open.borrow().clone();
        let tell = Rc::clone(&self.tell);
        spawn_local(async move {
            if let Some(open) = open {
                open.empty().await;
            }
            tell(Event::SaveFile(SaveFileNews::Written));
        });
    }

    /// Leaves it as it is.
    pub fn close(&self) {
        self.open.take();
    }
}

impl OpenFolder {
    fn new(folder: JsValue) -> Self {
        Self {
            folders: RefCell::new([(String::new(), folder)].into()),
            written: RefCell::default(),
        }
    }

    async fn write(&self, part: &JsValue, files: &[GatheredFile]) -> Result<(), JsValue> {
        let mut start = 0;
        for GatheredFile { path, bytes } in files {
            // No buffer is larger than what 32 bits count.
            let length = *bytes as u32;
            let view = Uint8Array::new_with_byte_offset_and_length(part, start, length);
            start += length;
            let (path, name) = folders::split(path);
            let folder = self.folder(path).await?;
            self.written
                .borrow_mut()
                .push((folder.clone(), name.to_owned()));
            write_file(&folder, name, &view).await?;
        }
        Ok(())
    }

    /// The handle of a folder below, which is made where it is missing.
    async fn folder(&self, path: &str) -> Result<JsValue, JsValue> {
        let known = self.folders.borrow().get(path).cloned();
        if let Some(folder) = known {
            return Ok(folder);
        }
        let mut folder = self.folders.borrow().get("").cloned().unwrap_or_default();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            folder = reflect::call_async(&folder, FOLDER, &create(name)).await?;
        }
        self.folders
            .borrow_mut()
            .insert(path.to_owned(), folder.clone());
        Ok(folder)
    }

    async fn empty(&self) {
        let written = self.written.take();
        for (folder, name) in written {
            // A file that is gone already is deleted too.
            let name = JsValue::from(name);
            drop(reflect::call_async(&folder, "removeEntry", &[name]).await);
        }
    }
}

/// Writes a file to its end. The browser writes to a copy, which is dropped where that fails.
async fn write_file(folder: &JsValue, name: &str, bytes: &Uint8Array) -> Result<(), JsValue> {
    let file = reflect::call_async(folder, "getFileHandle", &create(name)).await?;
    let stream = reflect::call_async(&file, "createWritable", &[]).await?;
    reflect::call_async(&stream, "write", &[bytes.into()]).await?;
    reflect::call_async(&stream, "close", &[]).await?;
    Ok(())
}

/// A new folder in the one that the person chose, with its name.
async fn made(
    picked: Result<JsValue, JsValue>,
    proposed: &str,
) -> Result<(String, JsValue), JsValue> {
    let chosen = JsFuture::from(Promise::resolve(&picked?)).await?;
    let mut number = 1;
    loop {
        let free = numbered(proposed, number);
        match reflect::call_async(&chosen, FOLDER, &[free.as_str().into()]).await {
            Err(error) if name(&error) == "NotFoundError" => {
                let folder = reflect::call_async(&chosen, FOLDER, &create(&free)).await?;
                return Ok((free, folder));
            }
            // A file has the name.
            Err(error) if name(&error) != "TypeMismatchError" => return Err(error),
            _ => number += 1,
        }
    }
}

/// What has an entry of this name made where it is missing.
fn create(name: &str) -> [JsValue; 2] {
    [
        name.into(),
        reflect::object(&[("create", true.into())]).into(),
    ]
}
