//! The bar at the top: open, samples, the pictures that are open, export, and the quiet things at the end.

use delineo_web::protocol::{Export, Modality};
use leptos::html;
use leptos::prelude::*;

use crate::icon::{Icon, Mark, Picture};
use crate::intake;
use crate::menu::Menu;
use crate::pictures::Pictures;
use crate::preferences::Theme;
use crate::save;
use crate::store::{Sheet, Store};

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <header class="topbar">
            <h1 class="brand">
                <Mark />
                <span class="brand-name">"Delineo"</span>
            </h1>
            <div class="topbar-group">
                <OpenButton />
                <Menu
                    label="Samples"
                    button="button quiet"
                    face=ViewFn::from(|| view! { <Icon of=Picture::Sample /><span class="wide-only">"Samples"</span> })
                >
                    <SampleButtons />
                </Menu>
            </div>
            <Pictures />
            <div class="topbar-group topbar-end">
                <ExportGroup />
                <span class="topbar-rule"></span>
                <ThemeButton />
                <button
                    type="button"
                    class="button quiet square wide-only"
                    aria-label="Keyboard shortcuts"
                    title="Keyboard shortcuts (?)"
                    on:click=move |_| store.sheet.set(Some(Sheet::Shortcuts))
                >
                    <Icon of=Picture::Keyboard />
                </button>
                <button
                    type="button"
                    class="button quiet square"
                    aria-label="About Delineo"
                    title="About: model, device, privacy"
                    on:click=move |_| store.sheet.set(Some(Sheet::About))
                >
                    <Icon of=Picture::Info />
                </button>
            </div>
        </header>
    }
}

/// The file input, dressed as a button. It stays in the page, reachable by Tab and by its name.
#[component]
fn OpenButton() -> impl IntoView {
    let store = expect_context::<Store>();
    let input = NodeRef::<html::Input>::new();
    let on_change = move |_| {
        if let Some(input) = input.get_untracked() {
            intake::take_list(store, input.files());
            // The same file chosen again is a change again.
            input.set_value("");
        }
    };
    view! {
        <label class="button quiet" title="Open image (O)">
            <input
                id="open-image"
                class="visually-hidden"
                type="file"
                multiple
                accept="image/*,.tif,.tiff,.bmp,.pth,.pt,.safetensors,.json"
                aria-label="Open image"
                node_ref=input
                on:change=on_change
            />
            <Icon of=Picture::Open />
            <span class="wide-only" aria-hidden="true">"Open image"</span>
        </label>
    }
}

/// Opens the picker from elsewhere.
pub fn pick() {
    let input = document().get_element_by_id("open-image");
    if let Some(input) = input
        .and_then(|input| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlInputElement>(input).ok())
    {
        input.click();
    }
}

/// A button for each kind of sample.
#[component]
pub fn SampleButtons() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <button type="button" class="menu-item" on:click=move |_| intake::sample(store, Modality::Ultrasound)>
            "Synthetic ultrasound"
        </button>
        <button type="button" class="menu-item" on:click=move |_| intake::sample(store, Modality::Dermoscopy)>
            "Synthetic dermoscopy"
        </button>
        <p class="menu-note">"Computed pictures, no patient. Each press makes another one."</p>
    }
}

#[component]
fn ExportGroup() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_disabled = Memo::new(move |_| !store.has_border() || store.exporting.get().is_some());
    view! {
        <div class="split">
            <button
                type="button"
                class="button primary"
                aria-label="Export mask"
                title="Export mask as PNG (S)"
                disabled=move || is_disabled.get()
                on:click=move |_| save::download(store, Export::Mask)
            >
                <Icon of=Picture::Save />
                <span class="wide-only">"Export mask"</span>
            </button>
            <Menu
                label="More exports"
                button="button primary narrow"
                align="end"
                disabled=Signal::derive(move || is_disabled.get())
                face=ViewFn::from(|| view! { <Icon of=Picture::Down /> })
            >
                <button type="button" class="menu-item" on:click=move |_| save::download(store, Export::Mask)>
                    <Icon of=Picture::Save />"Mask, PNG"
                </button>
                <button type="button" class="menu-item" on:click=move |_| save::download(store, Export::Overlay)>
                    <Icon of=Picture::Save />"Overlay, PNG"
                </button>
                <button type="button" class="menu-item" on:click=move |_| save::download(store, Export::Probability)>
                    <Icon of=Picture::Save />"Probability map, 16-bit PNG"
                </button>
                <hr />
                <button type="button" class="menu-item" on:click=move |_| save::copy(store, Export::Mask)>
                    <Icon of=Picture::Copy />"Copy mask"
                </button>
                <button type="button" class="menu-item" on:click=move |_| save::copy(store, Export::Overlay)>
                    <Icon of=Picture::Copy />"Copy overlay"
                </button>
            </Menu>
        </div>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let store = expect_context::<Store>();
    let theme = Memo::new(move |_| store.preferences.with(|preferences| preferences.theme));
    view! {
        <button
            type="button"
            class="button quiet square"
            aria-label=move || format!("Theme: {}", theme.get().name())
            title=move || format!("Theme: {}", theme.get().name())
            on:click=move |_| store.preferences.update(|preferences| preferences.theme = preferences.theme.next())
        >
            {move || match theme.get() {
                Theme::System => view! { <Icon of=Picture::Auto /> },
                Theme::Light => view! { <Icon of=Picture::Sun /> },
                Theme::Dark => view! { <Icon of=Picture::Moon /> },
            }}
        </button>
    }
}
