//! The list of pictures: which there are, what became of each, and the way from one to another. Only the rows in view are
//! in the page, however many there are.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::context::use_app;
use super::icon::Symbol;
use super::thumbnail::Thumbnail;
use crate::app::command_table::Icon;
use crate::app::filter::{Filter, Sort};
use crate::app::review::Decision;
use crate::app::row::Row;
use crate::app::scrolling::{scroll_to, window};
use crate::app::{App, Command};
use crate::protocol::DocumentId;

/// Height of a row in CSS pixels, as the styles have it.
const ROW: f64 = 56.0;

/// The panel: filter, order, and the rows.
#[component]
pub fn Images() -> impl IntoView {
    let app = use_app();
    let is_open = app.read(App::is_list_open);
    view! {
        <Show when=move || is_open.get()>
            <aside class="images" aria-label="List of pictures">
                <Head />
                <Choices />
                <Rows />
            </aside>
        </Show>
    }
}

/// How many pictures there are, and the buttons about the chosen one and the list.
#[component]
fn Head() -> impl IntoView {
    let app = use_app();
    let count = app.read(|app| {
        let (listed, all) = (app.listing.ids().len(), app.documents.len());
        match (listed, all) {
            (_, 1) => "1 picture".to_owned(),
            (listed, all) if listed == all => format!("{all} pictures"),
            (listed, all) => format!("{listed} of {all} pictures"),
        }
    });
    let chosen = app.read(|app| {
        let document = app.documents.get(app.chosen()?)?;
        Some((document.id, document.name.clone()))
    });
    view! {
        <header class="images-head">
            <h2>{move || count.get()}</h2>
            <Show when=move || chosen.with(Option::is_some)>
                <button
                    type="button"
                    class="button quiet square small"
                    aria-label=move || chosen.get().map(|(_, name)| format!("Close {name}"))
                    title="Close this picture (Delete in the list)"
                    on:click=move |_| {
                        if let Some((id, _)) = chosen.get_untracked() {
                            app.send(Command::Close(id));
                        }
                    }
                >
                    <Symbol of=Icon::Clear />
                </button>
            </Show>
            <button
                type="button"
                class="button quiet square small"
                aria-label="Hide the list"
                title="Hide the list (I)"
                on:click=move |_| app.send(Command::ToggleList)
            >
                <Symbol of=Icon::Close />
            </button>
        </header>
    }
}

/// Which pictures are listed, with how many there are of each kind, and in which order.
#[component]
fn Choices() -> impl IntoView {
    let app = use_app();
    let filter = app.read(|app| app.listing.filter());
    let sort = app.read(|app| app.listing.sort());
    let counts = app.read(|app| Filter::ALL.map(|(filter, _)| app.listing.count(filter)));
    view! {
        <div class="images-choices">
            <select
                class="select"
                aria-label="Show"
                on:change=move |event| {
                    if let Some((filter, _)) = nth(&Filter::ALL, &event) {
                        app.send(Command::SetFilter(filter));
                    }
                }
            >
                {Filter::ALL.iter().enumerate().map(|(place, (of, name))| view! {
                    <option value=place.to_string() prop:selected=move || filter.get() == *of>
                        {move || format!("{name} ({})", counts.with(|counts| counts[place]))}
                    </option>
                }).collect_view()}
            </select>
            <select
                class="select"
                aria-label="Sort by"
                on:change=move |event| {
                    if let Some((sort, _)) = nth(&Sort::ALL, &event) {
                        app.send(Command::SetSort(sort));
                    }
                }
            >
                {Sort::ALL.iter().enumerate().map(|(place, (of, name))| view! {
                    <option value=place.to_string() prop:selected=move || sort.get() == *of>{*name}</option>
                }).collect_view()}
            </select>
        </div>
    }
}

/// The entry of a table whose place is the value of the choice that changed.
fn nth<T: Copy>(table: &[T], event: &web_sys::Event) -> Option<T> {
    let place: usize = event_target_value(event).parse().ok()?;
    table.get(place).copied()
}

