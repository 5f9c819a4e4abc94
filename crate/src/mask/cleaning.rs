//! Removing what a lesion cannot be: specks beside it and holes in it.
//!
//! Regions are labelled on runs, not pixels (two passes with union-find; He, Chao and Suzuki 2008), which is fast on
//! large masks and never recurses.

use serde::{Deserialize, Serialize};

use super::runs::runs;

/// Which cleaning steps to take after the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaning {
    /// Keep only the region of the most pixels (8-connected; on a tie the first in raster order).
    pub largest_region: bool,
    /// Remove regions of less than this share of the image, in millionths; the largest stays however small it is. 0 for
    /// none.
    #[serde(default)]
    pub islands_below: u32,
    /// Fill background regions that do not touch the image's edge (4-connected), after regions were removed.
    pub fill_holes: bool,
}

impl Cleaning {
    /// Nothing is removed or filled.
    pub const NONE: Self = Self {
        largest_region: false,
        islands_below: 0,
        fill_holes: false,
    };

    /// What a person is proposed: islands of less than 0.05 % of the image go.
    pub const PROPOSED: Self = Self {
        islands_below: 500,
        ..Self::NONE
    };

    /// Whether regions are removed.
    pub(super) fn removes(self) -> bool {
        self.largest_region || self.islands_below > 0
    }

    /// Whether there is nothing to do.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Cleans `bits` (one byte a pixel, 0 or 1, rows of `width`) in place. They hold all that is on of an image of `whole`
    /// pixels.
    pub(crate) fn apply(self, width: usize, whole: usize, bits: &mut [u8]) {
        if self.removes() {
            let least = if self.largest_region {
                u64::MAX
            } else {
                (u64::from(self.islands_below) * whole as u64).div_ceil(1_000_000)
            };
            remove_small(width, bits, least);
        }
        if self.fill_holes {
            fill_holes(width, bits);
        }
    }
}

/// Removes the regions of less than `least` pixels, but never the largest.
fn remove_small(width: usize, bits: &mut [u8], least: u64) {
    let mut regions = Regions::label(width, bits, 1, 1);
    let mut areas = vec![0_u64; regions.runs.len()];
    for index in 0..regions.runs.len() {
        let area = u64::from(regions.runs[index].end - regions.runs[index].start);
        areas[regions.find(index)] += area;
    }
    // A region's root is its first run in raster order, so the first maximum is the first region.
    let Some(best) = (0..areas.len()).reduce(|best, index| {
        if areas[index] > areas[best] {
            index
        } else {
            best
        }
    }) else {
        return;
    };
    for index in 0..regions.runs.len() {
        let root = regions.find(index);
        if root != best && areas[root] < least {
            let run = regions.runs[index];
            bits[run.row as usize * width..][run.start as usize..run.end as usize].fill(0);
        }
    }
}

fn fill_holes(width: usize, bits: &mut [u8]) {
    let mut regions = Regions::label(width, bits, 0, 0);
    let last_row = (bits.len() / width.max(1)).saturating_sub(1);
    let mut open = vec![false; regions.runs.len()];
    for index in 0..regions.runs.len() {
        let run = regions.runs[index];
        if run.row == 0
            || run.row as usize == last_row
            || run.start == 0
            || run.end as usize == width
        {
            let root = regions.find(index);
            open[root] = true;
        }
    }
    for index in 0..regions.runs.len() {
        if !open[regions.find(index)] {
            let run = regions.runs[index];
            bits[run.row as usize * width..][run.start as usize..run.end as usize].fill(1);
        }
    }
}

/// Neighbouring pixels of one value within a row; the last column is `end - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub row: u32,
    pub start: u32,
    pub end: u32,
}

/// Runs in raster order, joined into regions.
pub(crate) struct Regions {
    pub runs: Vec<Run>,
    parents: Vec<u32>,
}

