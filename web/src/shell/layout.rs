//! Tells whether the page has little room, as on a phone.

use leptos::prelude::window;
use web_sys::MediaQueryListEvent;

use super::listener::listen;
use crate::app::event::{Event, EventSink};

/// A phone held upright, as the styles have it, or sideways.
const NARROW: &str = "(max-width: 720px) and (orientation: portrait), (max-height: 520px)";

/// Tells it now and whenever it changes.
pub fn observe_layout(tell: EventSink) {
    let Ok(Some(query)) = window().match_media(NARROW) else {
        return;
    };
    tell(Event::LayoutChanged {
        is_narrow: query.matches(),
    });
    listen(&query, "change", move |event: MediaQueryListEvent| {
        tell(Event::LayoutChanged {
            is_narrow: event.matches(),
        });
    });
}
