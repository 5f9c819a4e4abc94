//! The page: everything a person sees and touches.

use delineo_web::{shell, view};

fn main() {
    let (state, sink) = shell::start();
    view::mount(view::AppHandle::new(state, sink));
}
