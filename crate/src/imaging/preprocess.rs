//! From an image to the network's input, as the model's manifest says.

use image::RgbImage;

use super::resize::resize;
use crate::manifest::{ChannelOrder, Input};

/// The network's input, `[1, channels, height, width]` row by row: the image resized to `input.width` ×
/// `input.height` (the aspect ratio is not kept), then per channel `((v / 255 - mean) / std) / divisor`.
///
/// Resizing rounds to 8 bits as OpenCV does, since that is what networks are trained on. Grey is the ITU-R BT.601
/// luma, taken before resizing. Missing means and deviations count as 0 and 1; a manifest that was read has them all.
pub fn preprocess(image: &RgbImage, input: &Input) -> Vec<f32> {
    let from = (image.width() as usize, image.height() as usize);
    let to = (input.width as usize, input.height as usize);
    match input.channels {
        ChannelOrder::Grey => {
            let resized = resize::<1>(&luma(image), from, to, input.resize);
            normalised::<1>(&resized, [0], input)
        }
        ChannelOrder::Rgb => {
            let resized = resize::<3>(image, from, to, input.resize);
            normalised(&resized, [0, 1, 2], input)
        }
        ChannelOrder::Bgr => {
            let resized = resize::<3>(image, from, to, input.resize);
            normalised(&resized, [2, 1, 0], input)
        }
    }
}

/// Planes of floats in the given order from interleaved bytes.
fn normalised<const CHANNELS: usize>(
    bytes: &[u8],
    order: [usize; CHANNELS],
    input: &Input,
) -> Vec<f32> {
    let pixels = bytes.as_chunks::<CHANNELS>().0;
    let mut values = Vec::with_capacity(bytes.len());
    for (plane, channel) in order.into_iter().enumerate() {
        let mean = input.mean.get(plane).copied().unwrap_or(0.0);
        let std = input.std.get(plane).copied().unwrap_or(1.0);
        let table: [f32; 256] =
            std::array::from_fn(|v| (v as f32 / 255.0 - mean) / std / input.divisor);
        values.extend(
            pixels
                .iter()
                .map(|pixel| table[usize::from(pixel[channel])]),
        );
    }
    values
}

/// Luma in the fixed-point arithmetic of OpenCV's `COLOR_RGB2GRAY` (0.299, 0.587, 0.114 in 32768ths).
fn luma(image: &RgbImage) -> Vec<u8> {
    let pixels = image.as_chunks::<3>().0;
    let grey = |[r, g, b]: &[u8; 3]| {
        let sum = 9798 * u32::from(*r) + 19235 * u32::from(*g) + 3735 * u32::from(*b);
        ((sum + (1 << 14)) >> 15) as u8
    };
    pixels.iter().map(grey).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Resize;

    fn input(channels: ChannelOrder, mean: &[f32], std: &[f32], divisor: f32) -> Input {
        Input {
            width: 16,
            height: 16,
            channels,
            resize: Resize::Bilinear,
            mean: mean.to_vec(),
            std: std.to_vec(),
            divisor,
        }
    }

    #[test]
    fn channels_come_in_the_manifest_order_with_their_own_mean_and_deviation() {
        let image = RgbImage::from_pixel(20, 30, image::Rgb([255, 0, 51]));
        let rgb = preprocess(
            &image,
            &input(ChannelOrder::Rgb, &[0.5, 0.25, 0.2], &[0.5, 0.25, 1.0], 1.0),
        );
        assert_eq!(rgb.len(), 3 * 256);
        assert_eq!([rgb[0], rgb[256], rgb[512]], [1.0, -1.0, 0.0]);
        let bgr = preprocess(
            &image,
            &input(ChannelOrder::Bgr, &[0.2, 0.25, 0.5], &[1.0, 0.25, 0.5], 2.0),
        );
        assert_eq!([bgr[0], bgr[256], bgr[512]], [0.0, -0.5, 0.5]);
    }

    #[test]
    fn grey_is_the_luma() {
        let image = RgbImage::from_pixel(16, 16, image::Rgb([200, 100, 50]));
        let grey = preprocess(&image, &input(ChannelOrder::Grey, &[0.0], &[1.0], 1.0));
        assert_eq!(grey.len(), 256);
        // 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
        assert!((grey[0] * 255.0 - 124.0).abs() < 1e-3);
    }
}
