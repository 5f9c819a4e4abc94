//! The worst cases on one picture, so that a person sees where a model fails.

use image::imageops::{self, thumbnail};
use image::{Rgb, RgbImage};

use super::Case;
use super::lettering::{self, ADVANCE, LINE};
use crate::mask::Mask;

/// Columns of the sheet.
const COLUMNS: usize = 5;
/// Largest width and height of a case's picture in pixels.
const SIZE: (u32, u32) = (256, 192);
/// Space around pictures in pixels.
const GAP: u32 = 8;
/// Scale of the lettering.
const SCALE: u32 = 2;

const BACKGROUND: Rgb<u8> = Rgb([24, 24, 28]);
const TEXT: Rgb<u8> = Rgb([230, 230, 230]);
/// Border of the truth, of the prediction, and of both. The colours differ in brightness too.
const TRUTH: Rgb<u8> = Rgb([0, 200, 255]);
const PREDICTION: Rgb<u8> = Rgb([255, 140, 0]);
const BOTH: Rgb<u8> = Rgb([255, 255, 255]);

/// The worst cases by IoU, collected while images pass by so that only their small pictures are kept.
#[derive(Clone, Debug)]
pub struct ContactSheet {
    capacity: usize,
    tiles: Vec<Tile>,
}

/// One case on the sheet.
#[derive(Clone, Debug)]
pub struct Tile {
    /// The image's name.
    pub name: String,
    /// Its intersection over union.
    pub iou: f64,
    /// The image, reduced, with the borders of truth (blue), prediction (orange) and both (white).
    pub picture: RgbImage,
}

impl ContactSheet {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            tiles: Vec::new(),
        }
    }

    pub(super) fn offer(&mut self, case: &Case, image: &RgbImage, prediction: &Mask, truth: &Mask) {
        let place = self.tiles.partition_point(|tile| tile.iou <= case.iou);
        if place >= self.capacity {
            return;
        }
        self.tiles.truncate(self.capacity - 1);
        let tile = Tile {
            name: case.name.clone(),
            iou: case.iou,
            picture: picture(image, prediction, truth),
        };
        self.tiles.insert(place, tile);
    }

    /// The cases, worst first.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// All cases on one picture, worst first, each with its rank, name and IoU.
    pub fn picture(&self) -> RgbImage {
        let rows = self.tiles.len().div_ceil(COLUMNS).max(1) as u32;
        let caption = 2 * LINE * SCALE;
        let cell = (SIZE.0 + GAP, SIZE.1 + GAP + caption);
        let head = LINE * SCALE + GAP;
        let mut sheet = RgbImage::from_pixel(
            GAP + cell.0 * COLUMNS as u32,
            GAP + head + cell.1 * rows,
            BACKGROUND,
        );
        let mut left = GAP;
        for (text, colour) in [("truth", TRUTH), ("prediction", PREDICTION), ("both", BOTH)] {
            lettering::write(&mut sheet, (left, GAP), SCALE, colour, text);
            left += (text.len() as u32 + 2) * ADVANCE * SCALE;
        }
        for (index, tile) in self.tiles.iter().enumerate() {
            let x = GAP + (index % COLUMNS) as u32 * cell.0;
            let y = GAP + head + (index / COLUMNS) as u32 * cell.1;
            let (width, height) = tile.picture.dimensions();
            let (dx, dy) = ((SIZE.0 - width) / 2, (SIZE.1 - height) / 2);
            imageops::replace(&mut sheet, &tile.picture, (x + dx).into(), (y + dy).into());
            let fits = (SIZE.0 / (ADVANCE * SCALE)) as usize;
            let name = format!("{} {}", index + 1, tile.name);
            let name: String = name.chars().take(fits).collect();
            let below = y + SIZE.1 + SCALE;
            lettering::write(&mut sheet, (x, below), SCALE, TEXT, &name);
            let iou = format!("IoU {:.3}", tile.iou);
            lettering::write(&mut sheet, (x, below + LINE * SCALE), SCALE, TEXT, &iou);
        }
        sheet
    }
}

