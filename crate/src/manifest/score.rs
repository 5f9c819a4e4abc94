//! What was measured of a model.

use serde::{Deserialize, Serialize};

use crate::tta::Views;

/// A figure and the data that it was measured on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Data set, part and number of images.
    pub data: String,
    /// Mean intersection over union at the default threshold.
    pub iou: f32,
    /// Mean Dice coefficient at the default threshold.
    pub dice: f32,
    /// How many images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<usize>,
    /// 95 % bootstrap interval of the mean IoU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iou_interval: Option<[f32; 2]>,
    /// 95 % bootstrap interval of the mean Dice coefficient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice_interval: Option<[f32; 2]>,
    /// Mean 95th percentile of the distances between the borders, in pixels of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hd95: Option<f32>,
    /// Expected calibration error of the pixels' probabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ece: Option<f32>,
    /// Mean IoU as the authors of CMUNeXt compute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors_iou: Option<f32>,
    /// Mean F1 as the authors of CMUNeXt compute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors_f1: Option<f32>,
    /// Share of lesions that get no mask at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_mask: Option<f32>,
    /// Share of normal images with over 1 % of the pixels called lesion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normals_over_one_percent: Option<f32>,
    /// Views over which probabilities were averaged, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_time_augmentation: Option<Views>,
}
