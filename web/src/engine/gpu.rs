//! Opening the browser's GPU.

use delineo::device::{self, Device};
use delineo_web::adapter;
use delineo_web::protocol::Event;

use crate::engine::{ON_GPU, post};

/// Opens the browser's GPU: the device and its name, or why not.
pub async fn open() -> Result<(Device, String), String> {
    // Asked before wgpu does, because wgpu cannot say why there is none.
    let name = adapter::name().await?;
    let device = device::gpu(|reason| {
        post::event(&Event::Fatal {
            message: format!("The GPU was lost: {reason}"),
            gpu: true,
        })
    })
    .await
    .map_err(|error| error.to_string())?;
    ON_GPU.set(true);
    Ok((device, name))
}
