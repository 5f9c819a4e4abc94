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
    let pixels = resampled(image, input);
    let tables = levels(input);
    let planes = tables.iter().enumerate().flat_map(|(channel, table)| {
        pixels
            .iter()
            .map(move |pixel| table[usize::from(pixel[channel])])
    });
    planes.collect()
}

/// The first half of [`preprocess`]: the image at the network's size, its channels in the network's order and zeros where
/// it has fewer than four.
pub(crate) fn resampled(image: &RgbImage, input: &Input) -> Vec<[u8; 4]> {
    let from = (image.width() as usize, image.height() as usize);
    let to = (input.width as usize, input.height as usize);
    if input.channels == ChannelOrder::Grey {
        let resized = resize::<1>(&luma(image), from, to, input.resize);
        return resized.into_iter().map(|grey| [grey, 0, 0, 0]).collect();
    }
    let resized = resize::<3>(image, from, to, input.resize);
    let pixels = resized.as_chunks::<3>().0.iter();
    match input.channels {
        ChannelOrder::Bgr => pixels.map(|[r, g, b]| [*b, *g, *r, 0]).collect(),
        _ => pixels.map(|[r, g, b]| [*r, *g, *b, 0]).collect(),
    }
}

/// The second half: what the network gets for each value of a byte, channel by channel.
pub(crate) fn levels(input: &Input) -> Vec<[f32; 256]> {
    let table = |channel: usize| {
        let mean = input.mean.get(channel).copied().unwrap_or(0.0);
        let std = input.std.get(channel).copied().unwrap_or(1.0);
        std::array::from_fn(|v| (v as f32 / 255.0 - mean) / std / input.divisor)
    };
    (0..input.channels.count()).map(table).collect()
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
