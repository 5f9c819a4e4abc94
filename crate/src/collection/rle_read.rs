//! COCO's run lengths, read: as numbers, or as text (`rleFrString` of <https://github.com/cocodataset/cocoapi>).

use super::outline::Canvas;

/// The counts that a text holds.
///
/// # Errors
/// A sentence when it is no such text.
pub(super) fn unpacked(text: &str) -> Result<Vec<u64>, String> {
    let wrong = || "its run lengths are damaged.".to_owned();
    let mut counts: Vec<i64> = Vec::new();
    let mut bytes = text.bytes();
    while let Some(mut byte) = bytes.next() {
        let mut count = 0_i64;
        let mut shift = 0;
        loop {
            let bits = byte
                .checked_sub(48)
                .filter(|bits| *bits < 64 && shift < 60)
                .ok_or_else(wrong)?;
            count |= i64::from(bits & 0x1f) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                if bits & 0x10 != 0 {
                    count |= -1 << shift;
                }
                break;
            }
            byte = bytes.next().ok_or_else(wrong)?;
        }
        if counts.len() > 2 {
            let before = counts[counts.len() - 2];
            count = count.checked_add(before).ok_or_else(wrong)?;
        }
        if count < 0 {
            return Err(wrong());
        }
        counts.push(count);
    }
    Ok(counts.into_iter().map(|count| count as u64).collect())
}

/// Adds what the counts say: pixels off and on in turn, column by column.
///
/// # Errors
/// A sentence when they are not those of an image of the canvas's size; then some of it may have been added.
pub(super) fn add(canvas: &mut Canvas, counts: &[u64]) -> Result<(), String> {
    let (width, height) = canvas.size();
    let all = (width * height) as u64;
    let mut at = 0_u64;
    for (number, count) in counts.iter().enumerate() {
        let end = at.saturating_add(*count);
        if end > all {
            return Err("its run lengths are those of a larger image.".to_owned());
        }
        if number % 2 == 1 {
            for place in at as usize..end as usize {
                canvas.pixel(place / height, place % height);
            }
        }
        at = end;
    }
    if at == all {
        Ok(())
    } else {
        Err("its run lengths are those of a smaller image.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rle::packed;
    use super::*;

    #[test]
    fn counts_are_read_as_they_were_packed() {
        for counts in [
            vec![65, 5, 15, 5, 15, 5, 15, 5, 15, 5, 450],
            vec![0, 1, 2, 3, 1_000_000_000, 0, 5],
            vec![],
        ] {
            assert_eq!(unpacked(&packed(&counts)), Ok(counts));
        }
    }

    #[test]
    fn a_damaged_text_is_refused() {
        for text in ["\u{7f}", "ooooooooooooooooooooo", "o", " ", "é", "0O"] {
            let counts = unpacked(text);
            assert!(counts.is_err() || text == "0O", "{text}: {counts:?}");
        }
        let mut canvas = Canvas::new((20, 20)).expect("a size");
        assert!(add(&mut canvas, &[0, u64::MAX]).is_err());
        assert!(add(&mut canvas, &[5, u64::MAX, u64::MAX]).is_err());
        assert!(add(&mut canvas, &[399]).is_err());
        assert!(add(&mut canvas, &[399, 1]).is_ok());
    }
}
