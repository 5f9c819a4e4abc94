//! The main control: the threshold, what comes of it, and what is cleaned up afterwards.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::switch::Switch;
use crate::app::opened::{Opened, SegmentationState};
use crate::app::{App, Command, LARGEST_ISLANDS, wording};

/// How large the mask is.
#[component]
pub fn Measure() -> impl IntoView {
    let app = use_app();
    let fraction = app.read(|app| of_shown(app, fraction));
    let pixels = app.read(|app| of_shown(app, pixels));
    let size = app.read(|app| {
        of_shown(app, |shown| {
            let [width, height] =
                [shown.image.width, shown.image.height].map(|side| wording::grouped(side.into()));
            format!("of {width} × {height}")
        })
    });
    view! {
        <dl class="measure">
            <div>
                <dt>"Lesion area"</dt>
                <dd class="measure-main">{move || fraction.get()}</dd>
            </div>
            <div>
                <dt class="visually-hidden">"Pixels"</dt>
                <dd class="measure-side">{move || pixels.get()}</dd>
                <dd class="measure-side">{move || size.get()}</dd>
            </div>
        </dl>
    }
}

fn of_shown(app: &App, text: impl FnOnce(&Opened) -> String) -> String {
    app.shown().map_or_else(String::new, text)
}

fn fraction(shown: &Opened) -> String {
    match &shown.area {
        Some(area) => format!(
            "{}{}",
            wording::roughly(area),
            wording::percent(area.fraction)
        ),
        None => "–".to_owned(),
    }
}

fn pixels(shown: &Opened) -> String {
    match &shown.area {
        Some(area) => format!(
            "{}{} px",
            wording::roughly(area),
            wording::grouped(area.pixels)
        ),
        None if shown.segmentation == SegmentationState::Failed => "no mask".to_owned(),
        None => "not measured yet".to_owned(),
    }
}

/// What to doubt in the mask or expect of it, and the way to what an empty one hides.
#[component]
pub fn Expectation() -> impl IntoView {
    let app = use_app();
    let sentence = app.read(App::mask_sentence);
    let is_disabled = app.is_disabled(Command::ShowLikeliest);
    view! {
        <p class="field-note">{move || sentence.get()}</p>
        <Show when=move || !is_disabled.get()>
            <CommandButton command=Command::ShowLikeliest />
        </Show>
    }
}

/// The threshold.
#[component]
pub fn Threshold() -> impl IntoView {
    let app = use_app();
    let percent = app.read(|app| {
        app.shown().map_or(50, |shown| {
            (shown.settings.threshold * 100.0).round() as i32
        })
    });
    let value = Memo::new(move |_| format!("{:.2}", f64::from(percent.get()) / 100.0));
    let is_disabled = app.is_disabled(Command::SetThreshold(0.5));
    view! {
        <div class="field">
            <div class="field-head">
                <label for="threshold">"Threshold"</label>
                <span class="field-value">{move || value.get()}</span>
            </div>
            <input
                id="threshold"
                class="slider"
                type="range"
                min="0.01"
                max="0.99"
                step="0.01"
                prop:value=move || value.get()
                style:--part=move || format!("{:.4}", f64::from(percent.get() - 1) / 98.0)
                disabled=move || is_disabled.get()
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        app.send(Command::SetThreshold(value));
                    }
                }
            />
            <div class="field-ends" aria-hidden="true"><span>"more lesion"</span><span>"less lesion"</span></div>
        </div>
    }
}

/// What is cleaned up after the threshold.
#[component]
pub fn CleanUp() -> impl IntoView {
    view! {
        <Islands />
        <Switch
            command=Command::ToggleLargestRegion
            is_on=|app| app.shown().is_some_and(|shown| shown.settings.cleaning.largest_region)
        />
        <Switch
            command=Command::ToggleFillHoles
            is_on=|app| app.shown().is_some_and(|shown| shown.settings.cleaning.fill_holes)
        />
    }
}

/// Below which size islands are removed.
#[component]
fn Islands() -> impl IntoView {
    let app = use_app();
    let below = app.read(|app| {
        app.shown()
            .map_or(0, |shown| shown.settings.cleaning.islands_below)
    });
    let is_disabled = app.is_disabled(Command::SetIslands(0));
    let text = Memo::new(move |_| match below.get() {
        0 => "none".to_owned(),
        below => format!("below {} % of the picture", f64::from(below) / 1e4),
    });
    // In equal ratios, from 0.01 % on; at the left end none.
    let place = Memo::new(move |_| SIZES.iter().filter(|size| **size <= below.get()).count() - 1);
    view! {
        <Switch
            command=Command::ToggleIslands
            is_on=|app| app.shown().is_some_and(|shown| shown.settings.cleaning.islands_below > 0)
        />
        <div class="field">
            <div class="field-head">
                <label for="islands">"Islands"</label>
                <span class="field-value">{move || text.get()}</span>
            </div>
            <input
                id="islands"
                class="slider"
                type="range"
                min="0"
                max=(SIZES.len() - 1).to_string()
                step="1"
                aria-valuetext=move || text.get()
                prop:value=move || place.get().to_string()
                style:--part=move || format!("{:.4}", place.get() as f64 / (SIZES.len() - 1) as f64)
                disabled=move || is_disabled.get()
                on:input=move |event| {
                    let place = event_target_value(&event).parse::<usize>().ok();
                    if let Some(size) = place.and_then(|place| SIZES.get(place)) {
                        app.send(Command::SetIslands(*size));
                    }
                }
            />
        </div>
    }
}

/// Sizes of islands on the slider, in millionths of the image.
const SIZES: [u32; 9] = [
    0,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    LARGEST_ISLANDS,
];
