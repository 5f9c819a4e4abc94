//! Depth marks printed at the side of an ultrasound picture: the scale that a file without one still shows.
//!
//! Machines print dots, rings or dashes one below the other, every fourth, fifth or tenth of another kind, some with
//! numbers. They are small, bright, alike, at one distance and over most of the depth; a row of spots that is all of this
//! is proposed, and any doubt is a reason to propose nothing. `docs/depth-marks.md` says how often that is right.
//!
//! Marks tell how many pixels they are apart and not how many millimetres: one machine prints the same dots and rings at
//! 2.5 and at 5 mm. The numbers beside them tell, where they can be read; elsewhere a person says it.

mod numbers;
mod row;
mod spots;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::row::Row;
use self::spots::{Brightness, Contrast, Spot};

/// The fewest marks that are alike. Of 3629 pictures without any, two had four spots that passed.
const FEWEST: usize = 5;
/// So many in a row are hardly chance, and tissue around them may change their sizes by a pixel more.
const MANY: usize = 7;
/// By how much marks are brighter than their surroundings, of 255: each of these is tried.
const CONTRASTS: [u8; 3] = [24, 60, 110];
/// The part of the picture's height that a row of marks covers at least.
const COVERAGE: f64 = 0.4;
/// The part of the picture's width, from each side, in which marks are looked for.
const SIDE: f64 = 0.35;
/// Distances of two marks: in pixels at least, and in parts of the height at most.
const SHORTEST_PERIOD: f64 = 6.0;
const LONGEST_PERIOD: f64 = 1.0 / 3.5;
/// Marks are this many times their own height apart; lines of text are nearer.
const SPARSE: f64 = 2.5;
/// How far from their common line marks of one column lie, in pixels.
const ALIGNED: f64 = 0.75;
/// Larger pictures come from no ultrasound machine. This also bounds the time.
const MOST_PIXELS: usize = 3_000_000;
/// A column with more spots than this is tissue.
const MOST_SPOTS: usize = 120;
/// Rows whose distances differ by less than this part say the same.
const SAME: f64 = 0.02;

/// A side of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The left half.
    Left,
    /// The right half.
    Right,
}

impl Side {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

/// A row of depth marks, in pixels from the upper left corner of the picture, whose first pixel ends at (1, 1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DepthMarks {
    /// In which half of the picture they are.
    pub side: Side,
    /// The column that they are in.
    pub x: f64,
    /// The row of the uppermost one.
    pub top: f64,
    /// From one mark to the next, in pixels of the direction of depth.
    pub period_px: f64,
    /// How many there are.
    pub marks: u32,
    /// From one mark to the next in mm, where the marks tell.
    pub likely_mm: Option<f64>,
}

impl DepthMarks {
    /// The line from one mark in the middle to the next one: `period_px` long.
    pub fn line(&self) -> [[f64; 2]; 2] {
        let from = self.top + self.period_px * f64::from(self.marks.saturating_sub(2) / 2);
        [[self.x, from], [self.x, from + self.period_px]]
    }
}

/// The depth marks of an ultrasound picture; none where there are none or it is not sure.
pub fn propose(image: &RgbImage) -> Option<DepthMarks> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if width.saturating_mul(height) > MOST_PIXELS {
        return None;
    }
    // Marks may be in colour.
    let brightest = |pixel: &image::Rgb<u8>| pixel.0.into_iter().max().unwrap_or(0);
    of(Brightness {
        width,
        height,
        values: image.pixels().map(brightest).collect(),
    })
}

fn of(picture: Brightness) -> Option<DepthMarks> {
    let (width, height) = (picture.width as f64, picture.height as f64);
    let longest = (picture.width.min(picture.height) / 22).clamp(9, 31) | 1;
    let contrast = Contrast::of(picture, longest)?;
    let spots = CONTRASTS.map(|least| contrast.spots(least));
    let is_aside = |spot: &&Spot| spot.right <= SIDE * width || spot.left >= (1.0 - SIDE) * width;
    // Marks are aligned by their middles, or at one end where some are longer.
    let edges: [fn(&Spot) -> f64; 3] = [Spot::middle, |spot| spot.left, |spot| spot.right];
    let mut scales: Vec<Scale> = Vec::new();
    for found in &spots {
        let mut aside: Vec<Spot> = found.iter().filter(is_aside).copied().collect();
        for edge in edges {
            aside.sort_by(|one, other| edge(one).total_cmp(&edge(other)));
            scales.extend(aligned(&aside, edge, width, height));
        }
    }
    // Where each mark has a number, the numbers are in a row too: marks are smaller.
    let best = scales.iter().max_by(|one, other| {
        let is_worthier = one.worth.total_cmp(&other.worth);
        is_worthier.then(other.tallest.total_cmp(&one.tallest))
    })?;
    let is_rival = |scale: &Scale| {
        let ratio = best.row.period / scale.row.period;
        // Of marks of two sizes one row may have all and another only those of one size.
        let times = ratio.max(1.0 / ratio);
        (times - times.round()).abs() > SAME * times
    };
    if scales.iter().any(is_rival) {
        return None;
    }
    let (x, places) = (best.x(), best.row.halves());
    let tell = |found: &Vec<Spot>| numbers::distance(&contrast, found, x, &places);
    let likely_mm = spots.iter().find_map(tell);
    Some(DepthMarks {
        side: if x < width / 2.0 {
            Side::Left
        } else {
            Side::Right
        },
        x,
        top: best.row.first,
        period_px: best.row.period,
        marks: best.row.places() as u32,
        likely_mm,
    })
}

