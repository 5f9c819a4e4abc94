//! What the format is called.

use super::super::format::ImageFormat;

pub static FORMAT: ImageFormat = ImageFormat {
    name: "JPEG",
    extensions: &["jpg", "jpeg"],
    media_types: &["image/jpeg"],
};
