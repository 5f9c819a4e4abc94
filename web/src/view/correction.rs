//! The brush that corrects the mask by hand.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use crate::app::command::row_of;
use crate::app::stage::Tool;
use crate::app::{BRUSH, Command};

/// Tool, size, undo.
#[component]
pub fn Correction() -> impl IntoView {
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">"Tool"</legend>
            {[Tool::Move, Tool::Add, Tool::Erase].map(|tool| view! { <ToolChoice tool /> }).collect_view()}
        </fieldset>
        <BrushSize />
        <div class="row tight">
            <CommandButton command=Command::Undo />
            <CommandButton command=Command::Redo />
            <CommandButton command=Command::ClearEdits />
        </div>
    }
}

#[component]
fn ToolChoice(
    /// The tool.
    tool: Tool,
) -> impl IntoView {
    let app = use_app();
    let row = row_of(&Command::Take(tool))?;
    let chosen = app.read(|app| app.stage.tool);
    Some(view! {
        <label class="segment" title=row.title_with_key()>
            <input
                type="radio"
                name="tool"
                prop:checked=move || chosen.get() == tool
                on:change=move |_| app.send(Command::Take(tool))
            />
            <span><Symbol of=row.icon />{row.label}</span>
        </label>
    })
}

#[component]
fn BrushSize() -> impl IntoView {
    let app = use_app();
    let diameter = app.read(|app| app.preferences.brush);
    let is_disabled = app.is_disabled(Command::SetBrush(BRUSH.0));
    view! {
        <div class="field">
            <div class="field-head">
                <label for="brush">"Brush size"</label>
                <span class="field-value">{move || format!("{:.0} px", diameter.get())}</span>
            </div>
            <input
                id="brush"
                class="slider"
                type="range"
                min=BRUSH.0.to_string()
                max=BRUSH.1.to_string()
                step="2"
                prop:value=move || diameter.get().to_string()
                style:--part=move || format!("{:.4}", (diameter.get() - BRUSH.0) / (BRUSH.1 - BRUSH.0))
                disabled=move || is_disabled.get()
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        app.send(Command::SetBrush(value));
                    }
                }
            />
        </div>
    }
}