#[component]
fn Rows() -> impl IntoView {
    let app = use_app();
    let list = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new(0.0);
    let height = RwSignal::new(0.0);
    let measure = move || {
        // The list may be gone by the frame in which it was to be measured.
        if let Some(list) = list.try_get_untracked().flatten() {
            scrolled.try_set(f64::from(list.scroll_top()));
            height.try_set(f64::from(list.client_height()));
        }
    };
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    // The list has its height once the page was laid out.
    Effect::new(move |_| {
        if list.get().is_some() {
            request_animation_frame(measure);
        }
    });
    let count = app.read(|app| app.listing.ids().len());
    let part = Memo::new(move |_| window(scrolled.get(), height.get(), ROW, count.get()));
    let rows = app.read(move |app| {
        let part = part.get();
        let places = part.clone();
        places
            .zip(app.listing.rows(part, &app.documents))
            .collect::<Vec<_>>()
    });
    let chosen = app.read(App::chosen);
    let place = app.read(|app| app.listing.place(app.chosen()?));
    Effect::new(move |_| {
        let (Some(list), Some(place)) = (list.get(), place.get()) else {
            return;
        };
        let height = f64::from(list.client_height());
        if height > 0.0
            && let Some(top) = scroll_to(place, f64::from(list.scroll_top()), height, ROW)
        {
            list.set_scroll_top(top as i32);
        }
    });
    let active = move || {
        let chosen = chosen.get()?;
        let is_there = rows.with(|rows| rows.iter().any(|(_, row)| row.id == chosen));
        is_there.then(|| option_id(chosen))
    };
    let on_keydown = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let end = |last: bool| {
            app.now(|app| {
                let ids = app.listing.ids();
                let id = if last { ids.last() } else { ids.first() };
                id.copied().map(Command::Show)
            })
        };
        let command = match event.key().as_str() {
            "ArrowDown" => Some(Command::Step(1)),
            "ArrowUp" => Some(Command::Step(-1)),
            "Home" => end(false),
            "End" => end(true),
            "Escape" if app.now(|app| app.is_narrow) => Some(Command::ToggleList),
            "Delete" => chosen.get_untracked().map(Command::Close),
            _ => return,
        };
        // They move in the list, not the picture.
        event.prevent_default();
        event.stop_propagation();
        if let Some(command) = command {
            app.send(command);
        }
    };
    let is_empty = Memo::new(move |_| count.get() == 0);
    view! {
        <div
            class="images-scroll"
            role="listbox"
            tabindex="0"
            aria-label="Images"
            aria-activedescendant=active
            node_ref=list
            on:scroll=move |_| measure()
            on:keydown=on_keydown
        >
            <div class="images-space" role="presentation" style:height=move || format!("{}px", count.get() as f64 * ROW)>
                <For each=move || rows.get() key=|row| row.clone() let((place, row))>
                    <ImageRow place row count chosen />
                </For>
            </div>
        </div>
        <Show when=move || is_empty.get()>
            <p class="images-none">"No picture is of this kind."</p>
        </Show>
    }
}

fn option_id(id: DocumentId) -> String {
    format!("image-{}", id.0)
}

#[component]
fn ImageRow(
    /// Where it stands, from 0.
    place: usize,
    /// What it says.
    row: Row,
    /// How many rows there are.
    count: Memo<usize>,
    /// The document that is chosen.
    chosen: Memo<Option<DocumentId>>,
) -> impl IntoView {
    let app = use_app();
    let description = row.description();
    let Row {
        id,
        name,
        folder,
        state,
        decision,
        is_flagged,
        is_unseen,
        area,
        confidence,
    } = row;
    let mark = match decision {
        Decision::Accepted => Some(Icon::Accept),
        Decision::Rejected => Some(Icon::Reject),
        Decision::Undecided => None,
    };
    // Beside what became of it there is no room for what was expected.
    let (state, expected) = match state.is_empty() {
        true => (folder.clone(), confidence),
        false => (state, String::new()),
    };
    let figures = [area, expected].map(|figure| view! { <span>{figure}</span> });
    let title = if folder.is_empty() {
        name.clone()
    } else {
        format!("{folder}/{name}")
    };
    view! {
        <div
            class="image-row"
            class:unseen=is_unseen
            id=option_id(id)
            role="option"
            aria-description=description
            aria-selected=move || (chosen.get() == Some(id)).to_string()
            aria-posinset=(place + 1).to_string()
            aria-setsize=move || count.get().to_string()
            title=title
            style:top=format!("{}px", place as f64 * ROW)
            on:click=move |_| app.send(Command::Show(id))
        >
            <Thumbnail id />
            <span class="image-text">
                <span class="image-line">
                    <span class="image-name ellipsis">{name.clone()}</span>
                    {is_flagged.then(|| view! { <Symbol of=Icon::Flag /> })}
                    {mark.map(|mark| view! { <Symbol of=mark /> })}
                </span>
                // What follows is in the description.
                <span class="image-line image-state" aria-hidden="true">
                    <span class="image-figures">{figures}</span>
                    <span>{state}</span>
                </span>
            </span>
        </div>
    }
}
