//! The bar at the top: open, samples, the images that are open, export, and the quiet things at the end.

use delineo::export::{ExportFormat, FORMATS};
use delineo::imaging;
use delineo::intake::WEIGHTS;
use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use super::documents::Documents;
use super::icon::{Mark, Symbol};
use super::menu::Menu;
use crate::app::Command;
use crate::app::command::Sheet;
use crate::app::command_table::{Icon, row_of};
use crate::app::preferences::Theme;
use crate::protocol::Modality;

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    view! {
        <header class="topbar">
            <h1 class="brand">
                <Mark />
                <span class="brand-name">"Delineo"</span>
            </h1>
            <div class="topbar-group">
                <OpenButton />
                <OpenFolderButton />
                <Menu
                    label="Samples"
                    button="button quiet"
                    face=ViewFn::from(|| view! { <Symbol of=Icon::Sample /><span class="wide-only">"Samples"</span> })
                >
                    <SampleButtons class="menu-item" />
                    <p class="menu-note">"Computed images, no patient. Each press makes another one."</p>
                </Menu>
            </div>
            <Documents />
            <div class="topbar-group topbar-end">
                <Exports />
                <span class="topbar-rule"></span>
                <ThemeButton />
                <CommandButton
                    command=Command::OpenSheet(Sheet::Shortcuts)
                    class="button quiet square wide-only"
                    icon_only=true
                />
                <CommandButton command=Command::OpenSheet(Sheet::About) class="button quiet square" icon_only=true />
            </div>
        </header>
    }
}

/// The file input, dressed as a button. It stays in the page, reachable by Tab and by its name. The shell listens to it.
#[component]
fn OpenButton() -> impl IntoView {
    let row = row_of(&Command::OpenFiles)?;
    let accept = format!("{},.{},.zip,.json", imaging::accept(), WEIGHTS.join(",."));
    Some(view! {
        <label class="button quiet" title=row.title_with_key()>
            <input id="open-image" class="visually-hidden" type="file" multiple accept=accept aria-label=row.label />
            <Symbol of=row.icon />
            <span class="wide-only" aria-hidden="true">{row.label}</span>
        </label>
    })
}

/// The input that chooses a folder, likewise, where the browser has one.
#[component]
fn OpenFolderButton() -> impl IntoView {
    let app = use_app();
    let row = row_of(&Command::OpenFolder)?;
    let has_one = app.read(|app| app.has_folder_picker);
    Some(view! {
        <Show when=move || has_one.get()>
            <label class="button quiet square open-folder" title=row.title_with_key()>
                <input
                    id="open-folder"
                    class="visually-hidden"
                    type="file"
                    multiple
                    prop:webkitdirectory=true
                    aria-label=row.label
                />
                <Symbol of=row.icon />
            </label>
        </Show>
    })
}

/// A button for each kind of sample.
#[component]
pub fn SampleButtons(
    /// Classes of each.
    class: &'static str,
) -> impl IntoView {
    let app = use_app();
    Modality::ALL
        .map(|modality| view! {
            <button type="button" class=class on:click=move |_| app.send(Command::MakeSample(modality))>
                {format!("Synthetic {}", modality.word())}
            </button>
        })
        .collect_view()
}

/// The export that is meant without further words, and a menu with all of them.
#[component]
fn Exports() -> impl IntoView {
    let app = use_app();
    let usual = FORMATS.first()?;
    let command = Command::Export(usual.id);
    let is_disabled = app.is_disabled(command.clone());
    let label = format!("Export {}", usual.name.to_lowercase());
    let title = format!("{label} as {} (S)", usual.extension.to_uppercase());
    Some(view! {
        <div class="split">
            <button
                type="button"
                class="button primary"
                aria-label=label.clone()
                title=title
                disabled=move || is_disabled.get()
                on:click=move |_| app.send(command.clone())
            >
                <Symbol of=Icon::Save />
                <span class="wide-only">{label.clone()}</span>
            </button>
            <Menu
                label="More exports"
                button="button primary narrow"
                align="end"
                disabled=is_disabled
                face=ViewFn::from(|| view! { <Symbol of=Icon::Down /> })
            >
                {FORMATS.iter().map(|format| view! { <ExportItem format /> }).collect_view()}
                <hr />
                {FORMATS.iter().filter(|format| format.copyable).map(|format| view! { <CopyItem format /> }).collect_view()}
            </Menu>
        </div>
    })
}

#[component]
fn ExportItem(
    /// The format.
    format: &'static ExportFormat,
) -> impl IntoView {
    let app = use_app();
    view! {
        <button type="button" class="menu-item" on:click=move |_| app.send(Command::Export(format.id))>
            <Symbol of=Icon::Save />{format.label}
        </button>
    }
}

#[component]
fn CopyItem(
    /// The format.
    format: &'static ExportFormat,
) -> impl IntoView {
    let app = use_app();
    view! {
        <button type="button" class="menu-item" on:click=move |_| app.send(Command::Copy(format.id))>
            <Symbol of=Icon::Copy />{format!("Copy {}", format.name.to_lowercase())}
        </button>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let app = use_app();
    let theme = app.read(|app| app.preferences.theme);
    let label = Memo::new(move |_| format!("Theme: {}", theme.get().name()));
    view! {
        <button
            type="button"
            class="button quiet square"
            aria-label=move || label.get()
            title=move || label.get()
            on:click=move |_| app.send(Command::NextTheme)
        >
            {move || {
                let icon = match theme.get() {
                    Theme::System => Icon::Auto,
                    Theme::Light => Icon::Sun,
                    Theme::Dark => Icon::Moon,
                };
                view! { <Symbol of=icon /> }
            }}
        </button>
    }
}
