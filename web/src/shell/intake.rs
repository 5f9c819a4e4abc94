//! Ways in: drop, dialog, paste, file handler, share target. All end in `Event::FilesArrived`.

use std::rc::Rc;

use delineo::intake;
use js_sys::{Array, Object, Uint8Array};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, Cache, ClipboardEvent, DataTransfer, DragEvent, File, FileList, HtmlElement,
    HtmlInputElement, Request, Response,
};

use super::address::parameter;
use super::files::Files;
use super::keyboard::place_of;
use super::listener::listen;
use super::reflect;
use crate::app::event::{Arrival, ArrivedFile, Event, EventSink, FileId, PayloadId, Way};
use crate::app::keys::Place;

/// The id of the file input, which the page shows as a button.
const INPUT: &str = "open-image";
/// Where the service worker puts what another app shares.
const SHARED: &str = "delineo-shared";

/// Where files come in.
pub struct Intake {
    files: Rc<Files>,
    tell: EventSink,
}

impl Intake {
    /// Files are kept in `files`, and what came is told to `tell`.
    pub fn new(files: Rc<Files>, tell: EventSink) -> Rc<Self> {
        Rc::new(Self { files, tell })
    }

    /// Listens to everything that brings files.
    pub fn listen(self: &Rc<Self>) {
        listen(&window(), "dragover", |event: DragEvent| drag(&event));
        let intake = Rc::clone(self);
        listen(&window(), "drop", move |event: DragEvent| {
            intake.take_dropped(&event)
        });
        let intake = Rc::clone(self);
        listen(&window(), "paste", move |event: ClipboardEvent| {
            intake.paste(&event)
        });
        let intake = Rc::clone(self);
        listen(&document(), "change", move |event: web_sys::Event| {
            intake.choose(&event)
        });
        self.take_launches();
        if parameter("shared").is_some() {
            let intake = Rc::clone(self);
            spawn_local(async move { intake.take_shared().await });
        }
    }

    /// Opens the file dialog.
    pub fn pick(&self) {
        let input = document().get_element_by_id(INPUT);
        if let Some(input) = input.and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
            input.click();
        }
    }

    /// Lets an engine's buffer come in as a file.
    pub fn adopt(&self, payload: PayloadId, name: String, media_type: &str) {
        // The engine sends nothing else than a buffer.
        if let Ok(file) = self.files.take_blob(payload, media_type) {
            self.arrive(Way::Chosen, vec![(self.files.keep(file), name)]);
        }
    }

    fn arrive(&self, way: Way, files: Vec<(FileId, String)>) {
        self.tell_arrival(way, files, Arrival::default());
    }

    /// Tells what came as soon as it is known what it is.
    fn tell_arrival(&self, way: Way, came: Vec<(FileId, String)>, beside: Arrival) {
        let (files, tell) = (Rc::clone(&self.files), Rc::clone(&self.tell));
        spawn_local(async move {
            let mut arrived = Vec::with_capacity(came.len());
            for (file, name) in came {
                let head = head(&files, file).await;
                // Of a file that cannot be read the name decides, and whoever opens it says what is wrong.
                let kind = intake::kind(&head.unwrap_or_default(), &name);
                arrived.push(ArrivedFile { file, name, kind });
            }
            tell(Event::FilesArrived(Arrival {
                way,
                files: arrived,
                ..beside
            }));
        });
    }

    fn keep(&self, files: impl IntoIterator<Item = File>) -> Vec<(FileId, String)> {
        files
            .into_iter()
            .map(|file| (self.files.keep(file.clone().into()), file.name()))
            .collect()
    }

    /// What was dropped; folders by their names.
    fn take_dropped(&self, event: &DragEvent) {
        event.prevent_default();
        let Some(transfer) = event.data_transfer() else {
            return;
        };
        let items = transfer.items();
        let folders: Vec<String> = (0..items.length())
            .filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten())
            .filter(|entry| entry.is_directory())
            .map(|entry| entry.name())
            .collect();
        // A folder is among the files too.
        let files = list(transfer.files())
            .into_iter()
            .filter(|file| !folders.contains(&file.name()));
        let files = self.keep(files);
        let beside = Arrival {
            folders,
            ..Arrival::default()
        };
        self.tell_arrival(Way::Dropped, files, beside);
    }

    fn paste(&self, event: &ClipboardEvent) {
        let Some(transfer) = event.clipboard_data() else {
            return;
        };
        let files = self.keep(list(transfer.files()));
        if files.is_empty() && place_of(event) == Place::Text {
            return;
        }
        event.prevent_default();
        self.arrive(Way::Pasted, files);
    }

    fn choose(&self, event: &web_sys::Event) {
        let target = event.target();
        let Some(input) = target.and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        if input.id() == INPUT {
            let files = self.keep(list(input.files()));
            // The same file chosen again is a change again.
            input.set_value("");
            self.arrive(Way::Chosen, files);
        }
    }

    /// Files that the system opens with the installed app.
    fn take_launches(self: &Rc<Self>) {
        let intake = Rc::clone(self);
        let consumer = Closure::<dyn FnMut(Object)>::new(move |launch: Object| {
            let intake = Rc::clone(&intake);
            let handles: Array = reflect::get(&launch, "files")
                .dyn_into()
                .unwrap_or_default();
            spawn_local(async move {
                let (mut files, mut unreadable) = (Vec::new(), Vec::new());
                for handle in handles.iter() {
                    match file_of(&handle).await {
                        Ok(file) => files.push(file),
                        Err(name) => unreadable.push(name),
                    }
                }
                let beside = Arrival {
                    unreadable,
                    ..Arrival::default()
                };
                intake.tell_arrival(Way::Chosen, intake.keep(files), beside);
            });
        });
        // Few browsers have it.
        let queue = reflect::get(&window(), "launchQueue");
        drop(reflect::call(
            &queue,
            "setConsumer",
            &[consumer.as_ref().clone()],
        ));
        // The browser calls it for as long as the page is open.
        consumer.forget();
    }

    async fn take_shared(&self) {
        let images = shared().await.unwrap_or_default().into_iter();
        let files = images.map(|(name, image)| (self.files.keep(image), name));
        self.arrive(Way::Shared, files.collect());
        // Opening the page again must not ask for it again.
        if let (Ok(history), Ok(path)) = (window().history(), window().location().pathname()) {
            drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&path)));
        }
    }
}

