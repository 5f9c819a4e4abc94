//! When the engine dies: it is started again, and given everything it had. The GPU has no further try if it is to blame.

use std::time::Duration;

use delineo_web::protocol::Stage;
use leptos::prelude::*;

use crate::answers::refuse_picture;
use crate::conductor::{await_border, begin};
use crate::engine::{self, Awaited, MOST_RESTARTS};
use crate::save;
use crate::store::{Offered, Readiness, Store, Tone};
use crate::successor::Gpu;

/// The worker is gone. It is started again, at most three times; the picture and what the person did are kept.
///
/// `no_gpu` says what the GPU did, where it is to blame.
pub fn engine_died(store: Store, message: String, no_gpu: Option<String>) {
    let awaited = store.engine.with_value(|engine| engine.awaited);
    let on_gpu = store
        .device
        .with_untracked(|device| device.as_ref().is_some_and(|device| device.gpu));
    let restarts = store.engine.try_update_value(|engine| {
        engine.stop();
        engine.incidents.push(message);
        engine.blame_threads();
        engine.restarts += 1;
        engine.restarts
    });
    if let Some(reason) = no_gpu {
        store.gpu.set(Gpu::Refused(reason));
    } else if on_gpu && restarts.is_some_and(|restarts| restarts > 1) {
        // It is not trusted a third time, whatever the cause.
        let reason = "the engine stopped twice on the GPU".to_owned();
        store.gpu.set(Gpu::Refused(reason));
    } else if matches!(
        store.gpu.get_untracked(),
        Gpu::Tested | Gpu::Ready | Gpu::Serves
    ) {
        store.gpu.set(Gpu::Expected);
    }
    save::refused();
    store.exporting.set(None);
    store.sampling.set(false);
    store.activity.set(None);
    await_border(store);
    if let Some(Awaited::Open(id) | Awaited::Segment(id)) = awaited {
        blame_picture(store, id);
    }
    if restarts.is_some_and(|restarts| restarts <= MOST_RESTARTS) {
        store.tell(
            Tone::Info,
            "The engine stopped and was started again. Your picture and your edits are kept.",
            None,
        );
        relaunch(store);
    } else {
        let text = "The engine stopped four times, so it was not started again. Your picture and your edits are kept.";
        give_up(store, text.to_owned());
    }
}

/// Starts the engine afresh after it gave up.
pub fn restart(store: Store) {
    store.forget_errors();
    store.engine.update_value(|engine| engine.restarts = 0);
    relaunch(store);
}

/// The engine is not started again until the person says so.
pub fn give_up(store: Store, message: String) {
    store.engine.update_value(engine::Engine::stop);
    store.activity.set(None);
    store.readiness.set(Readiness::Stopped);
    store.tell(Tone::Error, message, Some(Offered::RestartEngine));
}

/// A picture over which the engine stopped twice is the likely cause.
fn blame_picture(store: Store, id: u32) {
    let crashes = store.queue.try_update(|queue| {
        queue.get_mut(id).map_or(0, |picture| {
            picture.crashes += 1;
            picture.crashes
        })
    });
    if crashes.is_some_and(|crashes| crashes >= 2) {
        refuse_picture(
            store,
            id,
            "The engine stopped twice over this image, so the image was closed.",
        );
    }
}

fn relaunch(store: Store) {
    store.readiness.set(Readiness::Starting);
    begin(store, Stage::Device, None);
    // The old worker's callbacks are still on the stack.
    set_timeout(move || engine::launch(store), Duration::from_millis(200));
}
