//! The line at the bottom: what goes on, what came of it, which device runs and why; and what the app is not.

use leptos::prelude::*;

use crate::automatic;
use crate::store::{Border, Readiness, Store};
use crate::wording;

/// The status line.
#[component]
pub fn StatusLine() -> impl IntoView {
    let store = expect_context::<Store>();
    let activity = Memo::new(move |_| {
        if let Some(activity) = store.activity.get() {
            let progress = activity
                .fraction
                .map(|fraction| format!(" {:.0} %", f64::from(fraction.clamp(0.0, 1.0)) * 100.0));
            return format!(
                "{}{}…",
                wording::stage(activity.stage),
                progress.unwrap_or_default()
            );
        }
        match (
            store.readiness.get(),
            store.shown.get().map(|shown| shown.border),
        ) {
            (Readiness::Stopped, _) => "The engine is stopped.".to_owned(),
            (Readiness::Modelless, _) => "No model is loaded.".to_owned(),
            (_, Some(Border::Found(milliseconds))) => {
                let by = store
                    .model
                    .with(|model| model.as_ref().map(|model| model.manifest.name.clone()))
                    .filter(|_| store.automatic.get())
                    .map_or_else(String::new, |name| format!(" by “{name}”"));
                format!("Border found in {}{by}.", wording::duration(milliseconds))
            }
            (_, Some(Border::Failed)) => "No border was found.".to_owned(),
            _ => "Ready.".to_owned(),
        }
    });
    let area = Memo::new(move |_| {
        match store
            .area
            .get()
            .filter(|area| area.exact && store.has_border())
        {
            Some(area) if area.pixels < 0.5 => "The mask is empty.".to_owned(),
            Some(area) => format!("The mask covers {}.", wording::percent(area.fraction)),
            None => String::new(),
        }
    });
    let device = Memo::new(move |_| {
        let device = store.running_device();
        device.as_ref().map(wording::device).unwrap_or_default()
    });
    let remarks = Memo::new(move |_| {
        store
            .shown
            .with(|shown| shown.as_ref().map(|shown| shown.remarks.join(" ")))
            .unwrap_or_default()
    });
    let mismatch = Memo::new(move |_| automatic::mismatch(store));
    view! {
        <footer class="statusline">
            <div class="status" role="status">
                <span class="status-activity">{move || activity.get()}</span>
                " "
                <span class="status-area">{move || area.get()}</span>
                " "
                <span class="status-mismatch">{move || mismatch.get()}</span>
                " "
                <span class="status-device">{move || device.get()}</span>
                " "
                <span class="status-remarks">{move || remarks.get()}</span>
            </div>
            <span class="status-offline" class:ready=move || store.offline_ready.get()>
                {move || store.offline_ready.get().then_some("Works offline")}
            </span>
            <span class="disclaimer">"Research use, not a medical device"</span>
        </footer>
    }
}
