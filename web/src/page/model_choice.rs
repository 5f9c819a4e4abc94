//! Which model runs, and the choice among several.

use delineo_web::protocol::Views;
use leptos::prelude::*;

use crate::automatic;
use crate::conductor;
use crate::models;
use crate::store::{Source, Store};
use crate::topbar;

/// The model's name, a choice where there is one, and the way to bring one's own.
#[component]
pub fn ModelChoice() -> impl IntoView {
    let store = expect_context::<Store>();
    let running = Memo::new(move |_| {
        store
            .model
            .with(|model| model.as_ref().map(|model| model.source.key()))
            .unwrap_or_default()
    });
    let name = Memo::new(move |_| {
        store
            .model
            .with(|model| model.as_ref().map(|model| model.manifest.name.clone()))
            .unwrap_or_default()
    });
    let classes = Memo::new(move |_| {
        store
            .model
            .with(|model| model.as_ref().map(|model| model.manifest.classes.clone()))
            .unwrap_or_default()
    });
    // What runs is always among the choices, remembered or not.
    let choices = Memo::new(move |_| {
        let offers = store.offers.get();
        let automatic = automatic::is_offered(&offers)
            .then(|| (automatic::KEY.to_owned(), "Automatic".to_owned()));
        let offered = offers
            .iter()
            .map(|offer| (offer.key.clone(), automatic::entry(&offers, offer)));
        let mut choices: Vec<(String, String)> = automatic.into_iter().chain(offered).collect();
        if !running.get().is_empty() && !choices.iter().any(|(key, _)| *key == running.get()) {
            choices.push((running.get(), name.get()));
        }
        choices
    });
    // While a model is being loaded, it is what the person sees chosen.
    let chosen = Memo::new(move |_| {
        if store.automatic.get() {
            return automatic::KEY.to_owned();
        }
        let wanted = store
            .wanted_model
            .with(|wanted| wanted.as_ref().map(Source::key));
        wanted.unwrap_or_else(|| running.get())
    });
    let note = Memo::new(move |_| automatic::note(store));
    let is_own_and_kept = Memo::new(move |_| {
        store.offers.with(|offers| {
            offers
                .iter()
                .any(|offer| offer.own && offer.key == running.get())
        })
    });
    let is_own_and_fleeting = Memo::new(move |_| {
        store.model.with(|model| {
            model
                .as_ref()
                .is_some_and(|model| matches!(model.source, Source::Own(_)))
        }) && !is_own_and_kept.get()
    });
    let has_views = Memo::new(move |_| {
        store.shown.with(|shown| {
            shown
                .as_ref()
                .is_some_and(|shown| Views::of(shown.modality).is_some())
        })
    });
    view! {
        <Show when=move || { choices.with(Vec::len) > 1 } fallback=move || view! { <p class="model-name">{move || name.get()}</p> }>
            <div class="field">
                <label class="visually-hidden" for="model">"Model"</label>
                <select id="model" class="select" aria-describedby="model-note" on:change=move |event| models::choose(store, event_target_value(&event))>
                    <For each=move || choices.get() key=|choice| choice.clone() let((key, label))>
                        <option value=key.clone() prop:selected=move || chosen.get() == key>{label}</option>
                    </For>
                </select>
            </div>
        </Show>
        <p id="model-note" class="field-note">{move || note.get()}</p>
        <Show when=move || { classes.with(Vec::len) > 1 }>
            <div class="field">
                <label class="field-head" for="class">"Class"</label>
                <select
                    id="class"
                    class="select"
                    on:change=move |event| {
                        if let Ok(class) = event_target_value(&event).parse::<u32>() {
                            store.settings.update(|settings| settings.class = class);
                        }
                    }
                >
                    {move || classes.get().into_iter().zip(0_u32..).map(|(name, index)| view! {
                        <option
                            value=index.to_string()
                            prop:selected=move || store.settings.with(|settings| settings.class) == index
                        >
                            {name}
                        </option>
                    }).collect_view()}
                </select>
            </div>
        </Show>
        <Show when=move || has_views.get()>
            <label class="check">
                <input
                    type="checkbox"
                    aria-describedby="views-note"
                    prop:checked=move || store.preferences.with(|preferences| preferences.views)
                    on:change=move |event| conductor::average_views(store, event_target_checked(&event))
                />
                <span>"Average flipped views"</span>
            </label>
            <p id="views-note" class="field-note">
                "Looks at the image eight times, flipped and turned: slower, usually more exact."
            </p>
        </Show>
        <div class="row">
            <button type="button" class="link" on:click=move |_| topbar::pick()>"Use your own weights…"</button>
            <Show when=move || is_own_and_fleeting.get()>
                <button type="button" class="link" on:click=move |_| models::remember(store)>"Remember on this device"</button>
            </Show>
            <Show when=move || is_own_and_kept.get()>
                <button type="button" class="link" on:click=move |_| models::forget(store, running.get_untracked())>"Forget on this device"</button>
            </Show>
        </div>
    }
}
