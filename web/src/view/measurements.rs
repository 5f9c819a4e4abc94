//! What was measured of the mask, the scale that makes millimetres of it, and the report.

use delineo::export::REPORT;
use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::command_button::CommandButton;
use super::context::use_app;
use super::switch::Switch;
use crate::app::measuring::{Row, Table};
use crate::app::stage::Tool;
use crate::app::{App, Command};

/// Figures, scale, report.
#[component]
pub fn Measurements() -> impl IntoView {
    let app = use_app();
    let table = app.read(App::table);
    let part = move |of: fn(&Table) -> &Vec<Row>| Memo::new(move |_| table.with(|t| of(t).clone()));
    let main = part(|table| &table.main);
    let more = part(|table| &table.more);
    let lesions = Memo::new(move |_| table.with(|table| table.lesions.clone()));
    let notes = Memo::new(move |_| table.with(|table| table.notes.join(" ")));
    let is_setting = app.read(|app| app.stage.tool == Tool::Scale);
    let has_scale = app.is_disabled(Command::RemoveScale);
    let has_own = app.is_disabled(Command::ResetDiameters);
    view! {
        <section class="panel-section" aria-label="Measurements">
            <h2>"Measurements"</h2>
            <Figures rows=main label="Measurements of the mask" />
            <p class="field-note">{move || notes.get()}</p>
            <Show when=move || more.with(|more| !more.is_empty())>
                <details class="more">
                    <summary>"More figures"</summary>
                    <Figures rows=more label="More measurements of the mask" />
                </details>
            </Show>
            <Show when=move || lesions.with(|lesions| !lesions.is_empty())>
                <details class="more">
                    <summary>"Each region"</summary>
                    <ol class="lesions">
                        {move || lesions.get().into_iter().map(|lesion| view! { <li>{lesion}</li> }).collect_view()}
                    </ol>
                </details>
            </Show>
            <div class="row">
                <CommandButton command=Command::Take(Tool::Scale) pressed=is_setting />
                <CommandButton command=Command::CopyReport />
                <CommandButton command=Command::Export(REPORT) />
            </div>
            <DepthMarks />
            <Show when=move || is_setting.get()>
                <ScaleForm />
            </Show>
            <Switch command=Command::ToggleDiameters is_on=|app| app.preferences.diameters />
            <Switch command=Command::ToggleBox is_on=|app| app.preferences.bounding_box />
            <Show when=move || !has_scale.get() || !has_own.get()>
                <div class="row">
                    <CommandButton command=Command::RemoveScale />
                    <CommandButton command=Command::ResetDiameters />
                </div>
            </Show>
        </section>
    }
}

/// Figures, a row each.
#[component]
pub fn Figures(
    /// The figures.
    rows: Memo<Vec<Row>>,
    /// What they are of.
    label: &'static str,
) -> impl IntoView {
    let row = |Row {
                   name,
                   value,
                   remark,
               }: Row| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>
                    {value}
                    {(!remark.is_empty()).then(|| view! { " "<span class="figures-remark">{remark}</span> })}
                </td>
            </tr>
        }
    };
    view! {
        <table class="figures" aria-label=label>
            <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// The depth marks that were found, and whether they are to be used.
#[component]
fn DepthMarks() -> impl IntoView {
    let app = use_app();
    let sentence = app.read(App::depth_marks_sentence);
    view! {
        <div aria-live="polite">
            {move || sentence.get().map(|sentence| view! { <p class="field-note">{sentence}</p> })}
        </div>
        <Show when=move || sentence.with(Option::is_some)>
            <div class="row">
                <CommandButton command=Command::UseDepthMarks />
                <CommandButton command=Command::IgnoreDepthMarks />
            </div>
        </Show>
    }
}

/// How long the line on the stage is.
#[component]
fn ScaleForm() -> impl IntoView {
    let app = use_app();
    // A number input reads the C locale.
    let likely = app.now(App::likely_length);
    let length = RwSignal::new(likely.map_or_else(String::new, |length| length.to_string()));
    let for_size = RwSignal::new(false);
    let is_undrawn = app.is_disabled(Command::ApplyScale {
        millimetres: 1.0,
        for_size: false,
    });
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        app.send(Command::ApplyScale {
            // What is no number is refused in a sentence.
            millimetres: length.get_untracked().trim().parse().unwrap_or(f64::NAN),
            for_size: for_size.get_untracked(),
        });
    };
    view! {
        <form class="scale-form" novalidate on:submit=on_submit>
            <p class="field-note" aria-live="polite">
                {move || if is_undrawn.get() {
                    "Draw a line of known length on the picture: over a ruler, or between two depth marks. \
                    By keyboard: arrows and Enter, with Shift finely."
                } else {
                    "Type how long the line is."
                }}
            </p>
            <div class="row">
                <label for="scale-length">"Length in mm"</label>
                <input
                    id="scale-length"
                    class="number"
                    type="number"
                    min="0"
                    step="any"
                    inputmode="decimal"
                    prop:value=move || length.get()
                    on:input=move |event| length.set(event_target_value(&event))
                />
                <button type="submit" class="button outline" disabled=move || is_undrawn.get()>"Apply"</button>
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || for_size.get()
                    on:change=move |event| for_size.set(event_target_checked(&event))
                />
                <span>"Use for all images of this size"</span>
            </label>
        </form>
    }
}
