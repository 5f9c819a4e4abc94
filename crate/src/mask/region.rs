//! Regions that a person points at: a hole or a hollow to be filled, an island to be dropped.

use serde::{Deserialize, Serialize};

use super::cleaning::{Regions, Run};
use super::grid::{Grid, Window};

/// A place in the image that a person pointed at, in image pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// x to the right, y down, pixel centres at +0.5.
    pub at: [f32; 2],
    /// How far the region may be, for fingers and for islands of a few pixels: of those so near the nearest is meant.
    pub within: f32,
}

/// What is done with the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// The background region (4-connected) becomes lesion, unless it is the outside: the largest of those that touch the
    /// image's edge.
    Fill,
    /// The lesion's region (8-connected) becomes background.
    Drop,
}

/// Does it to `bits`, one byte a pixel of a grid that covers the whole image. Returns the least window that holds what
/// changed.
pub(super) fn apply(deed: Deed, place: &Place, grid: &Grid, bits: &mut [u8]) -> Window {
    let (value, reach) = match deed {
        Deed::Fill => (0, 0),
        Deed::Drop => (1, 1),
    };
    let mut regions = Regions::label(grid.width, bits, value, reach);
    let outside = match deed {
        Deed::Fill => outside(&mut regions, grid),
        Deed::Drop => None,
    };
    let Some(meant) = nearest(place, grid, &mut regions, outside) else {
        return Window::EMPTY;
    };
    let mut changed = Window::EMPTY;
    for index in 0..regions.runs.len() {
        if regions.find(index) == meant {
            let Run { row, start, end } = regions.runs[index];
            let (row, start, end) = (row as usize, start as usize, end as usize);
            bits[row * grid.width..][start..end].fill(1 - value);
            changed = changed.union(&Window {
                left: start,
                top: row,
                right: end,
                bottom: row + 1,
            });
        }
    }
    changed
}

/// The largest background region that touches the image's edge.
fn outside(regions: &mut Regions, grid: &Grid) -> Option<usize> {
    let mut areas = vec![0_u64; regions.runs.len()];
    let mut is_open = vec![false; regions.runs.len()];
    for index in 0..regions.runs.len() {
        let root = regions.find(index);
        let run = regions.runs[index];
        areas[root] += u64::from(run.end - run.start);
        is_open[root] |= run.row == 0
            || run.row as usize + 1 == grid.height
            || run.start == 0
            || run.end as usize == grid.width;
    }
    (0..areas.len())
        .filter(|root| is_open[*root] && areas[*root] > 0)
        .max_by_key(|root| (areas[*root], std::cmp::Reverse(*root)))
}

/// The region that is nearest to the place; of two equally near the first in raster order.
fn nearest(place: &Place, grid: &Grid, regions: &mut Regions, but: Option<usize>) -> Option<usize> {
    let [x, y] = place.at.map(f64::from);
    if !(x.is_finite() && y.is_finite()) {
        return None;
    }
    // The pixel that holds the place is always near enough.
    let pixel = (grid.x(1.0) - grid.x(0.0)).hypot(grid.y(1.0) - grid.y(0.0)) / 2.0;
    let most = f64::from(place.within).max(pixel * 1.01);
    let mut best: Option<(f64, usize)> = None;
    for index in 0..regions.runs.len() {
        let run = regions.runs[index];
        let down = grid.y(f64::from(run.row)) - y;
        if down.abs() > most {
            continue;
        }
        let column = grid.column(x).round();
        let column = column.clamp(f64::from(run.start), f64::from(run.end - 1));
        let distance = (grid.x(column) - x).hypot(down);
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            let root = regions.find(index);
            if but != Some(root) {
                best = Some((distance, root));
            }
        }
    }
    best.map(|(_, root)| root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(deed: Deed, x: f32, y: f32, within: f32, rows: &[&str]) -> Vec<String> {
        let (width, height) = (rows[0].len() as u32, rows.len() as u32);
        let pixels = rows.iter().flat_map(|row| row.bytes());
        let mut bits: Vec<u8> = pixels.map(|c| u8::from(c == b'#')).collect();
        let grid = Grid::reduced(width, height, width, height);
        let place = Place { at: [x, y], within };
        apply(deed, &place, &grid, &mut bits);
        bits.chunks(rows[0].len())
            .map(|row| {
                row.iter()
                    .map(|bit| if *bit == 1 { '#' } else { '.' })
                    .collect()
            })
            .collect()
    }

    const RINGS: [&str; 5] = ["###.###", "#.#.#.#", "###.###", ".......", "..#...."];

    #[test]
    fn the_hole_that_is_pointed_at_is_filled_and_no_other() {
        assert_eq!(
            done(Deed::Fill, 1.5, 1.5, 0.0, &RINGS),
            ["###.###", "###.#.#", "###.###", ".......", "..#...."]
        );
    }

    #[test]
    fn the_outside_is_never_filled_but_a_hollow_that_the_image_cuts_off_is() {
        assert_eq!(done(Deed::Fill, 0.5, 3.5, 0.0, &RINGS), RINGS);
        let rows = ["..#....", ".#.....", "#......", "......."];
        assert_eq!(
            done(Deed::Fill, 0.5, 0.5, 0.0, &rows),
            ["###....", "##.....", "#......", "......."]
        );
    }

    #[test]
    fn the_island_that_is_pointed_at_is_dropped() {
        assert_eq!(
            done(Deed::Drop, 2.5, 4.5, 0.0, &RINGS),
            ["###.###", "#.#.#.#", "###.###", ".......", "......."]
        );
        assert_eq!(done(Deed::Drop, 0.5, 3.5, 0.0, &RINGS), RINGS);
    }

    #[test]
    fn of_what_is_within_reach_the_nearest_is_meant() {
        let dropped = done(Deed::Drop, 3.4, 4.2, 3.0, &RINGS);
        assert_eq!(dropped[4], ".......");
        assert_eq!(dropped[..3], RINGS[..3]);
        let filled = done(Deed::Fill, 3.5, 1.5, 2.0, &RINGS);
        assert_eq!(filled[1], "###.#.#", "two are equally near");
    }

    #[test]
    fn a_place_of_nonsense_is_nowhere() {
        assert_eq!(done(Deed::Drop, f32::NAN, 1.0, 9.0, &RINGS), RINGS);
        assert_eq!(done(Deed::Drop, 0.5, 3.5, f32::NAN, &RINGS), RINGS);
        assert_eq!(done(Deed::Drop, 1e9, 1.0, 9.0, &RINGS), RINGS);
    }
}
