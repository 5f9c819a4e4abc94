//! The store: two journals, of which one is written. When it holds much that no longer counts, what does is written to
//! the other one, which takes over with the last byte of its last record.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::journal::{HEADER, Header, Kind, Record, Records};
use super::messages::{Fault, Key};
use super::version::{VERSION, migrate};

/// A journal may hold so many bytes that no longer count, beside as many as do.
const SLACK: u64 = 1 << 20;

/// A file of the disk.
pub trait JournalFile {
    /// All its bytes.
    ///
    /// # Errors
    /// When the disk fails.
    fn read(&mut self) -> Result<Vec<u8>, Fault>;
    /// Writes bytes at a place, beyond its end too.
    ///
    /// # Errors
    /// When the disk fails or is full; some of them may have been written.
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), Fault>;
    /// Makes it shorter.
    ///
    /// # Errors
    /// When the disk fails.
    fn truncate(&mut self, length: u64) -> Result<(), Fault>;
    /// Returns once everything that was written survives the loss of power.
    ///
    /// # Errors
    /// When the disk fails.
    fn flush(&mut self) -> Result<(), Fault>;
}

/// What is known of the copy of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileNote {
    /// Its size in bytes.
    pub size: f64,
    /// Its media type, as the browser called it.
    #[serde(default)]
    pub media_type: String,
}

/// What a session holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// What is known of it as a whole, as JSON.
    pub session: Option<String>,
    /// Documents, as JSON.
    pub documents: BTreeMap<Key, String>,
    /// Files whose copies are complete.
    pub files: BTreeMap<Key, FileNote>,
}

/// An open session.
#[derive(Debug)]
pub struct Store<F> {
    files: [F; 2],
    active: usize,
    generation: u64,
    /// Where the next record goes.
    end: u64,
    /// Where the records that count are.
    live: BTreeMap<(Kind, u32), Range<u64>>,
    slack: u64,
}

/// A journal that was read.
struct Replayed {
    header: Header,
    live: BTreeMap<(Kind, u32), Range<u64>>,
    end: u64,
}

impl<F: JournalFile> Store<F> {
    /// Opens a session, or begins one where there is none. Records of an earlier version are rewritten.
    ///
    /// # Errors
    /// [`Fault::TooNew`], or when the disk fails.
    pub fn open(mut files: [F; 2]) -> Result<(Self, Contents), Fault> {
        let mut journals = [files[0].read()?, files[1].read()?];
        let chosen = choose(&journals)?;
        let Some((active, replayed)) = chosen else {
            let mut store = Self {
                files,
                active: 1,
                generation: 0,
                end: 0,
                live: BTreeMap::new(),
                slack: SLACK,
            };
            store.rewrite(&[], VERSION)?;
            return Ok((store, Contents::default()));
        };
        let journal = std::mem::take(&mut journals[active]);
        let contents = contents(&journal, &replayed);
        let mut store = Self {
            files,
            active,
            generation: replayed.header.generation,
            end: replayed.end,
            live: replayed.live,
            slack: SLACK,
        };
        if replayed.header.version < VERSION {
            store.rewrite(&journal, replayed.header.version)?;
        } else if store.end < journal.len() as u64 {
            // What a torn record left behind must not be read as the continuation of the next one.
            store.files[active].truncate(store.end)?;
            store.files[active].flush()?;
        }
        Ok((store, contents))
    }

    /// Keeps the JSON of something in the place of what was kept of it. With the return it survives everything.
    ///
    /// # Errors
    /// When the disk fails or is full: then what was kept before counts.
    pub fn put(&mut self, kind: Kind, key: u32, body: &[u8]) -> Result<(), Fault> {
        let range = self.append(Record { kind, key, body })?;
        self.live.insert((kind, key), range);
        self.compact_if_worthwhile();
        Ok(())
    }

    /// Forgets something.
    ///
    /// # Errors
    /// When the disk fails or is full: then it is kept still.
    pub fn remove(&mut self, kind: Kind, key: u32) -> Result<(), Fault> {
        if self.live.contains_key(&(kind, key)) {
            let body = &[];
            self.append(Record { kind, key, body })?;
            self.live.remove(&(kind, key));
            self.compact_if_worthwhile();
        }
        Ok(())
    }

    /// How many bytes the journal has.
    pub fn size(&self) -> u64 {
        self.end
    }

    /// The files, to close them.
    pub fn into_files(self) -> [F; 2] {
        self.files
    }

    fn append(&mut self, record: Record) -> Result<Range<u64>, Fault> {
        let mut bytes = Vec::new();
        record.append_to(&mut bytes);
        let file = &mut self.files[self.active];
        let written = file.write(self.end, &bytes).and_then(|()| file.flush());
        if let Err(fault) = written {
            // The next record takes its place; until then no half of it shall remain.
            drop(file.truncate(self.end));
            return Err(fault);
        }
        let range = self.end..self.end + bytes.len() as u64;
        self.end = range.end;
        Ok(range)
    }

