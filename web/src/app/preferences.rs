//! How the page looks and behaves. The shell keeps it on this device where the browser allows that.

use delineo::mask::{Cleaning, Style};
use serde::{Deserialize, Serialize};

use super::gathering::USUAL;

/// Colours that stand out on skin and on ultrasound, and from each other for most kinds of colour vision.
pub const COLOURS: [(&str, [u8; 3]); 5] = [
    ("Cyan", [0, 214, 242]),
    ("Yellow", [255, 214, 10]),
    ("Magenta", [255, 64, 196]),
    ("Lime", [124, 232, 72]),
    ("White", [255, 255, 255]),
];

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The one after this.
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How the mask is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A tinted area.
    Tint,
    /// Its border.
    Contour,
    /// Both.
    #[default]
    Both,
    /// The band in which the border may be, and its border.
    Uncertainty,
    /// Its difference from the truth; where there is none, as both.
    Difference,
}

impl Mode {
    /// All, in the order in which they are offered.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Tint, "Tint"),
        (Self::Contour, "Contour"),
        (Self::Both, "Both"),
        (Self::Uncertainty, "Uncertainty"),
        (Self::Difference, "Difference"),
    ];

    /// The one after this; the difference only where there is one.
    pub fn next(self, has_truth: bool) -> Self {
        match self {
            Self::Tint => Self::Contour,
            Self::Contour => Self::Both,
            Self::Both => Self::Uncertainty,
            Self::Uncertainty if has_truth => Self::Difference,
            Self::Uncertainty | Self::Difference => Self::Tint,
        }
    }
}

/// All that is remembered. What an older version did not write takes its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Light or dark.
    pub theme: Theme,
    /// How the mask is drawn.
    pub mode: Mode,
    /// Opacity of the tint in per cent.
    pub opacity: u8,
    /// Index into [`COLOURS`].
    pub colour: usize,
    /// Brush diameter in image pixels, once the person chose one.
    pub brush_pixels: Option<f64>,
    /// Islands below this part of the image, in millionths, are removed from a new mask; 0 for none.
    pub islands_below: u32,
    /// Whether single keys are shortcuts.
    pub single_keys: bool,
    /// Whether the controls are open.
    pub controls: bool,
    /// Whether the list is open beside several pictures.
    pub list: bool,
    /// Whether the diameters are drawn on the image.
    pub diameters: bool,
    /// Whether the bounding box is.
    pub bounding_box: bool,
    /// Whether the mask is a mean over flipped and turned views of the image.
    pub views: bool,
    /// The site's model that the person chose; where there is none, the app chooses.
    pub model: Option<String>,
    /// The site's model that ran last: where the app chooses, it begins with this one.
    pub latest: Option<String>,
    /// What "Export all" exports: ids of formats.
    pub export_all: Vec<String>,
    /// Whether the work is kept on this device; nothing until the person was asked.
    pub keep_session: Option<bool>,
    /// How fast the GPU was beside the CPU.
    pub timing: Option<Timing>,
}

/// What a segmentation took on GPU and CPU, so that it is not measured at every visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The GPU.
    pub adapter: String,
    /// The version of the app.
    pub version: String,
    /// Milliseconds on the GPU.
    pub gpu: f64,
    /// Milliseconds on the CPU.
    pub cpu: f64,
}

impl Timing {
    /// Whether the GPU is the one to use.
    pub fn is_gpu_faster(&self) -> bool {
        self.gpu < self.cpu
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            mode: Mode::Both,
            opacity: 25,
            colour: 0,
            brush_pixels: None,
            islands_below: Cleaning::PROPOSED.islands_below,
            single_keys: true,
            controls: true,
            list: true,
            diameters: true,
            bounding_box: false,
            views: false,
            model: None,
            latest: None,
            export_all: USUAL.map(str::to_owned).to_vec(),
            keep_session: None,
            timing: None,
        }
    }
}

impl Preferences {
    /// The mask's style on a canvas with so many device pixels per CSS pixel.
    pub fn style(&self, ratio: f64) -> Style {
        Style {
            tint: self.mode != Mode::Contour,
            contour: self.mode != Mode::Tint,
            opacity: f32::from(self.opacity.min(100)) / 100.0,
            colour: COLOURS.get(self.colour).unwrap_or(&COLOURS[0]).1,
            line: (2.0 * ratio) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_wrote_still_counts() {
        let preferences: Preferences =
            serde_json::from_str(r#"{"theme":"dark","opacity":80}"#).unwrap_or_default();
        assert_eq!((preferences.theme, preferences.opacity), (Theme::Dark, 80));
        let before = Preferences::default();
        assert_eq!(preferences.islands_below, before.islands_below);
    }

    #[test]
    fn a_colour_that_is_no_more_becomes_the_first() {
        let preferences = Preferences {
            colour: 99,
            ..Preferences::default()
        };
        assert_eq!(preferences.style(1.0).colour, COLOURS[0].1);
    }

    #[test]
    fn the_line_is_as_wide_on_a_fine_screen() {
        assert_eq!(Preferences::default().style(3.0).line, 6.0);
    }
}
