//! The keyboard. What a key means is [`KeyPress::command`]'s business; here is said where it was pressed, and the browser
//! is kept from doing something with it besides.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::listener::listen;
use crate::app::event::{Event, EventSink};
use crate::app::keys::{KeyPress, Place};
use crate::app::stage::Tool;
use crate::app::{App, Availability};

/// Listens to the keyboard.
pub fn listen_to_keys(state: RwSignal<App, LocalStorage>, tell: &EventSink) {
    let told = Rc::clone(tell);
    listen(&window(), "keydown", move |event: KeyboardEvent| {
        // A letter may be the beginning of another one.
        if is_covered() || event.is_composing() {
            return;
        }
        let press = KeyPress {
            key: event.key(),
            control: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
            repeat: event.repeat(),
            place: place_of(&event),
        };
        if state.with_untracked(|app| is_taken(app, &press)) {
            event.prevent_default();
        }
        told(Event::Key(press));
    });
    let told = Rc::clone(tell);
    listen(&window(), "keyup", move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), " " | "h" | "H") {
            told(Event::KeyReleased);
        }
    });
    let told = Rc::clone(tell);
    listen(&window(), "blur", move |_: web_sys::Event| {
        told(Event::KeyReleased)
    });
}

/// Where an event happened, as far as keys are concerned.
pub fn place_of(event: &web_sys::Event) -> Place {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    target.map_or(Place::Page, |element| place(&element))
}

fn place(element: &Element) -> Place {
    let is_text = element
        .dyn_ref::<HtmlElement>()
        .is_some_and(HtmlElement::is_content_editable);
    match element.tag_name().as_str() {
        _ if is_text => Place::Text,
        // Letters choose among the options of a list.
        "SELECT" | "TEXTAREA" => Place::Text,
        "INPUT" => match element.get_attribute("type").as_deref() {
            Some("checkbox" | "file" | "button") => Place::Button,
            Some("range" | "radio" | "color") => Place::Field,
            _ => Place::Text,
        },
        "BUTTON" | "A" | "SUMMARY" | "LABEL" => Place::Button,
        _ => Place::Page,
    }
}

/// Whether the app has a use for the key, so that the browser must not scroll, search or save the page.
fn is_taken(app: &App, press: &KeyPress) -> bool {
    // A key that is held goes on being the app's.
    let first = KeyPress {
        repeat: false,
        ..press.clone()
    };
    let has_brush = app.stage.tool != Tool::Move;
    first
        .command(app.preferences.single_keys, has_brush)
        .is_some_and(|command| {
            press.control || app.availability(&command) != Availability::Disabled
        })
}

/// Whether a sheet lies over the page. Asked of the page itself: the app learns a moment later that one was closed.
fn is_covered() -> bool {
    let sheet = document().query_selector("dialog[open]");
    sheet.ok().flatten().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> KeyPress {
        KeyPress {
            key: key.to_owned(),
            control: false,
            shift: false,
            alt: false,
            repeat: false,
            place: Place::Page,
        }
    }

    #[test]
    fn arrows_scroll_the_page_while_there_is_no_image() {
        assert!(!is_taken(&App::default(), &press("ArrowDown")));
    }

    #[test]
    fn the_browser_never_saves_the_page_in_the_place_of_the_mask() {
        let save = KeyPress {
            control: true,
            ..press("s")
        };
        assert!(is_taken(&App::default(), &save));
    }

    #[test]
    fn what_means_nothing_is_the_browsers() {
        assert!(!is_taken(&App::default(), &press("F5")));
        assert!(!is_taken(&App::default(), &press("q")));
    }
}
