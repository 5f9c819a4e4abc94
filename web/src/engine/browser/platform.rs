//! What the worker gives the engine: files of this site, files that a person dropped, devices and a clock.

use delineo::export::Stamp;
use delineo::{RgbImage, device};
use js_sys::{Date, Float32Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

use crate::contents::Contents;
use crate::decoder::{EncodeOrder, Order};
use crate::engine::browser::decoder::Decoder;
use crate::engine::browser::scope::scope;
use crate::engine::error::EngineError;
use crate::engine::platform::{OpenDevice, Platform};
use crate::packed::{self, Unread};
use crate::protocol::{DeviceKind, DeviceReport, ImageFacts};
use crate::wire;

/// Files above this are refused before they are read, in bytes: wasm memory ends at 4 GB.
const MAX_FILE: u64 = 1_000_000_000;

/// The worker.
#[derive(Clone, Debug, Default)]
pub struct Worker {
    decoder: Decoder,
}

impl Platform for Worker {
    type Attachment = JsValue;

    async fn open_device(&self, kind: DeviceKind) -> Result<OpenDevice, EngineError> {
        let (device, name) = match kind {
            DeviceKind::Cpu => (device::cpu(), start_cpu().await),
            #[cfg(feature = "engine")]
            DeviceKind::Gpu => super::gpu::open().await?,
            #[cfg(not(feature = "engine"))]
            DeviceKind::Gpu => {
                return Err(EngineError::NoDevice(
                    "This engine runs on the CPU alone.".to_owned(),
                ));
            }
        };
        let report = DeviceReport { kind, name };
        Ok(OpenDevice { device, report })
    }

    async fn site_file(
        &self,
        file: &str,
        mut received: impl FnMut(u64),
    ) -> Result<Vec<u8>, EngineError> {
        let fault = |reason: String| EngineError::Download {
            file: file.to_owned(),
            reason,
        };
        let refused = |value: JsValue| fault(wire::describe(&value));
        // Relative addresses in a worker start from its script, which lies at the root of the site.
        let response = JsFuture::from(scope().fetch_with_str(file))
            .await
            .map_err(refused)?;
        let response: Response = response.dyn_into().map_err(refused)?;
        if !response.ok() {
            return Err(fault(format!("status {}", response.status())));
        }
        let Some(body) = response.body() else {
            return Ok(Vec::new());
        };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let mut bytes = Vec::new();
        loop {
            let part = JsFuture::from(reader.read()).await.map_err(refused)?;
            if Reflect::get(&part, &"done".into())
                .map_err(refused)?
                .is_truthy()
            {
                return Ok(bytes);
            }
            let chunk: Uint8Array = Reflect::get(&part, &"value".into())
                .map_err(refused)?
                .dyn_into()
                .map_err(refused)?;
            let start = bytes.len();
            bytes.resize(start + chunk.length() as usize, 0);
            chunk.copy_to(&mut bytes[start..]);
            received(bytes.len() as u64);
        }
    }

    async fn bytes(&self, attachment: &JsValue, name: &str) -> Result<Vec<u8>, EngineError> {
        let unreadable = || EngineError::Unreadable {
            name: name.to_owned(),
        };
        let blob: &Blob = attachment.dyn_ref().ok_or_else(unreadable)?;
        packed::bytes(blob, name, MAX_FILE)
            .await
            .map_err(|unread| match unread {
                Unread::Unreadable => unreadable(),
                Unread::TooLarge(size) => EngineError::TooLarge {
                    name: name.to_owned(),
                    megabytes: size / 1_000_000,
                    limit: MAX_FILE / 1_000_000,
                },
                Unread::Damaged(error) => error.into(),
            })
    }

    async fn decode(
        &self,
        attachment: &JsValue,
        order: Order,
    ) -> Result<(RgbImage, ImageFacts), EngineError> {
        self.decoder.decode(attachment, order).await
    }

    async fn encode(
        &self,
        attachment: &JsValue,
        order: EncodeOrder,
        map: &[f32],
    ) -> Result<Vec<u8>, EngineError> {
        self.decoder.encode(attachment, order, map).await
    }

    async fn unpack(
        &self,
        attachment: &JsValue,
        order: Order,
    ) -> Result<(Contents, Vec<u8>), EngineError> {
        self.decoder.unpack(attachment, order).await
    }

    fn stamp(&self) -> Stamp {
        let now = Date::new_0();
        Stamp {
            date: format!(
                "{:04}{:02}{:02}",
                now.get_full_year(),
                now.get_month() + 1,
                now.get_date()
            ),
            time: format!(
                "{:02}{:02}{:02}",
                now.get_hours(),
                now.get_minutes(),
                now.get_seconds()
            ),
        }
    }

    fn floats(&self, attachment: &JsValue) -> Result<Vec<f32>, EngineError> {
        let numbers: &Float32Array = attachment.dyn_ref().ok_or(EngineError::NoNumbers)?;
        Ok(numbers.to_vec())
    }

    fn now(&self) -> f64 {
        scope()
            .performance()
            .map_or(0.0, |performance| performance.now())
    }
}

/// Starts the CPU's threads, where this engine has any, and says what it is.
async fn start_cpu() -> String {
    #[cfg(feature = "engine-cpu-threads")]
    let threads = super::threads::start().await;
    #[cfg(not(feature = "engine-cpu-threads"))]
    let threads = 1;
    match threads {
        1 => "WebAssembly SIMD".to_owned(),
        _ => format!("WebAssembly SIMD, {threads} threads"),
    }
}
