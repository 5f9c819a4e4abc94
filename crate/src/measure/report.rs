//! What was measured as one plain sentence and as one row of a table.

use super::columns::{Column, columns, text};
use super::dermoscopy::Outline;
use super::figures::{Diameter, Figures};
use super::measurements::{Measurements, Shape};
use super::scale::ScaleSource;
use super::ultrasound::Proportions;
use super::uncertainty::{Interval, Uncertainty};

/// What every report says of itself.
pub const RESEARCH_USE: &str = "research use, not a medical device";

/// What was measured, and how. Nothing in it tells whose picture it is unless `title` does.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the person typed in, may be empty. A file's name can be a name of a person: it is the caller's to decide.
    pub title: &'a str,
    /// All that was measured.
    pub measurements: &'a Measurements,
    /// The shape that is reported; none for an empty mask.
    pub shape: Option<&'a Shape>,
    /// Its intervals, where there is a model.
    pub uncertainty: Option<&'a Uncertainty>,
    /// Where its scale came from.
    pub scale: Option<ScaleSource>,
    /// Ultrasound only.
    pub proportions: Option<Proportions>,
    /// Dermoscopy only.
    pub outline: Option<Outline>,
    /// Id of the model; none where the mask is not a model's.
    pub model: Option<&'a str>,
    /// Threshold on the probability, where there is a model.
    pub threshold: Option<f32>,
    /// Whether a person changed the mask.
    pub corrected: bool,
    /// Version of the program.
    pub version: &'a str,
}

