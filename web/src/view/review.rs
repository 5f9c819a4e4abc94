//! What the person decides about a picture, and the way to the next.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use crate::app::gathering::{advice, offered};
use crate::app::review::{Decision, Review};
use crate::app::{App, Command};

/// Decision, flag, note.
#[component]
pub fn ReviewControls() -> impl IntoView {
    let app = use_app();
    let decision = app.read(|app| of_shown(app, |review| review.decision));
    let is_flagged = app.read(|app| of_shown(app, |review| review.is_flagged));
    let is_accepted = Memo::new(move |_| decision.get() == Decision::Accepted);
    let is_rejected = Memo::new(move |_| decision.get() == Decision::Rejected);
    view! {
        <div class="grid-buttons">
            <CommandButton command=Command::Accept pressed=is_accepted />
            <CommandButton command=Command::Reject pressed=is_rejected />
            <CommandButton command=Command::Flag pressed=is_flagged />
            <CommandButton command=Command::NextUndecided />
            <CommandButton command=Command::UndoReview />
            <CommandButton command=Command::ExportAll />
        </div>
        <ExportFormats />
        <Note />
    }
}

/// What "Export all" exports, and the ways to write it to a file or a folder.
#[component]
fn ExportFormats() -> impl IntoView {
    let app = use_app();
    let has_picker = app.read(|app| app.has_save_picker);
    let has_folder_picker = app.read(|app| app.has_save_folder_picker);
    let advice_given = app.read(|app| advice(&app.preferences.export_all));
    view! {
        <details class="more">
            <summary>"Formats"</summary>
            {offered().map(|(id, label)| view! { <ExportFormat id label /> }).collect_view()}
            <p class="field-note">{move || advice_given.get()}</p>
            <p class="field-note">"With session.json, which has model, thresholds and versions."</p>
            <Show when=move || has_picker.get()>
                <CommandButton command=Command::ExportAllToFile />
            </Show>
            <Show when=move || has_folder_picker.get()>
                <CommandButton command=Command::ExportAllToFolder />
            </Show>
        </details>
    }
}

#[component]
fn ExportFormat(
    /// The format's id.
    id: &'static str,
    /// What it is called.
    label: &'static str,
) -> impl IntoView {
    let app = use_app();
    let is_chosen = app.read(move |app| app.preferences.export_all.iter().any(|other| other == id));
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || is_chosen.get()
                on:change=move |_| app.send(Command::ToggleExportFormat(id))
            />
            <span>{label}</span>
        </label>
    }
}

#[component]
fn Note() -> impl IntoView {
    let app = use_app();
    let text = app.read(|app| of_shown(app, |review| review.note.clone()));
    let field = NodeRef::<html::Textarea>::new();
    // The keys are the app's again.
    let on_keydown = move |event: KeyboardEvent| {
        if event.key() == "Escape"
            && let Some(field) = field.get_untracked()
        {
            event.stop_propagation();
            drop(field.blur());
        }
    };
    view! {
        <div class="field">
            <label class="field-head" for="note">"Note"</label>
            <textarea
                id="note"
                class="note"
                rows="2"
                node_ref=field
                prop:value=move || text.get()
                on:keydown=on_keydown
                on:input=move |event| {
                    if let Some(id) = app.now(|app| app.documents.shown_id()) {
                        app.send(Command::SetNote(id, event_target_value(&event)));
                    }
                }
            ></textarea>
        </div>
    }
}

/// Something of the review of the picture on the stage.
fn of_shown<T: Default>(app: &App, read: impl FnOnce(&Review) -> T) -> T {
    let shown = app.documents.shown();
    shown.map_or_else(T::default, |(document, _)| read(&document.review))
}
