//! An archive on the disk as a source of bytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::bytes::Bytes;

/// An open file, of which ranges are read.
#[derive(Debug)]
pub struct FileBytes {
    file: Mutex<File>,
    length: u64,
}

impl FileBytes {
    /// Opens a file.
    ///
    /// # Errors
    /// Whatever makes opening fail.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            length: file.metadata()?.len(),
            file: Mutex::new(file),
        })
    }
}

impl Bytes for FileBytes {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let count = usize::try_from(range.end.saturating_sub(range.start))
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        // Where it stands does not count: each reading says where it begins.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = vec![0; count];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
