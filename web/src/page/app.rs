//! The page as a whole: bar, stage, controls, status line, and what lies over them.

use leptos::ev;
use leptos::prelude::*;
use web_sys::DragEvent;

use crate::about::About;
use crate::busy::Busy;
use crate::hud::Hud;
use crate::icon::{Icon, Picture};
use crate::notices::Notices;
use crate::panel::Panel;
use crate::shortcuts::Shortcuts;
use crate::stage::Stage;
use crate::status::StatusLine;
use crate::store::{Border, Readiness, Store};
use crate::topbar::TopBar;
use crate::welcome::Welcome;
use crate::{conductor, easel, intake, keys, offline};

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);

    wear_theme(store);
    remember_preferences(store);
    easel::follow(store);
    keys::listen(store);
    intake::listen(store);
    conductor::start(store);
    offline::register(store);

    let has_picture = Memo::new(move |_| store.shown.with(Option::is_some));
    // One word for the state of the whole page: the styles use it.
    let state = Memo::new(move |_| {
        match (
            store.readiness.get(),
            store.activity.with(Option::is_some),
            store.shown.get(),
        ) {
            (Readiness::Stopped, ..) => "stopped",
            (_, true, _) => "busy",
            (.., None) => "empty",
            (.., Some(shown)) => match shown.border {
                Border::Found(_) => "done",
                Border::Awaited => "busy",
                Border::Failed => "failed",
            },
        }
    });
    view! {
        <div
            class="app"
            data-state=move || state.get()
            data-controls=move || if store.preferences.with(|preferences| preferences.controls) { "open" } else { "closed" }
            class:has-picture=move || has_picture.get()
        >
            <TopBar />
            <main class="stage-area">
                <Stage />
                <Show when=move || !has_picture.get() && (store.opening.with(Option::is_none) || store.activity.with(Option::is_none))>
                    <Welcome />
                </Show>
                <Show when=move || has_picture.get()>
                    <Hud />
                </Show>
                <Busy />
                <Notices />
            </main>
            <Show when=move || has_picture.get()>
                <Panel />
            </Show>
            <StatusLine />
            <DropVeil />
            <About />
            <Shortcuts />
        </div>
    }
}

/// What covers the page while files are dragged over it.
#[component]
fn DropVeil() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_over = RwSignal::new(false);
    let over = window_event_listener(ev::dragover, move |event: DragEvent| {
        if intake::brings_files(event.data_transfer()) {
            event.prevent_default();
            is_over.set(true);
        }
    });
    let leave = window_event_listener(ev::dragleave, move |event: DragEvent| {
        // Leaving the window has no related target; moving between elements has.
        if event.related_target().is_none() {
            is_over.set(false);
        }
    });
    let dropped = window_event_listener(ev::drop, move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if let Some(transfer) = event.data_transfer() {
            intake::take_drop(store, &transfer);
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        dropped.remove();
    });
    view! {
        <Show when=move || is_over.get()>
            <div class="veil">
                <div class="veil-frame">
                    <Icon of=Picture::Open />
                    <p>"Drop to open"</p>
                </div>
            </div>
        </Show>
    }
}

fn wear_theme(store: Store) {
    let theme = Memo::new(move |_| store.preferences.with(|preferences| preferences.theme));
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            drop(root.set_attribute("data-theme", theme.get().name()));
        }
    });
}

fn remember_preferences(store: Store) {
    Effect::new(move |before: Option<()>| {
        let preferences = store.preferences.get();
        if before.is_some() {
            preferences.remember();
        }
    });
}
