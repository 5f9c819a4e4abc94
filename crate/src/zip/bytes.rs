//! Where an archive's bytes come from.

use std::io;
use std::ops::Range;

/// Where an archive's bytes come from: a file, memory, or a blob of the browser.
pub trait Bytes {
    /// How many there are.
    fn length(&self) -> u64;

    /// Those of a range, which lies within the length; fewer are an error.
    ///
    /// # Errors
    /// Whatever makes reading fail.
    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>>;
}

impl Bytes for &[u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let part = self.get(range.start as usize..range.end as usize);
        part.map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
