//! The files that a table can be saved as.

use std::path::{Path, PathBuf};

use crate::parquet;
use delineo::measure::Table;

/// What a table can be saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    Csv,
    Json,
    Parquet,
}

impl TableFormat {
    /// By the file's ending.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The table as a file of this format.
    pub fn encode(self, table: &Table) -> Vec<u8> {
        match self {
            Self::Csv => table.csv().into_bytes(),
            Self::Json => table.json().into_bytes(),
            Self::Parquet => parquet::encode(table),
        }
    }
}

/// A path that names a table by its ending, as an argument.
pub fn table_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match TableFormat::of(&path) {
        Some(_) => Ok(path),
        None => Err("a table's file ends in .csv, .json or .parquet".to_owned()),
    }
}
