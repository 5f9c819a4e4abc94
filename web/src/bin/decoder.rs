//! The decoder for formats that a first visit does not need.

fn main() {
    delineo_web::decoder::browser::start();
}
