//! How the mask compares with the truth.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::measurements::Figures;
use super::switch::Switch;
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
    let wipe = app.read(|app| app.stage.wipe);
    view! {
        <section class="panel-section" aria-label="Comparison">
            <h2>"Comparison"</h2>
            <Show when=move || rows.with(|rows| !rows.is_empty()) fallback=|| view! { <p class="muted">"Comparing…"</p> }>
                <Figures rows=rows label="The mask beside the truth" />
            </Show>
            <p class="field-note names">"The truth is "{move || with.get()}"."</p>
            <Show when=move || shows_difference.get()>
                <Show when=move || wipe.get().is_none()>
                <ul class="legend" aria-label="Colours of the difference">
                    {LEGEND.iter().zip(DIFFERENCE_COLOURS).map(|(meaning, [red, green, blue])| view! {
                        <li><span class="legend-colour" style:--swatch=format!("rgb({red} {green} {blue})")></span>{*meaning}</li>
                    }).collect_view()}
                </ul>
                </Show>
                <Switch command=Command::ToggleWipe is_on=|app| app.stage.wipe.is_some() />
                <Show when=move || wipe.get().is_some()>
                    <div class="field">
                        <div class="field-head">
                            <label for="wipe">"Mask to the left, truth to the right"</label>
                        </div>
                        <input
                            id="wipe"
                            class="slider"
                            type="range"
                            min="0"
                            max="100"
                            prop:value=move || wipe.get().unwrap_or_default().to_string()
                            style:--part=move || format!("{:.2}", f64::from(wipe.get().unwrap_or_default()) / 100.0)
                            aria-valuetext=move || format!("Mask on the left {} % of the picture", wipe.get().unwrap_or_default())
                            on:input=move |event| {
                                if let Ok(percent) = event_target_value(&event).parse() {
                                    app.send(Command::SetWipe(percent));
                                }
                            }
                        />
                    </div>
                </Show>
            </Show>
            <div class="row">
                <CommandButton command=Command::StartFromTruth />
                <CommandButton command=Command::RemoveTruth />
            </div>
        </section>
    }
}