/// The image reduced to fit, with both borders.
fn picture(image: &RgbImage, prediction: &Mask, truth: &Mask) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = (f64::from(SIZE.0) / f64::from(width)).min(f64::from(SIZE.1) / f64::from(height));
    let side = |length: u32, most: u32| ((f64::from(length) * scale).round() as u32).clamp(1, most);
    let (to_width, to_height) = (side(width, SIZE.0), side(height, SIZE.1));
    let mut picture = thumbnail(image, to_width, to_height);
    let borders = [prediction, truth].map(|mask| border(mask, to_width, to_height));
    for (at, pixel) in picture.pixels_mut().enumerate() {
        match (borders[0][at], borders[1][at]) {
            (true, true) => *pixel = BOTH,
            (true, false) => *pixel = PREDICTION,
            (false, true) => *pixel = TRUTH,
            (false, false) => {}
        }
    }
    picture
}

/// Pixels of the reduced mask that have a neighbour off; beyond the picture everything is off.
fn border(mask: &Mask, width: u32, height: u32) -> Vec<bool> {
    let source = |at: u32, to: u32, from: u32| {
        (u64::from(2 * at + 1) * u64::from(from) / u64::from(2 * to)) as usize
    };
    let on = |x: i64, y: i64| {
        (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y) && {
            let column = source(x as u32, width, mask.width());
            let row = source(y as u32, height, mask.height());
            mask.bits()[row * mask.width() as usize + column] == 1
        }
    };
    (0..i64::from(height))
        .flat_map(|y| (0..i64::from(width)).map(move |x| (x, y)))
        .map(|(x, y)| {
            let beside = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
            on(x, y) && beside.iter().any(|(x, y)| !on(*x, *y))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phantom;

    fn case(name: &str, iou: f64) -> Case {
        Case {
            name: name.to_owned(),
            width: 64,
            height: 48,
            truth_area: 1,
            predicted_area: 1,
            iou,
            dice: 0.0,
            sensitivity: 0.0,
            precision: 0.0,
            specificity: 0.0,
            hd95: None,
            assd: None,
            border_in_band: None,
            expected_iou: None,
            area_error: None,
            authors_iou: 0.0,
            authors_f1: 0.0,
        }
    }

    #[test]
    fn the_worst_cases_stay_and_the_worst_comes_first() {
        let phantom = phantom::ultrasound(1, 64, 48);
        let mut sheet = ContactSheet::new(3);
        for (name, iou) in [("a", 0.5), ("b", 0.9), ("c", 0.1), ("d", 0.7), ("e", 0.3)] {
            sheet.offer(
                &case(name, iou),
                &phantom.image,
                &phantom.mask,
                &phantom.mask,
            );
        }
        let names: Vec<_> = sheet
            .tiles()
            .iter()
            .map(|tile| tile.name.as_str())
            .collect();
        assert_eq!(names, ["c", "e", "a"]);
        let mut none = ContactSheet::new(0);
        none.offer(
            &case("a", 0.5),
            &phantom.image,
            &phantom.mask,
            &phantom.mask,
        );
        assert!(none.tiles().is_empty());
        assert!(none.picture().height() > 0);
    }

    #[test]
    fn a_picture_of_any_shape_fits_its_place_and_shows_both_borders() {
        for (width, height) in [(64, 48), (1000, 20), (16, 900)] {
            let image = RgbImage::new(width, height);
            let half = |low: bool| {
                let on = |at| u8::from((at % width < width / 2) == low);
                Mask::new(width, height, (0..width * height).map(on).collect())
            };
            let picture = picture(&image, &half(true), &half(false));
            assert!(picture.width() <= SIZE.0 && picture.height() <= SIZE.1);
            let count = |colour| picture.pixels().filter(|pixel| **pixel == colour).count();
            assert!(count(TRUTH) > 0 && count(PREDICTION) > 0 && count(BOTH) == 0);
        }
    }
}
