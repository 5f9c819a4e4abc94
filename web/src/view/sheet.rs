//! A sheet over the page: the browser's own modal dialog, so that focus, Escape and the rest of the page behave.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::context::use_app;
use super::icon::Symbol;
use crate::app::Command;
use crate::app::command::Sheet;
use crate::app::command_table::Icon;

/// The frame of a sheet; it is open while the app says so.
#[component]
pub fn SheetFrame(
    /// Which one it is.
    sheet: Sheet,
    /// Its heading.
    title: &'static str,
    /// What it says.
    children: ChildrenFn,
) -> impl IntoView {
    let app = use_app();
    let dialog = NodeRef::<html::Dialog>::new();
    let is_open = app.read(move |app| app.sheet == Some(sheet));
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (is_open.get(), dialog.open()) {
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let close = move || app.send(Command::CloseSheet);
    // The browser closed it, on Escape.
    let on_close = move |_| {
        if is_open.get_untracked() {
            close();
        }
    };
    // A press on the backdrop hits the dialog itself; what is inside covers all of it.
    let on_click = move |event: leptos::ev::MouseEvent| {
        let is_backdrop = event
            .target()
            .zip(dialog.get_untracked())
            .is_some_and(|(target, dialog)| target.dyn_ref() == Some(&*dialog));
        if is_backdrop {
            close();
        }
    };
    let children = StoredValue::new(children);
    view! {
        <dialog class="sheet" aria-label=title node_ref=dialog on:close=on_close on:click=on_click>
            <div class="sheet-body">
                <header class="sheet-head">
                    <h2>{title}</h2>
                    <button type="button" class="button quiet square" aria-label="Close" on:click=move |_| close()>
                        <Symbol of=Icon::Close />
                    </button>
                </header>
                <Show when=move || is_open.get()>{children.with_value(|children| children())}</Show>
            </div>
        </dialog>
    }
}
