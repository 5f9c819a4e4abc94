//! A check box of a command that switches something.

use leptos::prelude::*;

use super::context::use_app;
use crate::app::command_table::row_of;
use crate::app::{App, Command};

/// A check box of a command that stands in the table; of any other, nothing.
#[component]
pub fn Switch(
    /// The command.
    command: Command,
    /// Whether it is on.
    is_on: fn(&App) -> bool,
) -> impl IntoView {
    let app = use_app();
    let row = row_of(&command)?;
    let is_on = app.read(is_on);
    let is_disabled = app.is_disabled(command.clone());
    let keys = row
        .keys
        .iter()
        .take(row.shown_keys)
        .flat_map(|key| key.caps());
    Some(view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || is_on.get()
                disabled=move || is_disabled.get()
                on:change=move |_| app.send(command.clone())
            />
            <span>{row.label}</span>
            {keys.map(|cap| view! { <kbd>{cap}</kbd> }).collect_view()}
        </label>
    })
}
