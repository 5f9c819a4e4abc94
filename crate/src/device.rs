//! Where the network runs. The network is written once; the device decides the backend.

#[cfg(feature = "network")]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "network")]
pub use burn::tensor::Device;
#[cfg(feature = "network")]
use burn::tensor::wgpu::{WgpuSetup, wgpu::DeviceType};

#[cfg(feature = "network")]
use crate::Error;

/// The CPU, where that is all there is.
#[cfg(not(feature = "network"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device;

/// Which device to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU: burn's flex backend, SIMD and, natively, one thread a core.
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
    // The runtime is one per process and cannot be opened twice.
    static GPU: std::sync::OnceLock<Result<Device, String>> = std::sync::OnceLock::new();
    GPU.get_or_init(|| {
        let (device, setup) = Device::wgpu_options()
            .init_with_setup()
            .map_err(|error| error.to_string())?;
        note(&setup);
        Ok(device)
    })
    .clone()
    .map_err(|reason| Error::Device {
        device: "GPU",
        reason,
    })
}

/// Opens the browser's GPU through WebGPU. Call it once.
///
/// `lost` is called with the reason when the browser takes the GPU away, or when it reports an error that nothing
/// else caught; what the GPU computes from then on is not to be trusted.
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
    note(&setup);
    let uncaught = lost.clone();
    setup
        .device
        .set_device_lost_callback(move |_, message| lost(message));
    setup.device.on_uncaptured_error(std::sync::Arc::new(
        move |error: burn::tensor::wgpu::wgpu::Error| uncaught(error.to_string()),
    ));
    Ok(device)
}

/// Whether the open GPU is none, but the processor acting as one.
#[cfg(feature = "network")]
static SOFTWARE: AtomicBool = AtomicBool::new(false);

#[cfg(feature = "network")]
fn note(setup: &WgpuSetup) {
    let software = setup.adapter.get_info().device_type == DeviceType::Cpu;
    SOFTWARE.store(software, Ordering::Relaxed);
}

/// Whether the GPU that was opened is a software adapter: SwiftShader, llvmpipe, WARP.
#[cfg(feature = "network")]
pub(crate) fn is_software() -> bool {
    SOFTWARE.load(Ordering::Relaxed)
}

/// The open GPU, for kernels that are not burn's: the same device and queue.
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