/// As many bytes of a file's beginning as tell what it is.
async fn head(files: &Files, file: FileId) -> Result<Vec<u8>, JsValue> {
    let blob = files.get(file).ok_or(JsValue::UNDEFINED)?;
    let start = blob.slice_with_f64_and_f64(0.0, intake::HEAD as f64)?;
    let bytes = JsFuture::from(start.array_buffer()).await?;
    Ok(Uint8Array::new(&bytes).to_vec())
}

/// Whatever is dragged over the page: a link or a text that is dropped must not take its place either.
fn drag(event: &DragEvent) {
    event.prevent_default();
    if let Some(transfer) = event.data_transfer() {
        let effect = if brings_files(&transfer) {
            "copy"
        } else {
            "none"
        };
        transfer.set_drop_effect(effect);
    }
}

fn brings_files(transfer: &DataTransfer) -> bool {
    transfer.types().iter().any(|kind| kind == "Files")
}

/// The list of an input is emptied with the input, so its files are taken out.
fn list(files: Option<FileList>) -> Vec<File> {
    let Some(files) = files else {
        return Vec::new();
    };
    (0..files.length())
        .filter_map(|index| files.get(index))
        .collect()
}

/// The file behind a handle, or the name of one that is gone or must not be read.
async fn file_of(handle: &JsValue) -> Result<File, String> {
    let file = reflect::call_async(handle, "getFile", &[]).await;
    file.and_then(|file| file.dyn_into()).map_err(|_| {
        let name = reflect::get(handle, "name").as_string();
        name.unwrap_or_else(|| "A file".to_owned())
    })
}

/// The images that the service worker received from another app. They are taken out of its cache.
async fn shared() -> Result<Vec<(String, Blob)>, JsValue> {
    let cache: Cache = JsFuture::from(window().caches()?.open(SHARED))
        .await?
        .dyn_into()?;
    let requests: Array = JsFuture::from(cache.keys()).await?.dyn_into()?;
    let mut images = Vec::new();
    for request in requests.iter() {
        let request: Request = request.dyn_into()?;
        let response: Response = JsFuture::from(cache.match_with_request(&request))
            .await?
            .dyn_into()?;
        let name = response.headers().get("x-file-name")?;
        let name = name.and_then(|name| js_sys::decode_uri_component(&name).ok());
        let name = name.map_or_else(|| "shared image".to_owned(), String::from);
        images.push((name, JsFuture::from(response.blob()?).await?.dyn_into()?));
        JsFuture::from(cache.delete_with_request(&request)).await?;
    }
    Ok(images)
}
