//! Which picture is on the stage, and the way to the others.

use leptos::prelude::*;

use crate::conductor;
use crate::icon::{Icon, Picture};
use crate::menu::Menu;
use crate::queue::Progress;
use crate::store::Store;

/// The name of the picture with previous and next, and the list of all.
#[component]
pub fn Pictures() -> impl IntoView {
    let store = expect_context::<Store>();
    let current = Memo::new(move |_| {
        store.opening.get().or_else(|| {
            store
                .shown
                .with(|shown| shown.as_ref().map(|shown| shown.id))
        })
    });
    let count = Memo::new(move |_| store.queue.with(|queue| queue.len()));
    let place = Memo::new(move |_| {
        current
            .get()
            .and_then(|id| store.queue.with(|queue| queue.position(id)))
            .unwrap_or(0)
    });
    let name = Memo::new(move |_| {
        current
            .get()
            .and_then(|id| {
                store
                    .queue
                    .with(|queue| queue.get(id).map(|picture| picture.name.clone()))
            })
            .unwrap_or_default()
    });
    let title = Memo::new(move |_| match count.get() {
        0 | 1 => format!("{}, open pictures", name.get()),
        count => format!(
            "{} {} of {count}, open pictures",
            name.get(),
            place.get() + 1
        ),
    });
    view! {
        <Show when=move || current.get().is_some() fallback=|| view! { <div class="pictures"></div> }>
            <nav class="pictures" aria-label="Pictures">
                <Show when=move || { count.get() > 1 }>
                    <button
                        type="button"
                        class="button quiet square"
                        aria-label="Previous picture"
                        title="Previous picture (P)"
                        disabled=move || place.get() == 0
                        on:click=move |_| conductor::step(store, -1)
                    >
                        <Icon of=Picture::Previous />
                    </button>
                </Show>
                <Menu
                    label=Signal::derive(move || title.get())
                    button="button quiet pictures-name"
                    face=ViewFn::from(move || view! {
                        <span class="ellipsis">{move || name.get()}</span>
                        " "
                        <Show when=move || { count.get() > 1 }>
                            <span class="pictures-place">{move || format!("{} of {}", place.get() + 1, count.get())}</span>
                        </Show>
                        <Icon of=Picture::Down />
                    })
                >
                    <List />
                </Menu>
                <Show when=move || { count.get() > 1 }>
                    <button
                        type="button"
                        class="button quiet square"
                        aria-label="Next picture"
                        title="Next picture (N)"
                        disabled=move || { place.get() + 1 >= count.get() }
                        on:click=move |_| conductor::step(store, 1)
                    >
                        <Icon of=Picture::Next />
                    </button>
                </Show>
            </nav>
        </Show>
    }
}

#[component]
fn List() -> impl IntoView {
    let store = expect_context::<Store>();
    let current = Memo::new(move |_| {
        store
            .shown
            .with(|shown| shown.as_ref().map(|shown| shown.id))
    });
    let rows = move || {
        store.queue.with(|queue| {
            queue
                .iter()
                .map(|picture| (picture.id, picture.name.clone(), picture.progress))
                .collect::<Vec<_>>()
        })
    };
    view! {
        <ul class="pictures-list">
            <For each=rows key=|row| (row.0, row.2 == Progress::Seen) let((id, name, progress))>
                <li>
                    <button
                        type="button"
                        class="menu-item"
                        aria-current=move || (current.get() == Some(id)).then_some("true")
                        on:click=move |_| {
                            store.forget_errors();
                            conductor::open(store, id);
                        }
                    >
                        <span class="dot" class:seen=progress == Progress::Seen></span>
                        <span class="ellipsis">{name.clone()}</span>
                        {(progress == Progress::Waiting).then_some(view! { <span class="menu-hint">"not seen yet"</span> })}
                    </button>
                    <button
                        type="button"
                        class="button quiet square small"
                        aria-label=format!("Close {name}")
                        on:click=move |_| conductor::close(store, id)
                    >
                        <Icon of=Picture::Close />
                    </button>
                </li>
            </For>
        </ul>
    }
}
