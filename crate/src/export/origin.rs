//! Where a segmentation comes from, for the formats that say so.

use serde::{Deserialize, Serialize};

use crate::measure::Spacing;

/// The file that was segmented, and what the segmentation says of itself.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The file as it came, of whatever format.
    pub file: &'a [u8],
    /// The size of a pixel, where it is one everywhere.
    pub spacing: Option<Spacing>,
    /// The rest.
    pub info: SegmentationInfo,
}

/// What a segmentation says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentationInfo {
    /// Where the lesion lies, where that is known.
    pub site: Option<Site>,
    /// The model's name, such as `bootstrap-s`, in ASCII.
    pub algorithm: String,
    /// The model's version or the beginning of the digest of its weights, in ASCII.
    pub version: String,
    /// Whether a person corrected the mask or chose its threshold.
    pub corrected: bool,
    /// Which frame of the source, from 0.
    pub frame: u32,
    /// When it is made.
    pub stamp: Stamp,
}

/// Where a lesion lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Site {
    /// Dermoscopy and photographs.
    Skin,
    /// Breast ultrasound.
    Breast,
    /// Thyroid ultrasound.
    Thyroid,
}

impl Site {
    /// What a model for these modalities segments, as `model.json` names them; none where they are several.
    pub fn of(modalities: &[String]) -> Option<Self> {
        match modalities {
            [only] => match only.as_str() {
                "dermoscopy" => Some(Self::Skin),
                "ultrasound" => Some(Self::Breast),
                "thyroid-ultrasound" => Some(Self::Thyroid),
                _ => None,
            },
            _ => None,
        }
    }
}

/// When an object is made; a library has no clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Year, month and day, such as `20260131`.
    pub date: String,
    /// Hour, minute and second, such as `235959`.
    pub time: String,
}
