//! Lists what was dropped or chosen, folders with all that is in them, and gets at the files of the list.

use delineo::intake::Kind;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File};

use super::reflect;
use crate::app::arrival::Stamp;

/// A file of a list.
pub enum Source {
    /// The file itself.
    File(Blob),
    /// A `FileSystemFileEntry`, which gives the file when it is asked.
    Entry(JsValue),
    /// A file of an archive, of which it is known what it is.
    Member {
        /// Its bytes, perhaps packed.
        blob: Blob,
        /// What it is.
        kind: Kind,
        /// What tells it from another one.
        stamp: Stamp,
    },
}

/// What was taken out of a drop, which the browser empties after the event.
#[derive(Default)]
pub struct Dropped {
    /// Files by their names.
    pub files: Vec<(String, Source)>,
    /// `FileSystemDirectoryEntry`s.
    pub directories: Vec<JsValue>,
}

impl Dropped {
    /// Takes files and folders out.
    pub fn of(transfer: &DataTransfer) -> Self {
        let mut dropped = Self::default();
        let items = transfer.items();
        for item in (0..items.length()).filter_map(|index| items.get(index)) {
            let entry = item.webkit_get_as_entry().ok().flatten();
            match entry.filter(|entry| entry.is_directory()) {
                Some(directory) => dropped.directories.push(directory.into()),
                None => {
                    let file = item.get_as_file().ok().flatten();
                    let named = file.map(|file| (file.name(), Source::File(file.into())));
                    dropped.files.extend(named);
                }
            }
        }
        dropped
    }
}

/// The files of directories and of all that are in them, by their paths, and the paths of directories that cannot be read.
pub async fn list(directories: Vec<JsValue>) -> (Vec<(String, Source)>, Vec<String>) {
    let (mut files, mut unreadable) = (Vec::new(), Vec::new());
    let named = directories.into_iter().map(|entry| (name(&entry), entry));
    let mut open: Vec<(String, JsValue)> = named.collect();
    while let Some((path, directory)) = open.pop() {
        let Ok(children) = children(&directory).await else {
            unreadable.push(path);
            continue;
        };
        for child in children {
            let path = format!("{path}/{}", name(&child));
            if reflect::get(&child, "isDirectory").is_truthy() {
                open.push((path, child));
            } else {
                files.push((path, Source::Entry(child)));
            }
        }
    }
    (files, unreadable)
}

fn name(entry: &JsValue) -> String {
    reflect::get(entry, "name").as_string().unwrap_or_default()
}

/// What is in a directory. Browsers tell it in portions, after the last of which comes an empty one.
async fn children(directory: &JsValue) -> Result<Vec<JsValue>, JsValue> {
    let reader = reflect::call(directory, "createReader", &[])?;
    let mut children = Vec::new();
    loop {
        let portion: Array = JsFuture::from(promised(&reader, "readEntries")?)
            .await?
            .dyn_into()?;
        if portion.length() == 0 {
            return Ok(children);
        }
        children.extend(portion.iter());
    }
}

/// Calls a method that takes what is to be called with its result, and with its error.
fn promised(object: &JsValue, method: &str) -> Result<Promise, JsValue> {
    let mut called = Ok(JsValue::UNDEFINED);
    let promise = Promise::new(&mut |resolve, reject| {
        called = reflect::call(object, method, &[resolve.into(), reject.into()]);
    });
    called.map(|_| promise)
}

/// The files of a part of a list, all at once; nothing where one cannot be read.
pub async fn files(sources: &[&Source]) -> Vec<Option<Blob>> {
    let promises = sources.iter().map(|source| match source {
        Source::File(file) | Source::Member { blob: file, .. } => {
            Promise::resolve(&JsValue::from(file))
        }
        Source::Entry(entry) => {
            promised(entry, "file").unwrap_or_else(|error| Promise::reject(&error))
        }
    });
    let files = settled(promises.collect()).await;
    files
        .into_iter()
        .map(|file| file?.dyn_into().ok())
        .collect()
}

/// The first bytes of files, all at once; none of one that cannot be read.
pub async fn heads(files: &[&Blob], length: usize) -> Vec<Vec<u8>> {
    let promises = files.iter().map(|file| {
        let start = file.slice_with_f64_and_f64(0.0, length as f64);
        start.map_or_else(
            |error| Promise::reject(&error),
            |start| start.array_buffer(),
        )
    });
    let heads = settled(promises.collect()).await;
    let bytes = |head: Option<JsValue>| head.map(|head| Uint8Array::new(&head).to_vec());
    heads
        .into_iter()
        .map(|head| bytes(head).unwrap_or_default())
        .collect()
}

/// What came of promises; nothing of one that was broken.
async fn settled(promises: Array) -> Vec<Option<JsValue>> {
    let outcomes = JsFuture::from(Promise::all_settled(&promises)).await;
    let outcomes: Array = outcomes.unwrap_or_default().dyn_into().unwrap_or_default();
    let value = |outcome: JsValue| {
        let is_kept = reflect::get(&outcome, "status").as_string().as_deref() == Some("fulfilled");
        is_kept.then(|| reflect::get(&outcome, "value"))
    };
    outcomes.iter().map(value).collect()
}

/// The path of a file of a chosen folder, and its name otherwise.
pub fn path_of(file: &File) -> String {
    let path = reflect::get(file, "webkitRelativePath").as_string();
    path.filter(|path| !path.is_empty())
        .unwrap_or_else(|| file.name())
}