impl Report<'_> {
    /// One paragraph of plain words, with a full stop as decimal sign.
    pub fn sentence(&self) -> String {
        let mut words = String::new();
        if !self.title.is_empty() {
            words.push_str(&line(self.title));
            words.push_str(": ");
        }
        match self.shape {
            None => words.push_str("no lesion was segmented."),
            Some(shape) => words.push_str(&self.figures(shape)),
        }
        words.push(' ');
        words.push_str(&self.origin());
        words.push_str(&format!(" Delineo {}; {RESEARCH_USE}.", self.version));
        words
    }

    /// The figures as rows: what, value with its unit, and what is to be said of it.
    pub fn rows(&self) -> Vec<[String; 3]> {
        let Some(shape) = self.shape else {
            return Vec::new();
        };
        let (figures, unit, square) = unit(shape);
        let extent = self.uncertainty.map(|found| found.mm.unwrap_or(found.px));
        let likely = |interval: Option<Interval>| interval.map_or_else(String::new, likely);
        let drawn = |diameter: &Diameter| match diameter.by_hand {
            true => "drawn by hand".to_owned(),
            false => String::new(),
        };
        let longest = match figures.longest.by_hand {
            true => drawn(&figures.longest),
            false => likely(extent.and_then(|extent| extent.longest)),
        };
        let mut rows = vec![
            (
                "Area",
                value(figures.area, square),
                likely(extent.map(|extent| extent.area)),
            ),
            (
                "Longest diameter",
                value(figures.longest.length, unit),
                longest,
            ),
            (
                "Perpendicular diameter",
                value(figures.perpendicular.length, unit),
                drawn(&figures.perpendicular),
            ),
            ("Perimeter", value(figures.perimeter, unit), String::new()),
            (
                "Smallest caliper diameter",
                value(figures.feret_min, unit),
                String::new(),
            ),
            (
                "Equivalent diameter",
                value(figures.equivalent_diameter, unit),
                String::new(),
            ),
            ("Width", value(figures.width, unit), String::new()),
            ("Height", value(figures.height, unit), String::new()),
            ("Solidity", rounded(figures.solidity), String::new()),
            ("Circularity", rounded(figures.circularity), String::new()),
        ];
        if let Some(found) = self.proportions {
            let depth = found.depth_mm.unwrap_or(found.depth_px);
            let words = if found.taller_than_wide() {
                "taller than wide"
            } else {
                "not taller than wide"
            };
            rows.push((
                "Depth of the nearest edge",
                value(depth, unit),
                String::new(),
            ));
            rows.push((
                "Height over width",
                rounded(found.height_to_width),
                words.to_owned(),
            ));
        }
        if let Some(found) = self.outline {
            for (name, figure) in [
                ("Asymmetry about the major axis", found.asymmetry_major),
                ("Asymmetry about the minor axis", found.asymmetry_minor),
                ("Border irregularity", found.irregularity),
            ] {
                rows.push((name, rounded(figure), String::new()));
            }
        }
        let rows = rows.into_iter();
        rows.map(|(name, value, remark)| [name.to_owned(), value, remark])
            .collect()
    }

    /// The names of [`Self::tsv_row`], separated by tabs; always the same.
    pub fn tsv_header() -> String {
        let empty = Measurements::default();
        let nothing = Report {
            title: "",
            measurements: &empty,
            shape: None,
            uncertainty: None,
            scale: None,
            proportions: None,
            outline: None,
            model: None,
            threshold: None,
            corrected: false,
            version: "",
        };
        let (words, figures) = nothing.cells();
        let words = words.iter().map(|(name, _)| *name);
        let names: Vec<_> = words.chain(figures.iter().map(|(name, _)| *name)).collect();
        names.join("\t")
    }

    /// All figures with all their digits, separated by tabs; empty where one is not defined.
    pub fn tsv_row(&self) -> String {
        let (words, figures) = self.cells();
        let words = words.into_iter().map(|(_, word)| word);
        let cells: Vec<_> = words
            .chain(figures.into_iter().map(|(_, figure)| text(figure)))
            .collect();
        cells.join("\t")
    }

    fn cells(&self) -> (Vec<(&'static str, String)>, Vec<Column>) {
        let of = |word: Option<String>| word.unwrap_or_default();
        let words = vec![
            ("title", line(self.title)),
            ("model", of(self.model.map(line))),
            ("threshold", of(self.threshold.map(|at| at.to_string()))),
            ("corrected", self.corrected.to_string()),
            ("version", line(self.version)),
            ("scale", of(self.scale.map(|scale| scale.to_string()))),
        ];
        let mut figures = columns(self.measurements, self.shape, self.uncertainty);
        let (proportions, outline) = (self.proportions, self.outline);
        figures.extend([
            ("depth_px", proportions.map(|found| found.depth_px)),
            ("depth_mm", proportions.and_then(|found| found.depth_mm)),
            (
                "height_to_width",
                proportions.map(|found| found.height_to_width),
            ),
            (
                "asymmetry_major",
                outline.map(|found| found.asymmetry_major),
            ),
            (
                "asymmetry_minor",
                outline.map(|found| found.asymmetry_minor),
            ),
            ("irregularity", outline.map(|found| found.irregularity)),
        ]);
        (words, figures)
    }

    fn figures(&self, shape: &Shape) -> String {
        let mut parts: Vec<String> = self
            .rows()
            .into_iter()
            .take(4)
            .map(|[name, value, remark]| match remark.is_empty() {
                true => format!("{} {value}", name.to_lowercase()),
                false => format!("{} {value} ({remark})", name.to_lowercase()),
            })
            .collect();
        if let Some(found) = self.proportions {
            parts.push(format!(
                "height over width {}",
                rounded(found.height_to_width)
            ));
        }
        let mut words = parts.join(", ");
        if self.title.is_empty() {
            words.replace_range(..1, &words[..1].to_uppercase());
        }
        match (shape.spacing, self.scale) {
            (Some(spacing), source) => {
                words.push_str(&format!(", at {} × {} mm per pixel", spacing.x, spacing.y));
                if let Some(source) = source {
                    words.push_str(&format!(" ({source})"));
                }
                words.push('.');
            }
            (None, _) => words.push_str(". No scale is known, so lengths are in pixels."),
        }
        if self.measurements.regions > 1 {
            let together = self.measurements.whole.as_ref() == Some(shape);
            words.push_str(&format!(
                " The mask has {} regions; {}.",
                self.measurements.regions,
                if together {
                    "they are measured together"
                } else {
                    "these figures are of one"
                }
            ));
        }
        words
    }

    /// How the mask came about.
    pub fn origin(&self) -> String {
        let corrected = match (self.corrected, self.model) {
            (true, Some(_)) => ", corrected by hand",
            (false, Some(_)) => ", not corrected",
            (true, None) => "Drawn or corrected by hand",
            (false, None) => "The mask was opened from a file",
        };
        match (self.model, self.threshold) {
            (Some(model), Some(threshold)) => format!(
                "Segmented by {} at threshold {threshold}{corrected}.",
                line(model)
            ),
            (Some(model), None) => format!("Segmented by {}{corrected}.", line(model)),
            (None, _) => format!("{corrected}."),
        }
    }
}

/// The figures of the true geometry and what lengths and areas are called.
fn unit(shape: &Shape) -> (&Figures, &'static str, &'static str) {
    match &shape.mm {
        Some(figures) => (figures, "mm", "mm²"),
        None => (&shape.px, "px", "px²"),
    }
}

fn value(figure: f64, unit: &str) -> String {
    format!("{} {unit}", rounded(figure))
}

fn likely(Interval { low, high }: Interval) -> String {
    format!("likely {} to {}", rounded(low), rounded(high))
}

/// Three digits, more where there are more before the point: nobody measures a lesion to a thousandth.
fn rounded(figure: f64) -> String {
    let decimals = match figure.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{figure:.decimals$}")
}

/// Words on one line and in one cell.
fn line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
