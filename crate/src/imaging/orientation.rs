//! Turning the stored picture the way it was taken (Exif 2.32, tag 274).

use image::RgbImage;

/// Side of the square of pixels turned at a time, so that reads and writes both stay in the processor's cache.
const BLOCK: usize = 32;

/// The picture upright, for an EXIF orientation of 1 to 8; any other value leaves it as it is.
pub(super) fn upright(mut image: RgbImage, orientation: u8) -> RgbImage {
    match orientation {
        2 => {
            mirror(&mut image);
            image
        }
        3 => {
            image.as_chunks_mut::<3>().0.reverse();
            image
        }
        4 => {
            flip(&mut image);
            image
        }
        5 => transposed(&image, false, false),
        6 => transposed(&image, false, true),
        7 => transposed(&image, true, true),
        8 => transposed(&image, true, false),
        _ => image,
    }
}

fn mirror(image: &mut RgbImage) {
    let width = image.width() as usize;
    for row in image.chunks_exact_mut(width * 3) {
        row.as_chunks_mut::<3>().0.reverse();
    }
}

fn flip(image: &mut RgbImage) {
    let (stride, height) = (image.width() as usize * 3, image.height() as usize);
    let (top, bottom) = image.split_at_mut(height / 2 * stride);
    let below = bottom.chunks_exact_mut(stride).rev();
    for (above, below) in top.chunks_exact_mut(stride).zip(below) {
        above.swap_with_slice(below);
    }
}

/// Pixel (x, y) of the result is pixel (y, x) of the source, whose columns and rows may be counted backwards.
fn transposed(image: &RgbImage, columns_back: bool, rows_back: bool) -> RgbImage {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let source = image.as_chunks::<3>().0;
    let mut turned = vec![[0_u8; 3]; width * height];
    for top in (0..width).step_by(BLOCK) {
        for left in (0..height).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(width) {
                let column = if columns_back { width - 1 - y } else { y };
                for x in left..(left + BLOCK).min(height) {
                    let row = if rows_back { height - 1 - x } else { x };
                    turned[y * height + x] = source[row * width + column];
                }
            }
        }
    }
    let pixels = turned.into_flattened();
    // The length is right by construction; an empty picture stands for the impossible.
    RgbImage::from_raw(image.height(), image.width(), pixels).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_eight_orientations_bring_the_picture_upright() {
        // Upright: a b c / d e f. Stored forms from the Exif standard: row 0 and column 0 name the visual sides.
        let upright_rows = ["abc", "def"];
        let stored: [(u8, &[&str]); 8] = [
            (1, &["abc", "def"]),
            (2, &["cba", "fed"]),
            (3, &["fed", "cba"]),
            (4, &["def", "abc"]),
            (5, &["ad", "be", "cf"]),
            (6, &["cf", "be", "ad"]),
            (7, &["fc", "eb", "da"]),
            (8, &["da", "eb", "fc"]),
        ];
        for (orientation, rows) in stored {
            assert_eq!(
                upright(picture(rows), orientation),
                picture(&upright_rows),
                "{orientation}"
            );
        }
    }

    #[test]
    fn turning_agrees_with_the_image_crate_on_sides_that_are_no_multiple_of_a_block() {
        let image = RgbImage::from_fn(71, 37, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
        for orientation in 1..=8 {
            let mut theirs = image::DynamicImage::ImageRgb8(image.clone());
            theirs.apply_orientation(
                image::metadata::Orientation::from_exif(orientation).expect("1 to 8"),
            );
            assert_eq!(upright(image.clone(), orientation), theirs.into_rgb8());
        }
    }

    fn picture(rows: &[&str]) -> RgbImage {
        let pixels = rows
            .iter()
            .flat_map(|row| row.bytes())
            .flat_map(|c| [c; 3])
            .collect();
        RgbImage::from_raw(rows[0].len() as u32, rows.len() as u32, pixels).expect("full rows")
    }
}
