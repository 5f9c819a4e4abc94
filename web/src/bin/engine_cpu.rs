//! The engine for the CPU alone: small, and so quickly there.

#[path = "../engine/mod.rs"]
mod engine;

fn main() {
    engine::start();
}
