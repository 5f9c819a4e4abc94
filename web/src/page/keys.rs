//! The keyboard. What a key does where is decided here; what it means is done elsewhere.

use delineo_web::protocol::Export;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::correction::set_brush;
use crate::store::{Sheet, Store, Tool};
use crate::threshold::set_threshold;
use crate::{conductor, save, stage, topbar};

/// Where a key was pressed.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// On the page or the stage.
    Page,
    /// On a button or a link, which Space and Enter press.
    Button,
    /// On a slider or a choice, which the arrows move.
    Field,
    /// In a text, which takes all keys.
    Text,
}

/// Listens to the keyboard.
pub fn listen(store: Store) {
    let down = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if !is_covered() && pressed(store, &event, place(&event)) {
            event.prevent_default();
        }
    });
    let up = window_event_listener(ev::keyup, move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), " " | "h" | "H") && store.comparing.get_untracked() {
            store.comparing.set(false);
        }
    });
    let blur = window_event_listener(ev::blur, move |_| {
        if store.comparing.get_untracked() {
            store.comparing.set(false);
        }
    });
    on_cleanup(move || {
        down.remove();
        up.remove();
        blur.remove();
    });
}

/// Whether a sheet lies over the page. Asked of the page itself: the store learns a moment later that one was closed.
fn is_covered() -> bool {
    document()
        .query_selector("dialog[open]")
        .ok()
        .flatten()
        .is_some()
}

/// Does what the key says; answers whether it meant anything.
fn pressed(store: Store, event: &KeyboardEvent, place: Place) -> bool {
    let key = event.key();
    if event.ctrl_key() || event.meta_key() {
        return place != Place::Text && with_control(store, &key.to_lowercase(), event.shift_key());
    }
    if event.alt_key() || place == Place::Text {
        return false;
    }
    match key.as_str() {
        "Escape" => {
            let had_brush = store.tool.get_untracked() != Tool::Move;
            store.tool.set(Tool::Move);
            return had_brush;
        }
        "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" if place != Place::Field => {
            return arrow(store, &key, event.shift_key());
        }
        " " | "Enter" if place != Place::Page => return false,
        _ => {}
    }
    let may_type = store
        .preferences
        .with_untracked(|preferences| preferences.single_keys);
    match key.as_str() {
        " " => compare(store, event),
        "Enter" => stage::dab(store),
        "PageDown" if place != Place::Field => conductor::step(store, 1),
        "PageUp" if place != Place::Field => conductor::step(store, -1),
        _ if may_type => return single(store, event, &key),
        _ => return false,
    }
    true
}

fn with_control(store: Store, key: &str, shift: bool) -> bool {
    match (key, shift) {
        ("z", false) => store.history.update(|history| history.undo()),
        ("z", true) | ("y", false) => store.history.update(|history| history.redo()),
        ("o", false) => topbar::pick(),
        ("s", false) => save::download(store, Export::Mask),
        _ => return false,
    }
    true
}

fn single(store: Store, event: &KeyboardEvent, key: &str) -> bool {
    let threshold = |step: f32| {
        set_threshold(
            store,
            store.settings.with_untracked(|settings| settings.threshold) + step,
        )
    };
    let brush = |factor: f64| {
        set_brush(
            store,
            store
                .preferences
                .with_untracked(|preferences| preferences.brush)
                * factor,
        )
    };
    match key {
        "?" => store.sheet.set(Some(Sheet::Shortcuts)),
        "+" | "=" => stage::zoom(store, 1.25, None),
        "-" | "−" | "_" => stage::zoom(store, 1.0 / 1.25, None),
        "0" => stage::fit(store),
        "1" => stage::actual_size(store),
        "," => threshold(-0.01),
        "." => threshold(0.01),
        "<" | ";" => threshold(-0.1),
        ">" | ":" => threshold(0.1),
        "[" => brush(1.0 / 1.2),
        "]" => brush(1.2),
        _ => match key.to_lowercase().as_str() {
            "h" => compare(store, event),
            "o" => topbar::pick(),
            "s" => save::download(store, Export::Mask),
            "v" => store
                .preferences
                .update(|preferences| preferences.mode = preferences.mode.next()),
            "c" => store
                .preferences
                .update(|preferences| preferences.controls = !preferences.controls),
            "l" => store.settings.update(|settings| {
                settings.cleaning.largest_region = !settings.cleaning.largest_region
            }),
            "f" => store
                .settings
                .update(|settings| settings.cleaning.fill_holes = !settings.cleaning.fill_holes),
            "b" => store.tool.set(Tool::Add),
            "e" => store.tool.set(Tool::Erase),
            "m" => store.tool.set(Tool::Move),
            "n" => conductor::step(store, 1),
            "p" => conductor::step(store, -1),
            _ => return false,
        },
    }
    true
}

fn arrow(store: Store, key: &str, draws: bool) -> bool {
    let (across, down) = match key {
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowRight" => (1.0, 0.0),
        "ArrowUp" => (0.0, -1.0),
        _ => (0.0, 1.0),
    };
    let has_picture = store.shown.with_untracked(Option::is_some);
    if has_picture {
        stage::arrow(store, across, down, draws);
    }
    has_picture
}

fn compare(store: Store, event: &KeyboardEvent) {
    if !event.repeat() && store.shown.with_untracked(Option::is_some) {
        store.comparing.set(true);
    }
}

fn place(event: &KeyboardEvent) -> Place {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return Place::Page;
    };
    match element.tag_name().as_str() {
        "INPUT" if element.get_attribute("type").as_deref() == Some("checkbox") => Place::Button,
        "INPUT" if element.get_attribute("type").as_deref() == Some("file") => Place::Button,
        "INPUT" => Place::Field,
        // Letters choose among the options of a list.
        "SELECT" | "TEXTAREA" => Place::Text,
        "BUTTON" | "A" | "SUMMARY" | "LABEL" => Place::Button,
        _ => Place::Page,
    }
}
