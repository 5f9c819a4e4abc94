//! The tools that correct the mask by hand.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use crate::app::Command;
use crate::app::command_table::row_of;
use crate::app::stage::Tool;

/// Those with a row of their own come first.
const TOOLS: [&[Tool]; 2] = [
    &[Tool::Move, Tool::Add, Tool::Erase],
    &[
        Tool::LASSO,
        Tool::LASSO_ERASE,
        Tool::Fill,
        Tool::Drop,
        Tool::Box,
    ],
];

/// Tool, size, undo.
#[component]
pub fn Correction() -> impl IntoView {
    let app = use_app();
    let has_box = app.read(|app| app.drawn_box().is_some());
    view! {
        <fieldset class="tools">
            <legend class="visually-hidden">"Tool"</legend>
            {TOOLS.map(|row| view! {
                <div class="segments" class:icons=row != TOOLS[0]>
                    {row.iter().map(|tool| view! { <ToolChoice tool=*tool /> }).collect_view()}
                </div>
            }).collect_view()}
        </fieldset>
        <BrushSize />
        <Show when=move || has_box.get()>
            <BoxThreshold />
        </Show>
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
    // The second row has no room for words.
    let is_usual = TOOLS[0].contains(&tool);
    Some(view! {
        <label class="segment" title=row.title_with_key()>
            <input
                type="radio"
                name="tool"
                aria-label=(!is_usual).then_some(row.label)
                prop:checked=move || chosen.get() == tool
                on:change=move |_| app.send(Command::Take(tool))
            />
            <span><Symbol of=row.icon />{is_usual.then_some(row.label)}</span>
        </label>
    })
}

/// The brush's size in image pixels, in equal ratios along the slider.
#[component]
fn BrushSize() -> impl IntoView {
    let app = use_app();
    let diameter = app.read(crate::app::App::brush);
    let text = app.read(|app| format!("{} px of the picture", app.brush_text()));
    let most = app.read(|app| app.brush_limits().1);
    let is_disabled = app.is_disabled(Command::SetBrush(1.0));
    let part = Memo::new(move |_| diameter.get().ln() / most.get().ln());
    view! {
        <div class="field">
            <div class="field-head">
                <label for="brush">"Brush size"</label>
                <span class="field-value">{move || text.get()}</span>
            </div>
            <input
                id="brush"
                class="slider"
                type="range"
                min="0"
                max="1"
                step="0.01"
                aria-valuetext=move || text.get()
                prop:value=move || part.get().to_string()
                style:--part=move || format!("{:.4}", part.get())
                disabled=move || is_disabled.get()
                on:input=move |event| {
                    if let Ok(part) = event_target_value(&event).parse::<f64>() {
                        app.send(Command::SetBrush(most.get_untracked().powf(part).round()));
                    }
                }
            />
        </div>
    }
}

/// The threshold of the box that was just drawn.
#[component]
fn BoxThreshold() -> impl IntoView {
    let app = use_app();
    let own = app.read(|app| app.drawn_box().and_then(|of| of.threshold));
    let usual = app.read(|app| app.shown().map_or(0.5, |shown| shown.settings.threshold));
    let value = Memo::new(move |_| own.get().unwrap_or(usual.get()));
    let text = Memo::new(move |_| match own.get() {
        Some(threshold) => format!("{threshold:.2}"),
        None => "automatic".to_owned(),
    });
    view! {
        <div class="field">
            <div class="field-head">
                <label for="box-threshold">"Threshold in the box"</label>
                <span class="field-value">{move || text.get()}</span>
            </div>
            <input
                id="box-threshold"
                class="slider"
                type="range"
                min="0.01"
                max="0.99"
                step="0.01"
                aria-valuetext=move || text.get()
                prop:value=move || format!("{:.2}", value.get())
                style:--part=move || format!("{:.4}", (value.get() - 0.01) / 0.98)
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        app.send(Command::SetBoxThreshold(Some(value)));
                    }
                }
            />
            <button
                type="button"
                class="button outline small"
                disabled=move || own.get().is_none()
                on:click=move |_| app.send(Command::SetBoxThreshold(None))
            >
                "Automatic"
            </button>
        </div>
    }
}
