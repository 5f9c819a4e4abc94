//! How an image becomes the network's input.

use serde::{Deserialize, Serialize};

/// How an image becomes the network's input: resize, then per channel `((v / 255 - mean) / std) / divisor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Width in pixels, a multiple of 16.
    pub width: u32,
    /// Height in pixels, a multiple of 16.
    pub height: u32,
    /// Channel order.
    pub channels: ChannelOrder,
    /// Resampling to `width` × `height`; the aspect ratio is not kept.
    pub resize: Resize,
    /// Mean per channel, in `channels` order, on the 0 to 1 scale.
    pub mean: Vec<f32>,
    /// Standard deviation per channel, likewise.
    pub std: Vec<f32>,
    /// Division after normalisation: 1, or 255 as the authors' data loader does.
    #[serde(default = "one")]
    pub divisor: f32,
}

/// Order of the input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red, as OpenCV decodes.
    Bgr,
    /// One channel: ITU-R BT.601 luma.
    Grey,
}

impl ChannelOrder {
    /// How many channels the network takes.
    pub fn count(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Grey => 1,
        }
    }
}

/// Resampling of the image to the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// Two taps a side without antialiasing, rounded to 8 bits exactly as OpenCV's `INTER_LINEAR`.
    Bilinear,
    /// Mean over the covered pixels, as OpenCV's `INTER_AREA`; bilinear where the image is enlarged.
    Area,
}

/// What a factor is that a `model.json` does not name.
pub(super) fn one() -> f32 {
    1.0
}
