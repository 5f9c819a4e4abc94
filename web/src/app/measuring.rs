//! What is said of the mask: its figures in the person's numbers, the lines on the stage, the report.

use delineo::export::Line;
use delineo::measure::{
    Axis, Entry, Measurements, Rect, Report, ReportPage, Shape, Spacing, decimals,
};
use delineo::metrics::Comparison;

use super::edits::Ends;
use super::opened::SegmentationState;
use super::state::App;
use super::viewport;
use super::wording;
use crate::protocol::{MeasureSpec, Measured, ModelKey};

/// The figures that are always shown; the others are a press away.
const MAIN: [&str; 4] = [
    "Area",
    "Longest diameter",
    "Perpendicular diameter",
    "Perimeter",
];
/// How far from its end a line's figure stands, in CSS pixels.
const TEXT_GAP: f64 = 12.0;
/// About the width of a letter of the figures, and half the height of a line, in CSS pixels.
const LETTER: f64 = 9.0;

/// A figure in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub name: &'static str,
    /// How much, with its unit.
    pub value: String,
    /// What else is to be said of it; empty for most.
    pub remark: String,
}

/// What is said of the mask on the stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The figures that are always shown.
    pub main: Vec<Row>,
    /// All others.
    pub more: Vec<Row>,
    /// A line for each lesion, where there are several.
    pub lesions: Vec<String>,
    /// How the lengths are known, and what else a reader must know.
    pub notes: Vec<String>,
}

/// What a line on the stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A diameter, whose ends can be moved.
    Diameter(Axis),
    /// A side of the bounding box.
    Side,
    /// The line of known length.
    Ruler,
}

/// A line on the stage, in CSS pixels from its top left corner.
#[derive(Clone, Debug, PartialEq)]
pub struct StageLine {
    /// What it is.
    pub kind: LineKind,
    /// Both ends.
    pub ends: Ends,
    /// Its figure, which stands at its second end.
    pub text: String,
    /// Where that begins, or ends where `is_leftward`.
    pub text_at: [f64; 2],
    /// Whether the line runs to the left, so that its figure does too.
    pub is_leftward: bool,
}

impl App {
    /// What is to be measured of the image on the stage, once there is a mask.
    pub fn measure_spec(&self) -> Option<MeasureSpec> {
        let (document, opened) = self.documents.shown()?;
        Some(MeasureSpec {
            mask: self.wanted_mask()?,
            scale: opened.scale(),
            truths: document.truths.len() as u32,
        })
    }

    /// What was measured of the mask as it is now, with the person's own diameters in the place of the computed ones.
    pub fn measured(&self) -> Option<Measured> {
        let shown = self.shown()?;
        let (of, measured) = shown.measured.as_deref()?;
        if self.measure_spec().as_ref() != Some(of) {
            return None;
        }
        let mut measured = measured.clone();
        let Some(whole) = &mut measured.measurements.whole else {
            return Some(measured);
        };
        for axis in [Axis::Longest, Axis::Perpendicular] {
            if let Some([from, to]) = shown.edits.diameter(axis) {
                whole.set_by_hand(axis, from, to);
            }
        }
        if let (true, Some(uncertainty)) = (whole.px.longest.by_hand, &mut measured.uncertainty) {
            uncertainty.px.longest = None;
            if let Some(mm) = &mut uncertainty.mm {
                mm.longest = None;
            }
        }
        // A mask of one region is its only lesion.
        if let (1, [only]) = (
            measured.measurements.regions,
            measured.measurements.lesions.as_mut_slice(),
        ) {
            *only = *whole;
        }
        Some(measured)
    }

    /// All that is said of the mask.
    pub fn table(&self) -> Table {
        let Some(measured) = self.measured() else {
            return self.table_to_come();
        };
        let entries = self.with_report(&measured, |report| report.entries());
        let entries = entries.unwrap_or_default();
        let is_main = |entry: &&Entry| MAIN.contains(&entry.name);
        let mut main: Vec<Row> = entries
            .iter()
            .filter(is_main)
            .map(|e| self.row(e))
            .collect();
        if main.is_empty() {
            main = MAIN.map(|name| row(name, "–".to_owned())).into();
        }
        Table {
            main,
            more: entries
                .iter()
                .filter(|entry| !is_main(entry))
                .map(|entry| self.row(entry))
                .collect(),
            lesions: self.lesions(&measured.measurements),
            notes: self.notes(Some(&measured.measurements)),
        }
    }

