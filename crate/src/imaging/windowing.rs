//! Values of more than 8 bits on a screen of 8: a window of them is spread over black to white.

use serde::{Deserialize, Serialize};

/// A window on stored values, as in DICOM PS3.3 C.11.2.1.2: what lies below is black, what lies above is white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// The value that becomes mid-grey.
    pub centre: f64,
    /// How many values are spread over all greys, more than 0.
    pub width: f64,
}

impl Window {
    /// From black at `low` to white at `high`.
    pub fn between(low: f64, high: f64) -> Self {
        Self {
            centre: f64::midpoint(low, high),
            width: high - low,
        }
    }

    /// From 0 to 1 where a value lies between black and white, clamped. NaN is black.
    pub fn level(self, value: f64) -> f64 {
        let low = self.centre - self.width / 2.0;
        ((value - low) / self.width.max(f64::MIN_POSITIVE))
            .clamp(0.0, 1.0)
            .max(0.0)
    }
}

/// How a file stores its values, as far as it says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Depth {
    /// From 0 for black to this for white.
    Full(f64),
    /// Whole numbers from 0 in this many bits, of which instruments often use fewer.
    Unsigned(u32),
    /// Whole numbers with a sign in this many bits.
    #[cfg_attr(
        not(feature = "rare-formats"),
        allow(dead_code, reason = "only rare formats have it")
    )]
    Signed(u32),
    /// Floating point.
    #[cfg_attr(
        not(feature = "rare-formats"),
        allow(dead_code, reason = "only rare formats have it")
    )]
    Float,
    /// Floating point from 0 to 1, which is what colours are, perhaps a little beyond.
    LinearLight,
}

/// The window that a file's values ask for.
#[derive(Debug, PartialEq)]
pub(super) struct Proposal {
    pub window: Window,
    /// What it is called in a list.
    pub name: String,
    /// A sentence on what became of the values.
    pub remark: String,
}

/// Depths that instruments have, in bits.
const DEPTHS: [u32; 8] = [8, 10, 12, 14, 15, 16, 24, 32];

impl Depth {
    /// The window for values in this range. It is one of a bit depth, not that of the picture itself, so that a dark
    /// picture stays dark and two pictures of a series look alike.
    pub fn window(self, (low, high): (f64, f64)) -> Proposal {
        let full = |bits: u32| 2_f64.powi(bits as i32) - 1.0;
        let of_bits = |bits: u32, from: f64, stored: u32| {
            let window = Window::between(from, from + full(bits));
            let remark = if bits == stored {
                format!("Reduced from {bits} to 8 bits a channel.")
            } else {
                let (least, most) = (from, from + full(bits));
                format!(
                    "The values use {bits} of {stored} bits: {least} is shown as black, {most} as white."
                )
            };
            Proposal {
                window,
                name: format!("{bits} bits"),
                remark,
            }
        };
        let span = |from: f64, to: f64, name: &str| Proposal {
            window: Window::between(from, to),
            name: name.to_owned(),
            remark: format!(
                "Reduced from {name} to 8 bits a channel: {from} is shown as black, {to} as white."
            ),
        };
        match self {
            Self::Full(white) => {
                let bits = (white + 1.0).log2().round() as u32;
                of_bits(bits, 0.0, bits)
            }
            // Nothing is known of an image that is black.
            Self::Unsigned(stored) if high <= 0.0 => of_bits(stored, 0.0, stored),
            Self::Unsigned(stored) => {
                let fits = |bits: &u32| *bits <= stored && *bits != 15 && high <= full(*bits);
                let bits = DEPTHS.into_iter().find(fits).unwrap_or(stored);
                of_bits(bits, 0.0, stored)
            }
            // Signed numbers usually begin at a power of two: -1024 for Hounsfield units, -2048 for 12 bits with a sign.
            Self::Signed(stored) => {
                let mut starts = (7..stored).map(|bits| -2_f64.powi(bits as i32));
                let from = if low >= 0.0 {
                    0.0
                } else {
                    starts.find(|start| *start <= low).unwrap_or(low)
                };
                let fits = |bits: &u32| *bits <= stored && high <= from + full(*bits);
                match DEPTHS.into_iter().find(fits) {
                    Some(bits) => of_bits(bits, from, stored),
                    None => span(low, high, "signed numbers"),
                }
            }
            Self::Float if low >= 0.0 && high <= 1.0 => span(0.0, 1.0, FLOATS),
            // Photographs in linear light reach a little beyond 1; numbers of 8 bits and more reach far beyond.
            Self::Float | Self::LinearLight
                if low >= 0.0 && high > 16.0 && high <= full(16) =>
            {
                let fits = |bits: &u32| high <= full(*bits);
                let bits = DEPTHS.into_iter().find(fits).unwrap_or(16);
                span(0.0, full(bits), FLOATS)
            }
            Self::Float => span(low, high, FLOATS),
            Self::LinearLight => Proposal {
                remark: "Reduced from floating point to 8 bits a channel; values outside 0 to 1 were clamped."
                    .to_owned(),
                ..span(0.0, 1.0, FLOATS)
            },
        }
    }
}

