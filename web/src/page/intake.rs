//! Ways in: drop, picker, paste, file handler, share target. All end in [`take`].

use delineo_web::protocol::Modality;
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, ClipboardEvent, DataTransfer, File, FileList, Response};

use crate::conductor;
use crate::models;
use crate::store::Store;

/// What a file seems to be, by its name. Whether it is an image is for the engine to say, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Picture,
    Weights,
    Description,
}

fn kind(name: &str) -> Kind {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("pth" | "pt" | "safetensors") => Kind::Weights,
        Some("json") => Kind::Description,
        _ => Kind::Picture,
    }
}

/// Takes files in turn: weights become the model, everything else is opened as a picture.
pub fn take(store: Store, files: Vec<(String, Blob)>) {
    if files.is_empty() {
        return;
    }
    store.forget_errors();
    let (mut pictures, mut weights, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
    for (name, file) in files {
        match kind(&name) {
            Kind::Picture => pictures.push((name, file)),
            Kind::Weights => weights.push((name, file)),
            Kind::Description => descriptions.push((name, file)),
        }
    }
    let mut weights = weights.into_iter();
    match (weights.next(), descriptions.into_iter().next()) {
        (Some((name, file)), description) => {
            if let Some((second, _)) = weights.next() {
                store.fail(format!(
                    "One model at a time: “{name}” is loaded, “{second}” is not."
                ));
            }
            bring_model(store, name, file, description.map(|(_, file)| file));
        }
        (None, Some((name, _))) => {
            store.fail(format!(
                "“{name}” describes a model. Drop it together with its .pth or .safetensors file."
            ));
        }
        (None, None) => {}
    }
    conductor::add_pictures(store, pictures);
}

fn bring_model(store: Store, name: String, weights: Blob, description: Option<Blob>) {
    spawn_local(async move {
        let manifest = match description {
            None => None,
            Some(file) => match JsFuture::from(file.text()).await {
                Ok(text) => text.as_string(),
                Err(_) => {
                    return store.fail("The model.json could not be read. Choose the files again.");
                }
            },
        };
        models::bring(store, name, weights, manifest);
    });
}

/// The files of a picker.
pub fn take_list(store: Store, list: Option<FileList>) {
    take(store, files(list));
}

/// What was dropped. A folder is refused by name.
pub fn take_drop(store: Store, transfer: &DataTransfer) {
    let items = transfer.items();
    let entries = (0..items.length())
        .filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten());
    let folders: Vec<String> = entries
        .filter(|entry| entry.is_directory())
        .map(|entry| entry.name())
        .collect();
    let mut dropped = files(transfer.files());
    dropped.retain(|(name, _)| !folders.contains(name));
    if dropped.is_empty() && folders.is_empty() {
        store.forget_errors();
        return store.fail("Nothing that can be opened was dropped. Drop image files.");
    }
    take(store, dropped);
    if let Some(folder) = folders.first() {
        store.fail(format!(
            "“{folder}” is a folder. Drop the images in it instead."
        ));
    }
}

/// Whether a drag brings files.
pub fn brings_files(transfer: Option<DataTransfer>) -> bool {
    transfer.is_some_and(|transfer| transfer.types().iter().any(|kind| kind == "Files"))
}

/// Listens to everything that opens pictures outside the picker.
pub fn listen(store: Store) {
    let paste = window_event_listener(ev::paste, move |event: ClipboardEvent| {
        let Some(data) = event.clipboard_data() else {
            return;
        };
        let pasted = files(data.files());
        if pasted.is_empty() {
            store.forget_errors();
            return store.fail("The clipboard holds no image.");
        }
        event.prevent_default();
        take(store, pasted);
    });
    on_cleanup(move || paste.remove());
    drop(handle_launches(store));
    if models::query("shared").is_some() {
        spawn_local(async move {
            match shared().await {
                Ok(files) if !files.is_empty() => take(store, files),
                _ => {
                    store.fail("The shared image did not arrive. Share it again, or open it here.")
                }
            }
            // Opening the page again must not ask for it again.
            if let (Ok(history), Ok(path)) = (window().history(), window().location().pathname()) {
                drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&path)));
            }
        });
    }
}

/// Makes a sample; each one of a kind is another picture.
pub fn sample(store: Store, modality: Modality) {
    thread_local!(static SEED: std::cell::Cell<u32> = const { std::cell::Cell::new(1) });
    let seed = SEED.get();
    SEED.set(seed + 1);
    conductor::make_sample(store, modality, seed);
}

fn files(list: Option<FileList>) -> Vec<(String, Blob)> {
    let Some(list) = list else { return Vec::new() };
    (0..list.length())
        .filter_map(|index| list.get(index))
        .map(|file| (file.name(), file.into()))
        .collect()
}

/// Files that the system opens with the installed app.
fn handle_launches(store: Store) -> Result<(), JsValue> {
    let queue = Reflect::get(&window(), &"launchQueue".into())?;
    let set_consumer: Function = Reflect::get(&queue, &"setConsumer".into())?.dyn_into()?;
    let consumer = Closure::<dyn FnMut(Object)>::new(move |launch: Object| {
        let handles = Reflect::get(&launch, &"files".into())
            .ok()
            .and_then(|files| files.dyn_into::<Array>().ok())
            .unwrap_or_default();
        spawn_local(async move {
            let mut opened = Vec::new();
            for handle in handles.iter() {
                match file_of(&handle).await {
                    Ok(file) => opened.push((file.name(), file.into())),
                    Err(_) => store.fail("A file could not be read. Open it here instead."),
                }
            }
            take(store, opened);
        });
    });
    set_consumer.call1(&queue, consumer.as_ref())?;
    // The browser calls it for as long as the page is open.
    consumer.forget();
    Ok(())
}

async fn file_of(handle: &JsValue) -> Result<File, JsValue> {
    let get_file: Function = Reflect::get(handle, &"getFile".into())?.dyn_into()?;
    let promise: Promise = get_file.call0(handle)?.dyn_into()?;
    JsFuture::from(promise).await?.dyn_into()
}

/// The images that the service worker received from another app. They are taken out of its cache.
async fn shared() -> Result<Vec<(String, Blob)>, JsValue> {
    let cache: Cache = JsFuture::from(window().caches()?.open("delineo-shared"))
        .await?
        .dyn_into()?;
    let requests: Array = JsFuture::from(cache.keys()).await?.dyn_into()?;
    let mut images = Vec::new();
    for request in requests.iter() {
        let request: web_sys::Request = request.dyn_into()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_descriptions_are_told_from_pictures() {
        assert_eq!(kind("cmunext_s.PTH"), Kind::Weights);
        assert_eq!(kind("model.safetensors"), Kind::Weights);
        assert_eq!(kind("model.json"), Kind::Description);
        assert_eq!(kind("scan.tiff"), Kind::Picture);
        assert_eq!(kind("no ending"), Kind::Picture);
    }
}
