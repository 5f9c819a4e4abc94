//! The engine's side of the decoder for rare formats: it is started when the first such file comes, and again after it
//! died.

use std::cell::RefCell;
use std::rc::Rc;

use delineo::RgbImage;
use futures_channel::oneshot;
use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::contents::Contents;
use crate::decoder::{EncodeOrder, Order, Outcome};
use crate::engine::browser::scope::scope;
use crate::engine::error::EngineError;
use crate::protocol::ImageFacts;
use crate::wire;

const LOST: &str = "This file could not be read: the decoder for it stopped. It may be damaged or need more memory than there is.";
const ABSENT: &str =
    "The decoder for this kind of file could not be loaded. Check the connection and try again.";

/// What was made, with its bytes, or a sentence on why there is nothing.
type Made = Result<(Outcome, JsValue), String>;

/// The decoder, while it runs. One order at a time.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    running: Rc<RefCell<Option<Running>>>,
}

#[derive(Debug)]
struct Running {
    worker: Worker,
    listens: bool,
    /// What is sent once it listens.
    order: Option<JsValue>,
    answer: Option<oneshot::Sender<Made>>,
    // Callbacks that must live as long as the worker.
    _message: Closure<dyn FnMut(MessageEvent)>,
    _failure: Closure<dyn FnMut(Event)>,
}

impl Decoder {
    /// Has a file decoded.
    ///
    /// # Errors
    /// [`EngineError::Decoder`].
    pub async fn decode(
        &self,
        file: &JsValue,
        order: Order,
    ) -> Result<(RgbImage, ImageFacts), EngineError> {
        let lost = || EngineError::Decoder(LOST.to_owned());
        let (Outcome::Decoded(facts), pixels) = self.have(file, order).await? else {
            return Err(lost());
        };
        let image = RgbImage::from_raw(facts.width, facts.height, pixels).ok_or_else(lost)?;
        Ok((image, *facts))
    }

    /// Has a file encoded.
    ///
    /// # Errors
    /// [`EngineError::Decoder`].
    pub async fn encode(
        &self,
        file: &JsValue,
        order: EncodeOrder,
        map: &[f32],
    ) -> Result<Vec<u8>, EngineError> {
        let payload = Array::of2(file, &Float32Array::from(map));
        let order = Order::Encode(Box::new(order));
        match self.have(&payload, order).await? {
            (Outcome::Encoded, bytes) => Ok(bytes),
            _ => Err(EngineError::Decoder(LOST.to_owned())),
        }
    }

    /// Has said what is in a file.
    ///
    /// # Errors
    /// [`EngineError::Decoder`].
    pub async fn unpack(
        &self,
        file: &JsValue,
        order: Order,
    ) -> Result<(Contents, Vec<u8>), EngineError> {
        match self.have(file, order).await? {
            (Outcome::Unpacked(contents), masks) => Ok((*contents, masks)),
            _ => Err(EngineError::Decoder(LOST.to_owned())),
        }
    }

    async fn have(
        &self,
        payload: &JsValue,
        order: Order,
    ) -> Result<(Outcome, Vec<u8>), EngineError> {
        let answer = self.ask(payload, order).map_err(|error| {
            EngineError::Decoder(format!("{ABSENT} ({})", wire::describe(&error)))
        })?;
        let answer = answer.await.unwrap_or_else(|_| Err(LOST.to_owned()));
        let (outcome, bytes) = answer.map_err(EngineError::Decoder)?;
        Ok((outcome, Uint8Array::new(&bytes).to_vec()))
    }

    fn ask(&self, file: &JsValue, order: Order) -> Result<oneshot::Receiver<Made>, JsValue> {
        let message = wire::pack(&order, file)?.into();
        if self.running.borrow().is_none() {
            let running = self.start()?;
            self.running.replace(Some(running));
        }
        let (sender, receiver) = oneshot::channel();
        if let Some(running) = self.running.borrow_mut().as_mut() {
            running.answer = Some(sender);
            if running.listens {
                running.worker.post_message(&message)?;
            } else {
                running.order = Some(message);
            }
        }
        Ok(receiver)
    }

    fn start(&self) -> Result<Running, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&format!("{} decoder", scope().name()));
        let worker = Worker::new_with_options(&script()?, &options)?;
        let message = {
            let decoder = self.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                decoder.heard(&event.data());
            })
        };
        let failure = {
            let decoder = self.clone();
            Closure::<dyn FnMut(Event)>::new(move |event: Event| {
                event.prevent_default();
                decoder.died();
            })
        };
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failure.as_ref().unchecked_ref()));
        Ok(Running {
            worker,
            listens: false,
            order: None,
            answer: None,
            _message: message,
            _failure: failure,
        })
    }

    fn heard(&self, data: &JsValue) {
        let Ok((outcome, payload)) = wire::unpack::<Outcome>(data) else {
            return self.died();
        };
        let mut running = self.running.borrow_mut();
        let Some(running) = running.as_mut() else {
            return;
        };
        let answer = match outcome {
            Outcome::Listening => {
                running.listens = true;
                if let Some(order) = running.order.take()
                    && running.worker.post_message(&order).is_err()
                {
                    running.answer = None;
                }
                return;
            }
            Outcome::Refused(sentence) => Err(sentence),
            made => Ok((made, payload)),
        };
        if let Some(waiting) = running.answer.take() {
            // Nobody waits any more where the engine has ended.
            let _ = waiting.send(answer);
        }
    }

    /// The worker is of no use any more; whoever waits is told by the dropped sender.
    fn died(&self) {
        // Its callback may be what is running, so it is dropped after this one has returned.
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.worker.terminate();
        if let Some(waiting) = running.answer.take() {
            let sentence = if running.listens { LOST } else { ABSENT };
            let _ = waiting.send(Err(sentence.to_owned()));
        }
        wasm_bindgen_futures::spawn_local(async move { drop(running) });
    }
}

/// Where the decoder's program is: the page writes it behind the `#` of this worker's own address.
fn script() -> Result<String, JsValue> {
    let fragment = scope().location().hash();
    match fragment.strip_prefix('#') {
        Some(script) if !script.is_empty() => Ok(script.to_owned()),
        _ => Err(JsValue::from_str("this site has none")),
    }
}
