//! Ways in: drop, dialog, paste, file handler, share target. All end in `Event::FilesArrived`.

use std::rc::Rc;
use std::time::Duration;

use delineo::intake::{self, Kind};
use js_sys::{Array, Object};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, Cache, ClipboardEvent, DataTransfer, DragEvent, File, FileList, HtmlElement,
    HtmlInputElement, Request, Response,
};

use super::address::parameter;
use super::directories::{self, Dropped, Source};
use super::files::Files;
use super::keyboard::place_of;
use super::listener::listen;
use super::reflect;
use super::timers::pause;
use crate::app::arrival::{Arrival, ArrivedFile, Stamp, Way};
use crate::app::event::{Event, EventSink};
use crate::app::folders::{self, Brought, Placed};
use crate::app::ids::{FileId, PayloadId};
use crate::app::keys::Place;
use crate::contents::Member;

/// The id of the file input, which the page shows as a button.
const INPUT: &str = "open-image";
/// That of the input that chooses a folder.
const FOLDER_INPUT: &str = "open-folder";
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
        click(INPUT);
    }

    /// Opens the dialog that chooses a folder.
    pub fn pick_folder(&self) {
        click(FOLDER_INPUT);
    }

    /// Lets an engine's buffer come in as a file.
    pub fn adopt(self: &Rc<Self>, payload: PayloadId, name: String, media_type: &str) {
        // The engine sends nothing else than a buffer.
        if let Ok(file) = self.files.take_blob(payload, media_type) {
            self.deliver_later(Arrival::default(), vec![(name, Source::File(file))]);
        }
    }

    /// Lets the files of an archive come in.
    pub fn adopt_members(self: &Rc<Self>, archive: FileId, members: Vec<Member>) {
        let archive = self.files.get(archive);
        let found = members.into_iter().filter_map(|member| {
            let source = Source::Member {
                blob: Files::part(archive.as_ref()?, &member.part)?,
                kind: member.kind,
                stamp: Stamp {
                    size: member.size,
                    modified: member.crc.into(),
                },
            };
            Some((member.path, source))
        });
        let arrival = Arrival {
            way: Way::Unpacked,
            ..Arrival::default()
        };
        self.deliver_later(arrival, found.collect());
    }

    /// Reads what is needed to know what came, and tells it in batches, so that the first picture does not wait for the
    /// last.
    async fn deliver(&self, beside: Arrival, found: Vec<(String, Source)>) {
        let count = found.len();
        let batches = folders::batches(found);
        let last = batches.len().saturating_sub(1);
        let mut arrival = Arrival {
            id: self.files.next_id(),
            ..beside
        };
        if batches.is_empty() {
            return (self.tell)(Event::FilesArrived(arrival));
        }
        for (number, batch) in batches.into_iter().enumerate() {
            if number > 0 {
                // The browser draws in between.
                pause(Duration::ZERO).await;
            }
            let (files, unreadable) = self.read(batch, count).await;
            arrival.unreadable.extend(unreadable);
            let told = Arrival {
                files,
                more_follow: number < last,
                folders: std::mem::take(&mut arrival.folders),
                unreadable: std::mem::take(&mut arrival.unreadable),
                ..arrival.clone()
            };
            (self.tell)(Event::FilesArrived(told));
        }
    }

    /// The files of a batch, and the paths of those that cannot be read.
    async fn read(
        &self,
        batch: Vec<Placed<Source>>,
        count: usize,
    ) -> (Vec<ArrivedFile>, Vec<String>) {
        let sources: Vec<&Source> = batch.iter().map(|placed| &placed.item).collect();
        let blobs = directories::files(&sources).await;
        let told: Vec<Option<Kind>> = batch
            .iter()
            .map(|placed| match &placed.item {
                Source::Member { kind, .. } => Some(*kind),
                _ => folders::kind_by_name(&placed.path, count),
            })
            .collect();
        let untold = |(blob, kind): (&'_ Option<Blob>, &Option<Kind>)| {
            blob.clone().filter(|_| kind.is_none())
        };
        let unknown: Vec<Blob> = blobs.iter().zip(&told).filter_map(untold).collect();
        let unknown: Vec<&Blob> = unknown.iter().collect();
        let mut heads = directories::heads(&unknown, intake::HEAD).await.into_iter();
        let (mut files, mut unreadable) = (Vec::new(), Vec::new());
        // Where each file of the batch went; an unreadable one goes nowhere.
        let mut went: Vec<Option<usize>> = Vec::with_capacity(batch.len());
        for ((placed, blob), kind) in batch.into_iter().zip(blobs).zip(told) {
            let Some(blob) = blob else {
                unreadable.push(placed.path);
                went.push(None);
                continue;
            };
            // Of a file that cannot be read the name decides, and whoever opens it says what is wrong.
            let kind = kind
                .unwrap_or_else(|| folders::kind(&placed.path, &heads.next().unwrap_or_default()));
            let (folder, name) = folders::split(&placed.path);
            went.push(Some(files.len()));
            files.push(ArrivedFile {
                stamp: match placed.item {
                    Source::Member { stamp, .. } => Some(stamp),
                    _ => stamp(&blob),
                },
                file: self.files.keep(blob),
                name: name.to_owned(),
                folder: folder.to_owned(),
                kind,
                image: placed.image.and_then(|image| *went.get(image)?),
            });
        }
        (files, unreadable)
    }

    fn deliver_later(self: &Rc<Self>, beside: Arrival, found: Vec<(String, Source)>) {
        let intake = Rc::clone(self);
        spawn_local(async move { intake.deliver(beside, found).await });
    }

    /// What was dropped: files, folders, or something of another page that is no file.
    fn take_dropped(self: &Rc<Self>, event: &DragEvent) {
        event.prevent_default();
        let Some(transfer) = event.data_transfer() else {
            return;
        };
        let Dropped { files, directories } = Dropped::of(&transfer);
        let mut arrival = Arrival {
            way: Way::Dropped,
            ..Arrival::default()
        };
        if directories.is_empty() {
            if files.is_empty() {
                arrival.brought = brought(&transfer);
            }
            return self.deliver_later(arrival, files);
        }
        arrival.brought = Brought::Folder;
        let intake = Rc::clone(self);
        spawn_local(async move {
            let (listed, unreadable) = directories::list(directories).await;
            arrival.folders = unreadable;
            let found = files.into_iter().chain(listed).collect();
            intake.deliver(arrival, found).await;
        });
    }

    fn paste(self: &Rc<Self>, event: &ClipboardEvent) {
        let Some(transfer) = event.clipboard_data() else {
            return;
        };
        let files = named(list(transfer.files()));
        if files.is_empty() && place_of(event) == Place::Text {
            return;
        }
        event.prevent_default();
        let arrival = Arrival {
            way: Way::Pasted,
            brought: if files.is_empty() {
                brought(&transfer)
            } else {
                Brought::Files
            },
            ..Arrival::default()
        };
        self.deliver_later(arrival, files);
    }

    fn choose(self: &Rc<Self>, event: &web_sys::Event) {
        let target = event.target();
        let Some(input) = target.and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        let id = input.id();
        if id != INPUT && id != FOLDER_INPUT {
            return;
        }
        let files = named(list(input.files()));
        // The same file chosen again is a change again.
        input.set_value("");
        let arrival = Arrival {
            brought: if id == FOLDER_INPUT {
                Brought::Folder
            } else {
                Brought::Files
            },
            ..Arrival::default()
        };
        self.deliver_later(arrival, files);
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
                intake.deliver(beside, named(files)).await;
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
        let files = images.map(|(name, image)| (name, Source::File(image)));
        let arrival = Arrival {
            way: Way::Shared,
            ..Arrival::default()
        };
        self.deliver(arrival, files.collect()).await;
        // Opening the page again must not ask for it again.
        if let (Ok(history), Ok(path)) = (window().history(), window().location().pathname()) {
            drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&path)));
        }
    }
}

