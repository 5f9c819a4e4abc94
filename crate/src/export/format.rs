//! What a file format of exports is called: the form that every format's file fills in.

use std::path::Path;

/// One file format that a segmentation can be saved as.
#[derive(Debug)]
pub struct ExportFormat {
    /// `mask`: its name on the command line, in messages and at the end of file names.
    pub id: &'static str,
    /// `Mask`: what sentences call it.
    pub name: &'static str,
    /// `Mask, PNG`: the menu entry.
    pub label: &'static str,
    /// `png`: the ending of its files, without the dot.
    pub extension: &'static str,
    /// `image/png`: its media type (IANA).
    pub media_type: &'static str,
    /// Whether it can go to the clipboard, which takes PNG alone in every browser, and 8 bits a channel of that.
    pub copyable: bool,
}

impl ExportFormat {
    /// The file's name for the image of this name: `NAME_mask.png` for `NAME.jpg`.
    pub fn file_name(&self, image_name: &str) -> String {
        let stem = Path::new(image_name).file_stem().unwrap_or_default();
        let (stem, id, extension) = (stem.to_string_lossy(), self.id, self.extension);
        format!("{stem}_{id}.{extension}")
    }
}
