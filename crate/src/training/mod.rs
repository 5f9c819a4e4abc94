//! Training CMUNeXt: from folders of images and masks to a model folder that the app can use.
//!
//! ```text
//! Config ─▶ Dataset::check ─▶ Pictures (decoded once, squashed to the network's frame)
//!                                 │  Augmentation: one warp for image and mask, then light, noise and things in the way
//!                                 ▼
//!           Batches ─▶ Learner: network, loss, gradients, optimiser ─▶ averaged weights
//!                                 │ each epoch                                   │
//!                                 ▼                                              ▼
//!                        State (written whole or not at all)          score on the val part ─▶ best
//! ```
//!
//! Every random number follows from the seed, the epoch and the picture's place in it, never from what was drawn before,
//! so a training that was killed goes on exactly as if it had not been.

mod augmentation;
mod autodiff;
mod average;
mod backend;
mod chance;
mod condition;
mod config;
mod curve;
mod distortion;
mod epoch;
mod exam;
mod journal;
mod learner;
#[cfg(feature = "libtorch")]
mod libtorch;
mod loss;
mod pictures;
mod report;
mod run;
mod schedule;
mod state;
mod variation;
mod warp;
mod widen;

pub use augmentation::Augmentation;
pub use average::mean;
pub use backend::On;
pub use condition::Condition;
pub use config::{Config, Data, Loss, Optimiser, Recipe, Stage};
pub use journal::{Row, Validation};
pub use pictures::Picture;
pub use report::{Outcome, Place, Progress};
pub use run::train;
pub use schedule::Schedule;
pub use widen::widen;
