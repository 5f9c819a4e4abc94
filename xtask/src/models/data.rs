//! The data sets that models are evaluated on.

/// A data set as it lies in the data folder.
pub struct Data {
    /// As `model.json` has it.
    pub modality: &'static str,
    pub folder: &'static str,
    /// Its name in the literature.
    pub name: &'static str,
    /// A folder of images without a lesion.
    pub normals: Option<&'static str>,
    /// Whether it is more than a choice from another.
    pub is_whole: bool,
}

pub const DATA: [Data; 3] = [
    Data {
        modality: "ultrasound",
        folder: "busi",
        name: "BUSI",
        normals: Some("busi_normal"),
        is_whole: true,
    },
    Data {
        modality: "dermoscopy",
        folder: "isic",
        name: "ISIC 2017",
        normals: None,
        is_whole: true,
    },
    Data {
        modality: "dermoscopy",
        folder: "isic_val_full",
        name: "ISIC 2017, files as published",
        normals: None,
        is_whole: false,
    },
];
