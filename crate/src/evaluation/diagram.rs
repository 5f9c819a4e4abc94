//! The reliability diagram: how often a probability came true.

use image::{Rgb, RgbImage};

use super::lettering::{self, ADVANCE, LINE};
use crate::metrics::Reliability;

/// Side of the plot in pixels.
const SIDE: u32 = 420;
/// Height in pixels of the panel below it.
const PANEL: u32 = 84;
/// Space in pixels on the left and around.
const LEFT: u32 = 56;
const GAP: u32 = 28;
const SCALE: u32 = 2;

const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
const INK: Rgb<u8> = Rgb([40, 40, 44]);
const GRID: Rgb<u8> = Rgb([222, 222, 226]);
const FREQUENCY: Rgb<u8> = Rgb([60, 120, 190]);
const GAP_COLOUR: Rgb<u8> = Rgb([240, 150, 120]);

/// Draws a reliability diagram: a bar for each bin as high as the share of its pixels that are lesion in truth, the gap
/// to the mean probability in red, and the diagonal where the two are equal. The panel below has the share of all
/// pixels that fall into each bin, on a logarithmic scale from one in a million to all.
pub fn reliability_diagram(reliability: &Reliability) -> RgbImage {
    let mut picture = RgbImage::from_pixel(LEFT + SIDE + GAP, SIDE + PANEL + 5 * GAP, PAPER);
    let title = format!(
        "ECE {:.4}   {} pixels",
        reliability.ece(),
        reliability.pixels()
    );
    lettering::write(&mut picture, (LEFT, 8), SCALE, INK, &title);
    let (top, bottom) = (GAP, GAP + SIDE);
    let floor = bottom + 2 * GAP + PANEL;
    let x = |part: f64| LEFT + (part * f64::from(SIDE)).round() as u32;
    let y = |part: f64| bottom - (part.clamp(0.0, 1.0) * f64::from(SIDE)).round() as u32;
    for tenth in (0..=10).step_by(2) {
        let part = f64::from(tenth) / 10.0;
        fill(
            &mut picture,
            (LEFT, y(part)),
            (LEFT + SIDE, y(part) + 1),
            GRID,
        );
        let label = format!("{part:.1}");
        let width = ADVANCE * SCALE * 3;
        lettering::write(
            &mut picture,
            (LEFT - width - 4, y(part) - 5),
            SCALE,
            INK,
            &label,
        );
        lettering::write(
            &mut picture,
            (x(part) - width / 2, bottom + 6),
            SCALE,
            INK,
            &label,
        );
    }
    let count = reliability.bins.len() as f64;
    let all = reliability.pixels().max(1) as f64;
    for (index, bin) in reliability
        .bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.pixels > 0)
    {
        let (left, right) = (
            x(index as f64 / count) + 1,
            x((index + 1) as f64 / count) - 1,
        );
        let (frequency, confidence) = (y(bin.frequency), y(bin.confidence));
        fill(&mut picture, (left, frequency), (right, bottom), FREQUENCY);
        let (high, low) = (frequency.min(confidence), frequency.max(confidence));
        fill(&mut picture, (left, high), (right, low), GAP_COLOUR);
        let share = (1.0 + (bin.pixels as f64 / all).log10() / 6.0).clamp(0.0, 1.0);
        let height = (share * f64::from(PANEL)).round() as u32;
        fill(&mut picture, (left, floor - height), (right, floor), INK);
    }
    for step in 0..SIDE {
        let place = (LEFT + step, bottom - step);
        fill(&mut picture, place, (place.0 + 2, place.1 + 2), INK);
    }
    fill(&mut picture, (LEFT, bottom), (LEFT + SIDE, bottom + 1), INK);
    fill(&mut picture, (LEFT, top), (LEFT + 1, bottom), INK);
    fill(&mut picture, (LEFT, floor), (LEFT + SIDE, floor + 1), INK);
    let below = "predicted probability (bars: share that is lesion)";
    lettering::write(
        &mut picture,
        (LEFT, bottom + 6 + LINE * SCALE),
        SCALE,
        INK,
        below,
    );
    let panel = "share of pixels in each bin, log, 1/1000000 to 1";
    lettering::write(&mut picture, (LEFT, floor + 8), SCALE, INK, panel);
    picture
}

/// Fills from one corner up to, and without, the other.
fn fill(picture: &mut RgbImage, from: (u32, u32), to: (u32, u32), colour: Rgb<u8>) {
    for y in from.1..to.1.min(picture.height()) {
        for x in from.0..to.0.min(picture.width()) {
            picture.put_pixel(x, y, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_between_promise_and_truth_is_shown_and_none_where_there_is_none() {
        let gap = |truth: &[u8]| {
            let mut reliability = Reliability::new(2);
            reliability.add(&[0.75; 4], truth);
            let picture = reliability_diagram(&reliability);
            picture
                .pixels()
                .filter(|pixel| **pixel == GAP_COLOUR)
                .count()
        };
        assert_eq!(gap(&[1, 1, 1, 0]), 0);
        assert!(gap(&[1, 0, 0, 0]) > gap(&[1, 1, 0, 0]));
        assert!(gap(&[1, 1, 0, 0]) > 0);
    }

    #[test]
    fn no_pixels_make_an_empty_diagram() {
        let picture = reliability_diagram(&Reliability::default());
        assert!(picture.pixels().all(|pixel| *pixel != FREQUENCY));
    }
}
