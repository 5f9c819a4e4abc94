//! The store as a browser's worker: the session in the origin private file system.
//!
//! ```text
//!   session/journal-0, session/journal-1    the two journals, open as long as the worker lives
//!   session/files/NUMBER                    copies of source files
//! ```
//!
//! One tab writes: the one that holds the Web Lock `LOCK`. Another one reads, waits for the lock, and tells its page anew
//! what there is once it has it.

mod disk;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Promise, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use super::journal::Kind;
use super::messages::{Access, Fault, Found, Item, Key, Message, Order};
use super::store::{Contents, FileNote, Store, read_only};
use crate::wire;
use disk::{OpenFile, ask, call, fault, file_in, folder_in, get};

const LOCK: &str = "delineo-session";
const FOLDER: &str = "session";
const COPIES: &str = "files";
const JOURNALS: [&str; 2] = ["journal-0", "journal-1"];
/// How long the lock may take, in milliseconds, before the session counts as another tab's: a page that was just reloaded may
/// hold it for a moment.
const PATIENCE: i32 = 700;
/// So many files or documents come in one message, so that the page stays quick.
const PART: usize = 128;
/// So many bytes stay free beside a copy.
const RESERVE: f64 = 32e6;

thread_local! {
    static OPEN: RefCell<Option<Rc<Session>>> = const { RefCell::new(None) };
    static CLAIM: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// A session that this worker writes.
struct Session {
    copies: JsValue,
    store: RefCell<Option<Store<OpenFile>>>,
    sizes: RefCell<BTreeMap<Key, f64>>,
    /// Whether it is being deleted: copies that are under way stop.
    is_over: Cell<bool>,
}

/// Starts the worker.
pub fn start() {
    console_error_panic_hook::set_once();
    let listener =
        Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
            match wire::unpack::<Order>(&event.data()) {
                Ok((order, payload)) => carry_out(order, payload),
                Err(error) => wasm_bindgen::throw_val(error),
            }
        });
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    hold_name();
    tell(&Message::Listening, &JsValue::UNDEFINED);
}

/// What is written to the journal is written at once, also while a file is being copied.
fn carry_out(order: Order, payload: JsValue) {
    let item = order.item();
    let done = match order {
        Order::Open => return spawn_local(open()),
        Order::Delete => return spawn_local(delete()),
        Order::PutFile(key) => {
            return spawn_local(async move { answer(Item::File(key), copy(key, &payload).await) });
        }
        Order::RemoveFile(key) => {
            return spawn_local(async move { answer(Item::File(key), remove_copy(key).await) });
        }
        Order::PutSession(text) => with_store(|store| store.put(Kind::Session, 0, text.as_bytes())),
        Order::PutDocument { key, text } => {
            with_store(|store| store.put(Kind::Document, key.0, text.as_bytes()))
        }
        Order::RemoveDocument(key) => with_store(|store| store.remove(Kind::Document, key.0)),
    };
    if let Some(item) = item {
        answer(item, done);
    }
}

fn answer(item: Item, done: Result<(), Fault>) {
    let message = match done {
        Ok(()) => Message::Kept {
            item,
            bytes: session().map_or(0.0, |session| session.bytes()),
        },
        Err(fault) => Message::NotKept { item, fault },
    };
    tell(&message, &JsValue::UNDEFINED);
}

fn session() -> Option<Rc<Session>> {
    OPEN.with_borrow(|open| open.clone())
}

fn with_store(work: impl FnOnce(&mut Store<OpenFile>) -> Result<(), Fault>) -> Result<(), Fault> {
    let session = session().ok_or_else(not_open)?;
    let mut store = session.store.borrow_mut();
    work(store.as_mut().ok_or_else(not_open)?)
}

fn not_open() -> Fault {
    Fault::Disk("the session is not open".to_owned())
}

impl Session {
    fn bytes(&self) -> f64 {
        let journal = self.store.borrow().as_ref().map_or(0, Store::size);
        journal as f64 + self.sizes.borrow().values().sum::<f64>()
    }
}

async fn open() {
    let found = if has_lock(PATIENCE).await {
        open_to_write().await
    } else {
        let read = open_to_read().await;
        spawn_local(async {
            if JsFuture::from(claim()).await.is_ok() {
                show(open_to_write().await).await;
            }
        });
        read
    };
    show(found).await;
}

/// What was found, with the folder of the copies.
type Opened = Result<(Access, Contents, JsValue), Fault>;

