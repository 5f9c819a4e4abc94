//! Images without a lesion, as `--normal` names them.

use std::path::Path;

use delineo::Error;
use delineo::dataset::{Dataset, Layout, Part, Split};

/// The part of a data set, or every image of a folder; masks are not read.
///
/// # Errors
/// As [`Dataset::open`] and [`Dataset::check`].
pub fn normal_images(folder: &Path, part: Part) -> Result<Dataset, Error> {
    let whole = Split::All(part);
    let layout = if folder.join("images").is_dir() {
        Layout::of_folder(folder, whole)?
    } else {
        Layout::of_normal(folder, whole)
    };
    let dataset = Dataset::open(&Layout {
        masks: None,
        ..layout
    })?;
    dataset.check(&[part])?;
    Ok(dataset)
}
