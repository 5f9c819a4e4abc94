//! A button that opens a small panel below it; it closes on Escape, on a press elsewhere, or when the focus leaves.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, KeyboardEvent, Node, PointerEvent};

/// The menu.
#[component]
pub fn Menu(
    /// What the button is called.
    #[prop(into)]
    label: Signal<String>,
    /// Classes of the button.
    button: &'static str,
    /// Which edge of the button the panel is aligned with: `start` or `end`.
    #[prop(default = "start")]
    align: &'static str,
    /// What is on the button.
    face: ViewFn,
    /// What is in the panel. It closes after a press on any button in it.
    children: ChildrenFn,
    /// Whether the button can be pressed.
    #[prop(into, default = Signal::stored(false))]
    disabled: Signal<bool>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let frame = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let holds = move |target: Option<web_sys::EventTarget>| {
        let node = target.and_then(|target| target.dyn_into::<Node>().ok());
        frame
            .get_untracked()
            .is_some_and(|frame| frame.contains(node.as_ref()))
    };
    let elsewhere = window_event_listener(ev::pointerdown, move |event: PointerEvent| {
        if is_open.get_untracked() && !holds(event.target()) {
            is_open.set(false);
        }
    });
    on_cleanup(move || elsewhere.remove());
    let on_keydown = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            is_open.set(false);
            if let Some(trigger) = trigger.get_untracked() {
                drop(trigger.focus());
            }
        }
    };
    let on_focusout = move |event: FocusEvent| {
        // Without a related target the window lost the focus, or a press hit something that takes none.
        if event.related_target().is_some() && !holds(event.related_target()) {
            is_open.set(false);
        }
    };
    let children = StoredValue::new(children);
    view! {
        <div class="menu" node_ref=frame on:keydown=on_keydown on:focusout=on_focusout>
            <button
                type="button"
                class=button
                node_ref=trigger
                aria-label=move || label.get()
                title=move || label.get()
                aria-expanded=move || is_open.get().to_string()
                disabled=move || disabled.get()
                on:click=move |_| is_open.update(|open| *open = !*open)
            >
                {face.run()}
            </button>
            <Show when=move || is_open.get()>
                <div class="menu-panel" data-align=align on:click=move |event| {
                    let on_button = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok())
                        .and_then(|element| element.closest("button, label").ok().flatten());
                    if on_button.is_some() {
                        is_open.set(false);
                    }
                }>
                    {children.with_value(|children| children())}
                </div>
            </Show>
        </div>
    }
}