async fn open_to_write() -> Opened {
    close();
    let folder = folder_in(&root().await?, FOLDER, true)
        .await
        .map_err(|error| fault(&error))?;
    let copies = folder_in(&folder, COPIES, true)
        .await
        .map_err(|error| fault(&error))?;
    let [first, second] = JOURNALS;
    let journals = [
        OpenFile::open(&folder, first).await?,
        OpenFile::open(&folder, second).await?,
    ];
    let (store, contents) = Store::open(journals)?;
    drop(sweep(&copies, &contents).await);
    let sizes = contents.files.iter().map(|(key, note)| (*key, note.size));
    OPEN.set(Some(Rc::new(Session {
        copies: copies.clone(),
        sizes: RefCell::new(sizes.collect()),
        store: RefCell::new(Some(store)),
        is_over: Cell::new(false),
    })));
    Ok((Access::Writer, contents, copies))
}

async fn open_to_read() -> Opened {
    let nothing = |copies| Ok((Access::Reader, Contents::default(), copies));
    let Ok(folder) = folder_in(&root().await?, FOLDER, false).await else {
        return nothing(JsValue::UNDEFINED);
    };
    let Ok(copies) = folder_in(&folder, COPIES, false).await else {
        return nothing(JsValue::UNDEFINED);
    };
    let mut journals = [Vec::new(), Vec::new()];
    for (journal, name) in journals.iter_mut().zip(JOURNALS) {
        if let Ok(bytes) = disk::read(&folder, name).await {
            *journal = bytes;
        }
    }
    Ok((Access::Reader, read_only(&journals)?, copies))
}

async fn root() -> Result<JsValue, Fault> {
    let storage = get(&scope().navigator(), "storage");
    let root = ask(&storage, "getDirectory", &[]).await;
    root.map_err(|error| Fault::NotAllowed(wire::describe(&error)))
}

/// Deletes copies that were not finished.
async fn sweep(copies: &JsValue, contents: &Contents) -> Result<(), JsValue> {
    let names = call(copies, "keys", &[])?;
    let mut unfinished = Vec::new();
    loop {
        let next = ask(&names, "next", &[]).await?;
        if get(&next, "done").is_truthy() {
            break;
        }
        let name = get(&next, "value").as_string().unwrap_or_default();
        let key = name.parse().ok().map(Key);
        if key.is_none_or(|key| !contents.files.contains_key(&key)) {
            unfinished.push(name);
        }
    }
    for name in unfinished {
        ask(copies, "removeEntry", &[name.into()]).await?;
    }
    Ok(())
}

/// Tells the page what was found, in parts.
async fn show(found: Opened) {
    let (access, contents, copies) = match found {
        Ok(found) => found,
        Err(fault) => return tell(&Message::Unavailable(fault), &JsValue::UNDEFINED),
    };
    let journal = session().map_or(0.0, |session| session.bytes());
    let part = |is_last| Found {
        access,
        session: None,
        documents: Vec::new(),
        files: Vec::new(),
        bytes: journal,
        is_last,
    };
    let files: Vec<(Key, FileNote)> = contents.files.into_iter().collect();
    for some in files.chunks(PART) {
        let blobs = blobs(&copies, some).await;
        let there = |place: &usize| !blobs.get(*place as u32).is_undefined();
        let places: Vec<usize> = (0..some.len()).filter(there).collect();
        let payload: Array = places
            .iter()
            .map(|place| blobs.get(*place as u32))
            .collect();
        let found = Found {
            files: places
                .iter()
                .filter_map(|place| Some(some.get(*place)?.0))
                .collect(),
            ..part(false)
        };
        tell(&Message::Found(found), &payload);
    }
    let documents: Vec<(Key, String)> = contents.documents.into_iter().collect();
    for some in documents.chunks(PART) {
        let found = Found {
            documents: some.to_vec(),
            ..part(false)
        };
        tell(&Message::Found(found), &JsValue::UNDEFINED);
    }
    let found = Found {
        session: contents.session,
        ..part(true)
    };
    tell(&Message::Found(found), &JsValue::UNDEFINED);
}

/// The copies of files, `undefined` for each that is not there or not whole.
async fn blobs(copies: &JsValue, files: &[(Key, FileNote)]) -> Array {
    let promised: Array = files
        .iter()
        .cloned()
        .map(|(key, note)| {
            let copies = copies.clone();
            future_to_promise(async move {
                Ok(blob(&copies, key, &note)
                    .await
                    .unwrap_or(JsValue::UNDEFINED))
            })
        })
        .collect();
    let all = JsFuture::from(Promise::all(&promised)).await;
    all.ok()
        .and_then(|all| all.dyn_into().ok())
        .unwrap_or_default()
}

async fn blob(copies: &JsValue, key: Key, note: &FileNote) -> Result<JsValue, JsValue> {
    let handle = file_in(copies, &key.0.to_string(), false).await?;
    let file: Blob = ask(&handle, "getFile", &[]).await?.dyn_into()?;
    if file.size() != note.size {
        return Err(JsValue::UNDEFINED);
    }
    let typed = file.slice_with_f64_and_f64_and_content_type(0.0, note.size, &note.media_type);
    typed.map(JsValue::from)
}

