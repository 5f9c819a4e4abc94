//! How the mask is drawn over the picture.

use leptos::prelude::*;

use crate::preferences::{COLOURS, Mode};
use crate::store::Store;

/// Tint or contour, opacity, colour.
#[component]
pub fn Appearance() -> impl IntoView {
    let store = expect_context::<Store>();
    let mode = Memo::new(move |_| store.preferences.with(|preferences| preferences.mode));
    let opacity = Memo::new(move |_| store.preferences.with(|preferences| preferences.opacity));
    let colour = Memo::new(move |_| store.preferences.with(|preferences| preferences.colour));
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">"Mask drawn as"</legend>
            {Mode::ALL
                .map(|(choice, name)| view! {
                    <label class="segment">
                        <input
                            type="radio"
                            name="mode"
                            prop:checked=move || mode.get() == choice
                            on:change=move |_| store.preferences.update(|preferences| preferences.mode = choice)
                        />
                        <span>{name}</span>
                    </label>
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
                    if let Ok(value) = event_target_value(&event).parse::<u8>() {
                        store.preferences.update(|preferences| preferences.opacity = value);
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
                                on:change=move |_| store.preferences.update(|preferences| preferences.colour = index)
                            />
                            <span></span>
                        </label>
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
}