    /// What is known before the mask was measured: about how large it is.
    fn table_to_come(&self) -> Table {
        let shown = self.shown();
        let nothing = match shown.map(|shown| &shown.segmentation) {
            Some(SegmentationState::Done { .. }) => "…",
            _ => "–",
        };
        let area = shown
            .filter(|shown| shown.maps().is_some())
            .and_then(|shown| {
                let area = shown.area?;
                let uniform = shown.scale().and_then(|scale| scale.uniform());
                let (value, unit) = match uniform {
                    Some(spacing) => (area.pixels * spacing.x * spacing.y, "mm²"),
                    None => (area.pixels, "px²"),
                };
                Some(format!(
                    "{}{}",
                    wording::roughly(&area),
                    self.figure(value, unit)
                ))
            });
        let mut main = MAIN.map(|name| row(name, nothing.to_owned()));
        if let (Some(area), [first, ..]) = (area, &mut main) {
            first.value = area;
        }
        Table {
            main: main.into(),
            notes: self.notes(None),
            ..Table::default()
        }
    }

    fn row(&self, entry: &Entry) -> Row {
        let Entry {
            name, value, unit, ..
        } = *entry;
        let remark = entry.likely.map_or_else(
            || entry.remark.to_owned(),
            |likely| {
                let [low, high] = [likely.low, likely.high].map(|at| self.rounded(at));
                format!("likely {low} to {high}")
            },
        );
        Row {
            remark,
            ..row(name, self.figure(value, unit))
        }
    }

    fn lesions(&self, measurements: &Measurements) -> Vec<String> {
        if measurements.regions < 2 {
            return Vec::new();
        }
        let lesions = measurements.lesions.iter().map(|lesion| {
            let (unit, square) = match lesion.mm {
                Some(_) => ("mm", "mm²"),
                None => ("px", "px²"),
            };
            let figures = lesion.figures();
            let [long, across] = [figures.longest, figures.perpendicular]
                .map(|diameter| self.rounded(diameter.length));
            format!(
                "{}, {long} × {across} {unit}",
                self.figure(figures.area, square)
            )
        });
        let mut lines: Vec<String> = lesions.collect();
        let more = measurements.regions - lines.len();
        if more > 0 {
            lines.push(format!("and {more} smaller ones"));
        }
        lines
    }

    fn notes(&self, measurements: Option<&Measurements>) -> Vec<String> {
        let Some(shown) = self.shown() else {
            return Vec::new();
        };
        let mut notes = Vec::new();
        let scale = shown.scale();
        let whole = measurements.and_then(|found| found.whole);
        match &scale {
            None => notes.push("No scale is known, so lengths are in pixels.".to_owned()),
            Some(_) if whole.is_some_and(|whole| whole.spacing.is_none()) => notes.push(
                "The file's scale does not hold for all of the lesion, so lengths are in pixels."
                    .to_owned(),
            ),
            Some(scale) => notes.push(format!("Scale: {}.", wording::scale(scale))),
        }
        match measurements {
            Some(found) if found.regions == 0 => notes.push("The mask is empty.".to_owned()),
            Some(found) if found.regions > 1 => notes.push(format!(
                "The mask has {} regions; the figures are of all together.",
                found.regions
            )),
            _ => {}
        }
        notes
    }

