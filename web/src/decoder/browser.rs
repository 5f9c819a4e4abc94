//! The decoder as a browser's worker.

use std::cell::RefCell;

use delineo::imaging;
use js_sys::{Array, Uint8Array, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use super::{Order, Outcome};
use crate::protocol::{DocumentId, ImageFacts};
use crate::wire;

thread_local! {
    /// The file of the last order: its next frame needs no second reading.
    static LAST: RefCell<Option<(DocumentId, Vec<u8>)>> = const { RefCell::new(None) };
}

/// Starts the worker.
pub fn start() {
    console_error_panic_hook::set_once();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
        let order = wire::unpack::<Order>(&event.data());
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = match order {
                Ok((order, file)) => carry_out(order, &file).await,
                Err(error) => Err(wire::describe(&error)),
            };
            match outcome {
                Ok((facts, pixels)) => {
                    let pixels = Uint8Array::from(pixels.as_slice()).buffer();
                    tell(&Outcome::Decoded(Box::new(facts)), &pixels);
                }
                Err(sentence) => tell(&Outcome::Refused(sentence), &JsValue::UNDEFINED),
            }
        });
    });
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    tell(&Outcome::Listening, &JsValue::UNDEFINED);
}

/// The facts and the pixels, or a sentence.
async fn carry_out(order: Order, file: &JsValue) -> Result<(ImageFacts, Vec<u8>), String> {
    let Order::Decode {
        document,
        rendering,
    } = order;
    let kept = LAST.take().filter(|(of, _)| *of == document);
    let (_, bytes) = match kept {
        Some(kept) => kept,
        None => (document, read(file).await?),
    };
    let decoded = imaging::render(&bytes, &rendering);
    LAST.set(Some((document, bytes)));
    let decoded = decoded.map_err(|error| error.to_string())?;
    Ok((ImageFacts::from(&decoded), decoded.image.into_raw()))
}

async fn read(file: &JsValue) -> Result<Vec<u8>, String> {
    let unreadable = |_| "The file cannot be read. Was it moved or deleted?".to_owned();
    let blob: &Blob = file
        .dyn_ref()
        .ok_or(JsValue::UNDEFINED)
        .map_err(unreadable)?;
    let buffer = JsFuture::from(blob.array_buffer()).await;
    Ok(Uint8Array::new(&buffer.map_err(unreadable)?).to_vec())
}

fn tell(outcome: &Outcome, payload: &JsValue) {
    let told = wire::pack(outcome, payload).and_then(|message| {
        if payload.is_undefined() {
            scope().post_message(&message)
        } else {
            scope().post_message_with_transfer(&message, &Array::of1(payload))
        }
    });
    if let Err(error) = told {
        // An uncaught error reaches the engine, which then waits no longer.
        wasm_bindgen::throw_val(error);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}
