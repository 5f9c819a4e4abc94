//! A mask as COCO's run lengths: column by column, counts of pixels off and on in turn, packed as text
//! (`rleToString` of <https://github.com/cocodataset/cocoapi>).

use crate::mask::RegionPolygon;

/// The run lengths of one region of an image of so many columns and rows.
pub(super) fn counts(polygon: &RegionPolygon, width: u32, height: u32) -> Vec<u64> {
    let (mask, [left, top]) = polygon.filled();
    let (across, down) = (mask.width() as usize, mask.height() as usize);
    let mut counts = Vec::new();
    // Where the run that is under way began, and where the last one ended.
    let (mut start, mut end) = (None, 0);
    let mut close = |start: &mut Option<u64>, at: u64| {
        if let Some(start) = start.take() {
            counts.extend([start - end, at - start]);
            end = at;
        }
    };
    for x in 0..across {
        let column = (u64::from(left) + x as u64) * u64::from(height);
        // What is above the region in this column; a run goes on over it only where there is nothing.
        if top > 0 {
            close(&mut start, column);
        }
        for y in 0..down {
            let at = column + u64::from(top) + y as u64;
            match mask.bits()[y * across + x] {
                0 => close(&mut start, at),
                _ => start = start.or(Some(at)),
            }
        }
        if u64::from(top) + (down as u64) < u64::from(height) {
            close(&mut start, column + u64::from(top) + down as u64);
        }
    }
    let last = (u64::from(left) + across as u64) * u64::from(height);
    close(&mut start, last);
    let all = u64::from(width) * u64::from(height);
    if end < all {
        counts.push(all - end);
    }
    counts
}

/// The counts as text: each but the first three as its difference from the one before the last, in groups of five bits.
pub(super) fn packed(counts: &[u64]) -> String {
    let mut text = String::new();
    for (index, count) in counts.iter().enumerate() {
        let before = if index > 2 { counts[index - 2] } else { 0 };
        let mut rest = *count as i64 - before as i64;
        loop {
            let bits = (rest & 0x1f) as u8;
            rest >>= 5;
            let is_last = if bits & 0x10 != 0 {
                rest == -1
            } else {
                rest == 0
            };
            text.push(char::from(bits + 48 + if is_last { 0 } else { 0x20 }));
            if is_last {
                break;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;

    #[test]
    fn the_counts_are_those_of_a_scan_column_by_column() {
        let mut state = 7_u32;
        for (width, height) in [(13, 9), (1, 5), (6, 1), (17, 31)] {
            for density in [60, 160, 256] {
                let mut bits = vec![0; (width * height) as usize];
                for bit in &mut bits {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *bit = u8::from((state >> 24) < density);
                }
                let mask = Mask::new(width, height, bits);
                let mut columns = vec![0; mask.bits().len()];
                for polygon in RegionPolygon::of(&mask) {
                    let counts = counts(&polygon, width, height);
                    let (mut at, mut value) = (0, 0);
                    for count in counts {
                        columns[at..at + count as usize]
                            .iter_mut()
                            .for_each(|bit| *bit += value);
                        at += count as usize;
                        value = 1 - value;
                    }
                    assert_eq!(at, columns.len());
                }
                let transposed = (0..width * height)
                    .map(|at| mask.bits()[(at % height * width + at / height) as usize]);
                assert_eq!(columns, transposed.collect::<Vec<u8>>());
            }
        }
    }

    #[test]
    fn counts_are_packed_as_pycocotools_packs_them() {
        // pycocotools.mask.encode of a 20×30 array that is 1 in rows 5 to 9 of columns 3 to 7.
        assert_eq!(packed(&[65, 5, 15, 5, 15, 5, 15, 5, 15, 5, 450]), EXPECTED);
    }

    const EXPECTED: &str = "Q25?0000000c=";
}
