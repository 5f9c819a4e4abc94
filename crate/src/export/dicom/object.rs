//! What both kinds of objects have: whose they are, when and by what they were made, and their bytes.

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::export::origin::Stamp;
use crate::imaging::Source;

fn check(stamp: &Stamp) -> Result<(), Error> {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    match digits(&stamp.date, 8) && digits(&stamp.time, 6) {
        true => Ok(()),
        false => Err(Error::Encode(
            "its date and time are not of the form 20260131 and 235959".to_owned(),
        )),
    }
}

/// A UID that stands for these parts and no others.
pub(super) fn uid(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let number = digest
        .iter()
        .take(16)
        .fold(0_u128, |n, byte| n << 8 | u128::from(*byte));
    format!("2.25.{number}")
}

/// An object that is being put together.
pub(super) struct Draft(InMemDicomObject);

impl Draft {
    pub fn new() -> Self {
        Self(InMemDicomObject::new_empty())
    }

    pub fn put(&mut self, tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) {
        self.0.put(DataElement::new(tag, vr, value.into()));
    }

    pub fn short(&mut self, tag: Tag, value: u16) {
        self.put(tag, VR::US, value);
    }

    pub fn sequence(&mut self, tag: Tag, items: impl IntoIterator<Item = InMemDicomObject>) {
        let items: Vec<InMemDicomObject> = items.into_iter().collect();
        self.0
            .put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
    }

    /// Of several values.
    pub fn strings(&mut self, tag: Tag, vr: VR, values: &[String]) {
        self.put(
            tag,
            vr,
            PrimitiveValue::Strs(values.iter().cloned().collect()),
        );
    }

    pub fn into_item(self) -> InMemDicomObject {
        self.0
    }

    /// The modules Patient, General Study, SOP Common, General Image and Enhanced General Equipment, and the UIDs of
    /// series and study. What a source does not say of its patient is left empty, as types 2 are.
    pub fn common(
        &mut self,
        source: Option<&Source>,
        class: &str,
        instance: &str,
        stamp: &Stamp,
    ) -> Result<(), Error> {
        check(stamp)?;
        for (tag, vr) in [
            (tags::STUDY_DATE, VR::DA),
            (tags::STUDY_TIME, VR::TM),
            (tags::ACCESSION_NUMBER, VR::SH),
            (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
            (tags::PATIENT_NAME, VR::PN),
            (tags::PATIENT_ID, VR::LO),
            (tags::PATIENT_BIRTH_DATE, VR::DA),
            (tags::PATIENT_SEX, VR::CS),
            (tags::STUDY_ID, VR::SH),
        ] {
            self.put(tag, vr, PrimitiveValue::Empty);
        }
        let taken_over = source.map(|source| &source.taken_over);
        for (tag, vr, bytes) in taken_over.into_iter().flatten() {
            match vr {
                // dicom-rs would write each byte of a number's text as a number.
                VR::DS => self.put(*tag, *vr, String::from_utf8_lossy(bytes).into_owned()),
                _ => self.put(*tag, *vr, PrimitiveValue::from(bytes.clone())),
            }
        }
        let study = source.and_then(|source| source.study.clone());
        let study = study.unwrap_or_else(|| uid(&[b"study", instance.as_bytes()]));
        self.put(tags::STUDY_INSTANCE_UID, VR::UI, study);
        let series = uid(&[b"series", instance.as_bytes()]);
        self.put(tags::SERIES_INSTANCE_UID, VR::UI, series);
        self.put(tags::SOP_CLASS_UID, VR::UI, class);
        self.put(tags::SOP_INSTANCE_UID, VR::UI, instance);
        self.put(tags::INSTANCE_NUMBER, VR::IS, "1");
        self.put(tags::CONTENT_DATE, VR::DA, stamp.date.as_str());
        self.put(tags::CONTENT_TIME, VR::TM, stamp.time.as_str());
        self.put(tags::SERIES_DATE, VR::DA, stamp.date.as_str());
        self.put(tags::SERIES_TIME, VR::TM, stamp.time.as_str());
        self.put(tags::INSTANCE_CREATION_DATE, VR::DA, stamp.date.as_str());
        self.put(tags::INSTANCE_CREATION_TIME, VR::TM, stamp.time.as_str());
        self.put(tags::PATIENT_ORIENTATION, VR::CS, PrimitiveValue::Empty);
        self.put(tags::MANUFACTURER, VR::LO, "Delineo");
        self.put(tags::MANUFACTURER_MODEL_NAME, VR::LO, "Delineo");
        self.put(tags::DEVICE_SERIAL_NUMBER, VR::LO, "1");
        self.put(tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION"));
        Ok(())
    }

    /// The file: preamble, meta information, explicit little endian.
    pub fn into_file(self, class: &str, instance: &str) -> Result<Vec<u8>, Error> {
        let fault = |error: &dyn std::error::Error| Error::Encode(error.to_string());
        let meta = FileMetaTableBuilder::new()
            .media_storage_sop_class_uid(class)
            .media_storage_sop_instance_uid(instance)
            .transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN.uid());
        let file = self.0.with_meta(meta).map_err(|error| fault(&error))?;
        let mut bytes = Vec::new();
        file.write_all(&mut bytes).map_err(|error| fault(&error))?;
        Ok(bytes)
    }
}
