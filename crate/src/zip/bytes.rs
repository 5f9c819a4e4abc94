//! Where an archive's bytes come from.

use std::cell::RefCell;
use std::io;
use std::ops::Range;

/// So many bytes are read at least where each reading takes its time.
const AHEAD: u64 = 64 << 10;

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

/// Reads more than it is asked for, where each reading takes its time: the parts of an archive that say where its files are lie
/// beside each other.
#[derive(Debug)]
pub struct ReadAhead<B> {
    bytes: B,
    /// Where the part begins that was read last, and the part.
    last: RefCell<(u64, Vec<u8>)>,
}

impl<B: Bytes> ReadAhead<B> {
    /// Of these bytes.
    pub fn new(bytes: B) -> Self {
        Self {
            bytes,
            last: RefCell::default(),
        }
    }
}

impl<B: Bytes> Bytes for ReadAhead<B> {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut last = self.last.borrow_mut();
        let in_last = |last: &(u64, Vec<u8>)| {
            let from = usize::try_from(range.start.checked_sub(last.0)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(last.0)?).ok()?;
            last.1.get(from..to).map(<[u8]>::to_vec)
        };
        if let Some(found) = in_last(&last) {
            return Ok(found);
        }
        let end = range.start.saturating_add(AHEAD).min(self.length());
        *last = (
            range.start,
            self.bytes.read(range.start..end.max(range.end))?,
        );
        in_last(&last).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Counted<'a>(&'a [u8], &'a Cell<usize>);

    impl Bytes for Counted<'_> {
        fn length(&self) -> u64 {
            self.0.length()
        }

        fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
            self.1.set(self.1.get() + 1);
            self.0.read(range)
        }
    }

    #[test]
    fn neighbours_are_read_at_once_and_every_range_is_as_it_was() {
        let content: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
        let readings = Cell::new(0);
        let ahead = ReadAhead::new(Counted(&content, &readings));
        for start in (0..60_000).step_by(100) {
            let read = ahead.read(start..start + 50).expect("in memory");
            assert_eq!(read, content[start as usize..start as usize + 50]);
        }
        assert_eq!(readings.get(), 1);
        assert_eq!(ahead.read(0..300_000).expect("in memory"), content);
        assert_eq!(ahead.read(299_990..300_000).expect("in memory").len(), 10);
        assert!(ahead.read(299_990..300_001).is_err());
    }
}
