//! The store: keeps the session on this device.

fn main() {
    delineo_web::session::browser::start();
}
