//! Sending messages to the page.

use std::cell::RefCell;

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::JsValue;

use crate::engine::browser::bitmaps::Bitmaps;
use crate::engine::browser::scope::{complain, scope};
use crate::engine::error::EngineError;
use crate::engine::outbox::{Outbox, Payload};
use crate::protocol::{Answer, Message, RequestId};
use crate::wire;

/// The page that started this worker.
#[derive(Debug, Default)]
pub struct Page {
    overlays: RefCell<Bitmaps>,
}

impl Outbox for Page {
    fn send(&self, message: &Message) {
        send(message);
    }

    async fn deliver(
        &self,
        id: RequestId,
        answer: Answer,
        payload: &Payload,
    ) -> Result<(), EngineError> {
        let payload = self
            .javascript(payload)
            .await
            .map_err(|error| EngineError::Browser(wire::describe(&error)))?;
        let answer = Box::new(answer);
        post(&Message::Answer { id, answer }, &payload);
        Ok(())
    }
}

impl Page {
    /// A payload as it travels. It leaves wasm memory by one copy; from there on it is transferred.
    async fn javascript(&self, payload: &Payload) -> Result<JsValue, JsValue> {
        Ok(match payload {
            Payload::None => JsValue::UNDEFINED,
            Payload::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
            Payload::Floats(values) => Float32Array::from(values.as_slice()).buffer().into(),
            Payload::Image {
                width,
                height,
                rgba,
            } => {
                // Images are large and come seldom: nothing of them is kept.
                let mut once = Bitmaps::default();
                once.make(*width, *height, rgba).await?.into()
            }
            Payload::Overlay {
                width,
                height,
                rgba,
            } => {
                let mut overlays = self.overlays.take();
                let bitmap = overlays.make(*width, *height, rgba).await;
                self.overlays.replace(overlays);
                bitmap?.into()
            }
        })
    }
}

/// Sends a message that has no payload.
pub fn send(message: &Message) {
    post(message, &JsValue::UNDEFINED);
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
