//! The page: everything a person sees and touches.

fn main() {
    delineo_web::view::mount(delineo_web::shell::start());
}
