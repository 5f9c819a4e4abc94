//! What is shown while something takes a while: what it is, how far it is, and after some seconds how long it takes.

use std::time::Duration;

use delineo_web::protocol::Stage;
use leptos::prelude::*;

use crate::recovery;
use crate::store::{Readiness, Store};
use crate::wording;

/// Shorter activities only flicker.
const PATIENCE: f64 = 250.0;
/// From so many milliseconds on, the seconds are counted.
const LONG: f64 = 3000.0;
/// From so many milliseconds on, the person may give up on the engine.
const VERY_LONG: f64 = 60_000.0;

/// The busy card.
#[component]
pub fn Busy() -> impl IntoView {
    let store = expect_context::<Store>();
    let now = RwSignal::new(0.0);
    let is_busy = Memo::new(move |_| store.activity.with(Option::is_some));
    // The clock runs only while something is going on.
    Effect::new(move |before: Option<Option<IntervalHandle>>| {
        if let Some(clock) = before.flatten() {
            clock.clear();
        }
        let tick = move || {
            now.set(
                window()
                    .performance()
                    .map_or(0.0, |performance| performance.now()),
            )
        };
        tick();
        is_busy
            .get()
            .then(|| set_interval_with_handle(tick, Duration::from_millis(200)).ok())
            .flatten()
    });
    let elapsed = move || {
        store
            .activity
            .get()
            .map_or(0.0, |activity| now.get() - activity.since)
    };
    let is_visible = Memo::new(move |_| is_busy.get() && elapsed() >= PATIENCE);
    let stage = Memo::new(move |_| store.activity.get().map(|activity| activity.stage));
    let fraction = Memo::new(move |_| store.activity.get().and_then(|activity| activity.fraction));
    let is_loading = move || store.readiness.get() != Readiness::Ready;
    let hint = move || match stage.get() {
        _ if is_loading() && store.awaits_picture() => "Once per visit. Your image comes next.",
        _ if store.sampling.get() => "Your sample comes next.",
        Some(Stage::SelfTest) => {
            "Once per visit. Its answer is compared with a known one before it is used."
        }
        Some(Stage::Model | Stage::Device) if is_loading() => {
            "Once per visit. You can open an image meanwhile."
        }
        Some(Stage::Segment)
            if store
                .device
                .with(|device| device.as_ref().is_some_and(|device| !device.gpu)) =>
        {
            "Without a GPU this takes a little longer."
        }
        _ => "",
    };
    // Beside the first screen a line is enough; without anything to see the card takes the middle.
    let place = Memo::new(move |_| {
        match (
            store.shown.with(Option::is_some),
            store.opening.with(Option::is_some),
        ) {
            (true, _) => "above",
            (false, true) => "middle",
            (false, false) => "below",
        }
    });
    view! {
        <Show when=move || is_visible.get()>
            <div class="busy" data-place=move || place.get()>
                <div class="busy-card">
                    <div class="busy-head">
                        <span class="spinner" aria-hidden="true"></span>
                        <span class="busy-title">{move || stage.get().map(wording::stage)}</span>
                        <span class="busy-time">
                            {move || match fraction.get() {
                                Some(fraction) => format!("{:.0} %", f64::from(fraction.clamp(0.0, 1.0)) * 100.0),
                                None if elapsed() >= LONG => wording::duration((elapsed() / 1000.0).floor() * 1000.0),
                                None => String::new(),
                            }}
                        </span>
                    </div>
                    <progress
                        class="busy-bar"
                        aria-label="Progress"
                        max="1"
                        value=move || fraction.get().map(|fraction| fraction.to_string())
                    ></progress>
                    <p class="busy-hint">{hint}</p>
                    <Show when=move || { elapsed() >= VERY_LONG }>
                        <button type="button" class="link" on:click=move |_| recovery::engine_died(store, "Given up on by the person.".to_owned(), None)>
                            "Start the engine again"
                        </button>
                    </Show>
                </div>
            </div>
        </Show>
    }
}
