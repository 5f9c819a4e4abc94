//! Weights: the authors' state dict out of `.pth` or `.safetensors`, checked tensor by tensor, into the network.
//!
//! ```text
//! bytes ─ unpacked ─▶ tensors ─ sets ─▶ one network's ─ counters and heads left out ─▶ Checkpoint
//! ```
//!
//! Files are told by their content, not by their names, natively and in the browser. A `.pth` is parsed for its tensors only; the
//! reader builds no Python objects, so no pickle code is ever run.

mod checkpoint;
mod container;
mod extras;
#[cfg(feature = "network")]
mod modules;
mod sets;
mod tensors;

pub use checkpoint::Checkpoint;
pub use sets::{Role, WeightSet};
pub use tensors::FileFormat;
