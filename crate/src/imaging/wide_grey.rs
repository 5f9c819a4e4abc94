//! Grey of more than 8 bits, through a window.

use image::RgbImage;

use super::windowing::{Rendering, Window, Windowing};

/// Depths below 16 bits at which cameras and scanners measure what they store in 16.
const MEASURED_BITS: [u32; 3] = [10, 12, 14];

/// Grey values of `bits` bits, row by row, as RGB8, and the window that was used: the one asked for, else all the values
/// that the file can hold. Values stored in 16 bits that all fit into fewer are taken for that many.
pub(super) fn render(
    size: (u32, u32),
    values: &[u16],
    bits: u32,
    rendering: &Rendering,
) -> Option<(RgbImage, Windowing, String)> {
    let greatest = values.iter().copied().max().unwrap_or_default();
    let least = values.iter().copied().min().unwrap_or_default();
    let fits = |fewer: &&u32| u32::from(greatest) < 1 << **fewer;
    let measured = match bits {
        16 => MEASURED_BITS.iter().find(fits).copied().unwrap_or(16),
        bits => bits,
    };
    let full = Window::between(0.0, f64::from((1_u32 << measured.min(16)) - 1));
    let shown = rendering.window.unwrap_or(full);
    let table: Vec<u8> = (0..=greatest)
        .map(|value| (shown.level(f64::from(value)) * 255.0).round() as u8)
        .collect();
    let grey = |value: &u16| [table[usize::from(*value)]; 3];
    let image = RgbImage::from_raw(size.0, size.1, values.iter().flat_map(grey).collect())?;
    let remark = if measured < bits {
        format!("Its values have {measured} bits; {measured} of {bits} are shown.")
    } else {
        format!("Reduced from {bits} to 8 bits a channel.")
    };
    let windowing = Windowing {
        shown,
        range: (f64::from(least), f64::from(greatest)),
        presets: Vec::new(),
    };
    Some((image, windowing, remark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_bits_in_sixteen_are_shown_as_twelve_and_a_window_narrows_them() {
        let values = [0, 1024, 2048, 4095];
        let (image, windowing, _) =
            render((2, 2), &values, 16, &Rendering::default()).expect("fits");
        assert_eq!(windowing.shown, Window::between(0.0, 4095.0));
        assert_eq!(windowing.range, (0.0, 4095.0));
        let greys: Vec<u8> = image.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(greys, [0, 64, 128, 255]);
        let narrow = Rendering {
            frame: 0,
            window: Some(Window::between(1024.0, 2048.0)),
        };
        let (image, _, _) = render((2, 2), &values, 16, &narrow).expect("fits");
        let greys: Vec<u8> = image.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(greys, [0, 0, 255, 255]);
    }
}