    /// What the comparison with the truth says; nothing before both were measured.
    pub fn comparison(&self) -> Vec<Row> {
        let Some(found) = self.measured().and_then(|measured| measured.comparison) else {
            return Vec::new();
        };
        let ratio = |value| self.numbers.show(value, 3);
        let (surface, unit) = match found.surface_mm {
            Some(surface) => (Some(surface), "mm"),
            None => (found.surface_px, "px"),
        };
        let distance = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| self.figure(value, unit))
        };
        let area = |pixels: u64, millimetres: Option<f64>| match millimetres {
            Some(area) => self.figure(area, "mm²"),
            None => self.figure(pixels as f64, "px²"),
        };
        let Comparison {
            false_positive_px,
            false_positive_mm2,
            false_negative_px,
            false_negative_mm2,
            ..
        } = found;
        vec![
            row("Dice", ratio(found.dice)),
            row("IoU", ratio(found.iou)),
            row("HD95", distance(surface.map(|surface| surface.hd95))),
            row(
                "Average surface distance",
                distance(surface.map(|surface| surface.assd)),
            ),
            row(
                "False-positive area",
                area(false_positive_px, false_positive_mm2),
            ),
            row(
                "False-negative area",
                area(false_negative_px, false_negative_mm2),
            ),
        ]
    }

    /// The report as text for the clipboard: a sentence, what speaks against it, and the figures as a table of one row.
    pub fn report_text(&self) -> Option<String> {
        let measured = self.measured()?;
        let doubt = self.models.doubt(&self.shown()?.image);
        let doubt = doubt.map_or_else(String::new, |doubt| format!(" {doubt}"));
        self.with_report(&measured, |report| {
            let (header, row) = (Report::tsv_header(), report.tsv_row());
            format!("{}{doubt}\n\n{header}\n{row}\n", report.sentence())
        })
    }

    /// The report as the words of a page.
    pub fn report_page(&self) -> Option<ReportPage> {
        let measured = self.measured()?;
        self.with_report(&measured, |report| ReportPage::new(report, ""))
    }

    /// The report says nothing of the file: its name may be a person's.
    fn with_report<T>(&self, measured: &Measured, with: impl FnOnce(&Report) -> T) -> Option<T> {
        let shown = self.shown()?;
        let model = match &shown.maps()?.model {
            ModelKey::Published(id) => id.clone(),
            own => self.models.name(own),
        };
        let starts_from_model = self.wanted_mask()?.truths == 0;
        Some(with(&Report {
            title: "",
            measurements: &measured.measurements,
            shape: measured.measurements.whole.as_ref(),
            uncertainty: measured.uncertainty.as_ref().filter(|_| starts_from_model),
            scale: shown.scale().map(|scale| scale.source),
            proportions: measured.proportions,
            outline: measured.outline,
            model: starts_from_model.then_some(&model),
            threshold: starts_from_model.then_some(shown.settings.threshold),
            corrected: !shown.edits.is_empty(),
            version: env!("CARGO_PKG_VERSION"),
        }))
    }

    /// The diameters that are drawn on the image: axis, ends in image pixels, and figure.
    pub fn diameters(&self) -> Vec<(Axis, Ends, String)> {
        if !self.preferences.diameters || self.stage.is_comparing {
            return Vec::new();
        }
        let whole = self.measured().and_then(|found| found.measurements.whole);
        whole.map_or_else(Vec::new, |whole| {
            let figures = whole.figures();
            let unit = if whole.mm.is_some() { "mm" } else { "px" };
            [
                (Axis::Longest, figures.longest),
                (Axis::Perpendicular, figures.perpendicular),
            ]
            .map(|(axis, line)| (axis, [line.from, line.to], self.figure(line.length, unit)))
            .into()
        })
    }

    /// The sides of the bounding box that are drawn on the image, with the width and the height beside two of them.
    fn sides(&self) -> Vec<(Ends, String)> {
        if !self.preferences.bounding_box || self.stage.is_comparing {
            return Vec::new();
        }
        let whole = self.measured().and_then(|found| found.measurements.whole);
        whole.map_or_else(Vec::new, |whole| {
            box_of(&whole, |value, unit| self.figure(value, unit)).into()
        })
    }

    /// Diameters and bounding box for files, as far as they are shown, with their figures in the C locale.
    pub(super) fn exported_lines(&self) -> Vec<Line> {
        let whole = self.measured().and_then(|found| found.measurements.whole);
        let Some(whole) = whole else {
            return Vec::new();
        };
        let figure = |value: f64, unit: &str| format!("{value:.*} {unit}", decimals(value));
        let mut lines = Vec::new();
        if self.preferences.diameters {
            let figures = whole.figures();
            let unit = if whole.mm.is_some() { "mm" } else { "px" };
            let diameters = [figures.longest, figures.perpendicular];
            lines.extend(diameters.map(|line| Line {
                from: line.from,
                to: line.to,
                text: figure(line.length, unit),
            }));
        }
        if self.preferences.bounding_box {
            let sides = box_of(&whole, figure);
            lines.extend(sides.map(|([from, to], text)| Line { from, to, text }));
        }
        lines
    }

    /// The lines on the stage.
    pub fn lines(&self) -> Vec<StageLine> {
        let diameters = self.diameters().into_iter();
        let mut lines: Vec<StageLine> = diameters
            .filter_map(|(axis, ends, text)| self.line(LineKind::Diameter(axis), ends, text))
            .collect();
        let sides = self.sides().into_iter();
        lines.extend(sides.filter_map(|(ends, text)| self.line(LineKind::Side, ends, text)));
        if let Some(ruler) = self.stage.ruler {
            let to = ruler.to.unwrap_or(ruler.from);
            let length = Spacing::PIXEL.distance(ruler.from, to);
            let text = match ruler.to {
                Some(_) => self.figure(length, "px"),
                None => String::new(),
            };
            lines.extend(self.line(LineKind::Ruler, [ruler.from, to], text));
        }
        lines
    }

    fn line(&self, kind: LineKind, ends: Ends, text: String) -> Option<StageLine> {
        let view = self.shown()?.viewport.view;
        let ratio = self.stage.canvas.ratio;
        let [from, to] = ends.map(|[x, y]| {
            let (x, y) = viewport::to_canvas(view, (x, y));
            [x / ratio, y / ratio]
        });
        let (across, down) = (to[0] - from[0], to[1] - from[1]);
        let length = across.hypot(down).max(1.0);
        let is_leftward = across < 0.0;
        let text_at = [
            to[0] + across / length * TEXT_GAP,
            to[1] + down / length * TEXT_GAP,
        ];
        let canvas = self.stage.canvas.size();
        let stage = [canvas.width / ratio, canvas.height / ratio];
        Some(StageLine {
            kind,
            ends: [from, to],
            text_at: within(stage, text_at, &text, is_leftward),
            text,
            is_leftward,
        })
    }

    /// The end of a diameter that is nearest to a canvas point and at most so many canvas pixels away.
    pub(super) fn end_near(&self, at: (f64, f64), most: f64) -> Option<(Axis, usize, Ends)> {
        let view = self.shown()?.viewport.view;
        let ends = self.diameters().into_iter().flat_map(|(axis, ends, _)| {
            [0, 1].map(|end| {
                let (x, y) = viewport::to_canvas(view, (ends[end][0], ends[end][1]));
                ((x - at.0).hypot(y - at.1), (axis, end, ends))
            })
        });
        ends.filter(|(distance, _)| *distance <= most)
            .min_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, found)| found)
    }

    /// A figure with its unit.
    pub fn figure(&self, value: f64, unit: &str) -> String {
        let text = format!("{} {unit}", self.rounded(value));
        text.trim_end().to_owned()
    }

    fn rounded(&self, value: f64) -> String {
        self.numbers.show(value, decimals(value))
    }
}

