//! The About sheet: what runs, what it learnt from, how good it is, and what it does not do.

use delineo::manifest::{Manifest, Score};
use js_sys::Reflect;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::context::use_app;
use super::icon::{Mark, Symbol};
use super::session::KeptHere;
use super::sheet::SheetFrame;
use crate::app::command::Sheet;
use crate::app::command_table::Icon;
use crate::app::{App, wording};
use crate::protocol::ModelKey;

/// The sheet.
#[component]
pub fn About() -> impl IntoView {
    view! {
        <SheetFrame sheet=Sheet::About title="About Delineo">
            <div class="about-lead">
                <Mark />
                <div>
                    <p>"Delineo draws the border of a lesion on a dermoscopy or ultrasound image, in your browser."</p>
                    <p class="about-warning">"Research use, not a medical device. It names no diagnosis; check every border yourself."</p>
                </div>
            </div>
            <AboutModel />
            <AboutImage />
            <AboutDevice />
            <section>
                <h3>"Privacy"</h3>
                <p>
                    "Your images never leave this device. Everything is computed here, in this page. It makes no request to any other site, \
                    sets no cookies and counts no visits. On this device it remembers how you like the mask to look, the app itself \
                    for use without a network, how fast its GPU is, and your own model if you ask for that. Your images and your work \
                    on them are kept only if you say so, until you delete them, and never leave this device either."
                </p>
                <KeptHere />
            </section>
            <Diagnostics />
        </SheetFrame>
    }
}

/// What was read of the file on the stage. Nothing of a person: names, numbers and dates are never read.
#[component]
fn AboutImage() -> impl IntoView {
    let app = use_app();
    let facts = app.read(|app| {
        app.shown()
            .map(|shown| wording::image_facts(&shown.image, shown.scale().as_ref()))
    });
    // A narrow window has no room for them in the status line.
    let remarks = app.read(|app| {
        let remarks = app.shown().map(|shown| shown.image.remarks.join(" "));
        remarks.filter(|remarks| !remarks.is_empty())
    });
    view! {
        <Show when=move || facts.get().is_some()>
            <section>
                <h3>"Image"</h3>
                <p>{move || facts.get()}"."</p>
                {move || remarks.get().map(|remarks| view! { <p>{remarks}</p> })}
            </section>
        </Show>
    }
}

#[component]
fn AboutModel() -> impl IntoView {
    let app = use_app();
    let active = app.read(|app| app.models.active().map(|(key, _)| key.clone()));
    let facts = move || {
        let key = active.get()?;
        let (manifest, parameters) = app.now(|app| {
            let info = app.models.info(&key)?;
            Some(((*info.manifest).clone(), info.parameters))
        })?;
        Some(facts(&key, manifest, parameters))
    };
    view! {
        <section>
            <h3>"Model"</h3>
            {move || match facts() {
                Some(facts) => facts.into_any(),
                None => view! { <p>"No model is loaded yet."</p> }.into_any(),
            }}
        </section>
    }
}

fn facts(key: &ModelKey, manifest: Manifest, parameters: u32) -> impl IntoView + use<> {
    let size = format!(
        "CMUNeXt-{}, {} parameters, {} × {} input",
        manifest.variant,
        wording::grouped(parameters.into()),
        manifest.input.width,
        manifest.input.height
    );
    let origin = match key {
        ModelKey::Published(_) => "Published with this app",
        ModelKey::Own(_) => "Your own file",
    };
    let training = or_unknown(manifest.training);
    let licence = or_unknown(
        Some(manifest.licence)
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect(),
    );
    view! {
        <dl class="facts">
            <dt>"Name"</dt>
            <dd>{manifest.name}</dd>
            <dt>"Network"</dt>
            <dd>{size}</dd>
            <dt>"Origin"</dt>
            <dd>{origin}</dd>
            {(!manifest.description.is_empty()).then(|| view! { <dt>"Purpose"</dt><dd>{manifest.description}</dd> })}
            <dt>"Training data"</dt>
            <dd>{training.into_iter().map(|line| view! { <span class="line">{line}</span> }).collect_view()}</dd>
            <dt>"Licence"</dt>
            <dd>{licence}</dd>
            <dt>"SHA-256"</dt>
            <dd class="digest">{manifest.weights.sha256}</dd>
        </dl>
        {scores(manifest.scores)}
    }
}

fn scores(scores: Vec<Score>) -> AnyView {
    if scores.is_empty() {
        return view! { <p class="muted">"No scores are known for this model."</p> }.into_any();
    }
    view! {
        <table class="scores">
            <thead>
                <tr><th scope="col">"Measured on"</th><th scope="col">"IoU"</th><th scope="col">"Dice"</th></tr>
            </thead>
            <tbody>
                {scores.into_iter().map(|score| view! {
                    <tr>
                        <td>{score.data}</td>
                        <td>{format!("{:.3}", score.iou)}</td>
                        <td>{format!("{:.3}", score.dice)}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

fn or_unknown(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        vec!["Not stated".to_owned()]
    } else {
        lines
    }
}

#[component]
fn AboutDevice() -> impl IntoView {
    let app = use_app();
    let device = app.read(|app| match app.device_sentence() {
        sentence if sentence.is_empty() => "Not chosen yet.".to_owned(),
        sentence => sentence,
    });
    let timing = app.read(App::timing_sentence);
    view! {
        <section>
            <h3>"Device"</h3>
            <p>{move || device.get()}</p>
            {move || timing.get().map(|timing| view! { <p>{timing}</p> })}
        </section>
    }
}

#[component]
fn Diagnostics() -> impl IntoView {
    let app = use_app();
    let text = move || {
        let browser = window().navigator().user_agent().unwrap_or_default();
        format!("{}\nBrowser: {browser}", app.now(App::diagnostics))
    };
    let copied = RwSignal::new(None::<bool>);
    let on_copy = move |_| {
        let text = text();
        spawn_local(async move { copied.set(Some(copy(&text).await.is_ok())) });
    };
    view! {
        <section class="about-end">
            <p class="muted">{concat!("Version ", env!("CARGO_PKG_VERSION"), " · MIT or Apache 2.0 · Network: CMUNeXt, Tang et al., ISBI 2024")}</p>
            <div class="row">
                <button type="button" class="button outline" on:click=on_copy>
                    <Symbol of=Icon::Copy />"Copy diagnostics"
                </button>
                <span class="muted" aria-live="polite">
                    {move || match copied.get() {
                        None => "Technical details only: no image, no file names.",
                        Some(true) => "Copied.",
                        Some(false) => "The browser did not allow the clipboard; here they are.",
                    }}
                </span>
            </div>
            <Show when=move || copied.get() == Some(false)>
                <textarea class="diagnostics" readonly aria-label="Diagnostics" rows="8" prop:value=text></textarea>
            </Show>
        </section>
    }
}

async fn copy(text: &str) -> Result<(), JsValue> {
    let navigator = window().navigator();
    // Absent on pages without a secure origin.
    if Reflect::get(&navigator, &"clipboard".into())?.is_undefined() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(navigator.clipboard().write_text(text))
        .await
        .map(drop)
}
