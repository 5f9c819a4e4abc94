//! Where the engine's messages go.

use crate::engine::error::EngineError;
use crate::protocol::{Answer, Message, RequestId};

/// The large thing that goes with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// There is none.
    None,
    /// A file.
    Bytes(Vec<u8>),
    /// Logits.
    Floats(Vec<f32>),
    /// An image for the screen.
    Image {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Four bytes a pixel, row by row.
        rgba: Vec<u8>,
    },
    /// A part of an overlay.
    Overlay {
        /// In canvas pixels.
        width: u32,
        /// In canvas pixels.
        height: u32,
        /// Four bytes a pixel, row by row, not premultiplied.
        rgba: Vec<u8>,
    },
}

/// Takes the engine's messages, in order.
pub trait Outbox {
    /// Sends a message that has no payload.
    fn send(&self, message: &Message);

    /// Sends an answer with its payload.
    ///
    /// # Errors
    /// When the payload cannot be given the form in which it travels. Nothing was sent then.
    fn deliver(
        &self,
        id: RequestId,
        answer: Answer,
        payload: &Payload,
    ) -> impl Future<Output = Result<(), EngineError>>;
}
