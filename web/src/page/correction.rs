//! The brush that corrects the mask by hand.

use leptos::prelude::*;

use crate::icon::{Icon, Picture};
use crate::store::{Store, Tool};

/// Least and largest brush diameter on the screen, in CSS pixels.
pub const BRUSH: (f64, f64) = (4.0, 160.0);

/// Tool, size, undo.
#[component]
pub fn Correction() -> impl IntoView {
    let store = expect_context::<Store>();
    let tools = [
        (Tool::Move, "Move", Picture::Hand, "Move the picture (M)"),
        (Tool::Add, "Add", Picture::Brush, "Add to the mask (B)"),
        (
            Tool::Erase,
            "Erase",
            Picture::Eraser,
            "Erase from the mask (E)",
        ),
    ];
    let brush = Memo::new(move |_| store.preferences.with(|preferences| preferences.brush));
    let can_undo = Memo::new(move |_| store.history.with(|history| history.can_undo()));
    let can_redo = Memo::new(move |_| store.history.with(|history| history.can_redo()));
    let is_clear = Memo::new(move |_| store.history.with(|history| history.is_empty()));
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">"Tool"</legend>
            {tools
                .map(|(tool, name, icon, title)| view! {
                    <label class="segment" title=title>
                        <input
                            type="radio"
                            name="tool"
                            prop:checked=move || store.tool.get() == tool
                            on:change=move |_| store.tool.set(tool)
                        />
                        <span><Icon of=icon />{name}</span>
                    </label>
                })
                .collect_view()}
        </fieldset>
        <div class="field">
            <div class="field-head">
                <label for="brush">"Brush size"</label>
                <span class="field-value">{move || format!("{:.0} px", brush.get())}</span>
            </div>
            <input
                id="brush"
                class="slider"
                type="range"
                min=BRUSH.0.to_string()
                max=BRUSH.1.to_string()
                step="2"
                prop:value=move || brush.get().to_string()
                style:--part=move || format!("{:.4}", (brush.get() - BRUSH.0) / (BRUSH.1 - BRUSH.0))
                disabled=move || store.tool.get() == Tool::Move
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse::<f64>() {
                        set_brush(store, value);
                    }
                }
            />
        </div>
        <div class="row tight">
            <button
                type="button"
                class="button outline"
                disabled=move || !can_undo.get()
                on:click=move |_| store.history.update(|history| history.undo())
            >
                <Icon of=Picture::Undo />"Undo"
            </button>
            <button
                type="button"
                class="button outline"
                disabled=move || !can_redo.get()
                on:click=move |_| store.history.update(|history| history.redo())
            >
                <Icon of=Picture::Redo />"Redo"
            </button>
            <button
                type="button"
                class="button outline"
                disabled=move || is_clear.get()
                on:click=move |_| store.history.update(|history| history.clear())
            >
                <Icon of=Picture::Clear />"Clear"
            </button>
        </div>
    }
}

/// Sets the brush's diameter within its limits.
pub fn set_brush(store: Store, diameter: f64) {
    store
        .preferences
        .update(|preferences| preferences.brush = diameter.clamp(BRUSH.0, BRUSH.1));
}
