//! The engine for the GPU.

fn main() {
    delineo_web::engine::browser::start();
}
