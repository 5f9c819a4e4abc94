//! A sheet over the page: the browser's own modal dialog, so that focus, Escape and the rest of the page behave.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::icon::{Icon, Picture};
use crate::store::{Sheet, Store};

/// The frame of a sheet; it is open while [`Store::sheet`] names it.
#[component]
pub fn SheetFrame(
    /// Which one it is.
    sheet: Sheet,
    /// Its heading.
    title: &'static str,
    /// What it says.
    children: ChildrenFn,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let dialog = NodeRef::<html::Dialog>::new();
    let is_open = Memo::new(move |_| store.sheet.get() == Some(sheet));
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (is_open.get(), dialog.open()) {
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let on_close = move |_| {
        if store.sheet.get_untracked() == Some(sheet) {
            store.sheet.set(None);
        }
    };
    // A press on the backdrop hits the dialog itself; what is inside covers all of it.
    let on_click = move |event: leptos::ev::MouseEvent| {
        let is_backdrop = event
            .target()
            .zip(dialog.get_untracked())
            .is_some_and(|(target, dialog)| target.dyn_ref() == Some(&*dialog));
        if is_backdrop {
            store.sheet.set(None);
        }
    };
    let children = StoredValue::new(children);
    view! {
        <dialog class="sheet" aria-label=title node_ref=dialog on:close=on_close on:click=on_click>
            <div class="sheet-body">
                <header class="sheet-head">
                    <h2>{title}</h2>
                    <button type="button" class="button quiet square" aria-label="Close" on:click=move |_| store.sheet.set(None)>
                        <Icon of=Picture::Close />
                    </button>
                </header>
                <Show when=move || is_open.get()>{children.with_value(|children| children())}</Show>
            </div>
        </dialog>
    }
}
