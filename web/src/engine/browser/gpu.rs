//! The browser's GPU.

use std::cell::Cell;

use delineo::device::{self, Device};

use crate::adapter;
use crate::engine::browser::outbox::send;
use crate::engine::error::{EngineError, GPU_STOPPED};
use crate::protocol::Message;

thread_local! {
    /// Whether the GPU runs, so that a panic can say whether to try without it.
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// Opens the GPU: the device and its name.
///
/// # Errors
/// [`EngineError::NoDevice`] says why there is none.
pub async fn open() -> Result<(Device, String), EngineError> {
    // Asked before wgpu does, because wgpu cannot say why there is none.
    let name = adapter::name().await.map_err(EngineError::NoDevice)?;
    let device = device::gpu(|reason| {
        send(&Message::Fatal {
            message: format!("The GPU was lost: {reason}"),
            gpu_fault: Some(GPU_STOPPED.to_owned()),
        });
    })
    .await
    .map_err(|error| EngineError::NoDevice(error.to_string()))?;
    RUNS.set(true);
    Ok((device, name))
}

/// What the GPU is to blame for after a fault of the engine, if it runs.
pub fn fault() -> Option<String> {
    RUNS.get().then(|| GPU_STOPPED.to_owned())
}
