//! Delineo in the browser.
//!
//! ```text
//!   view ──▶ app ◀── shell          the page, in one wasm module
//!             │
//!             ▼
//!          protocol ◀── engine ──▶ delineo      the workers, each a module of its own
//!                          │
//!                          ▼
//!                       decoder ──▶ delineo      started for formats that the engine does not read
//!
//!   app, shell ──▶ session                       what is kept on this device, and the worker that keeps it
//! ```
//!
//! [`app`] and [`protocol`] are plain Rust; everything else speaks to the browser and is compiled for it alone or with
//! the feature of its program.

pub mod app;
pub mod contents;
pub mod decoder;
pub mod packed;
pub mod protocol;
pub mod session;

#[cfg(feature = "browser")]
pub mod adapter;
#[cfg(feature = "engine-cpu")]
pub mod engine;
#[cfg(feature = "page")]
pub mod shell;
#[cfg(feature = "page")]
pub mod view;
#[cfg(feature = "browser")]
pub mod wire;
