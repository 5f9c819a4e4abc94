//! From stored values to 8-bit greys: modality lookup, value-of-interest lookup or window, presentation
//! (PS3.3, C.11.1 and C.11.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::super::windowing::{Window, Windowing};
use super::attributes::{bytes, code, items, number, numbers};
use super::colour::descriptor;
use super::layout::Layout;

/// A lookup table.
struct Table {
    first: i64,
    bits: i64,
    values: Vec<u16>,
}

impl Table {
    /// The first table of a sequence.
    fn read(object: &InMemDicomObject, sequence: Tag, signed: bool) -> Option<Self> {
        let item = items(object, sequence).first()?;
        let [entries, first, bits] = descriptor(item, tags::LUT_DESCRIPTOR, signed)?;
        let data = bytes(item, tags::LUT_DATA)?;
        let values: Vec<u16> = if bits <= 8 && data.len() < 2 * entries as usize {
            data.into_iter().map(u16::from).collect()
        } else {
            let words = data.as_chunks::<2>().0.iter();
            words.map(|word| u16::from_le_bytes(*word)).collect()
        };
        let whole = (1..=16).contains(&bits) && values.len() >= entries as usize;
        whole.then_some(Self {
            first,
            bits,
            values,
        })
    }

    fn value(&self, index: f64) -> f64 {
        let last = self.values.len() - 1;
        let index = (index - self.first as f64).clamp(0.0, last as f64) as usize;
        f64::from(self.values[index])
    }

    /// The greatest value that an entry can have.
    fn most(&self) -> f64 {
        f64::from((1_u32 << self.bits) - 1)
    }
}

/// What stored values mean, such as optical density.
enum Modality {
    Line { slope: f64, intercept: f64 },
    Table(Table),
}

impl Modality {
    fn value(&self, stored: i64) -> f64 {
        match self {
            Self::Line { slope, intercept } => stored as f64 * slope + intercept,
            Self::Table(table) => table.value(stored as f64),
        }
    }
}

/// How a window spreads its values (PS3.3, C.11.2.1.2 and C.11.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Linear,
    LinearExact,
    Sigmoid,
}

impl Function {
    /// From 0, black, to 1, white.
    fn level(self, window: Window, value: f64) -> f64 {
        match self {
            // Between the centres of the first and the last value of the window.
            Self::Linear if window.width > 1.0 => Window {
                centre: window.centre - 0.5,
                width: window.width - 1.0,
            }
            .level(value),
            Self::Linear => f64::from(value > window.centre - 0.5),
            Self::LinearExact => window.level(value),
            Self::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - window.centre) / window.width).exp()),
        }
    }
}

/// Where the attributes of one frame are looked up: in its own functional groups, in those that all frames share, and
/// in the data set itself (PS3.3, C.7.6.16).
pub(super) struct Groups<'a> {
    object: &'a InMemDicomObject,
    frame: u32,
}

impl<'a> Groups<'a> {
    pub fn of(object: &'a InMemDicomObject, frame: u32) -> Self {
        Self { object, frame }
    }

