//! What was measured in one file as a row of a table: the same columns and digits in the page and on the command line.

use super::columns::{Column, columns, places};
use super::measurements::Measurements;
use super::table::Cell;
use super::uncertainty::Uncertainty;

/// What is known of a file.
#[derive(Clone, Debug)]
pub struct Record {
    /// All that was measured.
    pub found: Measurements,
    /// Its intervals, where there is a model.
    pub uncertainty: Option<Uncertainty>,
    /// Width and height of the image in pixels.
    pub size: (u32, u32),
    /// Threshold on the probability, where there is a model.
    pub threshold: Option<f32>,
}

impl Record {
    /// The columns of the table.
    pub fn names() -> Vec<String> {
        let nothing = Self {
            found: Measurements::default(),
            uncertainty: None,
            size: (0, 0),
            threshold: None,
        };
        let first = [
            "file",
            "error",
            "model",
            "threshold",
            "image_width_px",
            "image_height_px",
        ];
        let figures = nothing.figures().into_iter().map(|(name, _)| name);
        first
            .into_iter()
            .chain(figures)
            .map(str::to_owned)
            .collect()
    }

    /// The row of a file, or of one that failed with this sentence.
    pub fn row(file: &str, model: Option<&str>, record: Result<&Self, &str>) -> Vec<Cell> {
        let text = |text: &str| Cell::Text(text.to_owned());
        let mut row = vec![
            text(file),
            record.err().map_or(Cell::Empty, text),
            model.map_or(Cell::Empty, text),
        ];
        if let Ok(record) = record {
            // As it is written, not as its nearest double is.
            let threshold = record
                .threshold
                .map(|at| at.to_string().parse().unwrap_or(f64::from(at)));
            row.push(threshold.into());
            row.push(Cell::Number(record.size.0.into()));
            row.push(Cell::Number(record.size.1.into()));
            let figures = record.figures().into_iter();
            row.extend(figures.map(|(_, figure)| Cell::from(figure)));
        }
        row.resize(Self::names().len(), Cell::Empty);
        row
    }

    /// The figures, all of the mask as one shape.
    fn figures(&self) -> Vec<Column> {
        let shape = self.found.whole.as_ref();
        let mut figures = columns(&self.found, shape, self.uncertainty.as_ref());
        figures.extend(places(shape));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_failed_has_a_row_as_long_as_any_and_says_why() {
        let row = Record::row("a.jpg", Some("s"), Err("It is empty."));
        assert_eq!(row.len(), Record::names().len());
        assert_eq!(row[1], Cell::Text("It is empty.".to_owned()));
        assert!(row[3..].iter().all(|cell| *cell == Cell::Empty));
    }
}
