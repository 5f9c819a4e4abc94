//! What the format is called and how a file of it begins.

use super::super::format::ImageFormat;

pub static FORMAT: ImageFormat = ImageFormat {
    name: "TIFF",
    extensions: &["tif", "tiff"],
    media_types: &["image/tiff"],
};

pub fn matches(bytes: &[u8]) -> bool {
    let signatures = [b"II*\0", b"II+\0", b"MM\0*", b"MM\0+"];
    signatures
        .iter()
        .any(|signature| bytes.starts_with(*signature))
}
