//! The table of a whole call, and the journal from which it is made: a line for each image as soon as its files are there, so
//! that a call that goes on with a stopped one knows what that one found.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::Error;
use serde::{Deserialize, Serialize};

use crate::replace;
use crate::table_format::TableFormat;
use delineo::measure::{Cell, Table};

/// What is said of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its path.
    pub image: String,
    /// In pixels; nothing where it failed.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
    /// Pixels of the mask.
    pub area: Option<u64>,
    /// Why it failed, as a sentence.
    pub error: Option<String>,
}

/// The table, as far as it is known.
pub struct Summary {
    path: PathBuf,
    format: TableFormat,
    journal: Option<File>,
    journal_path: PathBuf,
    /// Bytes of the journal that count.
    kept: u64,
    rows: BTreeMap<String, Row>,
}

impl Summary {
    /// A table at `path`, whose ending says its format. With `resumes` what the journal beside it has counts, but for failures.
    ///
    /// # Errors
    /// [`Error::File`] when the journal cannot be read.
    pub fn open(path: &Path, format: TableFormat, resumes: bool) -> Result<Self, Error> {
        let mut name = path.as_os_str().to_owned();
        name.push(".journal");
        let journal_path = PathBuf::from(name);
        let named = |source| Error::File {
            path: journal_path.clone(),
            source,
        };
        let before = match fs::read(&journal_path) {
            Ok(before) if resumes => before,
            Err(error) if resumes && error.kind() != io::ErrorKind::NotFound => {
                return Err(named(error));
            }
            _ => Vec::new(),
        };
        let rows = whole_lines(&before)
            .filter_map(|line| serde_json::from_slice::<Row>(line).ok())
            .filter(|row| row.error.is_none())
            .map(|row| (row.image.clone(), row))
            .collect();
        // A line that was cut off must not become part of the next one.
        let kept = whole_lines(&before).map(|line| line.len() as u64 + 1).sum();
        Ok(Self {
            path: path.to_owned(),
            format,
            journal: None,
            journal_path,
            kept,
            rows,
        })
    }

    /// Opens the journal for writing. Until then nothing on the disk is changed, since the call may yet be refused.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn begin(&mut self) -> Result<(), Error> {
        let named = |source| Error::File {
            path: self.journal_path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        let journal = options.open(&self.journal_path).map_err(named)?;
        journal.set_len(self.kept).map_err(named)?;
        self.journal = Some(journal);
        Ok(())
    }

    /// Whether it has a row of an image that did not fail.
    pub fn has(&self, image: &Path) -> bool {
        self.rows.contains_key(&*image.to_string_lossy())
    }

    /// Takes in a row, in the journal too.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn push(&mut self, row: Row) -> Result<(), Error> {
        let mut line =
            serde_json::to_vec(&row).map_err(|error| Error::Encode(error.to_string()))?;
        line.push(b'\n');
        if let Some(journal) = &mut self.journal {
            journal.write_all(&line).map_err(|source| Error::File {
                path: self.journal_path.clone(),
                source,
            })?;
        }
        self.rows.insert(row.image.clone(), row);
        Ok(())
    }

    /// Writes the table, the images by their paths. The journal stays, for a call that goes on.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self) -> Result<(), Error> {
        let columns = ["image", "width", "height", "area_px", "fraction", "error"];
        let rows = self.rows.values().map(|row| {
            let pixels = row
                .width
                .zip(row.height)
                .map(|(width, height)| f64::from(width) * f64::from(height));
            let area = row.area.map(|area| area as f64);
            let text = row.error.clone();
            vec![
                Cell::Text(row.image.clone()),
                row.width.map(f64::from).into(),
                row.height.map(f64::from).into(),
                area.into(),
                area.zip(pixels).map(|(area, pixels)| area / pixels).into(),
                text.map_or(Cell::Empty, Cell::Text),
            ]
        });
        let table = Table {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.collect(),
        };
        replace(&self.path, &self.format.encode(&table))
    }
}

/// The lines that end, without their ends.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes[..end.unwrap_or(0)]
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}
