//! What the page and the engine worker share: the messages between them.

pub mod protocol;
