//! The controls: a column at the side, a sheet at the bottom on a phone.

use leptos::prelude::*;

use super::appearance::Appearance;
use super::comparison::Comparison;
use super::context::use_app;
use super::correction::Correction;
use super::icon::Symbol;
use super::measurements::Measurements;
use super::model_choice::ModelChoice;
use super::rendering::RenderingControls;
use super::review::ReviewControls;
use super::session::Session;
use super::threshold::{CleanUp, Expectation, Measure, Threshold};
use crate::app::Command;
use crate::app::command_table::Icon;

/// All controls for the image on the stage.
#[component]
pub fn Panel() -> impl IntoView {
    let app = use_app();
    let is_open = app.read(|app| app.preferences.controls);
    view! {
        <aside class="panel" aria-label="Controls">
            <button
                type="button"
                class="panel-handle"
                aria-expanded=move || is_open.get().to_string()
                aria-label="All controls"
                on:click=move |_| app.send(Command::ToggleControls)
            >
                <Symbol of=Icon::Down />
            </button>
            <div class="panel-scroll">
                <section class="panel-section panel-main">
                    <Measure />
                    <Expectation />
                    <Threshold />
                </section>
                <div class="panel-rest">
                    <RenderingControls />
                    <section class="panel-section">
                        <h2>"Review"</h2>
                        <ReviewControls />
                    </section>
                    <Measurements />
                    <Comparison />
                    <section class="panel-section">
                        <h2>"View"</h2>
                        <Appearance />
                    </section>
                    <section class="panel-section">
                        <h2>"Clean up"</h2>
                        <CleanUp />
                    </section>
                    <section class="panel-section">
                        <h2>"Correct by hand"</h2>
                        <Correction />
                    </section>
                    <section class="panel-section">
                        <h2>"Model"</h2>
                        <ModelChoice />
                    </section>
                    <Session />
                </div>
            </div>
        </aside>
    }
}
