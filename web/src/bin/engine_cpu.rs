//! The engine for the CPU alone: small, and so quickly there.

fn main() {
    delineo_web::engine::browser::start();
}
