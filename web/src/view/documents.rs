//! Which image is on the stage, and the way to the others.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use crate::app::command_table::Icon;
use crate::app::{App, Command};

/// The name of the image with previous and next, and the button of the list. Nothing is named here before it is on the
/// stage.
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
            Some(place) => format!("{name} {place}, list of pictures"),
            None => format!("{name}, list of pictures"),
        }
    });
    let is_open = app.read(App::is_list_open);
    let has_name = Memo::new(move |_| name.with(Option::is_some));
    let has_others = app.read(|app| app.documents.len() > 1);
    view! {
        <Show when=move || has_name.get() fallback=|| view! { <div class="pictures"></div> }>
            <nav class="pictures" aria-label="Pictures">
                <Show when=move || has_others.get()>
                    <CommandButton command=Command::Step(-1) class="button quiet square" icon_only=true />
                </Show>
                <button
                    type="button"
                    class="button quiet pictures-name"
                    aria-label=move || title.get()
                    title=move || title.get()
                    aria-expanded=move || is_open.get().to_string()
                    on:click=move |_| app.send(Command::ToggleList)
                >
                    <span class="ellipsis">{move || name.get()}</span>
                    " "
                    <Show when=move || place.with(Option::is_some)>
                        <span class="pictures-place">{move || place.get()}</span>
                    </Show>
                    <Symbol of=Icon::List />
                </button>
                <Show when=move || has_others.get()>
                    <CommandButton command=Command::Step(1) class="button quiet square" icon_only=true />
                </Show>
            </nav>
        </Show>
    }
}

/// `2 of 5`, of those that are listed; nothing where there is only one, or it is not listed.
fn place(app: &App) -> Option<String> {
    let count = app.listing.ids().len();
    let place = app.listing.place(app.documents.shown_id()?)?;
    (app.documents.len() > 1).then(|| format!("{} of {count}", place + 1))
}
