//! Resampling of 8-bit pixels, the way OpenCV does it.
//!
//! Networks are trained on what OpenCV made of an image, down to the rounding, so the same arithmetic is used here
//! (OpenCV 4 and 5, `modules/imgproc/src/resize.cpp`). Pixels are interleaved, `CHANNELS` bytes each.

use crate::manifest::Resize;

/// `source`, of `from` (width, height), at the size `to`.
///
/// [`Resize::Area`] is used only where both sides shrink or stay, as in OpenCV; otherwise it is bilinear.
pub(crate) fn resize<const CHANNELS: usize>(
    source: &[u8],
    from: (usize, usize),
    to: (usize, usize),
    how: Resize,
) -> Vec<u8> {
    if from.0 == 0 || from.1 == 0 || to.0 == 0 || to.1 == 0 {
        return vec![0; to.0 * to.1 * CHANNELS];
    }
    let shrinks = from.0 >= to.0 && from.1 >= to.1;
    let halves = from.0 == 2 * to.0 && from.1 == 2 * to.1;
    if from == to {
        source.to_vec()
    } else if (how == Resize::Area && shrinks) || halves {
        // OpenCV takes the mean of four for INTER_LINEAR too when both sides halve.
        area::<CHANNELS>(source, from, to)
    } else {
        bilinear::<CHANNELS>(source, from, to)
    }
}

/// Two source indices and their weights, in 2048ths.
struct Tap {
    index: [usize; 2],
    weight: [i32; 2],
}

/// Taps of `INTER_LINEAR` along one axis. Columns drop the fraction at the edges and rows do not; with all weight on
/// one and the same sample this changes nothing but the rounding, which is OpenCV's.
fn taps(from: usize, to: usize, columns: bool) -> Vec<Tap> {
    let scale = 1.0 / (to as f64 / from as f64);
    let last = from as isize - 1;
    (0..to)
        .map(|i| {
            let at = ((i as f64 + 0.5) * scale - 0.5) as f32;
            let floor = at.floor();
            let (mut index, mut mix) = (floor as isize, at - floor);
            if columns && (index < 0 || index >= last) {
                index = index.clamp(0, last);
                mix = 0.0;
            }
            let clamp = |index: isize| index.clamp(0, last) as usize;
            Tap {
                index: [clamp(index), clamp(index + 1)],
                weight: [1.0 - mix, mix].map(|w| (w * 2048.0).round_ties_even() as i32),
            }
        })
        .collect()
}

fn bilinear<const CHANNELS: usize>(
    source: &[u8],
    from: (usize, usize),
    to: (usize, usize),
) -> Vec<u8> {
    let columns = taps(from.0, to.0, true);
    let rows = taps(from.1, to.1, false);
    let stride = from.0 * CHANNELS;
    // The last two source rows, mixed along the columns; neighbouring output rows often share them.
    let mut mixed = [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())];
    let mut out = Vec::with_capacity(to.0 * to.1 * CHANNELS);
    for tap in &rows {
        if mixed[1].0 == tap.index[0] {
            mixed.swap(0, 1);
        }
        for (slot, index) in mixed.iter_mut().zip(tap.index) {
            if slot.0 != index {
                slot.0 = index;
                mix::<CHANNELS>(&source[index * stride..][..stride], &columns, &mut slot.1);
            }
        }
        let [(_, above), (_, below)] = &mixed;
        out.extend(above.iter().zip(below).map(|(a, b)| {
            let part = |value: &i32, weight: i32| (weight * (value >> 4)) >> 16;
            ((part(a, tap.weight[0]) + part(b, tap.weight[1]) + 2) >> 2) as u8
        }));
    }
    out
}

fn mix<const CHANNELS: usize>(row: &[u8], taps: &[Tap], out: &mut Vec<i32>) {
    let pixels = row.as_chunks::<CHANNELS>().0;
    out.clear();
    for Tap { index, weight } in taps {
        let (a, b) = (&pixels[index[0]], &pixels[index[1]]);
        out.extend(
            a.iter()
                .zip(b)
                .map(|(a, b)| i32::from(*a) * weight[0] + i32::from(*b) * weight[1]),
        );
    }
}

/// Source indices and weights of one output index; the weights add up to 1.
type Cover = Vec<(usize, f32)>;

/// Covered samples along one axis, as OpenCV's `computeResizeAreaTab`.
fn covers(from: usize, to: usize) -> Vec<Cover> {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|i| {
            let begin = i as f64 * scale;
            let end = begin + scale;
            let cell = scale.min(from as f64 - begin);
            let last = (end.floor() as usize).min(from - 1);
            let first = (begin.ceil() as usize).min(last);
            let mut cover = Vec::with_capacity(last - first + 2);
            if first as f64 - begin > 1e-3 {
                cover.push((first - 1, ((first as f64 - begin) / cell) as f32));
            }
            cover.extend((first..last).map(|index| (index, (1.0 / cell) as f32)));
            if end - last as f64 > 1e-3 {
                let part = (end - last as f64).min(1.0).min(cell) / cell;
                cover.push((last, part as f32));
            }
            cover
        })
        .collect()
}

fn area<const CHANNELS: usize>(source: &[u8], from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let (columns, rows) = (covers(from.0, to.0), covers(from.1, to.1));
    let stride = from.0 * CHANNELS;
    let mut sums = vec![0.0_f32; stride];
    let mut out = Vec::with_capacity(to.0 * to.1 * CHANNELS);
    for cover in &rows {
        // Rows first: adding whole rows is what vector instructions do best.
        sums.fill(0.0);
        for &(row, weight) in cover {
            for (sum, value) in sums.iter_mut().zip(&source[row * stride..][..stride]) {
                *sum += f32::from(*value) * weight;
            }
        }
        let pixels = sums.as_chunks::<CHANNELS>().0;
        for cover in &columns {
            let mut mean = [0.0_f32; CHANNELS];
            for &(column, weight) in cover {
                for (mean, sum) in mean.iter_mut().zip(&pixels[column]) {
                    *mean += sum * weight;
                }
            }
            out.extend(mean.map(|v| (v + 0.5) as u8));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_one_colour_keeps_it_at_any_size() {
        let source = [7, 130, 255].repeat(12 * 9);
        for to in [(5, 4), (6, 9), (12, 9), (30, 3), (40, 40), (1, 1)] {
            for how in [Resize::Bilinear, Resize::Area] {
                assert_eq!(
                    resize::<3>(&source, (12, 9), to, how),
                    [7, 130, 255].repeat(to.0 * to.1)
                );
            }
        }
    }

    #[test]
    fn area_takes_the_mean_over_the_covered_pixels() {
        // Three pixels onto two: each covers one and a half. (0 + 45) / 1.5 and (45 + 150) / 1.5
        assert_eq!(
            resize::<1>(&[0, 90, 150], (3, 1), (2, 1), Resize::Area),
            [30, 130]
        );
    }

    #[test]
    fn area_is_bilinear_where_a_side_grows() {
        let source: Vec<u8> = (0..40).map(|v| (v * 37 % 251) as u8).collect();
        for to in [(16, 3), (5, 9), (16, 9)] {
            assert_eq!(
                resize::<1>(&source, (8, 5), to, Resize::Area),
                resize::<1>(&source, (8, 5), to, Resize::Bilinear)
            );
        }
    }
}
