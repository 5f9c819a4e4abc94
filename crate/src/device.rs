//! Where the network runs.

#[cfg(feature = "network")]
pub use burn::tensor::Device;

#[cfg(feature = "network")]
use crate::Error;

/// The CPU, the only device without the feature `network`.
#[cfg(not(feature = "network"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device;

/// Which device to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU: burn's flex backend, SIMD and, natively, one thread for each core.
    Cpu,
    /// A GPU: burn's wgpu backend over Vulkan, Metal, DirectX or WebGPU.
    Gpu,
}

/// The CPU device. It is always there.
pub fn cpu() -> Device {
    #[cfg(feature = "network")]
    return Device::flex();
    #[cfg(not(feature = "network"))]
    Device
}

/// Opens the system's preferred GPU, `llvmpipe` and its like included.
///
/// # Errors
/// [`Error::Device`] when there is no adapter or it cannot be opened.
#[cfg(all(feature = "network", not(target_family = "wasm")))]
pub fn gpu() -> Result<Device, Error> {
    // There is one runtime in a process, and it cannot be opened twice.
    static GPU: std::sync::OnceLock<Result<Device, String>> = std::sync::OnceLock::new();
    GPU.get_or_init(|| {
        let device = Device::wgpu_options().init();
        device.map_err(|error| error.to_string())
    })
    .clone()
    .map_err(|reason| Error::Device {
        device: "GPU",
        reason,
    })
}

/// Opens the browser's GPU through WebGPU. Call it once.
///
/// `lost` is called with the reason when the browser takes the GPU away or reports an error that nothing else caught. What the GPU
/// computes after that cannot be trusted.
///
/// # Errors
/// [`Error::Device`] when there is no adapter or it cannot be opened.
#[cfg(all(feature = "network", target_family = "wasm"))]
pub async fn gpu(lost: impl Fn(String) + Clone + Send + Sync + 'static) -> Result<Device, Error> {
    let (device, setup) = Device::wgpu_options()
        .init_with_setup_async()
        .await
        .map_err(|error| Error::Device {
            device: "GPU",
            reason: error.to_string(),
        })?;
    let uncaught = lost.clone();
    setup
        .device
        .set_device_lost_callback(move |_, message| lost(message));
    setup.device.on_uncaptured_error(std::sync::Arc::new(
        move |error: burn::tensor::wgpu::wgpu::Error| uncaught(error.to_string()),
    ));
    Ok(device)
}

/// Device and queue of the open GPU, for our own kernels.
#[cfg(feature = "network")]
pub(crate) fn client() -> cubecl::client::Client {
    cubecl::Device::Wgpu(cubecl::wgpu::WgpuDevice::default()).client()
}

/// The device for a choice, and why it is not the GPU where that was tried first.
///
/// # Errors
/// [`Error::Device`] when the GPU was asked for by name and cannot be used.
#[cfg(all(feature = "network", not(target_family = "wasm")))]
pub fn open(choice: Choice) -> Result<(Device, Option<String>), Error> {
    match choice {
        Choice::Cpu => Ok((cpu(), None)),
        Choice::Gpu => gpu().map(|device| (device, None)),
        Choice::Auto => Ok(match gpu() {
            Ok(device) => (device, None),
            Err(error) => (cpu(), Some(error.to_string())),
        }),
    }
}
