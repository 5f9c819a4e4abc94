//! Rows of bytes as runs of equal ones, eight bytes at a time: a row of a mask has a thousand pixels and few runs.

use std::ops::Range;

const STEP: usize = 8;

/// The runs of equal bytes, from the left.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, u8)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let value = *bytes.get(start)?;
        let run = start..end_of_run(bytes, start);
        start = run.end;
        Some((run, value))
    })
}

/// The first index after `start` whose byte differs from the one at `start`, or the length.
fn end_of_run(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    let value = rest[0];
    let same = u64::from_le_bytes([value; STEP]);
    let (steps, tail) = rest.as_chunks::<STEP>();
    for (index, step) in steps.iter().enumerate() {
        let difference = u64::from_le_bytes(*step) ^ same;
        if difference != 0 {
            return start + index * STEP + difference.trailing_zeros() as usize / STEP;
        }
    }
    let length = tail.iter().position(|byte| *byte != value);
    start + steps.len() * STEP + length.unwrap_or(tail.len())
}

/// Calls `found` with each index at which the two rows, of bytes 0 and 1 and one length, differ.
pub(super) fn differences(a: &[u8], b: &[u8], mut found: impl FnMut(usize)) {
    let ((steps_a, tail_a), (steps_b, tail_b)) = (a.as_chunks::<STEP>(), b.as_chunks::<STEP>());
    for (index, (a, b)) in steps_a.iter().zip(steps_b).enumerate() {
        let mut difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        while difference != 0 {
            found(index * STEP + difference.trailing_zeros() as usize / STEP);
            difference &= difference - 1;
        }
    }
    let done = steps_a.len() * STEP;
    for (index, (a, b)) in tail_a.iter().zip(tail_b).enumerate() {
        if a != b {
            found(done + index);
        }
    }
}

/// Calls `found` with the index of each byte that is not 0, and the byte.
pub(super) fn occupied(bytes: &[u8], mut found: impl FnMut(usize, u8)) {
    let (steps, tail) = bytes.as_chunks::<STEP>();
    let mut each = |start: usize, bytes: &[u8]| {
        for (index, byte) in bytes.iter().enumerate() {
            if *byte != 0 {
                found(start + index, *byte);
            }
        }
    };
    for (index, step) in steps.iter().enumerate() {
        if u64::from_le_bytes(*step) != 0 {
            each(index * STEP, step);
        }
    }
    each(steps.len() * STEP, tail);
}

/// Whether any byte is not 0.
pub(super) fn any(bytes: &[u8]) -> bool {
    let (steps, tail) = bytes.as_chunks::<STEP>();
    steps.iter().any(|step| u64::from_le_bytes(*step) != 0) || tail.iter().any(|byte| *byte != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<u8>> {
        let mut state = 5_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        (0..40)
            .map(|length| {
                let mut value = 0;
                (0..length)
                    .map(|_| {
                        value ^= u8::from(random() % 7 == 0);
                        value
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn runs_are_those_that_a_comparison_byte_by_byte_finds() {
        for row in rows() {
            let found: Vec<_> = runs(&row).collect();
            let mut start = 0;
            let expected: Vec<_> = row
                .chunk_by(|a, b| a == b)
                .map(|run| {
                    start += run.len();
                    (start - run.len()..start, run[0])
                })
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn differences_and_occupied_bytes_are_found_one_by_one() {
        for row in rows() {
            let mut found = Vec::new();
            let shifted = row.get(1..).unwrap_or_default();
            differences(&row[..shifted.len()], shifted, |index| found.push(index));
            let ends: Vec<_> = runs(&row).map(|(run, _)| run.end - 1).collect();
            assert_eq!(found, ends[..ends.len().saturating_sub(1)]);

            let mut found = Vec::new();
            occupied(&row, |index, byte| found.push((index, byte)));
            let expected: Vec<_> = (0..row.len())
                .zip(row.clone())
                .filter(|(_, on)| *on == 1)
                .collect();
            assert_eq!(found, expected);
            assert_eq!(any(&row), !expected.is_empty());
        }
    }
}
