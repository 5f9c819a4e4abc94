//! What the format is called.

use super::super::format::ImageFormat;

pub static FORMAT: ImageFormat = ImageFormat {
    name: "TIFF",
    extensions: &["tif", "tiff"],
    media_types: &["image/tiff"],
};
