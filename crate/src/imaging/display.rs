//! The image as the page shows it: RGBA, and small enough for every browser's canvas.

use image::RgbImage;

use super::resize::resize;
use crate::manifest::Resize;

/// Pixels that a canvas holds everywhere; Safari on iOS gives up a little above.
const MAX_PIXELS: f64 = 16_000_000.0;

/// Longest side of a canvas, and of a texture on most GPUs.
const MAX_SIDE: f64 = 8192.0;

/// The size at which an image of `width` × `height` pixels is shown: its own, or reduced to 16 megapixels and 8192
/// pixels a side with its aspect ratio kept.
pub fn display_size(width: u32, height: u32) -> (u32, u32) {
    let (w, h) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let scale = (MAX_PIXELS / (w * h))
        .sqrt()
        .min(MAX_SIDE / w.max(h))
        .min(1.0);
    if scale >= 1.0 {
        return (width, height);
    }
    let side = |length: f64| ((length * scale) as u32).max(1);
    (side(w), side(h))
}

/// The image at [`display_size`] as opaque RGBA8, each pixel the mean of those that it replaces.
pub fn display_rgba(image: &RgbImage) -> (u32, u32, Vec<u8>) {
    let (width, height) = display_size(image.width(), image.height());
    if (width, height) == image.dimensions() {
        return (width, height, opaque(image));
    }
    let reduced = resize::<3>(
        image,
        (image.width() as usize, image.height() as usize),
        (width as usize, height as usize),
        Resize::Area,
    );
    (width, height, opaque(&reduced))
}

/// An image no larger than `side` pixels a side, reduced by the mean of the pixels that each new one covers; smaller
/// images keep their size. Width, height, and four bytes a pixel.
pub fn thumbnail_rgba(image: &RgbImage, side: u32) -> (u32, u32, Vec<u8>) {
    let (width, height) = image.dimensions();
    let scale = f64::from(side.max(1)) / f64::from(width.max(height).max(1));
    if scale >= 1.0 {
        return (width, height, opaque(image));
    }
    let length = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (across, down) = (length(width), length(height));
    let reduced = resize::<3>(
        image,
        (width as usize, height as usize),
        (across as usize, down as usize),
        Resize::Area,
    );
    (across, down, opaque(&reduced))
}

fn opaque(rgb: &[u8]) -> Vec<u8> {
    let pixels = rgb.as_chunks::<3>().0;
    let mut rgba = vec![255; pixels.len() * 4];
    for (out, pixel) in rgba.as_chunks_mut::<4>().0.iter_mut().zip(pixels) {
        out[..3].copy_from_slice(pixel);
    }
    rgba
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_fits_the_side_keeps_the_proportions_and_never_grows() {
        let image = RgbImage::from_pixel(640, 320, image::Rgb([10, 20, 30]));
        let (width, height, rgba) = thumbnail_rgba(&image, 80);
        assert_eq!((width, height), (80, 40));
        assert_eq!(rgba, [10, 20, 30, 255].repeat(80 * 40));
        assert_eq!(thumbnail_rgba(&image, 1000).0, 640);
        let line = RgbImage::new(2000, 1);
        assert_eq!(thumbnail_rgba(&line, 80).1, 1);
    }

    #[test]
    fn images_within_the_limits_keep_their_size() {
        assert_eq!(display_size(4000, 3000), (4000, 3000));
        assert_eq!(display_size(8192, 1000), (8192, 1000));
    }

    #[test]
    fn larger_images_shrink_to_the_limits_and_keep_their_aspect() {
        for (width, height) in [(10_000, 10_000), (20_000, 5000), (50_000, 20), (4001, 4001)] {
            let (w, h) = display_size(width, height);
            assert!(w <= 8192 && h <= 8192 && u64::from(w) * u64::from(h) <= 16_000_000);
            let exact = f64::from(w) * f64::from(height) / f64::from(width);
            assert!((f64::from(h) - exact).abs() <= 1.0, "{w}×{h}");
        }
    }

    #[test]
    fn the_shown_image_is_opaque_and_a_reduced_one_is_averaged() {
        let small = RgbImage::from_pixel(2, 1, image::Rgb([1, 2, 3]));
        assert_eq!(
            display_rgba(&small),
            (2, 1, vec![1, 2, 3, 255, 1, 2, 3, 255])
        );
        let stripes = RgbImage::from_fn(16_384, 2, |x, _| image::Rgb([(x % 2 * 200) as u8; 3]));
        let (width, height, rgba) = display_rgba(&stripes);
        assert_eq!((width, height), (8192, 1));
        assert!(rgba.chunks(4).all(|pixel| pixel == [100, 100, 100, 255]));
    }
}
