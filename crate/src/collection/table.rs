//! The formats of data sets. Adding one is a file beside this one and its name in the table.

use super::set_format::{About, SetFormat, Writer};

macro_rules! table {
    ($($format:ident,)+) => {
        /// Every format, in the order in which they are offered.
        pub static SETS: &[&SetFormat] = &[$(&super::$format::FORMAT),+];
        static BEGIN: &[fn(&About) -> Box<dyn Writer + Send>] = &[$(super::$format::begin),+];
    };
}

table! {
    coco,
    coco_rle,
    nnunet,
    measurements,
    session,
}

/// The format of this [id](SetFormat::id).
pub fn set_by_id(id: &str) -> Option<&'static SetFormat> {
    SETS.iter().find(|format| format.id == id).copied()
}

/// The ids of all formats as part of a sentence.
pub fn list() -> String {
    let ids: Vec<&str> = SETS.iter().map(|format| format.id).collect();
    ids.join(", ")
}

/// A data set of a format of [`SETS`], without images.
pub(super) fn begin(format: &SetFormat, about: &About) -> Option<Box<dyn Writer + Send>> {
    let mut table = SETS.iter().zip(BEGIN);
    let (_, begin) = table.find(|(row, _)| row.id == format.id)?;
    Some(begin(about))
}
