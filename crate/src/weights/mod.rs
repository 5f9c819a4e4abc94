//! Weights: the authors' state dict out of `.pth` or `.safetensors`, checked tensor by tensor, into the network.
//!
//! Both formats are read from bytes, natively and in the browser. A `.pth` is parsed for its tensors only; the
//! reader builds no Python objects, so no pickle code is ever run.

mod checkpoint;
#[cfg(feature = "network")]
mod modules;

pub use checkpoint::{Checkpoint, FileFormat};
