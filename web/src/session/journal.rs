//! The bytes of a journal: a header, then records that are only ever appended.
//!
//! ```text
//!   header   "delineo\0" | version u32 | generation u64 | CRC-32 of those u32
//!   record   length of the body u32 | CRC-32 of length, kind, key and body u32 | kind u8 | key u32 | body
//! ```
//!
//! All numbers are little-endian. Of two records about the same thing the later one counts; an empty body says that it is
//! there no more. Reading ends at the first record that is not whole.

use std::ops::Range;

const MAGIC: &[u8; 8] = b"delineo\0";
/// Bytes of a header.
pub const HEADER: usize = 24;
/// Bytes of a record before its body.
const FRAME: usize = 13;

/// How a journal begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the records' JSON.
    pub version: u32,
    /// The later one of two journals has the higher number.
    pub generation: u64,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The session as a whole.
    Session = 1,
    /// A document.
    Document = 2,
    /// The copy of a file.
    File = 3,
    /// All that an earlier journal held is before this record: its key says how many records.
    Complete = 4,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is about.
    pub kind: Kind,
    /// Which one.
    pub key: u32,
    /// JSON, or nothing.
    pub body: &'a [u8],
}

impl Header {
    /// As bytes.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.generation.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..20]);
        bytes[20..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header of a journal; none where it is torn or something else.
    pub fn read(journal: &[u8]) -> Option<Self> {
        let bytes = journal.get(..HEADER)?;
        let is_whole =
            bytes.starts_with(MAGIC) && u32_at(bytes, 20)? == crc32fast::hash(&bytes[..20]);
        let generation = u64::from(u32_at(bytes, 12)?) | u64::from(u32_at(bytes, 16)?) << 32;
        is_whole.then_some(Self {
            version: u32_at(bytes, 8)?,
            generation,
        })
    }
}

impl Record<'_> {
    /// Appends its bytes.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        let length = (self.body.len() as u32).to_le_bytes();
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&self.checksum(length).to_le_bytes());
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&self.key.to_le_bytes());
        bytes.extend_from_slice(self.body);
    }

    fn checksum(&self, length: [u8; 4]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&length);
        hasher.update(&[self.kind as u8]);
        hasher.update(&self.key.to_le_bytes());
        hasher.update(self.body);
        hasher.finalize()
    }
}

/// The whole records of a journal behind its header, each with its place in the file.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    journal: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// Those of a journal that has a header.
    pub fn of(journal: &'a [u8]) -> Self {
        Self {
            journal,
            at: HEADER.min(journal.len()),
        }
    }

    /// Where the last whole record ended.
    pub fn end(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (Range<usize>, Record<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.journal.get(self.at..)?;
        let length = u32_at(rest, 0)? as usize;
        let kind = match rest.get(8)? {
            1 => Kind::Session,
            2 => Kind::Document,
            3 => Kind::File,
            4 => Kind::Complete,
            _ => return None,
        };
        let record = Record {
            kind,
            key: u32_at(rest, 9)?,
            body: rest.get(FRAME..FRAME.checked_add(length)?)?,
        };
        if u32_at(rest, 4)? != record.checksum((length as u32).to_le_bytes()) {
            return None;
        }
        let from = self.at;
        self.at += FRAME + length;
        Some((from..self.at, record))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Vec<u8> {
        let header = Header {
            version: 7,
            generation: 1 << 33,
        };
        let mut bytes = header.to_bytes().to_vec();
        for (key, body) in [(1, b"{}".as_slice()), (2, b""), (1, b"[1,2,3]")] {
            let record = Record {
                kind: Kind::Document,
                key,
                body,
            };
            record.append_to(&mut bytes);
        }
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = journal();
        let header = Header::read(&bytes);
        assert_eq!(
            header.map(|header| (header.version, header.generation)),
            Some((7, 1 << 33))
        );
        let mut records = Records::of(&bytes);
        let bodies: Vec<_> = records
            .by_ref()
            .map(|(_, record)| (record.key, record.body.to_vec()))
            .collect();
        assert_eq!(
            bodies,
            [(1, b"{}".to_vec()), (2, vec![]), (1, b"[1,2,3]".to_vec())]
        );
        assert_eq!(records.end(), bytes.len());
    }

    #[test]
    fn no_flipped_bit_is_taken_for_a_record() {
        let whole = journal();
        let all: Vec<_> = Records::of(&whole).map(|(_, record)| record).collect();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if bit / 8 < HEADER {
                assert_eq!(Header::read(&bytes), None, "bit {bit}");
                continue;
            }
            let read: Vec<_> = Records::of(&bytes).map(|(_, record)| record).collect();
            assert!(read.len() < all.len(), "bit {bit}");
            assert_eq!(read, all[..read.len()], "bit {bit}");
        }
    }
}
