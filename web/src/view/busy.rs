//! What is shown while something takes a while: what it is, how far it is, and after some seconds how long it takes; and
//! that the engine is stopped, for as long as it is.

use std::time::Duration;

use leptos::prelude::*;

use super::context::use_app;
use super::icon::Symbol;
use crate::app::command_table::Icon;
use crate::app::{App, Command, wording};
use crate::protocol::Task;

/// Shorter activities only flicker.
const PATIENCE: f64 = 250.0;
/// From so many milliseconds on, the seconds are counted.
const LONG: f64 = 3000.0;
/// From so many milliseconds on, the person may give up on the engine.
const VERY_LONG: f64 = 60_000.0;

/// The busy card.
#[component]
pub fn Busy() -> impl IntoView {
    let app = use_app();
    let is_stopped = app.read(App::is_stopped);
    view! {
        <Show when=move || is_stopped.get() fallback=|| view! { <Progress /> }>
            <Stopped />
        </Show>
    }
}

/// Says that nothing is computed before the person wants that. It cannot be dismissed.
#[component]
fn Stopped() -> impl IntoView {
    let app = use_app();
    let reason = app.read(|app| app.engines.stopped.clone());
    // The middle is free only where an image is still to come.
    let place = app.read(|app| match (app.shown(), app.documents.opening_id()) {
        (None, Some(_)) => "middle",
        _ => "above",
    });
    view! {
        <div class="busy" data-place=move || place.get()>
            <div class="busy-card stopped" role="alert">
                <Symbol of=Icon::Warning />
                <p>{move || reason.get()}</p>
                <button type="button" class="button primary" on:click=move |_| app.send(Command::RestartEngine)>
                    "Try again"
                </button>
            </div>
        </div>
    }
}

#[component]
fn Progress() -> impl IntoView {
    let app = use_app();
    let activity = app.read(App::activity);
    let is_busy = Memo::new(move |_| activity.with(Option::is_some));
    let now = clock(is_busy);
    let elapsed = move || {
        activity
            .get()
            .map_or(0.0, |activity| now.get() - activity.since)
    };
    // One activity after the other is one wait to the person.
    let is_visible = Memo::new(move |before: Option<&bool>| {
        is_busy.get() && (before == Some(&true) || elapsed() >= PATIENCE)
    });
    let title = app.read(title);
    let hint = app.read(hint);
    let fraction = Memo::new(move |_| activity.get().and_then(|activity| activity.fraction));
    let progress = Memo::new(move |_| match fraction.get() {
        Some(fraction) => format!("{:.0} %", f64::from(fraction.clamp(0.0, 1.0)) * 100.0),
        None if elapsed() >= LONG => wording::duration((elapsed() / 1000.0).floor() * 1000.0),
        None => String::new(),
    });
    let is_very_long = Memo::new(move |_| elapsed() >= VERY_LONG);
    // Beside the first screen a line is enough; without anything to see the card takes the middle.
    let place = app.read(|app| match (app.shown(), app.documents.opening_id()) {
        (Some(_), _) => "above",
        (None, Some(_)) => "middle",
        (None, None) => "below",
    });
    view! {
        <Show when=move || is_visible.get()>
            <div class="busy" data-place=move || place.get()>
                <div class="busy-card">
                    <div class="busy-head">
                        <span class="spinner" aria-hidden="true"></span>
                        <span class="busy-title">{move || title.get()}</span>
                        <span class="busy-time">{move || progress.get()}</span>
                    </div>
                    <progress
                        class="busy-bar"
                        aria-label="Progress"
                        max="1"
                        value=move || fraction.get().map(|fraction| fraction.to_string())
                    ></progress>
                    <p class="busy-hint">{move || hint.get()}</p>
                    <Show when=move || is_very_long.get()>
                        <button type="button" class="link" on:click=move |_| app.send(Command::RestartEngine)>
                            "Start the engine again"
                        </button>
                    </Show>
                </div>
            </div>
        </Show>
    }
}

/// The page's clock in milliseconds. It runs only while something is going on.
fn clock(is_running: Memo<bool>) -> RwSignal<f64> {
    let now = RwSignal::new(0.0);
    let tick = move || now.set(window().performance().map_or(0.0, |clock| clock.now()));
    Effect::new(move |before: Option<Option<IntervalHandle>>| {
        if let Some(interval) = before.flatten() {
            interval.clear();
        }
        tick();
        let every = Duration::from_millis(200);
        is_running
            .get()
            .then(|| set_interval_with_handle(tick, every).ok())
            .flatten()
    });
    now
}

fn title(app: &App) -> String {
    match (app.documents.opening(), app.activity()) {
        (Some(document), _) => format!("Opening {}", document.name),
        (None, Some(activity)) => wording::task(activity.task).to_owned(),
        (None, None) => String::new(),
    }
}

fn hint(app: &App) -> String {
    let task = app.activity().map(|activity| activity.task);
    let is_opening = app.documents.opening_id().is_some();
    let text = match task {
        Some(task @ (Task::Device | Task::Model | Task::SelfTest)) if is_opening => {
            return format!("{}, once per visit.", wording::task(task));
        }
        _ if app.is_starting() && app.awaits_document() => "Once per visit. Your image comes next.",
        _ if app.awaits_sample() => "Your sample comes next.",
        Some(Task::SelfTest) => {
            "Once per visit. Its answer is compared with a known one before it is used."
        }
        Some(Task::Model | Task::Device) if app.is_starting() => {
            "Once per visit. You can open an image meanwhile."
        }
        _ => "",
    };
    text.to_owned()
}
