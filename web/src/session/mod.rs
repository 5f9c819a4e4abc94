//! The session: the documents that are kept on this device, and the worker that keeps them.
//!
//! ```text
//!   page ── Order, file ──▶ store ── Message, files ──▶ page
//! ```
//!
//! The page decides what is kept ([`crate::app::keeping`]) and hands over whole records as JSON; the store writes them to a
//! journal in the origin private file system, and copies the source files beside it. The journal is only ever
//! appended to, each record with its checksum and flushed before it is acknowledged, so that what was acknowledged
//! survives the end of the page, the worker or the power. Everything but `browser` is plain Rust and is tested natively on a
//! disk that fails at every byte.

#[cfg(feature = "store")]
pub mod browser;
pub mod journal;
pub mod messages;
pub mod store;
pub mod version;

#[cfg(test)]
pub mod fake_disk;
#[cfg(test)]
pub mod power_cuts;
