//! Pictures that the browser decodes: AVIF, for which there is no decoder in Rust that compiles for it.

use delineo::RgbImage;
use delineo::imaging::{self, Decoded};
use js_sys::{Array, Uint8Array, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, ImageBitmap, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d,
};

use crate::packed;

/// Decodes with the browser, upright and in sRGB, 8 bits a channel.
///
/// # Errors
/// A sentence.
pub async fn decode(bytes: &[u8], file: &JsValue) -> Result<Decoded, String> {
    let format = imaging::format_of(bytes).map_or("picture", |format| format.name);
    let refused = |_: JsValue| {
        format!("This browser cannot read this {format}. Save it as PNG or JPEG and try again.")
    };
    let blob: &Blob = file.dyn_ref().ok_or(JsValue::UNDEFINED).map_err(refused)?;
    // The browser knows nothing of what is packed.
    let blob = match packed::deflated(&blob.type_()) {
        Some(_) => &unpacked(bytes).map_err(refused)?,
        None => blob,
    };
    let scope: DedicatedWorkerGlobalScope = global().unchecked_into();
    let bitmap = scope.create_image_bitmap_with_blob(blob).map_err(refused)?;
    let bitmap: ImageBitmap = JsFuture::from(bitmap)
        .await
        .map_err(refused)?
        .unchecked_into();
    let (width, height) = (bitmap.width(), bitmap.height());
    imaging::check_size((width, height)).map_err(|error| error.to_string())?;
    let pixels = pixels(&bitmap).map_err(refused)?;
    bitmap.close();
    let rgb: Vec<u8> = pixels
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let image = RgbImage::from_raw(width, height, rgb)
        .ok_or(JsValue::UNDEFINED)
        .map_err(refused)?;
    Ok(Decoded {
        image,
        format,
        remarks: vec![format!(
            "This {format} was decoded by the browser; other browsers may differ by a level."
        )],
        frames: 1,
        frame_time: None,
        windowing: None,
        scale: None,
        pixel_aspect: 1.0,
    })
}

fn unpacked(bytes: &[u8]) -> Result<Blob, JsValue> {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))
}

/// Transparent parts over black.
fn pixels(bitmap: &ImageBitmap) -> Result<Vec<u8>, JsValue> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let canvas = OffscreenCanvas::new(width, height)?;
    let context: OffscreenCanvasRenderingContext2d = canvas
        .get_context("2d")?
        .ok_or(JsValue::UNDEFINED)?
        .unchecked_into();
    context.set_fill_style_str("#000");
    let (w, h) = (f64::from(width), f64::from(height));
    context.fill_rect(0.0, 0.0, w, h);
    context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0)?;
    Ok(context.get_image_data(0.0, 0.0, w, h)?.data().to_vec())
}
