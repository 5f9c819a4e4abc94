//! The page as a whole: bar, stage, controls, status line, and what lies over them.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{DataTransfer, DragEvent};

use super::about::About;
use super::busy::Busy;
use super::context::{AppHandle, use_app};
use super::hud::Hud;
use super::icon::Symbol;
use super::images::Images;
use super::panel::Panel;
use super::shortcuts::Shortcuts;
use super::stage::Stage;
use super::status::StatusLine;
use super::toolbar::ToolBar;
use super::topbar::TopBar;
use super::welcome::Welcome;
use crate::app::App;
use crate::app::command_table::Icon;

/// The page.
#[component]
pub fn Page() -> impl IntoView {
    let app = use_app();
    follow_theme(app);
    let has_image = app.read(|app| app.shown().is_some());
    let is_opening = app.read(|app| app.documents.opening_id().is_some());
    let are_controls_open = app.read(|app| app.preferences.controls);
    let state = app.read(App::page_state);
    view! {
        <div
            class="app"
            data-state=move || state.get()
            data-controls=move || if are_controls_open.get() { "open" } else { "closed" }
            class:has-picture=move || has_image.get()
        >
            <TopBar />
            <Images />
            <main class="stage-area">
                <Stage />
                <Show when=move || !has_image.get() && !is_opening.get()>
                    <Welcome />
                </Show>
                <Show when=move || has_image.get()>
                    <Hud />
                </Show>
                <Busy />
            </main>
            <Show when=move || has_image.get()>
                <Panel />
                <ToolBar />
            </Show>
            <StatusLine />
            <DropVeil />
            <About />
            <Shortcuts />
        </div>
    }
}

/// What covers the page while files are dragged over it. The files themselves are the shell's.
#[component]
fn DropVeil() -> impl IntoView {
    let is_over = RwSignal::new(false);
    let over = window_event_listener(ev::dragover, move |event: DragEvent| {
        if brings_files(event.data_transfer()) && !is_over.get_untracked() {
            is_over.set(true);
        }
    });
    let leave = window_event_listener(ev::dragleave, move |event: DragEvent| {
        // Leaving the window has no related target; moving between elements has.
        if event.related_target().is_none() {
            is_over.set(false);
        }
    });
    let dropped = window_event_listener(ev::drop, move |_| is_over.set(false));
    on_cleanup(move || {
        over.remove();
        leave.remove();
        dropped.remove();
    });
    view! {
        <Show when=move || is_over.get()>
            <div class="veil">
                <div class="veil-frame">
                    <Symbol of=Icon::Open />
                    <p>"Drop to open"</p>
                </div>
            </div>
        </Show>
    }
}

fn brings_files(transfer: Option<DataTransfer>) -> bool {
    transfer.is_some_and(|transfer| transfer.types().iter().any(|kind| kind == "Files"))
}

/// The styles read the theme off the root element.
fn follow_theme(app: AppHandle) {
    let theme = app.read(|app| app.preferences.theme);
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            drop(root.set_attribute("data-theme", theme.get().name()));
        }
    });
}
