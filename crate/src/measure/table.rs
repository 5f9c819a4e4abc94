//! Tables for files, in the C locale: a full stop as decimal sign, all digits.

use serde_json::{Map, Value};

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A figure.
    Number(f64),
    /// Not defined.
    Empty,
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Empty, Self::Number)
    }
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            // Whole numbers without a point, as in the other formats.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Value::from(*number as i64)
            }
            Self::Number(number) => Value::from(*number),
            Self::Empty => Value::Null,
        }
    }

    /// As one of comma-separated values (RFC 4180).
    fn csv(&self) -> String {
        match self {
            Self::Text(text) if text.contains(['"', ',', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Empty => String::new(),
        }
    }
}

/// Rows of as many cells as there are columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// One row by the names of its columns.
    pub fn object(columns: &[String], row: &[Cell]) -> Map<String, Value> {
        let cells = columns.iter().zip(row);
        cells
            .map(|(name, cell)| (name.clone(), cell.json()))
            .collect()
    }

    /// As a JSON array of objects.
    pub fn json(&self) -> String {
        let rows = self.rows.iter();
        let rows: Vec<_> = rows
            .map(|row| Value::Object(Self::object(&self.columns, row)))
            .collect();
        format!("{:#}\n", Value::Array(rows))
    }

    /// As comma-separated values (RFC 4180), with a line of names.
    pub fn csv(&self) -> String {
        let rows = self.rows.iter().map(|row| csv_row(row));
        let head = format!("{}\n", self.columns.join(","));
        [head].into_iter().chain(rows).collect()
    }
}

/// A line of comma-separated values (RFC 4180), with its end.
pub fn csv_row(row: &[Cell]) -> String {
    let cells: Vec<String> = row.iter().map(Cell::csv).collect();
    format!("{}\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_same_digits_in_every_text() {
        let table = Table {
            columns: vec!["file".to_owned(), "x".to_owned(), "y".to_owned()],
            rows: vec![vec![
                Cell::Text("a, \"b\".png".to_owned()),
                Cell::Number(0.1 + 0.2),
                Cell::Number(5025.0),
            ]],
        };
        assert_eq!(
            table.csv(),
            "file,x,y\n\"a, \"\"b\"\".png\",0.30000000000000004,5025\n"
        );
        let json = table.json();
        assert!(
            json.contains("0.30000000000000004") && json.contains("5025\n"),
            "{json}"
        );
    }
}
