//! What files of other programs, and of this one, say of images: read to go on with it.
//!
//! Each form is a file beside its writer. Nothing in such a file is trusted: what cannot be used is counted, with the reason of the
//! first, and the rest is read.

use super::left_out::LeftOut;
use super::{coco_read, labelme_read};
use crate::Error;
use crate::mask::Mask;
use crate::text;

/// Reads COCO or LabelMe JSON: `each` is given the path of each annotated image, as far as the file says it, and all outlines on it
/// as one mask. `path` is that of the file itself: LabelMe names images from there.
///
/// # Errors
/// [`Error::Annotations`] when it is neither; whatever `each` returns.
pub fn read_annotations(
    bytes: &[u8],
    path: &str,
    mut each: impl FnMut(&str, Mask) -> Result<(), Error>,
) -> Result<LeftOut, Error> {
    let text = text::decode(bytes);
    match coco_read::parse(&text) {
        Ok(file) => coco_read::read(file, &mut each),
        Err(of_coco) => match labelme_read::parse(&text) {
            Ok(file) => labelme_read::read(&file, path, &mut each),
            Err(of_labelme) => {
                let is_labelme = text.contains("\"shapes\"");
                let why = if is_labelme { of_labelme } else { of_coco };
                Err(Error::Annotations(why.to_string()))
            }
        },
    }
}
