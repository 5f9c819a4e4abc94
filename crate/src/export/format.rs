//! What a file format of exports is called: the form that every format's file fills in.

use std::ffi::OsString;
use std::path::Path;

use crate::names;

/// One file format that a segmentation can be saved as.
#[derive(Debug)]
pub struct ExportFormat {
    /// `mask`: its name on the command line and in messages.
    pub id: &'static str,
    /// `Mask`: what sentences call it.
    pub name: &'static str,
    /// `Mask, PNG`: the menu entry.
    pub label: &'static str,
    /// `_mask`: what its files' names have behind the image's; empty where the tools that read them look for the image's own
    /// name.
    pub suffix: &'static str,
    /// `png`: the ending of its files, without the first dot.
    pub extension: &'static str,
    /// `image/png`: its media type (IANA).
    pub media_type: &'static str,
    /// Whether it can go to the clipboard, which takes PNG alone in every browser, and 8 bits a channel of that.
    pub copyable: bool,
}

impl ExportFormat {
    /// The file's name for the image of this name: `NAME_mask.png` for `NAME.jpg` ([`names::made_of`]).
    pub fn file_name(&self, image_name: &str) -> String {
        let name = self.file_name_of(Path::new(image_name));
        name.to_string_lossy().into_owned()
    }

    /// As [`Self::file_name`], for a name that may not be text.
    pub fn file_name_of(&self, image: &Path) -> OsString {
        names::made_of(image, &format!("{}.{}", self.suffix, self.extension))
    }
}
