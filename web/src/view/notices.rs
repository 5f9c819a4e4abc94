//! Sentences to the person, with what can be done about them.

use leptos::prelude::*;

use super::context::use_app;
use super::icon::Symbol;
use super::session::KeepQuestion;
use crate::app::Command;
use crate::app::command_table::Icon;
use crate::app::notices::{Notice, Offer, Tone};

/// One sentence at a time, in the place of the status line: it covers neither picture, list nor menu.
#[component]
pub fn Notices() -> impl IntoView {
    let app = use_app();
    let id = app.read(|app| app.notice().map(|notice| notice.id));
    // A notice never changes, so its number is enough to know it by.
    let notice = move |id| {
        app.now(|app| {
            let is_it = |notice: &&Notice| notice.id == id;
            app.notices.iter().find(is_it).cloned()
        })
    };
    view! {
        <div class="notices" aria-live="polite">
            <For each=move || id.get() key=|id| *id let(id)>
                {notice(id).map(|notice| view! { <Row notice /> })}
            </For>
            <KeepQuestion />
        </div>
    }
}

#[component]
fn Row(
    /// The sentence.
    notice: Notice,
) -> impl IntoView {
    let app = use_app();
    let Notice {
        id,
        tone,
        text,
        list,
        offer,
    } = notice;
    let is_error = tone == Tone::Error;
    let waiting = app.read(|app| app.notices.waiting());
    view! {
        <div class="notice" class:error=is_error role=is_error.then_some("alert")>
            <Symbol of=if is_error { Icon::Warning } else { Icon::Note } />
            <div class="notice-text">
                <p>{text}</p>
                {(list.len() > 1).then(|| view! {
                    // A long list scrolls, also by keyboard.
                    <ul class="notice-list" tabindex="0" aria-label="Files">
                        {list.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
                    </ul>
                })}
            </div>
            <span class="notice-waiting">
                {move || (waiting.get() > 0).then(|| format!("+{}", waiting.get()))}
            </span>
            {offer.map(|Offer { label, command }| view! {
                <button type="button" class="button outline small" on:click=move |_| app.send(command.clone())>
                    {label}
                </button>
            })}
            <button
                type="button"
                class="button quiet square small"
                aria-label="Dismiss"
                on:click=move |_| app.send(Command::Dismiss(id))
            >
                <Symbol of=Icon::Close />
            </button>
        </div>
    }
}
