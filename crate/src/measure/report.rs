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

/// A figure as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// What it is.
    pub name: &'static str,
    /// How much, in `unit`; to be shown with as many decimals as [`decimals`] says.
    pub value: f64,
    /// `mm`, `mm²`, `px`, `px²`, or nothing.
    pub unit: &'static str,
    /// Within which bounds it is likely to be, where that is known.
    pub likely: Option<Interval>,
    /// What else is to be said of it; empty for most.
    pub remark: &'static str,
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

    /// The figures, in the order in which they are shown; those of a mask as a whole first. None for an empty mask.
    pub fn entries(&self) -> Vec<Entry> {
        let Some(shape) = self.shape else {
            return Vec::new();
        };
        let (figures, unit, square) = unit(shape);
        let extent = self.uncertainty.map(|found| found.mm.unwrap_or(found.px));
        let of = |name, value, unit| Entry {
            name,
            value,
            unit,
            likely: None,
            remark: "",
        };
        let diameter = |name, diameter: &Diameter, likely: Option<Interval>| Entry {
            likely: likely.filter(|_| !diameter.by_hand),
            remark: if diameter.by_hand {
                "drawn by hand"
            } else {
                ""
            },
            ..of(name, diameter.length, unit)
        };
        let mut entries = vec![
            Entry {
                likely: extent.map(|extent| extent.area),
                ..of("Area", figures.area, square)
            },
            diameter(
                "Longest diameter",
                &figures.longest,
                extent.and_then(|extent| extent.longest),
            ),
            diameter("Perpendicular diameter", &figures.perpendicular, None),
            of("Perimeter", figures.perimeter, unit),
            of("Smallest caliper diameter", figures.feret_min, unit),
            of("Equivalent diameter", figures.equivalent_diameter, unit),
            of("Width", figures.width, unit),
            of("Height", figures.height, unit),
            of("Major axis", figures.ellipse.major, unit),
            of("Minor axis", figures.ellipse.minor, unit),
            of("Solidity", figures.solidity, ""),
            of("Circularity", figures.circularity, ""),
        ];
        if let Some(found) = self.proportions {
            let depth = found.depth_mm.unwrap_or(found.depth_px);
            entries.push(of("Depth of the nearest edge", depth, unit));
            entries.push(Entry {
                remark: if found.taller_than_wide() {
                    "taller than wide"
                } else {
                    "not taller than wide"
                },
                ..of("Height over width", found.height_to_width, "")
            });
        }
        if let Some(found) = self.outline {
            entries.extend([
                of("Asymmetry about the major axis", found.asymmetry_major, ""),
                of("Asymmetry about the minor axis", found.asymmetry_minor, ""),
                of("Border irregularity", found.irregularity, ""),
            ]);
        }
        entries
    }

    /// The figures as rows: what, value with its unit, and what is to be said of it.
    pub fn rows(&self) -> Vec<[String; 3]> {
        let row = |entry: Entry| {
            let value = format!("{} {}", rounded(entry.value), entry.unit);
            let remark = entry.likely.map_or_else(|| entry.remark.to_owned(), likely);
            [entry.name.to_owned(), value.trim_end().to_owned(), remark]
        };
        self.entries().into_iter().map(row).collect()
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

fn likely(Interval { low, high }: Interval) -> String {
    format!("likely {} to {}", rounded(low), rounded(high))
}

/// How many decimals of a figure tell something: nobody measures a lesion to a thousandth.
pub fn decimals(figure: f64) -> usize {
    match figure.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    }
}

/// Three digits, more where there are more before the point.
fn rounded(figure: f64) -> String {
    format!("{figure:.*}", decimals(figure))
}

/// Words on one line and in one cell.
fn line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
