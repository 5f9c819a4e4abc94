//! Sentences to the person: errors until they are dismissed, news for a while.

use std::time::Duration;

use leptos::prelude::*;

use crate::conductor;
use crate::icon::{Icon, Picture};
use crate::models;
use crate::offline;
use crate::recovery;
use crate::store::{Notice, Offered, Store, Tone};

/// How long news stays.
const LINGER: Duration = Duration::from_secs(7);

/// All sentences on the screen.
#[component]
pub fn Notices() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <div class="notices" aria-live="polite">
            <For each=move || store.notices.get() key=|notice| notice.id let(notice)>
                <Row notice />
            </For>
        </div>
    }
}

#[component]
fn Row(
    /// The sentence.
    notice: Notice,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let Notice {
        id,
        tone,
        text,
        offered,
    } = notice;
    if tone == Tone::Info && offered.is_none() {
        set_timeout(move || store.dismiss(id), LINGER);
    }
    let is_error = tone == Tone::Error;
    view! {
        <div class="notice" class:error=is_error role=is_error.then_some("alert")>
            <Icon of=if is_error { Picture::Warning } else { Picture::Note } />
            <p>{text}</p>
            {offered.map(|offered| view! {
                <button
                    type="button"
                    class="button outline small"
                    on:click=move |_| {
                        store.dismiss(id);
                        act(store, offered);
                    }
                >
                    {label(offered)}
                </button>
            })}
            <button type="button" class="button quiet square small" aria-label="Dismiss" on:click=move |_| store.dismiss(id)>
                <Icon of=Picture::Close />
            </button>
        </div>
    }
}

fn label(offered: Offered) -> &'static str {
    match offered {
        Offered::RestartEngine | Offered::RetryModel | Offered::RetrySegment => "Try again",
        Offered::Remember => "Remember on this device",
        Offered::Update => "Update now",
    }
}

fn act(store: Store, offered: Offered) {
    match offered {
        Offered::RestartEngine => recovery::restart(store),
        Offered::RetryModel => conductor::retry_model(store),
        Offered::RetrySegment => conductor::retry_segment(store),
        Offered::Remember => models::remember(store),
        Offered::Update => offline::update(),
    }
}
