//! How components reach the app: they read its state and send commands. They hold no state that matters.

use std::rc::Rc;

use leptos::prelude::*;

use crate::app::event::{Event, EventSink};
use crate::app::{App, Availability, Command};

/// The app, as components see it.
#[derive(Clone, Copy)]
pub struct AppHandle {
    state: RwSignal<App, LocalStorage>,
    sink: StoredValue<EventSink, LocalStorage>,
}

impl AppHandle {
    /// A handle on the state, whose events go to `sink`.
    pub fn new(state: RwSignal<App, LocalStorage>, sink: EventSink) -> Self {
        Self {
            state,
            sink: StoredValue::new_local(sink),
        }
    }

    /// Something read off the state; who uses it runs again only when it changes.
    pub fn read<T>(self, read: impl Fn(&App) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.state.with(&read))
    }

    /// Something read off the state once.
    pub fn now<T>(self, read: impl FnOnce(&App) -> T) -> T {
        self.state.with_untracked(read)
    }

    /// Gives a command about what is on the screen.
    pub fn send(self, command: Command) {
        let document = self.now(|app| app.documents.shown_id());
        self.tell(Event::Command { command, document });
    }

    /// Tells the app what happened.
    pub fn tell(self, event: Event) {
        let sink = self.sink.with_value(Rc::clone);
        sink(event);
    }

    /// Whether a command cannot be carried out now.
    pub fn is_disabled(self, command: Command) -> Memo<bool> {
        self.read(move |app| app.availability(&command) != Availability::Enabled)
    }
}

/// The app of the component that asks.
pub fn use_app() -> AppHandle {
    expect_context()
}
