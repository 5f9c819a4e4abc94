//! The About sheet: what runs, what it learnt from, how good it is, and what it does not do.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::diagnostics;
use crate::icon::{Icon, Mark, Picture};
use crate::save;
use crate::sheet::SheetFrame;
use crate::store::{Model, Sheet, Source, Store};
use crate::wording;

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
            <AboutDevice />
            <section>
                <h3>"Privacy"</h3>
                <p>
                    "Your images never leave this device. Everything is computed here, in this page. It makes no request to any other site, \
                    sets no cookies and counts no visits. On this device it remembers how you like the mask to look, the app itself \
                    for use without a network, what suits its GPU, and your own model if you ask for that. Images are not kept."
                </p>
            </section>
            <Diagnostics />
        </SheetFrame>
    }
}

#[component]
fn AboutModel() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <section>
            <h3>"Model"</h3>
            {move || match store.model.get() {
                Some(model) => facts(&model).into_any(),
                None => view! { <p>"No model is loaded yet."</p> }.into_any(),
            }}
        </section>
    }
}

fn facts(model: &Model) -> impl IntoView + use<> {
    let manifest = &model.manifest;
    let size = format!(
        "CMUNeXt-{}, {} parameters, {} × {} input",
        manifest.variant,
        wording::grouped(model.parameters.into()),
        manifest.input.width,
        manifest.input.height
    );
    let origin = match &model.source {
        Source::Published(_) => "Published with this app",
        Source::Own(_) => "Your own file",
    };
    let training = or_unknown(manifest.training.clone());
    let licence = or_unknown(
        vec![manifest.licence.clone()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect(),
    );
    let scores = manifest.scores.clone();
    let digest = manifest.weights.sha256.clone();
    view! {
        <dl class="facts">
            <dt>"Name"</dt>
            <dd>{manifest.name.clone()}</dd>
            <dt>"Network"</dt>
            <dd>{size}</dd>
            <dt>"Origin"</dt>
            <dd>{origin}</dd>
            {(!manifest.description.is_empty()).then(|| view! { <dt>"Purpose"</dt><dd>{manifest.description.clone()}</dd> })}
            <dt>"Training data"</dt>
            <dd>{training.into_iter().map(|line| view! { <span class="line">{line}</span> }).collect_view()}</dd>
            <dt>"Licence"</dt>
            <dd>{licence}</dd>
            <dt>"SHA-256"</dt>
            <dd class="digest">{digest}</dd>
        </dl>
        {if scores.is_empty() {
            view! { <p class="muted">"No scores are known for this model."</p> }.into_any()
        } else {
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
            }.into_any()
        }}
    }
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
    let store = expect_context::<Store>();
    let device = move || {
        let device = store.running_device();
        device
            .as_ref()
            .map(wording::device)
            .unwrap_or_else(|| "Not chosen yet.".to_owned())
    };
    view! {
        <section>
            <h3>"Device"</h3>
            <p>{device}</p>
        </section>
    }
}

#[component]
fn Diagnostics() -> impl IntoView {
    let store = expect_context::<Store>();
    let copied = RwSignal::new(None::<bool>);
    let on_copy = move |_| {
        let text = diagnostics::text(store);
        spawn_local(async move { copied.set(Some(save::copy_text(&text).await.is_ok())) });
    };
    view! {
        <section class="about-end">
            <p class="muted">{concat!("Version ", env!("CARGO_PKG_VERSION"), " · MIT or Apache 2.0 · Network: CMUNeXt, Tang et al., ISBI 2024")}</p>
            <div class="row">
                <button type="button" class="button outline" on:click=on_copy>
                    <Icon of=Picture::Copy />"Copy diagnostics"
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
                <textarea class="diagnostics" readonly aria-label="Diagnostics" rows="8" prop:value=move || diagnostics::text(store)></textarea>
            </Show>
        </section>
    }
}
