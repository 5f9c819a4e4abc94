//! The line at the bottom: the tool in hand, what goes on, what came of it, which device runs and why; and what the app is
//! not. Narrow windows show one line of it; About has the rest.

use leptos::prelude::*;

use super::context::use_app;
use super::notices::Notices;
use super::preparing::Preparing;
use crate::app::App;

/// The status line. Each part is announced by itself, when it changes.
#[component]
pub fn StatusLine() -> impl IntoView {
    let app = use_app();
    let activity = app.read(App::status);
    let area = app.read(App::area_sentence);
    let doubt = app.read(|app| app.shown().and_then(|shown| app.models.doubt(&shown.image)));
    let tool = app.read(App::tool_sentence);
    let device = app.read(App::device_sentence);
    let remarks = app.read(|app| app.shown().map(|shown| shown.image.remarks.join(" ")));
    let is_offline_ready = app.read(|app| app.offline.is_ready);
    view! {
        <footer class="statusline">
            <Notices />
            <div class="status" role="status" aria-atomic="false" aria-relevant="additions text">
                <span class="status-tool">{move || tool.get()}</span>
                " "
                <span class="status-activity">{move || activity.get()}</span>
                " "
                <span class="status-area">{move || area.get()}</span>
                " "
                <span class="status-doubt">{move || doubt.get()}</span>
                " "
                <span class="status-device">{move || device.get()}</span>
                " "
                <span class="status-remarks">{move || remarks.get()}</span>
            </div>
            <Preparing />
            <span class="status-offline" class:ready=move || is_offline_ready.get()>
                {move || is_offline_ready.get().then_some("Works offline")}
            </span>
            <span class="disclaimer">"Research use, not a medical device"</span>
        </footer>
    }
}
