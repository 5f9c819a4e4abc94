//! What floats over the picture: zoom, and the button that shows it without its mask.

use leptos::prelude::*;

use crate::icon::{Icon, Picture};
use crate::stage;
use crate::store::{Store, Tool};

/// Zoom, fit, compare, and the way to hide the controls.
#[component]
pub fn Hud() -> impl IntoView {
    let store = expect_context::<Store>();
    let percent = Memo::new(move |_| format!("{:.0} %", store.sight.get().view.scale * 100.0));
    let compare = move |on: bool| store.comparing.set(on);
    let at = Memo::new(move |_| {
        let canvas = store.canvas.get();
        let (x, y) = store.brush_at.get().unwrap_or_else(|| canvas.middle());
        (x / canvas.ratio, y / canvas.ratio)
    });
    view! {
        <Show when=move || store.tool.get() != Tool::Move>
            <div
                class="crosshair"
                aria-hidden="true"
                style:left=move || format!("{}px", at.get().0)
                style:top=move || format!("{}px", at.get().1)
            ></div>
        </Show>
        <div class="hud">
            <div class="hud-group hud-zoom" role="group" aria-label="Zoom">
                <button type="button" class="button quiet square" aria-label="Zoom out" title="Zoom out (−)" on:click=move |_| stage::zoom(store, 1.0 / 1.25, None)>
                    <Icon of=Picture::Minus />
                </button>
                <button type="button" class="button quiet zoom-value" aria-label=move || format!("Actual size, now {}", percent.get()) title="Actual size, 100 % (1)" on:click=move |_| stage::actual_size(store)>
                    {move || percent.get()}
                </button>
                <button type="button" class="button quiet square" aria-label="Zoom in" title="Zoom in (+)" on:click=move |_| stage::zoom(store, 1.25, None)>
                    <Icon of=Picture::Plus />
                </button>
                <button type="button" class="button quiet square" aria-label="Fit" title="Show the whole image (0)" on:click=move |_| stage::fit(store)>
                    <Icon of=Picture::Fit />
                </button>
            </div>
            <div class="hud-group">
                <button
                    type="button"
                    class="button quiet"
                    class:active=move || store.comparing.get()
                    aria-pressed=move || store.comparing.get().to_string()
                    title="Hold to see the plain image (H or Space)"
                    on:pointerdown=move |_| compare(true)
                    on:pointerup=move |_| compare(false)
                    on:pointerleave=move |_| compare(false)
                    on:pointercancel=move |_| compare(false)
                    on:blur=move |_| compare(false)
                    on:contextmenu=move |event| event.prevent_default()
                    on:keydown=move |event| if matches!(event.key().as_str(), " " | "Enter") {
                        event.prevent_default();
                        compare(true);
                    }
                    on:keyup=move |_| compare(false)
                >
                    <Icon of=Picture::Compare />
                    <span class="hud-label">"Hold to compare"</span>
                </button>
                <button
                    type="button"
                    class="button quiet square panel-toggle"
                    aria-label="Controls"
                    aria-pressed=move || store.preferences.with(|preferences| preferences.controls).to_string()
                    title="Show or hide the controls (C)"
                    on:click=move |_| store.preferences.update(|preferences| preferences.controls = !preferences.controls)
                >
                    <Icon of=Picture::Controls />
                </button>
            </div>
        </div>
    }
}
