//! What the page and the engine worker share: the messages between them, and the question for a GPU.

pub mod adapter;
pub mod protocol;
