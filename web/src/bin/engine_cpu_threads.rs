//! The engine for the CPU alone on several threads, for pages that may share memory between workers.

#[path = "../engine/mod.rs"]
mod engine;

fn main() {
    engine::start();
}
