//! The numbers beside depth marks, which say how far the marks are apart.
//!
//! Each is compared with ten drawn digits, and all together with all rows of digits that rise evenly with depth: one
//! that was read wrongly fits no such row. Machines number the depth in centimetres; what needs two digits is not read.

use super::spots::{Contrast, Spot};

/// Columns and rows at which digits are compared.
const COLUMNS: usize = 6;
const ROWS: usize = 9;
/// How well the numbers must look like the digits on average: a correlation.
const LIKENESS: f64 = 0.6;
/// How much worse all rows of digits must be that rise otherwise.
const MARGIN: f64 = 0.12;
/// The fewest numbers: of two, one that is misread makes another division.
const FEWEST: usize = 3;
/// Divisions in use: millimetres from one mark to the next.
const DIVISIONS: [f64; 6] = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0];
/// A digit is at least this high, in pixels.
const SMALLEST: f64 = 5.0;
/// Numbers stand at most this many times a mark's largest size beside it.
const NEAR: f64 = 2.5;
/// Numbers of one scale have their middles and heights alike, to so many pixels.
const ALIGNED: f64 = 2.0;

/// The digits as machines draw them, without serifs, from 0 to 9.
pub(super) const DIGITS: [[&str; ROWS]; 10] = [
    [
        ".####.", "##..##", "#....#", "#....#", "#....#", "#....#", "#....#", "##..##", ".####.",
    ],
    [
        "...##.", ".####.", "...##.", "...##.", "...##.", "...##.", "...##.", "...##.", "...##.",
    ],
    [
        ".####.", "##..##", "....##", "....##", "...##.", "..##..", ".##...", "##....", "######",
    ],
    [
        ".####.", "##..##", "....##", "....##", "..###.", "....##", "....##", "##..##", ".####.",
    ],
    [
        "....#.", "...##.", "..###.", ".##.#.", ".#..#.", "##..#.", "######", "....#.", "....#.",
    ],
    [
        "######", "##....", "##....", "#####.", "##..##", "....##", "....##", "##..##", ".####.",
    ],
    [
        ".####.", "##..##", "##....", "#####.", "##..##", "##..##", "##..##", "##..##", ".####.",
    ],
    [
        "######", "....##", "....#.", "...##.", "...#..", "..##..", "..##..", "..#...", "..#...",
    ],
    [
        ".####.", "##..##", "##..##", "##..##", ".####.", "##..##", "##..##", "##..##", ".####.",
    ],
    [
        ".####.", "##..##", "##..##", "##..##", "##..##", ".#####", "....##", "##..##", ".####.",
    ],
];

/// From one mark to the next in mm, where the numbers beside the marks at `x` tell. `places` are the depths of all marks and
/// of the points halfway between: the numbers may stand at marks of another size.
pub fn distance(contrast: &Contrast, spots: &[Spot], x: f64, places: &[f64]) -> Option<f64> {
    let near = NEAR * contrast.longest() as f64;
    let is_beside = |spot: &&Spot| {
        let away = (spot.middle() - x).abs();
        away > 0.5 * spot.width() && away <= near && spot.height >= SMALLEST
    };
    let beside: Vec<&Spot> = spots.iter().filter(is_beside).collect();
    let at = |place: f64| {
        beside
            .iter()
            .copied()
            .filter(move |spot| (spot.y - place).abs() <= ALIGNED)
    };
    let found = places
        .iter()
        .flat_map(|place| at(*place))
        .filter_map(|first| {
            let is_like = |spot: &&Spot| {
                (spot.middle() - first.middle()).abs() <= ALIGNED
                    && (spot.height - first.height).abs() <= ALIGNED
            };
            let numbered = places.iter().enumerate().filter_map(|(number, place)| {
                let spot = at(*place).find(is_like)?;
                Some((number, likeness(contrast, spot)))
            });
            division(&numbered.collect::<Vec<_>>())
        });
    found
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(mm, _)| mm)
}

/// The division whose digits are most like the numbers, whichever digit stands at the first of them: millimetres from one
/// mark to the next, and how like. Each number is given with its place, of which two make a mark, and with its likeness to the ten digits.
fn division(numbered: &[(usize, [f64; 10])]) -> Option<(f64, f64)> {
    let first = numbered.first()?.0;
    let score = |mm: f64, digit: usize| {
        let mut sum = 0.0;
        for (place, likeness) in numbered {
            let centimetres = digit as f64 + mm / 20.0 * (place - first) as f64;
            if centimetres.fract() != 0.0 {
                return None;
            }
            sum += likeness.get(centimetres as usize)?;
        }
        Some(sum / numbered.len() as f64)
    };
    if numbered.len() < FEWEST {
        return None;
    }
    let best_of = |mm: f64| {
        let scores = (0..DIGITS.len()).filter_map(|digit| score(mm, digit));
        Some((mm, scores.max_by(f64::total_cmp)?))
    };
    let mut scores: Vec<(f64, f64)> = DIVISIONS.into_iter().filter_map(best_of).collect();
    scores.sort_by(|one, other| other.1.total_cmp(&one.1));
    let (mm, best) = *scores.first()?;
    let next = scores.get(1).map_or(0.0, |(_, next)| *next);
    (best >= LIKENESS && best - next >= MARGIN).then_some((mm, best))
}

/// How much a spot looks like each digit.
fn likeness(contrast: &Contrast, spot: &Spot) -> [f64; 10] {
    let seen = reduced(contrast, spot);
    DIGITS.map(|digit| correlation(&seen, &blurred(&digit)))
}

/// A digit with soft edges, as it is in a picture that was reduced.
fn blurred(digit: &[&str; ROWS]) -> Vec<f64> {
    let ink = |column: usize, row: usize| {
        let line = row.checked_sub(1).and_then(|row| digit.get(row));
        let at = column
            .checked_sub(1)
            .and_then(|column| line?.as_bytes().get(column));
        f64::from(u8::from(at == Some(&b'#')))
    };
    let mut out = Vec::with_capacity(COLUMNS * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let mut sum = 0.0;
            for (dy, down) in [1.0, 2.0, 1.0].into_iter().enumerate() {
                for (dx, across) in [1.0, 2.0, 1.0].into_iter().enumerate() {
                    sum += down * across * ink(column + dx, row + dy);
                }
            }
            out.push(sum);
        }
    }
    out
}

/// A spot at the size of the drawn digits. A narrow one stands in the middle, as 1 does.
fn reduced(contrast: &Contrast, spot: &Spot) -> Vec<f64> {
    let height = spot.height;
    let width = spot.width().max(0.6 * height);
    let (left, top) = (spot.middle() - width / 2.0, spot.top);
    let mut out = Vec::with_capacity(COLUMNS * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            // Four samples a cell.
            let mut sum = 0.0;
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let x = left + (column as f64 + dx) * width / COLUMNS as f64;
                let y = top + (row as f64 + dy) * height / ROWS as f64;
                sum += contrast.at(x, y);
            }
            out.push(sum / 4.0);
        }
    }
    out
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(one), mean(other));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        ab += (x - a) * (y - b);
        aa += (x - a) * (x - a);
        bb += (y - b) * (y - b);
    }
    if aa > 0.0 && bb > 0.0 {
        ab / (aa * bb).sqrt()
    } else {
        0.0
    }
}
