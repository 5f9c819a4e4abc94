//! The difference of a mask from the truth, or the one beside the other, drawn as the canvas shows it.

use delineo::mask::{Mask, View};

use crate::protocol::{DIFFERENCE_COLOURS, Frame};

/// A difference that is fainter than this is not seen.
const LEAST_OPACITY: f32 = 0.5;
/// The line between mask and truth.
const BORDER: [u8; 4] = [255; 4];

/// Draws what is visible into `rgba`, four bytes a pixel, not premultiplied. Returned are left, top, width and height of
/// that part on the canvas; it has no width where nothing is visible.
///
/// Both masks are of the image's size.
pub(super) fn draw(mask: &Mask, truth: &Mask, frame: &Frame, rgba: &mut Vec<u8>) -> [u32; 4] {
    let View { left, top, .. } = frame.view;
    let columns = Along::new(left, frame.view.scale, mask.width(), frame.width);
    let rows = Along::new(top, frame.view.scale_y(), mask.height(), frame.height);
    let (width, height) = (columns.places.len(), rows.places.len());
    rgba.clear();
    if width == 0 || height == 0 {
        return [0; 4];
    }
    let opacity = frame.style.opacity.clamp(LEAST_OPACITY, 1.0);
    let alpha = (opacity * 255.0).round() as u8;
    let [agreement, missed, too_much] = DIFFERENCE_COLOURS.map(|[r, g, b]| [r, g, b, alpha]);
    // By twice the truth and the mask.
    let colours = [[0; 4], too_much, missed, agreement];
    rgba.reserve(4 * width * height);
    let stride = mask.width() as usize;
    let wipe = frame.wipe.map(|part| {
        let [r, g, b] = frame.style.colour;
        // The column of the border, and what is drawn of the mask and of the truth.
        let border = (part.clamp(0.0, 1.0) * stride as f32) as usize;
        (border, [r, g, b, alpha], agreement)
    });
    for row in &rows.places {
        let line = row * stride;
        let mut before = None;
        for column in &columns.places {
            let at = line + column;
            if let Some((border, of_mask, of_truth)) = wipe {
                let is_mask = *column < border;
                let is_border = before == Some(true) && !is_mask;
                before = Some(is_mask);
                rgba.extend(match (is_border, is_mask) {
                    (true, _) => BORDER,
                    (_, true) if mask.bits()[at] == 1 => of_mask,
                    (_, false) if truth.bits()[at] == 1 => of_truth,
                    _ => [0; 4],
                });
                continue;
            }
            let kind = 2 * truth.bits()[at] + mask.bits()[at];
            rgba.extend(colours[usize::from(kind & 3)]);
        }
    }
    [columns.first, rows.first, width as u32, height as u32]
}

/// The pixels of one side of the canvas on which the image lies.
struct Along {
    first: u32,
    /// The image's pixel for each of them.
    places: Vec<usize>,
}

impl Along {
    fn new(start: f64, scale: f64, image: u32, canvas: u32) -> Self {
        let place = |at: u32| (start + (f64::from(at) + 0.5) / scale).floor();
        let is_within = |place: f64| place >= 0.0 && place < f64::from(image);
        let mut within = (0..canvas).filter(|at| is_within(place(*at))).peekable();
        Self {
            first: within.peek().copied().unwrap_or(0),
            places: within.map(|at| place(at) as usize).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use delineo::mask::Style;

    use super::*;

    fn frame(width: u32, height: u32, view: View) -> Frame {
        Frame {
            width,
            height,
            view,
            style: Style::default(),
            band: false,
            truths: 1,
            wipe: None,
        }
    }

    #[test]
    fn each_pixel_of_the_canvas_has_the_colour_of_the_image_pixel_below_it() {
        let mask = Mask::new(2, 2, vec![0, 1, 0, 1]);
        let truth = Mask::new(2, 2, vec![0, 0, 1, 1]);
        let view = View {
            left: -1.0,
            scale: 2.0,
            ..View::ORIGIN
        };
        let mut rgba = vec![9];
        let bounds = draw(&mask, &truth, &frame(8, 4, view), &mut rgba);
        assert_eq!(bounds, [2, 0, 4, 4]);
        let [agreement, missed, too_much] = DIFFERENCE_COLOURS;
        let at = |x: usize, y: usize| &rgba[4 * (y * 4 + x)..][..4];
        assert_eq!(at(0, 0), [0; 4]);
        assert_eq!(at(3, 1)[..3], too_much);
        assert_eq!(at(1, 2)[..3], missed);
        assert_eq!(at(2, 3)[..3], agreement);
    }

    #[test]
    fn the_mask_is_left_of_the_wipe_and_the_truth_behind_it() {
        let mask = Mask::new(4, 1, vec![1, 0, 1, 0]);
        let truth = Mask::new(4, 1, vec![0, 1, 0, 1]);
        let mut frame = frame(4, 1, View::ORIGIN);
        frame.wipe = Some(0.5);
        let mut rgba = Vec::new();
        draw(&mask, &truth, &frame, &mut rgba);
        assert_eq!(rgba[..3], frame.style.colour);
        assert_eq!(rgba[4..8], [0; 4]);
        assert_eq!(rgba[8..12], BORDER);
        assert_eq!(rgba[12..15], DIFFERENCE_COLOURS[0]);
    }

    #[test]
    fn nothing_is_drawn_beside_the_image() {
        let mask = Mask::new(2, 2, vec![1; 4]);
        let view = View {
            left: 50.0,
            ..View::ORIGIN
        };
        let mut rgba = vec![9];
        assert_eq!(draw(&mask, &mask, &frame(8, 4, view), &mut rgba), [0; 4]);
        assert!(rgba.is_empty());
    }
}
