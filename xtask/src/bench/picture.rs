//! The picture that is dropped onto the page: a phantom of the size of a phone's photograph.

use std::fs;
use std::path::Path;

use delineo::phantom;
use image::codecs::jpeg::JpegEncoder;

use crate::error::{Error, Result};
use crate::say::{self, Step};

/// The sides of 12 megapixels, in pixels.
const SIZE: (u32, u32) = (4000, 3000);
/// Phantoms are smoother than skin; at this quality the file is as large as a phone's, 4 MB.
const QUALITY: u8 = 98;

/// Writes it as JPEG, unless an earlier run did.
///
/// # Errors
/// When the file cannot be written.
pub fn ensure(path: &Path) -> Result<()> {
    if path.is_file() {
        say::already("The picture that is dropped", &path.display().to_string());
        return Ok(());
    }
    let step = Step::begin("Make the picture that is dropped", "about 15 seconds");
    let mut jpeg = Vec::new();
    phantom::dermoscopy(1, SIZE.0, SIZE.1)
        .image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .map_err(|error| Error::Document(format!("the phantom cannot be encoded: {error}")))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(path, jpeg).map_err(Error::file("write", path))?;
    step.done();
    Ok(())
}