fn click(input: &str) {
    let input = document().get_element_by_id(input);
    if let Some(input) = input.and_then(|input| input.dyn_into::<HtmlElement>().ok()) {
        input.click();
    }
}

/// Files with their paths.
fn named(files: Vec<File>) -> Vec<(String, Source)> {
    let named = files
        .into_iter()
        .map(|file| (directories::path_of(&file), Source::File(file.into())));
    named.collect()
}

/// Size and date, of what is a file and not made here.
fn stamp(blob: &Blob) -> Option<Stamp> {
    let file = blob.dyn_ref::<File>()?;
    Some(Stamp {
        size: file.size() as u64,
        modified: file.last_modified() as i64,
    })
}

/// What is in a transfer without files.
fn brought(transfer: &DataTransfer) -> Brought {
    let text = |format: &str| transfer.get_data(format).unwrap_or_default();
    folders::brought(&text("text/uri-list"), &text("text/plain"))
}

/// Whatever is dragged over the page, a link or a text too, must not take its place when it is dropped. What is no file is
/// let drop as its page proposes, so that the person hears why it is not opened.
fn drag(event: &DragEvent) {
    event.prevent_default();
    if let Some(transfer) = event.data_transfer()
        && transfer.types().iter().any(|kind| kind == "Files")
    {
        transfer.set_drop_effect("copy");
    }
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
