//! The engine for the GPU, with the CPU to fall back to.

#[path = "../engine/mod.rs"]
mod engine;

fn main() {
    engine::start();
}
