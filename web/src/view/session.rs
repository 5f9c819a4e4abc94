//! What is kept on this device: the question before the first byte, and the section that shows it and deletes it.

use leptos::prelude::*;

use super::context::use_app;
use super::icon::Symbol;
use crate::app::command_table::Icon;
use crate::app::keeping::State;
use crate::app::{App, Command};

/// What the person agrees to.
const CONSENT: &str = "Keep this work on this device";

/// The section of the panel.
#[component]
pub fn Session() -> impl IntoView {
    let app = use_app();
    let is_kept = app.read(|app| app.preferences.keep_session == Some(true));
    let is_waiting = app.read(|app| {
        matches!(
            app.keeping.state(),
            State::Reader | State::Opening | State::Deleting
        )
    });
    view! {
        <section class="panel-section" aria-label="Session">
            <h2>"Session"</h2>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || is_kept.get()
                    disabled=move || is_waiting.get()
                    on:change=move |event| app.send(Command::KeepSession(event_target_checked(&event)))
                />
                <span>{CONSENT}</span>
            </label>
            <KeptHere />
        </section>
    }
}

/// What is kept, and the button that deletes it. The About sheet shows it too, since there is no panel without an image.
#[component]
pub fn KeptHere() -> impl IntoView {
    let app = use_app();
    let sentence = app.read(App::session_sentence);
    let can_delete =
        app.read(|app| matches!(app.keeping.state(), State::Writer | State::Unavailable(_)));
    view! {
        <p class="muted">{move || sentence.get()}</p>
        <Show when=move || can_delete.get()>
            <button type="button" class="button outline small" on:click=move |_| app.send(Command::DeleteSession)>
                "Delete from this device"
            </button>
        </Show>
    }
}

/// The question whether work is kept, among the notices.
#[component]
pub fn KeepQuestion() -> impl IntoView {
    let app = use_app();
    let is_asked = app.read(App::asks_to_keep);
    let answer = move |is_yes| app.send(Command::KeepSession(is_yes));
    view! {
        <Show when=move || is_asked.get()>
            <div class="notice" role="group" aria-label="Question about your work">
                <Symbol of=Icon::Note />
                <div class="notice-text">
                    <p>{CONSENT}" until you delete it? It is sent nowhere."</p>
                </div>
                <div class="notice-answers">
                    <button type="button" class="button outline small" on:click=move |_| answer(true)>"Keep"</button>
                    <button type="button" class="button quiet small" on:click=move |_| answer(false)>"Do not keep"</button>
                </div>
            </div>
        </Show>
    }
}
