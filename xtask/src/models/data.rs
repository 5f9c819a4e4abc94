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
    /// Whether the models are measured on it under other conditions too.
    pub is_varied: bool,
}

pub const DATA: [Data; 6] = [
    Data {
        modality: "ultrasound",
        folder: "busi",
        name: "BUSI",
        normals: Some("busi_normal"),
        is_varied: true,
    },
    Data {
        modality: "ultrasound",
        folder: "busbra",
        name: "BUS-BRA",
        normals: None,
        is_varied: false,
    },
    Data {
        modality: "ultrasound",
        folder: "breast_usg",
        name: "BrEaST",
        normals: Some("breast_usg_normal"),
        is_varied: false,
    },
    Data {
        modality: "thyroid-ultrasound",
        folder: "ddti",
        name: "DDTI (thyroid)",
        normals: None,
        is_varied: false,
    },
    Data {
        modality: "dermoscopy",
        folder: "isic",
        name: "ISIC 2017",
        normals: None,
        is_varied: true,
    },
    Data {
        modality: "dermoscopy",
        folder: "isic_val_full",
        name: "ISIC 2017, files as published",
        normals: None,
        is_varied: false,
    },
];