const FLOATS: &str = "floating point";

/// The window through which an image of more than 8 bits was decoded, and the others that it offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Windowing {
    /// The one that was used.
    pub shown: Window,
    /// Least and greatest value in the image.
    pub range: (f64, f64),
    /// What the file proposes, with its own words for it; the first is used unless another is asked for.
    pub presets: Vec<(String, Window)>,
}

impl Windowing {
    /// The values from the least to the greatest that the image, its window or a preset reaches: what a slider moves over.
    pub fn extent(&self) -> (f64, f64) {
        let presets = self.presets.iter().map(|(_, window)| *window);
        let windows = presets.chain([self.shown]);
        windows.fold(self.range, |(low, high), window| {
            let half = window.width / 2.0;
            (
                low.min(window.centre - half),
                high.max(window.centre + half),
            )
        })
    }
}

/// What of a file is decoded, and through which window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rendering {
    /// Which picture in time, from 0.
    pub frame: u32,
    /// Through which window; the file's own or the whole range where there is none. Files of 8 bits have no window.
    pub window: Option<Window>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn black_and_white(depth: Depth, range: (f64, f64)) -> (f64, f64) {
        let window = depth.window(range).window;
        let half = window.width / 2.0;
        (window.centre - half, window.centre + half)
    }

    #[test]
    fn unsigned_values_are_shown_over_the_least_usual_depth_that_holds_them() {
        for (high, white) in [
            (65535.0, 65535.0),
            (16384.0, 65535.0),
            (16000.0, 16383.0),
            (4095.0, 4095.0),
            (1024.0, 4095.0),
            (900.0, 1023.0),
            (255.0, 255.0),
            (0.0, 65535.0),
        ] {
            let shown = black_and_white(Depth::Unsigned(16), (0.0, high));
            assert_eq!(shown, (0.0, white), "{high}");
        }
        let large = black_and_white(Depth::Unsigned(32), (0.0, 4e9));
        assert_eq!(large, (0.0, 4_294_967_295.0));
        assert_eq!(
            black_and_white(Depth::Full(4095.0), (0.0, 9.0)),
            (0.0, 4095.0)
        );
    }

    #[test]
    fn signed_values_begin_at_a_power_of_two() {
        for (range, shown) in [
            ((-1024.0, 3056.0), (-1024.0, 3071.0)),
            ((-2048.0, 2047.0), (-2048.0, 2047.0)),
            ((-32768.0, 32767.0), (-32768.0, 32767.0)),
            ((0.0, 4000.0), (0.0, 4095.0)),
            ((0.0, 32767.0), (0.0, 32767.0)),
        ] {
            assert_eq!(black_and_white(Depth::Signed(16), range), shown);
        }
    }

    #[test]
    fn floats_are_shown_from_0_to_1_or_over_a_depth_or_as_they_come() {
        for (range, shown) in [
            ((0.0, 1.0), (0.0, 1.0)),
            ((0.0, 0.2), (0.0, 1.0)),
            ((0.0, 255.0), (0.0, 255.0)),
            ((0.0, 4000.0), (0.0, 4095.0)),
            ((-3.0, 7.0), (-3.0, 7.0)),
        ] {
            assert_eq!(black_and_white(Depth::Float, range), shown);
        }
    }

    #[test]
    fn a_window_spreads_its_values_from_black_to_white() {
        let window = Window::between(100.0, 300.0);
        let levels = [-5.0, 100.0, 200.0, 300.0, 1e9, f64::NAN].map(|value| window.level(value));
        assert_eq!(levels, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_slider_reaches_the_windows_of_the_file_although_its_values_do_not() {
        let windowing = Windowing {
            shown: Window::between(1000.0, 2020.0),
            range: (1010.0, 1954.0),
            presets: vec![("wide".to_owned(), Window::between(-50.0, 1500.0))],
        };
        assert_eq!(windowing.extent(), (-50.0, 2020.0));
    }
}