async fn copy(key: Key, payload: &JsValue) -> Result<(), Fault> {
    let session = session().ok_or_else(not_open)?;
    let file: &Blob = payload.dyn_ref().ok_or(Fault::Unreadable)?;
    if !has_room(file.size()).await {
        return Err(Fault::NoRoom);
    }
    let name = key.0.to_string();
    let mut copied = match OpenFile::open(&session.copies, &name).await {
        Ok(copy) => disk::pour(copy, file, &session.is_over).await,
        Err(fault) => Err(fault),
    };
    if copied.is_ok() {
        let note = FileNote {
            size: file.size(),
            media_type: file.type_(),
        };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        copied = with_store(|store| store.put(Kind::File, key.0, &note));
    }
    if copied.is_ok() {
        session.sizes.borrow_mut().insert(key, file.size());
    } else {
        drop(ask(&session.copies, "removeEntry", &[name.into()]).await);
    }
    copied
}

async fn remove_copy(key: Key) -> Result<(), Fault> {
    let session = session().ok_or_else(not_open)?;
    with_store(|store| store.remove(Kind::File, key.0))?;
    session.sizes.borrow_mut().remove(&key);
    // One that stays is deleted when the session is opened next.
    drop(ask(&session.copies, "removeEntry", &[key.0.to_string().into()]).await);
    Ok(())
}

/// Where the browser does not say how much room there is, the disk says when it is full.
async fn has_room(size: f64) -> bool {
    let storage = get(&scope().navigator(), "storage");
    let Ok(estimate) = ask(&storage, "estimate", &[]).await else {
        return true;
    };
    match (
        get(&estimate, "quota").as_f64(),
        get(&estimate, "usage").as_f64(),
    ) {
        (Some(quota), Some(usage)) => size + RESERVE <= quota - usage,
        _ => true,
    }
}

async fn delete() {
    let message = match remove_everything().await {
        Ok(()) => Message::Deleted,
        Err(fault) => Message::NotDeleted(fault),
    };
    tell(&message, &JsValue::UNDEFINED);
}

async fn remove_everything() -> Result<(), Fault> {
    if !has_lock(PATIENCE).await {
        return Err(Fault::Disk("the session is open in another tab".to_owned()));
    }
    close();
    let root = root().await?;
    let options = disk::object("recursive", true);
    let mut removed = Ok(());
    // A copy that is being made closes its file at its next slice.
    for _ in 0..25 {
        let arguments = [FOLDER.into(), options.clone()];
        removed = match ask(&root, "removeEntry", &arguments).await {
            Ok(_) => Ok(()),
            Err(error) if get(&error, "name") == "NotFoundError" => Ok(()),
            Err(error) => Err(fault(&error)),
        };
        if removed.is_ok() {
            break;
        }
        disk::pause(200).await;
    }
    removed
}

/// Closes the journals, if they are open.
fn close() {
    if let Some(session) = OPEN.take() {
        session.is_over.set(true);
        // Dropping a file closes it.
        drop(session.store.take());
    }
}

/// Whether this worker has the lock, or gets it within so many milliseconds.
async fn has_lock(milliseconds: i32) -> bool {
    let late = future_to_promise(async move {
        disk::pause(milliseconds).await;
        Ok(JsValue::FALSE)
    });
    let first = Promise::race(&Array::of2(&claim(), &late));
    JsFuture::from(first)
        .await
        .is_ok_and(|first| first.is_truthy())
}

/// Fulfilled with `true` once the lock is this worker's, which then holds it for as long as it lives. Without Web Locks the
/// journals' files, which only one worker can open, are the lock.
fn claim() -> Promise {
    let known = CLAIM.with_borrow(|claim| claim.clone());
    known.unwrap_or_else(|| {
        let locks = get(&scope().navigator(), "locks");
        let claim = if locks.is_undefined() {
            Promise::resolve(&JsValue::TRUE)
        } else {
            hold(&locks, LOCK)
        };
        CLAIM.set(Some(claim.clone()));
        claim
    })
}

fn hold(locks: &JsValue, name: &str) -> Promise {
    Promise::new(&mut |granted, refused| {
        let hold = Closure::once_into_js(move || {
            drop(granted.call1(&JsValue::NULL, &JsValue::TRUE));
            Promise::new(&mut |_, _| {})
        });
        if let Err(error) = call(locks, "request", &[name.into(), hold]) {
            drop(refused.call1(&JsValue::NULL, &error));
        }
    })
}

/// A lock under the worker's own name: the page waits for it and so learns of a worker that was closed without a word.
fn hold_name() {
    let locks = get(&scope().navigator(), "locks");
    if !locks.is_undefined() {
        drop(hold(&locks, &scope().name()));
    }
}

fn tell(message: &Message, payload: &JsValue) {
    let told = wire::pack(message, payload).and_then(|message| scope().post_message(&message));
    if let Err(error) = told {
        // An uncaught error reaches the page, which then starts another store.
        wasm_bindgen::throw_val(error);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}
