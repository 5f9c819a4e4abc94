//! The decoder as a browser's worker.

use std::cell::RefCell;
use std::io;
use std::ops::Range;

use delineo::export::{self, Origin, Segmentation};
use delineo::imaging::{self, Decoded, Rendering};
use delineo::mask::ProbabilityMap;
use delineo::zip::Bytes;
use js_sys::{Array, ArrayBuffer, Float32Array, Uint8Array, global};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use super::{EncodeOrder, Order, Outcome, bitmap, contents};
use crate::packed::{self, Unread};
use crate::protocol::{DocumentId, ImageFacts};
use crate::wire;

/// Bytes of a file that is read whole: wasm memory ends at 4 GB.
const MOST: u64 = 1_000_000_000;
const UNREADABLE: &str = "The file cannot be read. Was it moved or deleted?";

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
                Ok((order, payload)) => carry_out(order, &payload).await,
                Err(error) => Err(wire::describe(&error)),
            };
            match outcome {
                Ok((outcome, bytes)) => {
                    tell(&outcome, &Uint8Array::from(bytes.as_slice()).buffer());
                }
                Err(sentence) => tell(&Outcome::Refused(sentence), &JsValue::UNDEFINED),
            }
        });
    });
    scope().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
    tell(&Outcome::Listening, &JsValue::UNDEFINED);
}

/// What was made, with its bytes, or a sentence.
async fn carry_out(order: Order, payload: &JsValue) -> Result<(Outcome, Vec<u8>), String> {
    match order {
        Order::Decode {
            document,
            rendering,
        } => {
            let bytes = file(document, payload).await?;
            let decoded = decode(&bytes, payload, &rendering).await;
            LAST.set(Some((document, bytes)));
            let decoded = decoded?;
            let facts = Box::new(ImageFacts::from(&decoded));
            Ok((Outcome::Decoded(facts), decoded.image.into_raw()))
        }
        Order::Encode(order) => {
            let both: &Array = payload.dyn_ref().ok_or(UNREADABLE)?;
            let (blob, map) = (both.get(0), both.get(1));
            let map: &Float32Array = map.dyn_ref().ok_or(UNREADABLE)?;
            let bytes = file(order.document, &blob).await?;
            let encoded = match decode(&bytes, &blob, &order.rendering).await {
                Ok(decoded) => encode(&order, &bytes, &decoded, map.to_vec()),
                Err(sentence) => Err(sentence),
            };
            LAST.set(Some((order.document, bytes)));
            Ok((Outcome::Encoded, encoded?))
        }
        Order::Unpack { path } => unpack(&path, payload).await,
    }
}

/// What is in a file. Of an archive only the list is read, and the beginnings of files whose names do not say what they are.
async fn unpack(path: &str, payload: &JsValue) -> Result<(Outcome, Vec<u8>), String> {
    let blob: &Blob = payload.dyn_ref().ok_or(UNREADABLE)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let bytes = BlobBytes {
        blob: blob.clone(),
        reader: FileReaderSync::new(),
    };
    // What is packed is no archive: one in an archive is not opened.
    let is_packed = packed::deflated(&blob.type_()).is_some();
    let head = bytes
        .read(0..bytes.length().min(4))
        .map_err(|_| UNREADABLE)?;
    let (contents, masks) = if !is_packed && contents::is_archive(&head) {
        (contents::of_archive(bytes, name)?, Vec::new())
    } else {
        contents::of_annotations(&whole(blob, name).await?, path)?
    };
    Ok((Outcome::Unpacked(Box::new(contents)), masks))
}

#[wasm_bindgen]
extern "C" {
    /// Reads blobs at once, in workers alone.
    #[derive(Debug)]
    type FileReaderSync;

    #[wasm_bindgen(constructor)]
    fn new() -> FileReaderSync;

    #[wasm_bindgen(method, catch, js_name = readAsArrayBuffer)]
    fn read_as_array_buffer(this: &FileReaderSync, blob: &Blob) -> Result<ArrayBuffer, JsValue>;
}

/// A blob, of which ranges are read.
#[derive(Debug)]
struct BlobBytes {
    blob: Blob,
    reader: FileReaderSync,
}

impl Bytes for BlobBytes {
    fn length(&self) -> u64 {
        self.blob.size() as u64
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let fault = |error: JsValue| io::Error::other(wire::describe(&error));
        let part = self
            .blob
            .slice_with_f64_and_f64(range.start as f64, range.end as f64)
            .map_err(fault)?;
        let buffer = self.reader.read_as_array_buffer(&part).map_err(fault)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

/// All bytes of a blob.
async fn whole(blob: &Blob, name: &str) -> Result<Vec<u8>, String> {
    packed::bytes(blob, name, MOST)
        .await
        .map_err(|unread| match unread {
            Unread::Unreadable => UNREADABLE.to_owned(),
            Unread::TooLarge(size) => format!(
                "{name} has {} MB; Delineo reads files up to {} MB.",
                size / 1_000_000,
                MOST / 1_000_000
            ),
            Unread::Damaged(error) => error.to_string(),
        })
}

/// A format without a decoder here is the browser's business.
async fn decode(bytes: &[u8], file: &JsValue, rendering: &Rendering) -> Result<Decoded, String> {
    match imaging::render(bytes, rendering) {
        Err(delineo::Error::BrowserFormat { .. }) => bitmap::decode(bytes, file).await,
        decoded => decoded.map_err(|error| error.to_string()),
    }
}

fn encode(
    order: &EncodeOrder,
    file: &[u8],
    decoded: &Decoded,
    map: Vec<f32>,
) -> Result<Vec<u8>, String> {
    let (width, height) = order.map;
    if width == 0 || height == 0 || map.len() != width * height {
        return Err("The probability map does not have its size.".to_owned());
    }
    let map = ProbabilityMap::new(width, height, map);
    let format = export::by_id(&order.format)
        .ok_or_else(|| format!("Delineo cannot write “{}” files.", order.format))?;
    let spacing = decoded.scale.as_ref().and_then(|scale| scale.uniform());
    let segmentation = Segmentation::new(
        &decoded.image,
        &map,
        order.threshold,
        order.cleaning,
        &order.corrections,
        order.style,
    );
    let mut segmentation = segmentation.from(Origin {
        file,
        spacing,
        info: order.info.clone(),
    });
    segmentation.lines.clone_from(&order.lines);
    format
        .encode(&segmentation)
        .map_err(|error| error.to_string())
}

/// The bytes of a document's file: those that were kept, or the blob's.
async fn file(document: DocumentId, file: &JsValue) -> Result<Vec<u8>, String> {
    if let Some((_, bytes)) = LAST.take().filter(|(of, _)| *of == document) {
        return Ok(bytes);
    }
    let blob: &Blob = file.dyn_ref().ok_or(UNREADABLE)?;
    whole(blob, "The file").await
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
