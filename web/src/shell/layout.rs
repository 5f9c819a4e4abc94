//! Tells whether the page is narrow and high, as on a phone held upright.

use leptos::prelude::window;
use web_sys::MediaQueryListEvent;

use super::listener::listen;
use crate::app::event::{Event, EventSink};

/// The same as in the styles.
const NARROW: &str = "(max-width: 720px) and (orientation: portrait)";

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
