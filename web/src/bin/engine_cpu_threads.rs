//! The engine for the CPU alone on several threads, for pages that may share memory between workers.

fn main() {
    delineo_web::engine::browser::start();
}
