//! The sheet that lists the keys.

use leptos::prelude::*;

use crate::sheet::SheetFrame;
use crate::store::{Sheet, Store};

/// Keys, and what they do.
type Shortcut = (&'static [&'static str], &'static str);

/// All of them, by purpose.
const GROUPS: [(&str, &[Shortcut]); 4] = [
    (
        "Mask",
        &[
            (
                &[",", "."],
                "Lower or raise the threshold (with Shift by 0.1)",
            ),
            (&["V"], "Tint, contour, both"),
            (&["H", "Space"], "Hold to see the plain image"),
            (&["L"], "Largest region only"),
            (&["F"], "Fill holes"),
        ],
    ),
    (
        "Picture",
        &[
            (&["+", "−"], "Zoom in, zoom out"),
            (&["0"], "Show the whole image"),
            (&["1"], "Actual size, 100 %"),
            (&["←", "↑", "↓", "→"], "Move the picture"),
            (&["N", "P"], "Next, previous picture"),
        ],
    ),
    (
        "Correct by hand",
        &[
            (&["B"], "Add with the brush"),
            (&["E"], "Erase with the brush"),
            (&["M", "Esc"], "Put the brush down, move the picture"),
            (&["[", "]"], "Smaller, larger brush"),
            (
                &["Enter"],
                "A dab; arrows move the brush, with Shift they draw",
            ),
            (&["Ctrl", "Z"], "Undo"),
            (&["Ctrl", "Shift", "Z"], "Redo"),
        ],
    ),
    (
        "App",
        &[
            (&["O"], "Open images"),
            (&["Ctrl", "V"], "Open an image from the clipboard"),
            (&["S"], "Export the mask"),
            (&["C"], "Show or hide the controls"),
            (&["?"], "This sheet"),
        ],
    ),
];

/// The sheet.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <SheetFrame sheet=Sheet::Shortcuts title="Keyboard shortcuts">
            <div class="keys">
                {GROUPS
                    .map(|(title, keys)| view! {
                        <section>
                            <h3>{title}</h3>
                            <dl class="keys-list">
                                {keys
                                    .iter()
                                    .map(|(keys, meaning)| view! {
                                        <div>
                                            <dt>{keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}</dt>
                                            <dd>{*meaning}</dd>
                                        </div>
                                    })
                                    .collect_view()}
                            </dl>
                        </section>
                    })
                    .collect_view()}
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || store.preferences.with(|preferences| preferences.single_keys)
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        store.preferences.update(|preferences| preferences.single_keys = on);
                    }
                />
                <span>"Single keys are shortcuts. Turn this off if you speak to your computer."</span>
            </label>
        </SheetFrame>
    }
}
