//! Which image is on the stage, and the way to the others.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use super::menu::Menu;
use crate::app::command::Icon;
use crate::app::documents::Document;
use crate::app::{App, Command};
use crate::protocol::DocumentId;

/// The name of the image with previous and next, and the list of all. Nothing is named here before it is on the stage.
#[component]
pub fn Documents() -> impl IntoView {
    let app = use_app();
    let name = app.read(|app| {
        app.documents
            .shown()
            .map(|(document, _)| document.name.clone())
    });
    let place = app.read(place);
    let title = Memo::new(move |_| {
        let name = name.get().unwrap_or_default();
        match place.get() {
            Some(place) => format!("{name} {place}, open pictures"),
            None => format!("{name}, open pictures"),
        }
    });
    let has_name = Memo::new(move |_| name.with(Option::is_some));
    let has_others = Memo::new(move |_| place.with(Option::is_some));
    view! {
        <Show when=move || has_name.get() fallback=|| view! { <div class="pictures"></div> }>
            <nav class="pictures" aria-label="Pictures">
                <Show when=move || has_others.get()>
                    <CommandButton command=Command::Step(-1) class="button quiet square" icon_only=true />
                </Show>
                <Menu
                    label=title
                    button="button quiet pictures-name"
                    face=ViewFn::from(move || view! {
                        <span class="ellipsis">{move || name.get()}</span>
                        " "
                        <Show when=move || has_others.get()>
                            <span class="pictures-place">{move || place.get()}</span>
                        </Show>
                        <Symbol of=Icon::Down />
                    })
                >
                    <List />
                </Menu>
                <Show when=move || has_others.get()>
                    <CommandButton command=Command::Step(1) class="button quiet square" icon_only=true />
                </Show>
            </nav>
        </Show>
    }
}

/// `2 of 5`; nothing where there is only one.
fn place(app: &App) -> Option<String> {
    let count = app.documents.len();
    let place = app.documents.position(app.documents.shown_id()?)?;
    (count > 1).then(|| format!("{} of {count}", place + 1))
}

#[component]
fn List() -> impl IntoView {
    let app = use_app();
    let rows = app.read(|app| app.documents.iter().map(Row::of).collect::<Vec<_>>());
    let shown = app.read(|app| app.documents.shown_id());
    view! {
        <ul class="pictures-list">
            <For each=move || rows.get() key=|row| (row.id, row.is_seen) let(Row { id, name, is_seen })>
                <li>
                    <button
                        type="button"
                        class="menu-item"
                        aria-current=move || (shown.get() == Some(id)).then_some("true")
                        on:click=move |_| app.send(Command::Show(id))
                    >
                        <span class="dot" class:seen=is_seen></span>
                        <span class="ellipsis">{name.clone()}</span>
                        {(!is_seen).then_some(view! { <span class="menu-hint">"not seen yet"</span> })}
                    </button>
                    <button
                        type="button"
                        class="button quiet square small"
                        aria-label=format!("Close {name}")
                        on:click=move |_| app.send(Command::Close(id))
                    >
                        <Symbol of=Icon::Close />
                    </button>
                </li>
            </For>
        </ul>
    }
}

#[derive(Clone, PartialEq)]
struct Row {
    id: DocumentId,
    name: String,
    is_seen: bool,
}

impl Row {
    fn of(document: &Document) -> Self {
        Self {
            id: document.id,
            name: document.name.clone(),
            is_seen: document.is_seen,
        }
    }
}
