//! What a person sees and touches. Components read the app's state and send commands; they decide nothing, and what they
//! keep for themselves (an open menu, a clock) is needed nowhere else.

mod about;
mod appearance;
mod busy;
mod command_button;
mod comparison;
pub mod context;
mod correction;
mod documents;
mod hud;
mod icon;
mod images;
mod lines;
mod measurements;
mod menu;
mod model_choice;
mod notices;
mod page;
mod panel;
mod preparing;
mod rendering;
mod review;
mod session;
mod sheet;
mod shortcuts;
mod stage;
mod status;
mod switch;
mod threshold;
mod thumbnail;
mod toolbar;
mod topbar;
mod welcome;

use leptos::prelude::*;

pub use context::AppHandle;
pub use thumbnail::ThumbnailPainter;

/// Puts the page in the place of what `index.html` shows while it loads.
pub fn mount(app: AppHandle, thumbnails: ThumbnailPainter) {
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(move || {
        provide_context(app);
        provide_context(thumbnails.clone());
        view! { <page::Page /> }
    });
}
