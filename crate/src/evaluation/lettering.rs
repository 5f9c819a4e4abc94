//! Captions on pictures.

use image::{Rgb, RgbImage};

use crate::glyphs;
pub(super) use crate::glyphs::ADVANCE;

/// Height of a line of text in pixels at scale 1.
pub(super) const LINE: u32 = 7;

/// Writes text with its top left corner at (`x`, `y`); what lies outside the picture is cut off.
pub(super) fn write(
    picture: &mut RgbImage,
    at: (u32, u32),
    scale: u32,
    colour: Rgb<u8>,
    text: &str,
) {
    for (column, row) in glyphs::pixels(text) {
        let (left, top) = (at.0 + column * scale, at.1 + row * scale);
        for (x, y) in (top..top + scale).flat_map(|y| (left..left + scale).map(move |x| (x, y))) {
            if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                *pixel = colour;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_look_like_letters_and_are_cut_off_at_the_edge() {
        let mut picture = RgbImage::new(6, 5);
        write(&mut picture, (0, 0), 1, Rgb([255; 3]), "7L");
        let rows: Vec<String> = picture
            .rows()
            .map(|row| {
                row.map(|p| if p.0 == [255; 3] { '#' } else { '.' })
                    .collect()
            })
            .collect();
        assert_eq!(rows, ["###.#.", "..#.#.", "..#.#.", "..#.#.", "..#.##"]);
    }
}
