//! Files and folders of the origin private file system. What a browser may lack is called by its name, so that its absence
//! is an error like others.

use std::cell::Cell;

use js_sys::{Array, Error, Function, Object, Promise, Reflect, Uint8Array, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use crate::session::messages::Fault;
use crate::session::store::JournalFile;
use crate::wire;

/// A file is copied so many bytes at a time.
const SLICE: f64 = 4e6;

/// A file that is open to be read and written; nobody else can open it. Dropping it closes it.
pub struct OpenFile(FileSystemSyncAccessHandle);

impl OpenFile {
    /// Opens a file, which is made if it is not there. One that a worker had open that has just ended may take a moment.
    pub async fn open(folder: &JsValue, name: &str) -> Result<Self, Fault> {
        let handle = file_in(folder, name, true)
            .await
            .map_err(|error| fault(&error))?;
        let mut opened = Err(JsValue::UNDEFINED);
        for _ in 0..10 {
            opened = ask(&handle, "createSyncAccessHandle", &[]).await;
            let is_taken = |error: &JsValue| get(error, "name") == "NoModificationAllowedError";
            if !opened.as_ref().is_err_and(is_taken) {
                break;
            }
            pause(100).await;
        }
        opened
            .map(|handle| Self(handle.unchecked_into()))
            .map_err(|error| fault(&error))
    }

    fn write_all(&self, at: f64, bytes: &Uint8Array) -> Result<(), Fault> {
        let mut from = 0;
        while from < bytes.length() {
            let rest = bytes.subarray(from, bytes.length());
            let written = self
                .0
                .write_with_js_u8_array_and_options(&rest, &place(at + f64::from(from)));
            match written.map_err(|error| fault(&error))? as u32 {
                0 => return Err(Fault::NoRoom),
                written => from += written,
            }
        }
        Ok(())
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl JournalFile for OpenFile {
    fn read(&mut self) -> Result<Vec<u8>, Fault> {
        let size = self.0.get_size().map_err(|error| fault(&error))?;
        let mut bytes = vec![0; size as usize];
        let read = self
            .0
            .read_with_u8_array_and_options(&mut bytes, &place(0.0));
        bytes.truncate(read.map_err(|error| fault(&error))? as usize);
        Ok(bytes)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.write_all(at as f64, &Uint8Array::from(bytes))
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        let cut = self.0.truncate_with_f64(length as f64);
        cut.map_err(|error| fault(&error))
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.0.flush().map_err(|error| fault(&error))
    }
}

/// Copies a file slice by slice, none of which passes through this program's memory, unless the session is over meanwhile.
pub async fn pour(mut copy: OpenFile, file: &Blob, is_over: &Cell<bool>) -> Result<(), Fault> {
    copy.truncate(0)?;
    let size = file.size();
    let mut at = 0.0;
    while at < size {
        let slice = file.slice_with_f64_and_f64(at, (at + SLICE).min(size));
        let slice = slice.map_err(|error| fault(&error))?;
        let buffer = JsFuture::from(slice.array_buffer()).await;
        let bytes = Uint8Array::new(&buffer.map_err(|_| Fault::Unreadable)?);
        if is_over.get() {
            return Err(Fault::Disk("the session was deleted".to_owned()));
        }
        if bytes.length() == 0 {
            return Err(Fault::Unreadable);
        }
        copy.write_all(at, &bytes)?;
        at += f64::from(bytes.length());
    }
    copy.flush()
}

/// A folder in a folder.
pub async fn folder_in(folder: &JsValue, name: &str, create: bool) -> Result<JsValue, JsValue> {
    ask(
        folder,
        "getDirectoryHandle",
        &[name.into(), object("create", create)],
    )
    .await
}

/// A file in a folder.
pub async fn file_in(folder: &JsValue, name: &str, create: bool) -> Result<JsValue, JsValue> {
    ask(
        folder,
        "getFileHandle",
        &[name.into(), object("create", create)],
    )
    .await
}

/// The bytes of a file that another worker may have open.
pub async fn read(folder: &JsValue, name: &str) -> Result<Vec<u8>, JsValue> {
    let handle = file_in(folder, name, false).await?;
    let mut read = Err(JsValue::UNDEFINED);
    // It may be written while it is read.
    for _ in 0..5 {
        let file: Blob = ask(&handle, "getFile", &[]).await?.dyn_into()?;
        read = JsFuture::from(file.array_buffer()).await;
        if read.is_ok() {
            break;
        }
        pause(50).await;
    }
    Ok(Uint8Array::new(&read?).to_vec())
}

/// What a browser's refusal means for the person.
pub fn fault(error: &JsValue) -> Fault {
    let described = || wire::describe(error);
    match get(error, "name").as_string().as_deref() {
        Some("QuotaExceededError") => Fault::NoRoom,
        Some("SecurityError" | "NotAllowedError" | "TypeError") => Fault::NotAllowed(described()),
        _ => Fault::Disk(described()),
    }
}

/// A property; `undefined` where the object has none or is none.
pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method.
pub fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = get(object, name)
        .dyn_into()
        .map_err(|_| Error::new(&format!("This browser has no “{name}”.")))?;
    method.apply(object, &arguments.iter().collect::<Array>())
}

/// Calls a method that promises its result.
pub async fn ask(object: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let promised = call(object, name, arguments)?;
    JsFuture::from(Promise::resolve(&promised)).await
}

/// An object with one switch.
pub fn object(name: &str, is_on: bool) -> JsValue {
    let object = Object::new();
    // A new object takes every field.
    drop(Reflect::set(&object, &name.into(), &is_on.into()));
    object.into()
}

/// Waits so many milliseconds.
pub async fn pause(milliseconds: i32) {
    let passed = Promise::new(&mut |resolve, _| {
        let scope: DedicatedWorkerGlobalScope = global().unchecked_into();
        // A worker has timers.
        drop(scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds));
    });
    drop(JsFuture::from(passed).await);
}

fn place(at: f64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(at);
    options
}
