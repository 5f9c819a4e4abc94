//! Preferences in the browser's storage.

use crate::app::preferences::Preferences;

const KEY: &str = "delineo-preferences";

/// What was kept, or the defaults.
pub fn recall() -> Preferences {
    let kept = storage()
        .and_then(|storage| storage.get_item(KEY).ok().flatten())
        .and_then(|text| serde_json::from_str(&text).ok());
    kept.unwrap_or_else(|| Preferences {
        controls: has_room(),
        ..Preferences::default()
    })
}

/// Keeps these. A browser that refuses, as in a private window, costs the person nothing but the memory.
pub fn store(preferences: &Preferences) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(preferences)) {
        drop(storage.set_item(KEY, &text));
    }
}

/// On a phone the image has the room first; the threshold is visible all the same.
fn has_room() -> bool {
    let query = web_sys::window()
        .and_then(|window| window.match_media("(min-width: 721px)").ok().flatten());
    query.is_none_or(|query| query.matches())
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
