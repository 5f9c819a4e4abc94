//! Which model runs, and the choice among several.

use leptos::prelude::*;
use web_sys::HtmlSelectElement;

use super::context::{AppHandle, use_app};
use crate::app::{App, Command};
use crate::protocol::ModelKey;

/// The value of the choice that leaves it to the app; no model's key is like it.
const AUTOMATIC: &str = "automatic";

/// The model's name, a choice where there is one, and the way to bring one's own.
#[component]
pub fn ModelChoice() -> impl IntoView {
    let app = use_app();
    let note = app.read(App::model_note);
    view! {
        <Model app />
        <Network app />
        <p id="model-note" class="field-note">{move || note.get()}</p>
        <Class app />
        <Views app />
        <div class="row">
            <button type="button" class="link" on:click=move |_| app.send(Command::OpenFiles)>"Use your own weights…"</button>
            <Remembering app />
        </div>
    }
}

#[component]
fn Model(
    /// The app.
    app: AppHandle,
) -> impl IntoView {
    let name = app.read(|app| app.models.active().map(|(key, _)| app.models.name(key)));
    let choices = app.read(choices);
    let has_choice = Memo::new(move |_| choices.with(Vec::len) > 1);
    let chosen = app.read(chosen);
    let on_change = move |event| {
        let value = event_target_value(&event);
        app.send(Command::ChooseModel(value.parse().ok()));
        // What was not accepted, or not yet, is not what the person sees chosen.
        event_target::<HtmlSelectElement>(&event).set_value(&chosen.get_untracked());
    };
    view! {
        <Show when=move || has_choice.get() fallback=move || view! { <p class="model-name">{move || name.get()}</p> }>
            <div class="field">
                <label class="visually-hidden" for="model">"Model"</label>
                <select id="model" class="select" aria-describedby="model-note" on:change=on_change>
                    <For each=move || choices.get() key=|choice| choice.clone() let((key, label))>
                        <option value=key.clone() prop:selected=move || chosen.with(|chosen| *chosen == key)>{label}</option>
                    </For>
                </select>
            </div>
        </Show>
    }
}

/// Values and labels. What was chosen and what runs is always among them, remembered or not.
fn choices(app: &App) -> Vec<(String, String)> {
    let models = &app.models;
    let automatic = models
        .has_automatic()
        .then(|| (AUTOMATIC.to_owned(), "Automatic".to_owned()));
    let entries = models
        .entries()
        .iter()
        .map(|entry| (entry.key.to_string(), models.label(entry)));
    let mut choices: Vec<_> = automatic.into_iter().chain(entries).collect();
    let active = models.active().map(|(key, _)| key);
    for key in models.choice.as_ref().into_iter().chain(active) {
        let value = key.to_string();
        if !choices.iter().any(|(other, _)| *other == value) {
            choices.push((value, models.name(key)));
        }
    }
    choices
}

/// The value of what is chosen. While a model is being loaded, it is what the person sees.
fn chosen(app: &App) -> String {
    let models = &app.models;
    if models.is_automatic() {
        return AUTOMATIC.to_owned();
    }
    let modality = app.shown().map(|shown| shown.image.modality);
    models
        .wanted(modality)
        .map(ModelKey::to_string)
        .unwrap_or_default()
}

/// The choice among the networks of a person's own file, where it holds several.
#[component]
fn Network(
    /// The app.
    app: AppHandle,
) -> impl IntoView {
    let networks = app.read(|app| {
        let (key, info) = app.models.active()?;
        (info.networks.all.len() > 1).then(|| (key.clone(), info.networks.all.clone()))
    });
    let chosen = app.read(|app| app.models.active()?.1.networks.chosen.clone());
    view! {
        <Show when=move || networks.with(Option::is_some)>
            <div class="field">
                <label class="field-head" for="network">"Network in the file"</label>
                <select
                    id="network"
                    class="select"
                    on:change=move |event| {
                        if let Some((key, _)) = networks.get_untracked() {
                            app.send(Command::ChooseNetwork(key, event_target_value(&event)));
                        }
                    }
                >
                    {move || networks.get().map(|(_, all)| all.into_iter().map(|(name, label)| {
                        let value = name.clone();
                        view! {
                            <option value=value prop:selected=move || chosen.get().as_deref() == Some(&name)>{label}</option>
                        }
                    }).collect_view())}
                </select>
            </div>
        </Show>
    }
}

#[component]
fn Class(
    /// The app.
    app: AppHandle,
) -> impl IntoView {
    let classes = app.read(|app| {
        let classes = app.classes();
        if classes.len() > 1 {
            classes
        } else {
            Vec::new()
        }
    });
    let chosen = app.read(|app| app.shown().map(|shown| shown.settings.class));
    let is_disabled = app.is_disabled(Command::SetClass(0));
    view! {
        <Show when=move || classes.with(|classes| !classes.is_empty())>
            <div class="field">
                <label class="field-head" for="class">"Class"</label>
                <select
                    id="class"
                    class="select"
                    disabled=move || is_disabled.get()
                    on:change=move |event| {
                        if let Ok(class) = event_target_value(&event).parse() {
                            app.send(Command::SetClass(class));
                        }
                    }
                >
                    {move || classes.get().into_iter().zip(0_u32..).map(|(name, index)| view! {
                        <option value=index.to_string() prop:selected=move || chosen.get() == Some(index)>{name}</option>
                    }).collect_view()}
                </select>
            </div>
        </Show>
    }
}

#[component]
fn Views(
    /// The app.
    app: AppHandle,
) -> impl IntoView {
    let has_views = app.read(App::has_views);
    let is_on = app.read(|app| app.preferences.views);
    view! {
        <Show when=move || has_views.get()>
            <label class="check">
                <input
                    type="checkbox"
                    aria-describedby="views-note"
                    prop:checked=move || is_on.get()
                    on:change=move |event| app.send(Command::AverageViews(event_target_checked(&event)))
                />
                <span>"Average flipped views"</span>
            </label>
            <p id="views-note" class="field-note">
                "Looks at the image eight times, flipped and turned: slower, usually more exact."
            </p>
        </Show>
    }
}

/// Keeps a person's own model on this device, or no longer.
#[component]
fn Remembering(
    /// The app.
    app: AppHandle,
) -> impl IntoView {
    let own = app.read(own);
    move || {
        own.get().map(|(key, is_remembered)| {
            let (label, command) = if is_remembered {
                ("Forget on this device", Command::ForgetModel(key))
            } else {
                ("Remember on this device", Command::RememberModel(key))
            };
            view! {
                <button type="button" class="link" on:click=move |_| app.send(command.clone())>{label}</button>
            }
        })
    }
}

/// The person's own model that runs, and whether it is remembered.
fn own(app: &App) -> Option<(ModelKey, bool)> {
    let (key, _) = app.models.active()?;
    let ModelKey::Own(digest) = key else {
        return None;
    };
    let is_remembered = app.models.own(digest).is_some_and(|own| own.is_remembered);
    Some((key.clone(), is_remembered))
}
