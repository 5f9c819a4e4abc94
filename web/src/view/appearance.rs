//! How the mask is drawn over the image.

use leptos::prelude::*;

use super::context::use_app;
use crate::app::preferences::{COLOURS, Mode};
use crate::app::{App, Command};

/// Tint or contour, opacity, colour.
#[component]
pub fn Appearance() -> impl IntoView {
    let app = use_app();
    let mode = app.read(App::mode);
    let can_compare = app.read(App::can_show_difference);
    let opacity = app.read(|app| app.preferences.opacity);
    let colour = app.read(|app| app.preferences.colour);
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">"Mask drawn as"</legend>
            {Mode::ALL
                .map(|(choice, name)| view! {
                    <Show when=move || choice != Mode::Difference || can_compare.get()>
                        <label class="segment">
                            <input
                                type="radio"
                                name="mode"
                                prop:checked=move || mode.get() == choice
                                on:change=move |_| app.send(Command::SetMode(choice))
                            />
                            <span>{name}</span>
                        </label>
                    </Show>
                })
                .collect_view()}
        </fieldset>
        <div class="field">
            <div class="field-head">
                <label for="opacity">"Tint opacity"</label>
                <span class="field-value">{move || format!("{} %", opacity.get())}</span>
            </div>
            <input
                id="opacity"
                class="slider"
                type="range"
                min="5"
                max="100"
                step="5"
                prop:value=move || opacity.get().to_string()
                style:--part=move || format!("{:.4}", (f64::from(opacity.get()) - 5.0) / 95.0)
                disabled=move || mode.get() == Mode::Contour
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        app.send(Command::SetOpacity(value));
                    }
                }
            />
        </div>
        <fieldset class="swatches">
            <legend>"Colour"</legend>
            <div class="swatches-row">
                {COLOURS
                    .iter()
                    .enumerate()
                    .map(|(index, (name, [red, green, blue]))| view! {
                        <label class="swatch" title=*name style:--swatch=format!("rgb({red} {green} {blue})")>
                            <input
                                type="radio"
                                name="colour"
                                aria-label=*name
                                prop:checked=move || colour.get() == index
                                on:change=move |_| app.send(Command::SetColour(index))
                            />
                            <span></span>
                        </label>
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
}
