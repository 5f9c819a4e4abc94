//! The bar of tools over the picture on a phone, where the controls are a sheet below it: whatever is in hand is in sight.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use crate::app::Command;
use crate::app::command_table::row_of;
use crate::app::stage::Tool;

/// The tools that have a place of their own; another one that is in hand stands behind them.
const USUAL: [Tool; 3] = [Tool::Move, Tool::Add, Tool::Erase];

/// Move, add, erase, the tool in hand, undo.
#[component]
pub fn ToolBar() -> impl IntoView {
    let app = use_app();
    let tool = app.read(|app| app.stage.tool);
    view! {
        <section class="toolbar" aria-label="Tools">
            {USUAL.map(|tool| view! { <Take tool /> }).collect_view()}
            {move || {
                let tool = tool.get();
                (!USUAL.contains(&tool)).then(|| view! { <Take tool /> })
            }}
            <CommandButton command=Command::Undo class="button quiet square" icon_only=true />
        </section>
    }
}

#[component]
fn Take(
    /// The tool.
    tool: Tool,
) -> impl IntoView {
    let app = use_app();
    let row = row_of(&Command::Take(tool))?;
    let is_taken = app.read(move |app| app.stage.tool == tool);
    Some(view! {
        <button
            type="button"
            class="button quiet square"
            class:active=move || is_taken.get()
            aria-pressed=move || is_taken.get().to_string()
            aria-label=row.label
            title=row.title_with_key()
            on:click=move |_| app.send(Command::Take(tool))
        >
            <Symbol of=row.icon />
        </button>
    })
}
