//! The formats of exports. Adding one is a file beside this one and its name in the table.

use super::format::ExportFormat;
use super::segmentation::Segmentation;
use crate::Error;

type Encode = fn(&Segmentation) -> Result<Vec<u8>, Error>;

macro_rules! table {
    ($($format:ident,)+) => {
        /// Every format, in the order in which they are offered; the first is what a bare "export" means.
        pub static FORMATS: &[&ExportFormat] = &[$(&super::$format::FORMAT),+];
        /// Their encoders, in the same order. They are apart so that who only names formats, as the page does, does not
        /// carry them.
        static ENCODERS: &[Encode] = &[$(super::$format::encode),+];
    };
}

table! {
    mask,
    overlay,
    probability,
    report,
    svg,
    labelme,
    yolo,
    nifti,
    dicom_seg,
    dicom_probability,
    dicom_image,
    dicom_overlay,
}

/// The format of this [id](ExportFormat::id).
pub fn by_id(id: &str) -> Option<&'static ExportFormat> {
    FORMATS.iter().find(|format| format.id == id).copied()
}

/// The ids of all formats as part of a sentence: `mask, overlay, probability`.
pub fn list() -> String {
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.id).collect();
    ids.join(", ")
}

impl ExportFormat {
    /// The segmentation as a file of this format.
    ///
    /// # Errors
    /// [`Error::Encode`] when the image has no pixels, or the format is none of [`FORMATS`].
    pub fn encode(&self, segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
        let mut table = FORMATS.iter().zip(ENCODERS);
        let (_, encode) = table
            .find(|(format, _)| format.id == self.id)
            .ok_or_else(|| Error::Encode(format!("there is no export {}", self.id)))?;
        encode(segmentation)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_format_is_found_by_an_id_of_its_own() {
        for format in FORMATS {
            assert_eq!(by_id(format.id).expect("listed").label, format.label);
        }
        let ids: BTreeSet<_> = FORMATS.iter().map(|format| format.id).collect();
        assert_eq!(ids.len(), FORMATS.len());
        assert!(by_id("masks").is_none());
    }

    #[test]
    fn a_file_is_named_after_its_image_and_its_format() {
        let names = [
            ("lesion.jpg", "lesion_mask.png"),
            ("IMG.0001.tiff", "IMG.0001_mask.png"),
            ("US.0001", "US.0001_mask.png"),
            ("noending", "noending_mask.png"),
            (".hidden", ".hidden_mask.png"),
            ("ä ö.png", "ä ö_mask.png"),
            ("", "_mask.png"),
        ];
        for (image, file) in names {
            assert_eq!(FORMATS[0].file_name(image), file);
        }
    }
}
