//! The open image and everything that is made from it.

use delineo::RgbImage;
use delineo::export::{mask_png, overlay_png, probability_png};
use delineo::imaging;
use delineo::mask::{Mask, Preview, ProbabilityMap, Stroke, Style, View};
use delineo_web::protocol::{Area, Export, Settings};
use js_sys::Uint8ClampedArray;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::ImageData;

use crate::engine::error::EngineError;
use crate::engine::scope;

/// One image at its own size, the only one in memory.
pub struct Job {
    /// The page's number for it.
    pub number: u32,
    /// The image, upright.
    pub image: RgbImage,
    /// Probability of each class at the network's size; empty until it ran.
    pub maps: Vec<ProbabilityMap>,
    /// Hand corrections, oldest first.
    pub strokes: Vec<Stroke>,
    name: String,
    preview: Preview,
    rgba: Vec<u8>,
}

impl Job {
    /// Takes over a decoded image.
    pub fn new(number: u32, name: String, image: RgbImage) -> Self {
        let preview = Preview::new(image.width(), image.height());
        Self {
            number,
            image,
            maps: Vec::new(),
            strokes: Vec::new(),
            name,
            preview,
            rgba: Vec::new(),
        }
    }

    /// The image as the page draws it, an `ImageBitmap`, reduced where a canvas could not hold it.
    pub async fn bitmap(&self) -> Result<JsValue, EngineError> {
        let (width, height, rgba) = imaging::display_rgba(&self.image);
        // A copy, because what threads share is refused here.
        let pixels = Uint8ClampedArray::from(rgba.as_slice());
        let data = ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, width, height)?;
        Ok(JsFuture::from(scope().create_image_bitmap_with_image_data(&data)?).await?)
    }

    /// The overlay for what is visible: RGBA, `canvas` pixels. `None` before the network ran.
    pub fn paint(
        &mut self,
        canvas: (u32, u32),
        view: View,
        settings: Settings,
        style: Style,
    ) -> Option<&[u8]> {
        let map = self.maps.get(settings.class as usize)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = settings;
        self.preview.paint(
            map,
            canvas,
            view,
            threshold,
            cleaning,
            &self.strokes,
            style,
            &mut self.rgba,
        );
        Some(&self.rgba)
    }

    /// How large the mask is; counted at the image's own size where `exact` asks for it.
    pub fn area(&mut self, settings: Settings, exact: bool) -> Option<Area> {
        let map = self.maps.get(settings.class as usize)?;
        let (mut pixels, mut is_exact) =
            self.preview
                .area(map, settings.threshold, settings.cleaning, &self.strokes);
        if exact && !is_exact {
            (pixels, is_exact) = (self.mask(settings)?.area(), true);
        }
        let all = f64::from(self.image.width()) * f64::from(self.image.height());
        Some(Area {
            pixels: pixels as f64,
            fraction: pixels as f64 / all,
            exact: is_exact,
        })
    }

    /// Encodes a file and names it.
    pub fn export(
        &self,
        what: Export,
        settings: Settings,
        style: Style,
    ) -> Result<(String, Vec<u8>), EngineError> {
        let map = self
            .maps
            .get(settings.class as usize)
            .ok_or(EngineError::NoModel)?;
        let (suffix, bytes) = match what {
            Export::Mask => (
                "mask",
                mask_png(&self.mask(settings).ok_or(EngineError::NoModel)?)?,
            ),
            Export::Overlay => (
                "overlay",
                overlay_png(
                    &self.image,
                    &self.mask(settings).ok_or(EngineError::NoModel)?,
                    &style,
                )?,
            ),
            Export::Probability => (
                "probability",
                probability_png(map, self.image.width(), self.image.height())?,
            ),
        };
        let stem = self
            .name
            .rsplit_once('.')
            .map_or(self.name.as_str(), |(stem, _)| stem);
        Ok((format!("{stem}_{suffix}.png"), bytes))
    }

    fn mask(&self, settings: Settings) -> Option<Mask> {
        let map = self.maps.get(settings.class as usize)?;
        let (width, height) = self.image.dimensions();
        Some(Mask::make(
            map,
            width,
            height,
            settings.threshold,
            settings.cleaning,
            &self.strokes,
        ))
    }
}
