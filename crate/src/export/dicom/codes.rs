//! What is segmented, in codes that every archive knows (PS3.16, CID 7150 and 7159; SNOMED CT, DCM).

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::export::origin::Site;

pub(super) fn region(site: Site) -> Code {
    match site {
        Site::Skin => Code("39937001", "SCT", "Skin"),
        Site::Breast => Code("76752008", "SCT", "Breast"),
        Site::Thyroid => Code("69748006", "SCT", "Thyroid"),
    }
}

/// Value, coding scheme and meaning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code(&'static str, &'static str, &'static str);

pub(super) const ABNORMAL: Code = Code("49755003", "SCT", "Morphologically Abnormal Structure");
pub(super) const LESION: Code = Code("52988006", "SCT", "Lesion");
pub(super) const ARTIFICIAL_INTELLIGENCE: Code = Code("123110", "DCM", "Artificial Intelligence");
pub(super) const SEGMENTED: Code = Code("113076", "DCM", "Segmentation");
pub(super) const SOURCE_IMAGE: Code = Code(
    "121322",
    "DCM",
    "Source image for image processing operation",
);

impl Code {
    /// As an item of a code sequence.
    pub fn item(self) -> InMemDicomObject {
        let Self(value, scheme, meaning) = self;
        InMemDicomObject::from_element_iter([
            DataElement::new(tags::CODE_VALUE, VR::SH, value),
            DataElement::new(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme),
            DataElement::new(tags::CODE_MEANING, VR::LO, meaning),
        ])
    }
}
