//! The controls: a column at the side, a sheet at the bottom on a phone.

use leptos::prelude::*;

use crate::appearance::Appearance;
use crate::correction::Correction;
use crate::icon::{Icon, Picture};
use crate::model_choice::ModelChoice;
use crate::store::Store;
use crate::threshold::{CleanUp, Measure, Threshold};

/// All controls for the picture on the stage.
#[component]
pub fn Panel() -> impl IntoView {
    let store = expect_context::<Store>();
    let is_open = Memo::new(move |_| store.preferences.with(|preferences| preferences.controls));
    view! {
        <aside class="panel" aria-label="Controls">
            <button
                type="button"
                class="panel-handle"
                aria-expanded=move || is_open.get().to_string()
                aria-label="All controls"
                on:click=move |_| store.preferences.update(|preferences| preferences.controls = !preferences.controls)
            >
                <Icon of=Picture::Down />
            </button>
            <div class="panel-scroll">
                <section class="panel-section panel-main">
                    <Measure />
                    <Threshold />
                </section>
                <div class="panel-rest">
                    <section class="panel-section">
                        <h2>"View"</h2>
                        <Appearance />
                    </section>
                    <section class="panel-section">
                        <h2>"Clean up"</h2>
                        <CleanUp />
                    </section>
                    <section class="panel-section">
                        <h2>"Correct by hand"</h2>
                        <Correction />
                    </section>
                    <section class="panel-section">
                        <h2>"Model"</h2>
                        <ModelChoice />
                    </section>
                </div>
            </div>
        </aside>
    }
}
