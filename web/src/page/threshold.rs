//! The main control: the threshold, what comes of it, and what is cleaned up afterwards.

use leptos::prelude::*;

use crate::store::{Border, Store};
use crate::wording;

/// How large the mask is.
#[component]
pub fn Measure() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_awaited = Memo::new(move |_| {
        store.area.with(Option::is_none)
            && store.shown.with(|shown| {
                shown
                    .as_ref()
                    .is_some_and(|shown| shown.border != Border::Failed)
            })
    });
    let fraction = move || match store.area.get() {
        Some(area) => format!(
            "{}{}",
            wording::roughly(&area),
            wording::percent(area.fraction)
        ),
        None => "–".to_owned(),
    };
    let pixels = move || match store.area.get() {
        Some(area) => format!(
            "{}{} px",
            wording::roughly(&area),
            wording::grouped(area.pixels)
        ),
        None if is_awaited.get() => "not measured yet".to_owned(),
        None => "no mask".to_owned(),
    };
    view! {
        <dl class="measure">
            <div>
                <dt>"Lesion area"</dt>
                <dd class="measure-main">{fraction}</dd>
            </div>
            <div>
                <dt class="visually-hidden">"Pixels"</dt>
                <dd class="measure-side">{pixels}</dd>
                <dd class="measure-side">
                    {move || store.shown.with(|shown| shown.as_ref().map(|shown| format!(
                        "of {} × {}", wording::grouped(shown.width.into()), wording::grouped(shown.height.into())
                    )))}
                </dd>
            </div>
        </dl>
    }
}

/// The threshold.
#[component]
pub fn Threshold() -> impl IntoView {
    let store = expect_context::<Store>();
    let percent = Memo::new(move |_| {
        (store.settings.with(|settings| settings.threshold) * 100.0).round() as i32
    });
    view! {
        <div class="field">
            <div class="field-head">
                <label for="threshold">"Threshold"</label>
                <span class="field-value">{move || format!("{:.2}", f64::from(percent.get()) / 100.0)}</span>
            </div>
            <input
                id="threshold"
                class="slider"
                type="range"
                min="0.01"
                max="0.99"
                step="0.01"
                prop:value=move || format!("{:.2}", f64::from(percent.get()) / 100.0)
                style:--part=move || format!("{:.4}", f64::from(percent.get() - 1) / 98.0)
                disabled=move || !store.has_border()
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse::<f32>() {
                        set_threshold(store, value);
                    }
                }
            />
            <div class="field-ends" aria-hidden="true"><span>"more lesion"</span><span>"less lesion"</span></div>
        </div>
    }
}

/// Sets the threshold, within its limits and in hundredths.
pub fn set_threshold(store: Store, value: f32) {
    let value = (value.clamp(0.01, 0.99) * 100.0).round() / 100.0;
    store.settings.update(|settings| settings.threshold = value);
}

/// What is cleaned up after the threshold.
#[component]
pub fn CleanUp() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || store.settings.with(|settings| settings.cleaning.largest_region)
                on:change=move |event| {
                    let on = event_target_checked(&event);
                    store.settings.update(|settings| settings.cleaning.largest_region = on);
                }
            />
            <span>"Largest region only"</span>
            <kbd>"L"</kbd>
        </label>
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || store.settings.with(|settings| settings.cleaning.fill_holes)
                on:change=move |event| {
                    let on = event_target_checked(&event);
                    store.settings.update(|settings| settings.cleaning.fill_holes = on);
                }
            />
            <span>"Fill holes"</span>
            <kbd>"F"</kbd>
        </label>
    }
}
