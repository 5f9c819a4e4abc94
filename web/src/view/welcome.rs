//! The empty state: what this is, how to begin, and what does not happen to the image.

use delineo::imaging;
use leptos::prelude::*;

use super::context::use_app;
use super::icon::Symbol;
use super::topbar::SampleButtons;
use crate::app::Command;
use crate::app::command_table::Icon;

/// What is on the stage before an image is.
#[component]
pub fn Welcome() -> impl IntoView {
    let app = use_app();
    let has_folders = app.read(|app| app.has_folder_picker);
    view! {
        <div class="welcome">
            <div class="welcome-zone">
                <Outline />
                <h2>
                    <span class="desk-only">"Drop an image"</span>
                    <span class="phone-only">"Choose a photo"</span>
                    " to see the border of the lesion"
                </h2>
                <p class="welcome-lead">{format!("Dermoscopy or breast ultrasound. {}.", imaging::list())}</p>
                <button type="button" class="button primary large" on:click=move |_| app.send(Command::OpenFiles)>
                    <Symbol of=Icon::Open />
                    <span class="desk-only">"Choose images"</span>
                    <span class="phone-only">"Choose a photo"</span>
                </button>
                <Show when=move || has_folders.get()>
                    <button type="button" class="link" on:click=move |_| app.send(Command::OpenFolder)>
                        "Choose a folder"
                    </button>
                </Show>
                <p class="welcome-or">"or try one that a computer made"</p>
                <div class="welcome-samples">
                    <SampleButtons class="button outline" />
                </div>
            </div>
            <p class="welcome-private">
                <Symbol of=Icon::Lock />
                <span>"Your image stays on this device. Nothing is uploaded, and it works with the network off."</span>
            </p>
        </div>
    }
}

/// A lesion whose border is being drawn: the app in one picture.
#[component]
fn Outline() -> impl IntoView {
    view! {
        <svg class="welcome-figure" viewBox="0 0 160 112" aria-hidden="true" focusable="false">
            <path class="figure-field" d="M14 4h132a10 10 0 0 1 10 10v84a10 10 0 0 1-10 10H14A10 10 0 0 1 4 98V14A10 10 0 0 1 14 4z"></path>
            <path class="figure-lesion" d="M83 29c17-4 33 5 36 20 3 14-6 31-24 34-17 3-27-4-40-9-12-5-17-14-13-24 4-11 22-16 41-21z"></path>
            <path class="figure-border" pathLength="100" d="M83 25c19-5 37 5 40 22 4 17-7 36-27 39-19 3-30-4-44-9-14-6-20-17-15-28 5-13 24-18 46-24z"></path>
            <circle class="figure-pen" cx="83" cy="25" r="4.5"></circle>
        </svg>
    }
}
