//! How far the segmentation of the other documents is: one line, with the way to pause, go on and stop. It is there only
//! while something is left to do.

use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use crate::app::progress::{Mode, Progress};
use crate::app::{Command, wording};

/// The progress of the documents that are prepared in the background.
#[component]
pub fn Preparing() -> impl IntoView {
    let app = use_app();
    let progress = app.read(|app| app.background.progress());
    let is_there = Memo::new(move |_| progress.with(Option::is_some));
    let mode = Memo::new(move |_| progress.with(|progress| progress.map(|told| told.mode)));
    let text =
        Memo::new(move |_| progress.with(|progress| progress.as_ref().map(wording::preparing)));
    let done = move || progress.with(|progress| progress.map_or(0, |told: Progress| told.done));
    let all = move || progress.with(|progress| progress.map_or(1, |told: Progress| told.all));
    view! {
        <Show when=move || is_there.get()>
            <div class="preparing">
                <progress
                    class="busy-bar preparing-bar"
                    aria-label="Segmenting"
                    aria-valuetext=move || text.get()
                    max=move || all().to_string()
                    value=move || done().to_string()
                ></progress>
                <span class="preparing-text">{move || text.get()}</span>
                <Show
                    when=move || mode.get() == Some(Mode::Running)
                    fallback=|| view! {
                        <CommandButton command=Command::ResumeProcessing class="button quiet square small" icon_only=true />
                    }
                >
                    <CommandButton command=Command::PauseProcessing class="button quiet square small" icon_only=true />
                </Show>
                <Show when=move || mode.get() != Some(Mode::Stopped)>
                    <CommandButton command=Command::StopProcessing class="button quiet square small" icon_only=true />
                </Show>
            </div>
        </Show>
    }
}
