//! Where the files of a data set lie.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{entries, file_name};
use super::part::Part;
use super::split::Split;
use crate::Error;

/// Where the files of a data set lie and how they are divided into parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Name for reports and messages.
    pub name: String,
    /// Folder of images, `NAME.png` and the like.
    pub images: PathBuf,
    /// Folder of masks, `NAME.png` or `NAME` with `_mask`, `_segmentation` or `_lesion`; parts of one mask end in `_mask_1` and
    /// so on. It may be the folder of the images. None when no image has a lesion.
    pub masks: Option<PathBuf>,
    /// How the images are divided.
    pub split: Split,
}

impl Layout {
    /// The layout of a folder, told by what is in it:
    /// - `split.tsv`: `images/`, `masks/` and that table,
    /// - `*_train.txt` and `*_val.txt`: the authors' (github.com/FengheTan9/Medical-Image-Segmentation-Benchmarks),
    ///   with `images/` and `masks/0/`,
    /// - else `images/` and `masks/` divided by `otherwise`.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read, [`Error::Data`] when it holds several lists of one part, or
    /// only one of the two.
    pub fn of_folder(folder: &Path, otherwise: Split) -> Result<Self, Error> {
        let masks = folder.join("masks");
        let inner = masks.join("0");
        let masks = if inner.is_dir() { inner } else { masks };
        let list = |part: Part| -> Result<Option<PathBuf>, Error> {
            let ends = [format!("_{part}.txt"), format!("{part}.txt")];
            let is_list = |path: &PathBuf| {
                let name = file_name(path);
                name.ends_with(&ends[0]) || name == ends[1]
            };
            let found: Vec<_> = entries(folder)?.into_iter().filter(is_list).collect();
            match found.as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one.clone())),
                several => {
                    let names: Vec<_> = several.iter().map(|path| file_name(path)).collect();
                    Err(Error::Data(vec![format!(
                        "{}: several lists of the {part} part ({}); keep one",
                        folder.display(),
                        names.join(", ")
                    )]))
                }
            }
        };
        let table = folder.join("split.tsv");
        let split = if table.is_file() {
            Split::File(table)
        } else {
            match (list(Part::Train)?, list(Part::Val)?) {
                (Some(train), Some(val)) => Split::Lists { train, val },
                (None, None) => otherwise,
                (Some(list), None) | (None, Some(list)) => {
                    return Err(Error::Data(vec![format!(
                        "{}: the list of the other part is missing beside it",
                        list.display()
                    )]));
                }
            }
        };
        Ok(Self {
            name: name_of(folder),
            images: folder.join("images"),
            masks: Some(masks),
            split,
        })
    }

    /// A folder of images and one of masks, divided as `split` says.
    pub fn of_pair(images: &Path, masks: &Path, split: Split) -> Self {
        let name = match file_name(images).as_str() {
            "images" => images.parent().map_or_else(String::new, name_of),
            _ => name_of(images),
        };
        Self {
            name,
            images: images.to_owned(),
            masks: Some(masks.to_owned()),
            split,
        }
    }

    /// Whether the masks lie beside the images, as in BUSI, so that their names have to tell them.
    pub(super) fn masks_are_beside(&self) -> bool {
        let path = |folder: &Path| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let masks = self.masks.as_deref().map(path);
        masks.is_some_and(|masks| masks == path(&self.images))
    }

    /// A folder of images without a lesion.
    pub fn of_normal(images: &Path, split: Split) -> Self {
        Self {
            masks: None,
            ..Self::of_pair(images, images, split)
        }
    }
}

/// A folder's own name, also where the path is `.` or ends in `..`.
fn name_of(folder: &Path) -> String {
    let resolved = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    file_name(&resolved)
}