/// The scales in spots that are sorted by an edge, aligned by that edge.
fn aligned(spots: &[Spot], edge: fn(&Spot) -> f64, width: f64, height: f64) -> Vec<Scale> {
    let mut scales = Vec::new();
    for half_pixels in 0..=(2.0 * width) as usize {
        let x = half_pixels as f64 / 2.0;
        let from = spots.partition_point(|spot| edge(spot) < x - ALIGNED);
        let to = spots.partition_point(|spot| edge(spot) <= x + ALIGNED);
        if !(FEWEST..=MOST_SPOTS).contains(&(to - from)) {
            continue;
        }
        let mut column = spots[from..to].to_vec();
        column.sort_by(|one, other| one.y.total_cmp(&other.y));
        let rows = Row::all(&column, [SHORTEST_PERIOD, LONGEST_PERIOD * height], FEWEST);
        scales.extend(
            rows.into_iter()
                .filter_map(|row| Scale::of(row, &column, height)),
        );
    }
    scales
}

/// A row that has all that marks have.
struct Scale {
    row: Row,
    /// The spots that are there, less those that speak against it.
    worth: f64,
    /// The height of the largest mark, in pixels.
    tallest: f64,
}

impl Scale {
    fn of(row: Row, column: &[Spot], height: f64) -> Option<Self> {
        let found = row.spots.len();
        let missing = row.places() - found;
        let tallest = row
            .spots
            .iter()
            .map(|(_, spot)| spot.height)
            .fold(0.0, f64::max);
        let is_long = row.last() - row.first >= COVERAGE * height;
        if missing * 6 > found || !is_long || row.period < SPARSE * tallest {
            return None;
        }
        let dimmest = row
            .spots
            .iter()
            .map(|(_, spot)| spot.peak)
            .fold(255.0, f64::min);
        let is_member = |spot: &&Spot| row.spots.iter().any(|(_, member)| member == *spot);
        let between = |spot: &&Spot| spot.y > row.first && spot.y < row.last();
        let strangers = column
            .iter()
            .filter(between)
            .filter(|spot| spot.peak >= 0.8 * dimmest && !is_member(spot))
            .count();
        if strangers * 4 > found || !have_a_pattern(&row.spots) {
            return None;
        }
        Some(Self {
            worth: found as f64 - missing as f64 - strangers as f64,
            tallest,
            row,
        })
    }

    /// The column that the marks are in.
    fn x(&self) -> f64 {
        let spots = &self.row.spots;
        spots.iter().map(|(_, spot)| spot.middle()).sum::<f64>() / spots.len() as f64
    }
}

/// Whether all are alike, or every second, fourth, fifth or tenth is larger, and the others are alike.
fn have_a_pattern(spots: &[(usize, Spot)]) -> bool {
    let leeway = if spots.len() < MANY { 1.0 } else { 2.0 };
    let all: Vec<&Spot> = spots.iter().map(|(_, spot)| spot).collect();
    if are_alike(&all, leeway) {
        return true;
    }
    [2, 4, 5, 10].into_iter().any(|every| {
        (0..every).any(|residue| {
            let (large, small): (Vec<_>, Vec<_>) = spots
                .iter()
                .partition(|(number, _)| number % every == residue);
            let [large, small] = [large, small].map(|part: Vec<&(usize, Spot)>| {
                part.into_iter().map(|(_, spot)| spot).collect::<Vec<_>>()
            });
            // One alone is like none: it proves nothing.
            large.len() > 1
                && small.len() > 1
                && mass(&large) > 1.2 * mass(&small)
                && are_alike(&large, leeway)
                && are_alike(&small, leeway)
        })
    })
}

fn mass(spots: &[&Spot]) -> f64 {
    median(spots.iter().map(|spot| spot.mass).collect())
}

/// Whether all but a fifth of them have about one brightness and one size, give or take `leeway` pixels.
fn are_alike(spots: &[&Spot], leeway: f64) -> bool {
    let typical = |of: fn(&Spot) -> f64| median(spots.iter().map(|spot| of(spot)).collect());
    let width = typical(Spot::width);
    let height = typical(|spot| spot.height);
    let peak = typical(|spot| spot.peak);
    let is_odd = |spot: &&&Spot| {
        (spot.width() - width).abs() > leeway
            || (spot.height - height).abs() > leeway
            || (spot.peak - peak).abs() > 0.2 * peak
    };
    spots.iter().filter(is_odd).count() * 5 <= spots.len()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
