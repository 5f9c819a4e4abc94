//! CMUNeXt (Tang et al., ISBI 2024, <https://arxiv.org/abs/2308.01239>), as figure 2 of the paper reads.
//!
//! ```text
//!          stem ─▶ encoder1 ─────────────── skip ──────────────▶ fusion2 ─▶ head ─▶ logits
//!                     ▼ pool                                        ▲ up2
//!                  encoder2 ──────────── skip ────────────▶ fusion3 ┘
//!                     ▼ pool                                   ▲ up3
//!                  encoder3 ───────── skip ──────────▶ fusion4 ┘
//!                     ▼ pool                              ▲ up4
//!                  encoder4 ────── skip ────────▶ fusion5 ┘
//!                     ▼ pool                         ▲ up5
//!                  encoder5 ─────────────────────────┘
//! ```
//!
//! Fully convolutional: any sides that are multiples of 16.

mod architecture;
#[cfg(feature = "network")]
mod blocks;
mod cpu;
mod folding;
mod gelu;
#[cfg(feature = "network")]
mod gpu;
pub mod layout;
#[cfg(feature = "network")]
mod modules;
#[cfg(feature = "bench")]
mod pass;

pub use architecture::{Architecture, SIDE_MULTIPLE, Variant};
#[cfg(feature = "network")]
pub use blocks::{ConvBlock, Encoder, LargeKernelLayer, SkipFusion, UpConv};
pub use cpu::CpuNetwork;
#[cfg(feature = "network")]
pub use gpu::{Cost, GpuNetwork};
#[cfg(feature = "network")]
pub use modules::CmuNext;
#[cfg(feature = "bench")]
pub use pass::Pass;
