//! What floats over the image: zoom, and the button that shows it without its mask.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::icon::Symbol;
use crate::app::Command;
use crate::app::command_table::{CommandRow, row_of};

/// Zoom, fit, compare, and the way to hide the controls.
#[component]
pub fn Hud() -> impl IntoView {
    let app = use_app();
    let are_controls_open = app.read(|app| app.preferences.controls);
    view! {
        <div class="hud">
            <div class="hud-group hud-zoom" role="group" aria-label="Zoom">
                <CommandButton command=Command::Zoom(0.8, None) class="button quiet square" icon_only=true />
                <ZoomValue />
                <CommandButton command=Command::Zoom(1.25, None) class="button quiet square" icon_only=true />
                <CommandButton command=Command::Fit class="button quiet square" icon_only=true />
            </div>
            <div class="hud-group">
                <Compare />
                <CommandButton
                    command=Command::ToggleControls
                    class="button quiet square panel-toggle"
                    icon_only=true
                    pressed=are_controls_open
                />
            </div>
        </div>
    }
}

/// How large the image is shown; a press shows it pixel by pixel.
#[component]
fn ZoomValue() -> impl IntoView {
    let app = use_app();
    let percent = app.read(|app| {
        let scale = app.shown().map_or(1.0, |shown| shown.viewport.view.scale);
        format!("{:.0} %", scale * 100.0)
    });
    view! {
        <button
            type="button"
            class="button quiet zoom-value"
            aria-label=move || format!("Actual size, now {}", percent.get())
            title=row_of(&Command::ActualSize).map(CommandRow::title_with_key)
            on:click=move |_| app.send(Command::ActualSize)
        >
            {move || percent.get()}
        </button>
    }
}

/// Shows the plain image for as long as it is held.
#[component]
fn Compare() -> impl IntoView {
    let app = use_app();
    let row = row_of(&Command::Compare(true))?;
    let is_comparing = app.read(|app| app.stage.is_comparing);
    let compare = move |is_on: bool| {
        if is_comparing.get_untracked() != is_on {
            app.send(Command::Compare(is_on));
        }
    };
    Some(view! {
        <button
            type="button"
            class="button quiet"
            class:active=move || is_comparing.get()
            aria-pressed=move || is_comparing.get().to_string()
            title=row.title_with_key()
            on:pointerdown=move |_| compare(true)
            on:pointerup=move |_| compare(false)
            on:pointerleave=move |_| compare(false)
            on:pointercancel=move |_| compare(false)
            on:blur=move |_| compare(false)
            on:contextmenu=move |event| event.prevent_default()
            on:keydown=move |event| if matches!(event.key().as_str(), " " | "Enter") {
                event.prevent_default();
                compare(true);
            }
            on:keyup=move |_| compare(false)
        >
            <Symbol of=row.icon />
            <span class="hud-label">"Hold to compare"</span>
        </button>
    })
}
