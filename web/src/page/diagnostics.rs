//! What a developer needs to know to find a fault. No images, and no file names: those may name a patient.

use leptos::prelude::*;

use crate::offline;
use crate::store::{Border, Source, Store};

/// The diagnostics as lines of text.
pub fn text(store: Store) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name}: {value}\n"));
    line("Delineo", env!("CARGO_PKG_VERSION").to_owned());
    line(
        "Browser",
        window().navigator().user_agent().unwrap_or_default(),
    );
    line(
        "Device",
        store.device.with_untracked(|device| {
            device
                .as_ref()
                .map_or("none".to_owned(), |device| format!("{device:?}"))
        }),
    );
    line("GPU", format!("{:?}", store.gpu.get_untracked()));
    line("Engine", format!("{:?}", store.readiness.get_untracked()));
    line("Activity", format!("{:?}", store.activity.get_untracked()));
    store.model.with_untracked(|model| {
        let Some(model) = model else {
            return line("Model", "none".to_owned());
        };
        let manifest = &model.manifest;
        // The name of a person's own file is theirs.
        let id = if matches!(model.source, Source::Own(_)) {
            "own"
        } else {
            manifest.id.as_str()
        };
        let input = &manifest.input;
        line(
            "Model",
            format!(
                "{id}, {}, CMUNeXt-{}, {} parameters, {} classes",
                if model.automatic {
                    "chosen by the app"
                } else {
                    "chosen"
                },
                manifest.variant,
                model.parameters,
                manifest.classes.len()
            ),
        );
        line("Weights", manifest.weights.sha256.clone());
        line(
            "Input",
            format!(
                "{}×{} {:?} {:?} divisor {}",
                input.width, input.height, input.channels, input.resize, input.divisor
            ),
        );
    });
    store.shown.with_untracked(|shown| {
        let Some(shown) = shown else {
            return line("Image", "none".to_owned());
        };
        let border = match shown.border {
            Border::Awaited => "awaited".to_owned(),
            Border::Found(milliseconds) => format!("found in {milliseconds:.0} ms"),
            Border::Failed => "failed".to_owned(),
        };
        line(
            "Image",
            format!(
                "{}×{}, looks like {}, border {border}, {} strokes",
                shown.width,
                shown.height,
                shown.modality.word(),
                store
                    .history
                    .with_untracked(|history| history.strokes().len())
            ),
        );
    });
    line("Settings", format!("{:?}", store.settings.get_untracked()));
    line("Area", format!("{:?}", store.area.get_untracked()));
    let canvas = store.canvas.get_untracked();
    line(
        "Canvas",
        format!("{}×{} at {}", canvas.width, canvas.height, canvas.ratio),
    );
    line(
        "Pictures",
        store.queue.with_untracked(|queue| queue.len()).to_string(),
    );
    line(
        "Offline",
        format!(
            "ready {}, controlled {}",
            store.offline_ready.get_untracked(),
            offline::is_controlled()
        ),
    );
    store.engine.with_value(|engine| {
        line("Restarts", engine.restarts.to_string());
        for incident in &engine.incidents {
            line("Incident", incident.clone());
        }
    });
    text
}