/// A text's place, moved so that all of it is on the stage.
fn within(stage: [f64; 2], [x, y]: [f64; 2], text: &str, is_leftward: bool) -> [f64; 2] {
    let width = text.chars().count() as f64 * LETTER;
    let (before, behind) = if is_leftward {
        (width, 0.0)
    } else {
        (0.0, width)
    };
    let inside = |at: f64, low: f64, high: f64| at.min(high).max(low);
    [
        inside(x, before, stage[0] - behind),
        inside(y, LETTER, stage[1] - LETTER),
    ]
}

/// The sides of a shape's bounding box: the width stands beside the upper one, the height beside the right one.
fn box_of(shape: &Shape, figure: impl Fn(f64, &str) -> String) -> [(Ends, String); 4] {
    let Rect {
        left,
        top,
        right,
        bottom,
    } = shape.bounds;
    let [left, top, right, bottom] = [left, top, right, bottom].map(f64::from);
    let figures = shape.figures();
    let unit = if shape.mm.is_some() { "mm" } else { "px" };
    [
        ([[left, top], [right, top]], figure(figures.width, unit)),
        (
            [[right, top], [right, bottom]],
            figure(figures.height, unit),
        ),
        ([[right, bottom], [left, bottom]], String::new()),
        ([[left, bottom], [left, top]], String::new()),
    ]
}

fn row(name: &'static str, value: String) -> Row {
    Row {
        name,
        value,
        remark: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_at_the_edge_of_the_stage_is_moved_onto_it() {
        let stage = [400.0, 300.0];
        assert_eq!(
            within(stage, [200.0, 100.0], "20 mm", false),
            [200.0, 100.0]
        );
        assert_eq!(
            within(stage, [395.0, 299.0], "20 mm", false),
            [355.0, 291.0]
        );
        assert_eq!(within(stage, [10.0, -4.0], "20 mm", true), [45.0, 9.0]);
    }
}