    /// The group's item, or the data set where there is none.
    pub fn get(&self, group: Tag) -> &'a InMemDicomObject {
        let own = items(self.object, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
        let shared = items(self.object, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
        let places = [own.get(self.frame as usize), shared.first()];
        let groups = places.into_iter().flatten();
        groups
            .filter_map(|item| items(item, group).first())
            .next()
            .unwrap_or(self.object)
    }
}

/// How the greys of one frame are made.
pub(super) struct Greys {
    modality: Modality,
    table: Option<Table>,
    presets: Vec<(String, Window)>,
    function: Function,
    inverted: bool,
    /// Values that mean "no picture here", as they are stored.
    padding: Option<(i64, i64)>,
}

impl Greys {
    /// What the file says on the frame.
    pub fn read(object: &InMemDicomObject, layout: &Layout, frame: u32) -> Self {
        let groups = Groups::of(object, frame);
        let rescale = groups.get(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
        let modality = Table::read(object, tags::MODALITY_LUT_SEQUENCE, layout.signed)
            .map(Modality::Table)
            .unwrap_or_else(|| Modality::Line {
                slope: number(rescale, tags::RESCALE_SLOPE)
                    .filter(|slope| *slope != 0.0)
                    .unwrap_or(1.0),
                intercept: number(rescale, tags::RESCALE_INTERCEPT).unwrap_or(0.0),
            });
        let voi = groups.get(tags::FRAME_VOILUT_SEQUENCE);
        let function = match code(voi, tags::VOILUT_FUNCTION).as_deref() {
            Some("SIGMOID") => Function::Sigmoid,
            Some("LINEAR_EXACT") => Function::LinearExact,
            _ => Function::Linear,
        };
        let signed_table = layout.signed && matches!(modality, Modality::Line { .. });
        let value = |tag| number(object, tag).map(|value| value as i64);
        let padding = value(tags::PIXEL_PADDING_VALUE).map(|one| {
            let other = value(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(one);
            (one.min(other), one.max(other))
        });
        Self {
            modality,
            table: Table::read(object, tags::VOILUT_SEQUENCE, signed_table),
            presets: presets(voi),
            function,
            // Low values are white in MONOCHROME1 (PS3.3, C.7.6.3.1.2).
            inverted: (layout.photometric == "MONOCHROME1")
                != (code(object, tags::PRESENTATION_LUT_SHAPE).as_deref() == Some("INVERSE")
                    && layout.photometric == "MONOCHROME2"),
            padding,
        }
    }

    /// The frame's greys through a window, or as the file says, and the window where a value has more than 8 bits.
    pub fn render(
        &self,
        values: impl Iterator<Item = i64> + Clone,
        layout: &Layout,
        asked: Option<Window>,
        remarks: &mut Vec<String>,
    ) -> (Vec<u8>, Option<Windowing>) {
        let deep = layout.stored > 8;
        let asked = asked.filter(|window| deep && window.width > 0.0);
        let (low, high) = self.range(values.clone());
        let range = {
            let ends = [low, high].map(|stored| self.modality.value(stored));
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        };
        let preset = self.presets.first().map(|(_, window)| *window);
        // A flat picture has no range; a width of 1 shows it black and not as a fault.
        let full = Window::between(range.0, range.1.max(range.0 + 1.0));
        let (shown, how) = match (asked, &self.table, preset) {
            (Some(window), ..) => (window, How::Window),
            (None, Some(table), _) => {
                let first = table.first as f64;
                let window = Window::between(first, first + table.values.len() as f64);
                (window, How::Table(table))
            }
            (None, None, Some(window)) => (window, How::Window),
            (None, None, None) if deep => (full, How::Range),
            (None, None, None) => (full, How::Stored),
        };
        let function = match self.presets.is_empty() {
            // Asked for where the file says nothing.
            true => Function::LinearExact,
            false => self.function,
        };
        let most = ((1_i64 << layout.stored.min(8)) - 1) as f64;
        let level = |stored: i64| {
            let value = || self.modality.value(stored);
            let level = match how {
                How::Window => function.level(shown, value()),
                How::Range => shown.level(value()),
                How::Table(table) => table.value(value()) / table.most(),
                How::Stored if layout.signed => (stored as f64 + (most + 1.0) / 2.0) / most,
                How::Stored => stored as f64 / most,
            };
            let level = if self.inverted { 1.0 - level } else { level };
            (level * 255.0 + 0.5) as u8
        };
        let greys = match layout.stored {
            // Fewer values than pixels.
            ..=16 => {
                let least = if layout.signed {
                    -(1_i64 << (layout.stored - 1))
                } else {
                    0
                };
                let table: Vec<u8> = (0..1_i64 << layout.stored)
                    .map(|index| level(least + index))
                    .collect();
                values
                    .map(|stored| table[(stored - least) as usize])
                    .collect()
            }
            _ => values.map(level).collect(),
        };
        if !deep {
            return (greys, None);
        }
        if matches!(how, How::Range) {
            remarks.push(format!(
                "Its values of {} bits are shown from the least, {}, to the greatest, {}.",
                layout.stored, range.0, range.1
            ));
        }
        let windowing = Windowing {
            shown,
            range,
            presets: self.presets.clone(),
        };
        (greys, Some(windowing))
    }

    /// Least and greatest stored value of the picture.
    fn range(&self, values: impl Iterator<Item = i64>) -> (i64, i64) {
        let padded = |value: &i64| {
            self.padding
                .is_some_and(|(low, high)| (low..=high).contains(value))
        };
        let picture = values.filter(|value| !padded(value));
        let ends = picture.fold(None, |ends: Option<(i64, i64)>, value| match ends {
            Some((low, high)) => Some((low.min(value), high.max(value))),
            None => Some((value, value)),
        });
        ends.unwrap_or_default()
    }
}

/// How values become greys.
enum How<'a> {
    /// By the window that is shown.
    Window,
    /// By the least and greatest value.
    Range,
    /// By the file's table.
    Table(&'a Table),
    /// As they are, being of 8 bits.
    Stored,
}

/// The file's windows, each with its explanation.
fn presets(object: &InMemDicomObject) -> Vec<(String, Window)> {
    let centres = numbers(object, tags::WINDOW_CENTER);
    let widths = numbers(object, tags::WINDOW_WIDTH);
    let words = object
        .get(tags::WINDOW_CENTER_WIDTH_EXPLANATION)
        .and_then(|element| element.to_multi_str().ok());
    let words = words.as_deref().unwrap_or_default();
    let windows = centres.into_iter().zip(widths).enumerate();
    windows
        .filter(|(_, (_, width))| *width > 0.0)
        .map(|(index, (centre, width))| {
            let word = words.get(index).map(|word| word.trim().to_owned());
            let name = word.filter(|word| !word.is_empty());
            let name = name.unwrap_or_else(|| format!("Window {}", index + 1));
            (name, Window { centre, width })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_functions_are_those_of_the_standard() {
        // PS3.3, C.11.2.1.2.1: centre 2048 and width 4096 is the whole range of 12 bits.
        let window = Window {
            centre: 2048.0,
            width: 4096.0,
        };
        let linear = [0.0, 4095.0].map(|value| Function::Linear.level(window, value));
        assert_eq!(linear, [0.0, 1.0]);
        // C.11.2.1.3.2: centre 2048 and width 4096 is 0 to 4096.
        let exact = [0.0, 2048.0, 4096.0].map(|value| Function::LinearExact.level(window, value));
        assert_eq!(exact, [0.0, 0.5, 1.0]);
        let sigmoid = Function::Sigmoid.level(window, 2048.0);
        assert_eq!(sigmoid, 0.5);
        assert!(Function::Sigmoid.level(window, 4096.0) < 0.9);
        // A width of 1 is a threshold.
        let narrow = Window {
            centre: 100.0,
            width: 1.0,
        };
        let levels = [99.0, 100.0].map(|value| Function::Linear.level(narrow, value));
        assert_eq!(levels, [0.0, 1.0]);
    }
}
