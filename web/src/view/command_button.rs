//! A button of a command: what it says, when it can be pressed and which key does the same stand in the table of
//! commands.

use leptos::prelude::*;

use super::context::use_app;
use super::icon::Symbol;
use crate::app::Command;
use crate::app::command_table::row_of;

/// A button of a command that stands in the table; of any other, nothing.
#[component]
pub fn CommandButton(
    /// What it does.
    command: Command,
    /// Its classes.
    #[prop(default = "button outline")]
    class: &'static str,
    /// Whether only the icon is on it; the label is then read by screen readers alone.
    #[prop(optional)]
    icon_only: bool,
    /// Whether what it switches is on, where it switches something.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
) -> impl IntoView {
    let app = use_app();
    let row = row_of(&command)?;
    let is_disabled = app.is_disabled(command.clone());
    Some(view! {
        <button
            type="button"
            class=class
            title=row.title_with_key()
            aria-label=icon_only.then_some(row.label)
            aria-pressed=move || pressed.map(|pressed| pressed.get().to_string())
            disabled=move || is_disabled.get()
            on:click=move |_| app.send(command.clone())
        >
            <Symbol of=row.icon />
            {(!icon_only).then_some(row.label)}
        </button>
    })
}
