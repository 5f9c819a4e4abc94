//! How the mask compares with the truth.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::measurements::Figures;
use crate::app::preferences::Mode;
use crate::app::{App, Command};
use crate::protocol::DIFFERENCE_COLOURS;

/// What the colours of the difference mean.
const LEGEND: [&str; 3] = ["Agreement", "Missed", "Too much"];

/// The figures, where there is a true mask.
#[component]
pub fn Comparison() -> impl IntoView {
    let app = use_app();
    let can_compare = app.read(App::can_show_difference);
    view! {
        <Show when=move || can_compare.get()>
            <Compared />
        </Show>
    }
}

#[component]
fn Compared() -> impl IntoView {
    let app = use_app();
    let rows = app.read(App::comparison);
    let with = app.read(|app| {
        let names = app.documents.shown().map(|(document, _)| {
            let names = document.truths.iter().map(|truth| truth.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        });
        names.unwrap_or_default()
    });
    let shows_difference = app.read(|app| app.mode() == Mode::Difference);
    view! {
        <section class="panel-section" aria-label="Comparison">
            <h2>"Comparison"</h2>
            <Show when=move || rows.with(|rows| !rows.is_empty()) fallback=|| view! { <p class="muted">"Comparing…"</p> }>
                <Figures rows=rows label="The mask beside the truth" />
            </Show>
            <p class="field-note names">"The truth is "{move || with.get()}"."</p>
            <Show when=move || shows_difference.get()>
                <ul class="legend" aria-label="Colours of the difference">
                    {LEGEND.iter().zip(DIFFERENCE_COLOURS).map(|(meaning, [red, green, blue])| view! {
                        <li><span class="legend-colour" style:--swatch=format!("rgb({red} {green} {blue})")></span>{*meaning}</li>
                    }).collect_view()}
                </ul>
            </Show>
            <div class="row">
                <CommandButton command=Command::RemoveTruth />
            </div>
        </section>
    }
}
