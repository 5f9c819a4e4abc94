//! Files that leave the page: to the disk as a download, or to the clipboard.

use delineo_web::protocol::Export;
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, ClipboardItem, HtmlAnchorElement, Url};

use crate::conductor;
use crate::store::{Store, Tone};
use crate::wording;

thread_local! {
    /// Who waits for the picture that goes to the clipboard.
    static COPY: std::cell::RefCell<Option<(Function, Function)>> = const { std::cell::RefCell::new(None) };
}

/// Asks for a file and saves it when it comes.
pub fn download(store: Store, what: Export) {
    conductor::export(store, what, false);
}

/// Asks for a file and copies it when it comes. The clipboard is opened now, while the browser still knows that the
/// person asked for it, and filled later.
pub fn copy(store: Store, what: Export) {
    if !conductor::export(store, what, true) {
        return;
    }
    let picture = Promise::new(&mut |resolve, reject| COPY.set(Some((resolve, reject))));
    let written = clipboard_write(&picture);
    spawn_local(async move {
        let written = match written {
            Ok(promise) => JsFuture::from(promise).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(_) => store.tell(
                Tone::Info,
                format!("{} copied to the clipboard.", wording::export(what)),
                None,
            ),
            Err(_) => {
                store.fail("The browser did not allow the clipboard. Export the file instead.")
            }
        }
    });
}

/// The engine wrote a file.
pub fn exported(store: Store, what: Export, clipboard: bool, file_name: &str, payload: &JsValue) {
    let Ok(blob) = png_blob(payload) else {
        refused();
        return store.fail("The file could not be kept in memory. Close other tabs and try again.");
    };
    if clipboard {
        if let Some((resolve, _)) = COPY.take() {
            drop(resolve.call1(&JsValue::NULL, &blob));
        }
        return;
    }
    match offer(&blob, file_name) {
        Ok(()) => store.tell(
            Tone::Info,
            format!("{} saved as {file_name}.", wording::export(what)),
            None,
        ),
        Err(_) => {
            store.fail("The browser did not save the file. Check whether it blocks downloads here.")
        }
    }
}

/// The engine did not write the file: whoever waits for it on the way to the clipboard must not wait for ever.
pub fn refused() {
    if let Some((_, reject)) = COPY.take() {
        drop(reject.call0(&JsValue::NULL));
    }
}

/// A PNG from the engine's buffer.
pub fn png_blob(payload: &JsValue) -> Result<Blob, JsValue> {
    let buffer: &js_sys::ArrayBuffer = payload.dyn_ref().ok_or(JsValue::NULL)?;
    let options = BlobPropertyBag::new();
    options.set_type("image/png");
    Blob::new_with_u8_array_sequence_and_options(&Array::of1(buffer), &options)
}

/// Writes text to the clipboard.
pub async fn copy_text(text: &str) -> Result<(), JsValue> {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into())?;
    if clipboard.is_undefined() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(window().navigator().clipboard().write_text(text))
        .await
        .map(drop)
}

fn clipboard_write(picture: &Promise) -> Result<Promise, JsValue> {
    let navigator = window().navigator();
    // Both are absent on pages without a secure origin, and in some browsers.
    if Reflect::get(&navigator, &"clipboard".into())?.is_undefined()
        || !Reflect::has(&window(), &"ClipboardItem".into())?
    {
        return Err(JsValue::NULL);
    }
    let record = Object::new();
    Reflect::set(&record, &"image/png".into(), picture)?;
    let item = ClipboardItem::new_with_record_from_str_to_blob_promise(&record)?;
    Ok(navigator.clipboard().write(&Array::of1(&item)))
}

fn offer(blob: &Blob, file_name: &str) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(blob)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&address);
    anchor.set_download(file_name);
    anchor.click();
    // The browser reads the address after this event.
    set_timeout(
        move || drop(Url::revoke_object_url(&address)),
        std::time::Duration::from_secs(30),
    );
    Ok(())
}
