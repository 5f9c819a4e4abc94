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

    #[test]
    fn a_window_spreads_its_values_from_black_to_white() {
        let window = Window::between(100.0, 300.0);
        let levels = [-5.0, 100.0, 200.0, 300.0, 1e9, f64::NAN].map(|value| window.level(value));
        assert_eq!(levels, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]);
    }
}
