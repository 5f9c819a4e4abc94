//! Sending messages to the page.

use js_sys::{Array, Float32Array, Uint8Array, Uint8ClampedArray};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::ImageData;

use crate::engine::browser::{complain, scope};
use crate::engine::error::EngineError;
use crate::engine::outbox::{Outbox, Payload};
use crate::protocol::{Answer, Message, RequestId};
use crate::wire;

/// The page that started this worker.
#[derive(Clone, Copy, Debug)]
pub struct Page;

impl Outbox for Page {
    fn send(&self, message: &Message) {
        post(message, &JsValue::UNDEFINED);
    }

    async fn deliver(
        &self,
        id: RequestId,
        answer: Answer,
        payload: &Payload,
    ) -> Result<(), EngineError> {
        let payload = javascript(payload).await?;
        let answer = Box::new(answer);
        post(&Message::Answer { id, answer }, &payload);
        Ok(())
    }
}

/// A payload as it travels. Leaving wasm memory costs one copy; from there on it is transferred.
async fn javascript(payload: &Payload) -> Result<JsValue, EngineError> {
    Ok(match payload {
        Payload::None => JsValue::UNDEFINED,
        Payload::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
        Payload::Floats(values) => Float32Array::from(values.as_slice()).buffer().into(),
        Payload::Image {
            width,
            height,
            rgba,
        }
        | Payload::Overlay {
            width,
            height,
            rgba,
        } => {
            let refused = |error: JsValue| EngineError::Browser(wire::describe(&error));
            // A copy, because what threads share is refused here.
            let pixels = Uint8ClampedArray::from(rgba.as_slice());
            let data = ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, *width, *height)
                .map_err(refused)?;
            let bitmap = scope()
                .create_image_bitmap_with_image_data(&data)
                .map_err(refused)?;
            JsFuture::from(bitmap).await.map_err(refused)?
        }
    })
}

fn post(message: &Message, payload: &JsValue) {
    let result = wire::pack_message(message, payload).and_then(|message| {
        if payload.is_undefined() {
            scope().post_message(&message)
        } else {
            scope().post_message_with_transfer(&message, &Array::of1(payload))
        }
    });
    if let Err(error) = result {
        complain("The engine cannot answer the page:", &error);
    }
}
