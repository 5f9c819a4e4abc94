//! A disk on which the power fails at a chosen byte, for tests.

use std::cell::RefCell;
use std::rc::Rc;

use super::journal::{Header, Kind, Record};
use super::messages::Fault;
use super::store::JournalFile;

/// How much is written before the power fails, shared by all files.
#[derive(Clone, Debug)]
pub struct Power(Rc<RefCell<usize>>);

impl Power {
    /// It lasts for so many bytes; every other operation counts as one.
    pub fn for_bytes(bytes: usize) -> Self {
        Self(Rc::new(RefCell::new(bytes)))
    }

    /// From now on it lasts for so many.
    pub fn limit(&self, bytes: usize) {
        self.0.replace(bytes);
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        *self.0.borrow()
    }

    fn take(&self, wanted: usize) -> usize {
        let mut left = self.0.borrow_mut();
        let taken = wanted.min(*left);
        *left -= taken;
        taken
    }
}

/// A file: what the browser sees of it, and what is certainly on the disk.
#[derive(Clone, Debug)]
pub struct FakeFile {
    power: Power,
    seen: Vec<u8>,
    flushed: Vec<u8>,
    /// What was done since the last flush.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                let (from, to) = (*at as usize, *at as usize + written.len());
                if bytes.len() < to {
                    bytes.resize(to, 0);
                }
                bytes[from..to].copy_from_slice(written);
            }
            Self::Truncate(length) => bytes.truncate(*length as usize),
        }
    }
}

impl FakeFile {
    /// A file with these bytes.
    pub fn new(power: &Power, bytes: Vec<u8>) -> Self {
        Self {
            power: power.clone(),
            seen: bytes.clone(),
            flushed: bytes,
            pending: Vec::new(),
        }
    }

    /// What the file holds when only the process ended: all that was written.
    pub fn after_crash(&self) -> Vec<u8> {
        self.seen.clone()
    }

    /// What may be on the disk after the power failed: of what was not flushed any part, in any order, chosen by
    /// `random`.
    pub fn after_power_cut(&self, mut random: impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = self.flushed.clone();
        for change in &self.pending {
            match change {
                Change::Truncate(_) if random(2) == 0 => change.apply(&mut bytes),
                Change::Truncate(_) => {}
                Change::Write(at, written) => {
                    // Sectors reach the disk in any order; what is not there reads as zeros.
                    for (place, sector) in written.chunks(64).enumerate() {
                        if random(2) == 0 {
                            Change::Write(at + 64 * place as u64, sector.to_vec())
                                .apply(&mut bytes);
                        }
                    }
                }
            }
        }
        bytes
    }

    fn change(&mut self, change: Change, is_whole: bool) -> Result<(), Fault> {
        change.apply(&mut self.seen);
        self.pending.push(change);
        if is_whole {
            Ok(())
        } else {
            Err(Fault::Disk("the power failed".to_owned()))
        }
    }
}

impl JournalFile for FakeFile {
    fn read(&mut self) -> Result<Vec<u8>, Fault> {
        Ok(self.seen.clone())
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        let taken = self.power.take(bytes.len());
        let change = Change::Write(at, bytes[..taken].to_vec());
        self.change(change, taken == bytes.len())
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        if self.power.take(1) == 0 {
            return Err(Fault::Disk("the power failed".to_owned()));
        }
        self.change(Change::Truncate(length), true)
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if self.power.take(1) == 0 {
            return Err(Fault::Disk("the power failed".to_owned()));
        }
        self.flushed = self.seen.clone();
        self.pending.clear();
        Ok(())
    }
}

/// A journal with the records of a file of `KIND KEY JSON` lines.
pub fn example(version: u32, lines: &str) -> Vec<u8> {
    let header = Header {
        version,
        generation: 5,
    };
    let mut bytes = header.to_bytes().to_vec();
    let complete = Record {
        kind: Kind::Complete,
        key: 0,
        body: &[],
    };
    complete.append_to(&mut bytes);
    for line in lines.lines() {
        let mut parts = line.splitn(3, ' ');
        let kind = match parts.next() {
            Some("session") => Kind::Session,
            Some("document") => Kind::Document,
            _ => Kind::File,
        };
        let key = parts.next().and_then(|key| key.parse().ok());
        let record = Record {
            kind,
            key: key.unwrap_or_default(),
            body: parts.next().unwrap_or_default().as_bytes(),
        };
        record.append_to(&mut bytes);
    }
    bytes
}
