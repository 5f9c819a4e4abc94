//! Pixels as bitmaps, which travel to the page and are drawn there without being looked at again.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::engine::browser::scope::scope;

/// Makes the bitmaps of overlays, one after the other.
///
/// Most of what a bitmap of megapixels costs is the first use of fresh memory, so what can be kept is: the canvas and,
/// where threads share the engine's memory and browsers refuse to read that, the copy outside of it.
#[derive(Debug, Default)]
pub struct Bitmaps {
    canvas: Option<Canvas>,
    #[cfg(feature = "engine-cpu-threads")]
    copy: js_sys::Uint8ClampedArray,
}

#[derive(Debug)]
struct Canvas {
    element: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

impl Bitmaps {
    /// A bitmap of `width` × `height` pixels of four bytes, not premultiplied.
    ///
    /// # Errors
    /// The browser's.
    pub async fn make(
        &mut self,
        width: u32,
        height: u32,
        rgba: &[u8],
    ) -> Result<ImageBitmap, JsValue> {
        let data = self.image_data(width, height, rgba)?;
        if self.canvas.is_none() {
            self.canvas = Canvas::new()?;
        }
        match &self.canvas {
            Some(canvas) => canvas.bitmap(width, height, &data),
            None => {
                let bitmap = scope().create_image_bitmap_with_image_data(&data)?;
                JsFuture::from(bitmap).await?.dyn_into()
            }
        }
    }

    /// The pixels where they are.
    #[cfg(not(feature = "engine-cpu-threads"))]
    #[allow(clippy::unused_self)] // the one below needs it
    fn image_data(&mut self, width: u32, height: u32, rgba: &[u8]) -> Result<ImageData, JsValue> {
        ImageData::new_with_u8_clamped_array_and_sh(wasm_bindgen::Clamped(rgba), width, height)
    }

    /// A copy of the pixels in memory that is not shared.
    #[cfg(feature = "engine-cpu-threads")]
    fn image_data(&mut self, width: u32, height: u32, rgba: &[u8]) -> Result<ImageData, JsValue> {
        let length = rgba.len() as u32;
        if self.copy.length() < length {
            self.copy = js_sys::Uint8ClampedArray::new_with_length(length);
        }
        let pixels = self.copy.subarray(0, length);
        pixels.copy_from(rgba);
        ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, width, height)
    }
}

impl Canvas {
    /// A canvas in the processor's memory, where the pixels come from; nothing where workers have none.
    fn new() -> Result<Option<Self>, JsValue> {
        let global: &JsValue = &scope();
        if !Reflect::has(global, &"OffscreenCanvas".into())? {
            return Ok(None);
        }
        let element = OffscreenCanvas::new(1, 1)?;
        let options = Object::new();
        Reflect::set(&options, &"willReadFrequently".into(), &true.into())?;
        let context = element.get_context_with_context_options("2d", &options)?;
        Ok(context.map(|context| Self {
            element,
            context: context.unchecked_into(),
        }))
    }

    fn bitmap(&self, width: u32, height: u32, data: &ImageData) -> Result<ImageBitmap, JsValue> {
        // Setting a size clears the canvas, even if it is the same.
        if self.element.width() != width {
            self.element.set_width(width);
        }
        if self.element.height() != height {
            self.element.set_height(height);
        }
        self.context.put_image_data(data, 0.0, 0.0)?;
        self.element.transfer_to_image_bitmap()
    }
}