impl Regions {
    /// Labels the pixels equal to `value`. Runs of neighbouring rows belong together when they overlap, or come
    /// within `reach` columns of it: 0 for 4-connected regions, 1 for 8-connected ones.
    pub fn label(width: usize, bits: &[u8], value: u8, reach: u32) -> Self {
        let mut regions = Self {
            runs: Vec::new(),
            parents: Vec::new(),
        };
        if width == 0 {
            return regions;
        }
        let mut above = 0..0;
        for (row, bits) in bits.chunks_exact(width).enumerate() {
            let begin = regions.runs.len();
            for (run, _) in runs(bits).filter(|(_, of)| *of == value) {
                regions.parents.push(regions.runs.len() as u32);
                regions.runs.push(Run {
                    row: row as u32,
                    start: run.start as u32,
                    end: run.end as u32,
                });
            }
            regions.join_rows(above.clone(), begin..regions.runs.len(), reach);
            above = begin..regions.runs.len();
        }
        regions
    }

    fn join_rows(
        &mut self,
        above: std::ops::Range<usize>,
        below: std::ops::Range<usize>,
        reach: u32,
    ) {
        let (mut i, mut j) = (above.start, below.start);
        while i < above.end && j < below.end {
            let (a, b) = (self.runs[i], self.runs[j]);
            if a.start < b.end + reach && b.start < a.end + reach {
                self.join(i, j);
            }
            // The run that ends first cannot meet any later one of the other row.
            if a.end < b.end {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b) as u32;
    }

    /// The first run of the region, in raster order; halves the path on the way.
    pub fn find(&mut self, mut index: usize) -> usize {
        while self.parents[index] as usize != index {
            let grandparent = self.parents[self.parents[index] as usize];
            self.parents[index] = grandparent;
            index = grandparent as usize;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(rows: &[&str]) -> (usize, Vec<u8>) {
        let bits = rows
            .iter()
            .flat_map(|row| row.bytes().map(|c| u8::from(c == b'#')))
            .collect();
        (rows[0].len(), bits)
    }

    fn cleaned(largest_region: bool, fill_holes: bool, rows: &[&str]) -> Vec<String> {
        let (width, mut bits) = bits(rows);
        let cleaning = Cleaning {
            largest_region,
            fill_holes,
            ..Cleaning::NONE
        };
        shown(cleaning, width, bits.len(), &mut bits)
    }

    fn shown(cleaning: Cleaning, width: usize, whole: usize, bits: &mut [u8]) -> Vec<String> {
        cleaning.apply(width, whole, bits);
        bits.chunks(width)
            .map(|row| {
                row.iter()
                    .map(|b| if *b == 1 { '#' } else { '.' })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn only_the_largest_region_stays_and_diagonal_neighbours_belong_to_it() {
        assert_eq!(
            cleaned(true, false, &["##..#", "..#..", "#..#.", "#...."]),
            ["##...", "..#..", "...#.", "....."]
        );
    }

    #[test]
    fn of_two_equal_regions_the_first_in_raster_order_stays() {
        assert_eq!(
            cleaned(true, false, &["...##", "#....", "#...."]),
            ["...##", ".....", "....."]
        );
    }

    #[test]
    fn a_region_that_joins_only_at_its_foot_is_one_region() {
        assert_eq!(
            cleaned(true, false, &["#.#.##", "#.#...", "###..."]),
            ["#.#...", "#.#...", "###..."]
        );
    }

    #[test]
    fn holes_are_filled_but_bays_and_diagonal_gaps_to_the_outside_follow_four_connectivity() {
        assert_eq!(
            cleaned(false, true, &["####.", "#..##", "##.#.", ".####", "##..#"]),
            ["####.", "#####", "####.", ".####", "##..#"]
        );
        // The background at the centre touches the outside only diagonally: a hole.
        assert_eq!(
            cleaned(false, true, &[".....", "..#..", ".#.#.", "..#..", "....."]),
            [".....", "..#..", ".###.", "..#..", "....."]
        );
    }

    #[test]
    fn an_island_in_a_hole_goes_with_the_hole() {
        let rows = ["#######", "#.....#", "#..#..#", "#.....#", "#######"];
        assert_eq!(cleaned(true, true, &rows), ["#######"; 5]);
        assert_eq!(cleaned(true, false, &rows)[2], "#.....#");
    }

    #[test]
    fn empty_and_full_masks_stay_as_they_are() {
        for row in ["....", "####"] {
            assert_eq!(cleaned(true, true, &[row; 3]), [row; 3]);
        }
        Cleaning {
            largest_region: true,
            islands_below: 500,
            fill_holes: true,
        }
        .apply(0, 0, &mut []);
    }

    #[test]
    fn islands_below_a_share_of_the_image_go_and_the_largest_region_stays_however_small() {
        let rows = ["##..##..", "....##.#", "........", "#......."];
        let islands_below = |share: f64, whole: usize| {
            let (width, mut bits) = bits(&rows);
            let cleaning = Cleaning {
                islands_below: (share * 1e6) as u32,
                ..Cleaning::NONE
            };
            shown(cleaning, width, whole, &mut bits)
        };
        // Two pixels of the 32 are 6.25 %.
        assert_eq!(islands_below(0.0625, 32)[0], "##..##..");
        assert_eq!(
            islands_below(0.0625, 32)[1..],
            ["....##..", "........", "........"]
        );
        assert_eq!(islands_below(0.07, 32)[0], "....##..");
        assert_eq!(islands_below(0.9, 32)[0], "....##..");
        // The same pixels as a part of a larger image.
        assert_eq!(islands_below(0.0625, 64)[0], "....##..");
        assert_eq!(islands_below(0.0, 32), rows);
    }

    #[test]
    fn labelling_agrees_with_a_flood_fill_on_noise() {
        let (width, height) = (37, 29);
        let mut state = 12345_u32;
        for density in [80, 128, 160] {
            let mut noise = vec![0_u8; width * height];
            for bit in &mut noise {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *bit = u8::from((state >> 24) < density);
            }
            for (value, reach) in [(1, 1), (0, 0)] {
                let mut regions = Regions::label(width, &noise, value, reach);
                let mut labels = vec![usize::MAX; width * height];
                for index in 0..regions.runs.len() {
                    let run = regions.runs[index];
                    let root = regions.find(index);
                    labels[run.row as usize * width..][run.start as usize..run.end as usize]
                        .fill(root);
                }
                assert_eq!(
                    partition(&labels),
                    partition(&flood(width, &noise, value, reach == 1))
                );
            }
        }
    }

    /// Labels renamed in order of appearance.
    fn partition(labels: &[usize]) -> Vec<usize> {
        let mut names = std::collections::HashMap::new();
        labels
            .iter()
            .map(|label| {
                let next = names.len();
                *names.entry(*label).or_insert(next)
            })
            .collect()
    }

    fn flood(width: usize, bits: &[u8], value: u8, diagonal: bool) -> Vec<usize> {
        let height = bits.len() / width;
        let mut labels = vec![usize::MAX; bits.len()];
        for seed in 0..bits.len() {
            let mut stack = vec![seed];
            while let Some(at) = stack.pop() {
                if bits[at] != value || labels[at] != usize::MAX {
                    continue;
                }
                labels[at] = seed;
                let (x, y) = ((at % width) as isize, (at / width) as isize);
                for (dx, dy) in [
                    (-1, 0),
                    (1, 0),
                    (0, -1),
                    (0, 1),
                    (-1, -1),
                    (1, -1),
                    (-1, 1),
                    (1, 1),
                ] {
                    let (nx, ny) = (x + dx, y + dy);
                    let inside =
                        (0..width as isize).contains(&nx) && (0..height as isize).contains(&ny);
                    if inside && (diagonal || dx == 0 || dy == 0) {
                        stack.push(ny as usize * width + nx as usize);
                    }
                }
            }
        }
        labels
    }
}
