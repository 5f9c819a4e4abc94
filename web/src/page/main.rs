//! The page: everything a person sees and touches. It never sees a tensor; what takes longer than a few milliseconds
//! is the engine's, in its worker.
//!
//! [`store`] holds the state, [`conductor`] decides what happens next, [`easel`] draws, the components show.

mod about;
mod answers;
mod app;
mod appearance;
mod automatic;
mod busy;
mod conductor;
mod correction;
mod diagnostics;
mod easel;
mod engine;
mod engine_worker;
mod gestures;
mod history;
mod hud;
mod icon;
mod intake;
mod keys;
mod liveness;
mod menu;
mod model_choice;
mod models;
mod notices;
mod offline;
mod panel;
mod pictures;
mod preferences;
mod queue;
mod recovery;
mod remembered;
mod save;
mod sheet;
mod shortcuts;
mod sight;
mod stage;
mod status;
mod store;
mod successor;
mod threshold;
mod topbar;
mod tuning;
mod welcome;
mod wording;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