    /// A failure is no loss: the journal goes on as it is, and the next record tries again.
    fn compact_if_worthwhile(&mut self) {
        let live: u64 = self
            .live
            .values()
            .map(|range| range.end - range.start)
            .sum();
        if self.end > self.slack + 2 * live
            && let Ok(journal) = self.files[self.active].read()
        {
            drop(self.rewrite(&journal, VERSION));
        }
    }

    /// Writes what counts of a journal to the other file, and goes on there.
    fn rewrite(&mut self, journal: &[u8], version: u32) -> Result<(), Fault> {
        let other = 1 - self.active;
        let header = Header {
            version: VERSION,
            generation: self.generation + 1,
        };
        let mut bytes = header.to_bytes().to_vec();
        let mut live = BTreeMap::new();
        for ((kind, key), range) in &self.live {
            let Some(record) = record_at(journal, range) else {
                return Err(Fault::Disk(
                    "the journal changed while it was read".to_owned(),
                ));
            };
            let from = bytes.len() as u64;
            let record = Record {
                body: &migrate(*kind, record.body, version),
                ..record
            };
            record.append_to(&mut bytes);
            live.insert((*kind, *key), from..bytes.len() as u64);
        }
        let complete = Record {
            kind: Kind::Complete,
            key: live.len() as u32,
            body: &[],
        };
        complete.append_to(&mut bytes);
        let file = &mut self.files[other];
        file.truncate(0)?;
        file.write(0, &bytes)?;
        file.flush()?;
        self.active = other;
        self.generation = header.generation;
        self.end = bytes.len() as u64;
        self.live = live;
        // What was deleted is not left lying about. The new journal counts also where this fails.
        let before = &mut self.files[1 - other];
        drop(before.truncate(0).and_then(|()| before.flush()));
        Ok(())
    }

    /// Has it compact sooner.
    #[cfg(test)]
    pub fn set_slack(&mut self, bytes: u64) {
        self.slack = bytes;
    }
}

/// What the journals of a session hold, for a page that may not write.
///
/// # Errors
/// [`Fault::TooNew`].
pub fn read_only(journals: &[Vec<u8>; 2]) -> Result<Contents, Fault> {
    let chosen = choose(journals)?;
    Ok(chosen.map_or_else(Contents::default, |(active, replayed)| {
        contents(&journals[active], &replayed)
    }))
}

/// The journal that counts: the latest of those that are complete.
fn choose(journals: &[Vec<u8>; 2]) -> Result<Option<(usize, Replayed)>, Fault> {
    let all = journals.iter().enumerate();
    let complete = all.filter_map(|(place, journal)| Some((place, replay(journal)?)));
    let latest = complete.max_by_key(|(_, replayed)| replayed.header.generation);
    match latest {
        Some((_, replayed)) if replayed.header.version > VERSION => Err(Fault::TooNew),
        latest => Ok(latest),
    }
}

/// Nothing for a journal that was not completed.
fn replay(journal: &[u8]) -> Option<Replayed> {
    let header = Header::read(journal)?;
    let mut live = BTreeMap::new();
    let mut is_complete = false;
    let mut records = Records::of(journal);
    for (count, (range, record)) in records.by_ref().enumerate() {
        match record.kind {
            Kind::Complete => is_complete |= record.key as usize == count,
            kind if record.body.is_empty() => {
                live.remove(&(kind, record.key));
            }
            kind => {
                live.insert((kind, record.key), range.start as u64..range.end as u64);
            }
        }
    }
    let end = records.end() as u64;
    is_complete.then_some(Replayed { header, live, end })
}

fn record_at<'a>(journal: &'a [u8], range: &Range<u64>) -> Option<Record<'a>> {
    // A record is read like a journal of its own that begins a header before it.
    let from = (range.start as usize).checked_sub(HEADER)?;
    let mut records = Records::of(journal.get(from..range.end as usize)?);
    records.next().map(|(_, record)| record)
}

fn contents(journal: &[u8], replayed: &Replayed) -> Contents {
    let mut contents = Contents::default();
    for ((kind, key), range) in &replayed.live {
        let Some(record) = record_at(journal, range) else {
            continue;
        };
        let body = migrate(*kind, record.body, replayed.header.version);
        let text = || String::from_utf8_lossy(&body).into_owned();
        match kind {
            Kind::Session => contents.session = Some(text()),
            Kind::Document => {
                contents.documents.insert(Key(*key), text());
            }
            Kind::File => {
                if let Ok(note) = serde_json::from_slice(&body) {
                    contents.files.insert(Key(*key), note);
                }
            }
            Kind::Complete => {}
        }
    }
    contents
}
