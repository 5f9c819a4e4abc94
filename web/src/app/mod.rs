//! The page's decisions, as a pure state machine: `update(&mut self, Event, now) -> Vec<Effect>`.
//!
//! ```text
//!   browser ──▶ shell ── Event ──▶ App::update ── Effect ──▶ shell ──▶ browser, worker
//!                                      │
//!                                      └── state ──▶ view ── Command ──▶ App::update
//! ```
//!
//! Nothing in here knows leptos, the DOM or JavaScript; files, bitmaps and workers are numbers that the shell maps to
//! objects. So whole scenarios run as native tests in milliseconds (`scenarios.rs`, `random_orders.rs`).

pub mod arrival;
pub mod availability;
pub mod background;
pub mod command;
pub mod command_table;
pub mod depth_marks;
mod diagnostics;
pub mod documents;
pub mod edits;
pub mod effect;
pub mod engines;
pub mod event;
pub mod expectation;
pub mod filter;
pub mod folders;
pub mod gathering;
pub mod gestures;
pub mod ids;
pub mod importing;
pub mod keeping;
pub mod kept_map;
mod kept_work;
pub mod keys;
pub mod listing;
pub mod measuring;
pub mod model_entry;
pub mod models;
pub mod notices;
pub mod numbers;
pub mod opened;
pub mod overlay;
pub mod preferences;
pub mod progress;
pub mod proposal;
pub mod review;
pub mod row;
pub mod scrolling;
pub mod setting;
pub mod stage;
pub mod state;
mod status;
pub mod stored;
mod tally;
pub mod tools;
mod update;
pub mod viewport;
pub mod wording;

#[cfg(test)]
mod annotator_scenarios;
#[cfg(test)]
mod background_scenarios;
#[cfg(test)]
mod depth_marks_scenarios;
#[cfg(test)]
mod expectation_scenarios;
#[cfg(test)]
mod folder_scenarios;
#[cfg(test)]
mod frame_scenarios;
#[cfg(test)]
mod gathering_scenarios;
#[cfg(test)]
mod hands;
#[cfg(test)]
mod importing_scenarios;
#[cfg(test)]
mod judgement_scenarios;
#[cfg(test)]
mod keeping_scenarios;
#[cfg(test)]
mod kept_map_scenarios;
#[cfg(test)]
mod kill_scenarios;
#[cfg(test)]
mod measure_scenarios;
#[cfg(test)]
mod random_orders;
#[cfg(test)]
mod review_scenarios;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tool_scenarios;

pub use availability::Availability;
pub use command::Command;
pub use effect::Effect;
pub use event::Event;
pub use state::App;
pub use update::LARGEST_ISLANDS;
