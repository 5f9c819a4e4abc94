//! Reading an archive: its list, then one file at a time, from ranges of bytes.

use std::io::{self, Read};
use std::ops::Range;

use flate2::read::DeflateDecoder;
use rawzip::extra_fields::ExtraFieldId;
use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder,
    ZipEntry, ZipLocator,
};

use super::bytes::Bytes;
use super::deflated::{Deflated, damaged};
use super::name;
use crate::Error;

/// Most files that an archive may list; a million names take a tenth of a gigabyte.
const MOST_FILES: usize = 1_000_000;
/// Most bytes that a file may have, unpacked; an image of the largest size that is decoded fits in.
const MOST_BYTES: u64 = 1 << 30;
/// A file of more than so many bytes must not be more than so many times as large as when it is packed. Pictures are far below;
/// files that are made to fill the memory are near the most that “Deflate” can do, 1032.
const SUSPICIOUS_BYTES: u64 = 64 << 20;
const SUSPICIOUS_RATIO: u64 = 400;

/// A file of an archive.
#[derive(Clone, Debug)]
pub struct ZipFile {
    /// Folders and name, separated by `/`.
    pub path: String,
    /// How many bytes it has, unpacked.
    pub size: u64,
    /// Why it cannot be read, as a sentence.
    pub refused: Option<String>,
    /// CRC-32 of its content.
    pub crc: u32,
    method: CompressionMethod,
    wayfinder: ZipArchiveEntryWayfinder,
}

/// Where the bytes of a file lie in its archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// From the archive's beginning.
    pub range: Range<u64>,
    /// How to unpack them; nothing where they are the file as it is.
    pub deflated: Option<Deflated>,
}

/// An open archive.
#[derive(Debug)]
pub struct ZipReader<B> {
    archive: ZipArchive<Source<B>>,
    files: Vec<ZipFile>,
}

impl<B: Bytes> ZipReader<B> {
    /// Reads an archive's list. Folders, and what macOS and Windows put beside files, are not in it.
    ///
    /// # Errors
    /// [`Error::Archive`] when the bytes are no ZIP archive, or list more than a million files.
    pub fn open(bytes: B) -> Result<Self, Error> {
        let length = bytes.length();
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipLocator::new()
            .locate_in_reader(Source(bytes), &mut buffer, length)
            .map_err(|(_, error)| fault(&error))?;
        let mut files = Vec::new();
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next_entry().map_err(|error| fault(&error))? {
            let mut unicode = entry
                .extra_fields()
                .filter(|(id, _)| *id == ExtraFieldId::INFO_ZIP_UNICODE_PATH);
            let unicode = unicode.find_map(|(_, field)| name::unicode_path(field));
            let name = unicode.unwrap_or_else(|| name::text(entry.file_path().as_bytes()));
            let Some(path) = name::path(&name).filter(|path| !name::is_helper(path)) else {
                continue;
            };
            if files.len() == MOST_FILES {
                return Err(Error::Archive(format!(
                    "it lists more than {MOST_FILES} files"
                )));
            }
            let (method, size) = (entry.compression_method(), entry.uncompressed_size_hint());
            let sizes = (size, entry.compressed_size_hint());
            files.push(ZipFile {
                refused: refusal(&path, entry.flags().is_encrypted(), method, sizes),
                path,
                size,
                method,
                crc: entry.crc32(),
                wayfinder: entry.wayfinder(),
            });
        }
        Ok(Self { archive, files })
    }

    /// Its files, in its order.
    pub fn files(&self) -> &[ZipFile] {
        &self.files
    }

    fn entry(&self, file: &ZipFile) -> Result<ZipEntry<'_, Source<B>>, Error> {
        if let Some(why) = &file.refused {
            return Err(Error::Archive(why.clone()));
        }
        let entry = self.archive.get_entry(file.wayfinder);
        entry.map_err(|error| damaged(&file.path, &error))
    }

    /// Where the bytes of a file of this archive lie, for those who read them later and elsewhere.
    ///
    /// # Errors
    /// As [`Self::read`], as far as that is known without reading the file.
    pub fn slice(&self, file: &ZipFile) -> Result<Slice, Error> {
        let entry = self.entry(file)?;
        let (start, end) = entry.compressed_data_range();
        let deflated = (file.method == CompressionMethod::DEFLATE).then_some(Deflated {
            size: file.size,
            crc: file.crc,
        });
        if start > end || deflated.is_none() && end - start != file.size {
            return Err(damaged(&file.path, &"its sizes contradict each other"));
        }
        Ok(Slice {
            range: start..end,
            deflated,
        })
    }

    /// The first bytes of a file of this archive, so many or all.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn head(&self, file: &ZipFile, length: u64) -> Result<Vec<u8>, Error> {
        let entry = self.entry(file)?;
        let packed = entry.reader();
        let mut head = Vec::new();
        let read = match file.method {
            CompressionMethod::STORE => packed.take(length).read_to_end(&mut head),
            _ => DeflateDecoder::new(packed)
                .take(length)
                .read_to_end(&mut head),
        };
        read.map_err(|error| damaged(&file.path, &error))?;
        Ok(head)
    }

    /// The content of a file of this archive. It is never longer than the archive says, whatever its packed bytes say.
    ///
    /// # Errors
    /// [`Error::Archive`] when the file is refused, damaged or cannot be read.
    pub fn read(&self, file: &ZipFile) -> Result<Vec<u8>, Error> {
        let entry = self.entry(file)?;
        let packed = entry.reader();
        let unpacked: Box<dyn Read> = match file.method {
            CompressionMethod::STORE => Box::new(packed),
            _ => Box::new(DeflateDecoder::new(packed)),
        };
        // One more than it should have, so that too many are noticed by the checksum's reader and not held.
        let mut content = Vec::new();
        let limited = unpacked.take(file.size + 1);
        let mut checked = entry.verifying_reader(limited);
        checked
            .read_to_end(&mut content)
            .map_err(|error| damaged(&file.path, &error))?;
        Ok(content)
    }
}

/// Why a file cannot be read; `sizes` are those of its content and of its packed bytes.
fn refusal(
    path: &str,
    is_encrypted: bool,
    method: CompressionMethod,
    (size, packed): (u64, u64),
) -> Option<String> {
    if is_encrypted {
        return Some(format!(
            "{path} is encrypted; unpack the archive with its password first"
        ));
    }
    if !matches!(
        method,
        CompressionMethod::STORE | CompressionMethod::DEFLATE
    ) {
        let name = method.name().unwrap_or("a way that is not known");
        return Some(format!(
            "{path} is packed by {name}; pack it by “Deflate”, which every program knows"
        ));
    }
    if size > MOST_BYTES {
        return Some(format!(
            "{path} has {size} bytes; Delineo takes up to {MOST_BYTES}"
        ));
    }
    (size > SUSPICIOUS_BYTES && size / packed.max(1) > SUSPICIOUS_RATIO).then(|| {
        format!("{path} has {size} bytes in only {packed}, as files have that are made to fill the memory; unpack it and look at it")
    })
}

fn fault(error: &rawzip::Error) -> Error {
    Error::Archive(error.to_string())
}

#[derive(Debug)]
struct Source<B>(B);

impl<B: Bytes> ReaderAt for Source<B> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.0.length().saturating_sub(offset);
        let count = left.min(buffer.len() as u64);
        if count == 0 {
            return Ok(0);
        }
        let bytes = self.0.read(offset..offset + count)?;
        let target = buffer
            .get_mut(..bytes.len())
            .ok_or(io::ErrorKind::InvalidData)?;
        target.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ZipWriter;
    use super::*;
    use crate::export::Stamp;

    fn stamp() -> Stamp {
        Stamp {
            date: "20260131".to_owned(),
            time: "235958".to_owned(),
        }
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Vec::new(), &stamp());
        for (path, bytes) in files {
            zip.push(path, bytes).expect("memory");
        }
        zip.finish().expect("memory")
    }

    #[test]
    fn what_is_written_is_read_back_and_helpers_are_left_out() {
        let text = b"words ".repeat(10_000);
        let bytes = archive(&[
            ("a/ä/lesion.png", b"\x89PNG"),
            ("a/table.csv", &text),
            ("__MACOSX/a/._lesion.png", b"x"),
            ("a/.DS_Store", b"x"),
            ("empty.txt", b""),
        ]);
        assert!(bytes.len() < 2000, "text is packed");
        let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
        let paths: Vec<&str> = zip.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a/ä/lesion.png", "a/table.csv", "empty.txt"]);
        let contents: Vec<_> = zip
            .files()
            .iter()
            .map(|file| zip.read(file).expect("intact"))
            .collect();
        assert_eq!(contents, [b"\x89PNG".to_vec(), text, Vec::new()]);
    }

    #[test]
    fn an_entry_that_unpacks_to_more_than_it_says_is_refused() {
        let mut bytes = archive(&[("bomb.csv", &vec![b'0'; 1 << 20])]);
        // The size in the list: its record begins with PK\x01\x02, the size stands at 24.
        let list = bytes
            .windows(4)
            .rposition(|four| four == b"PK\x01\x02")
            .expect("a list");
        bytes[list + 24..list + 28].copy_from_slice(&100_u32.to_le_bytes());
        let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
        let error = zip.read(&zip.files()[0]).expect_err("too long").to_string();
        assert!(error.contains("bomb.csv is damaged"), "{error}");
    }

    #[test]
    fn encrypted_files_and_rare_ways_of_packing_are_named_and_the_others_are_read() {
        let bytes = archive(&[("a.png", b"one"), ("b.png", b"two")]);
        let list = bytes
            .windows(4)
            .position(|four| four == b"PK\x01\x02")
            .expect("a list");
        let mut locked = bytes.clone();
        locked[list + 8] |= 1;
        let zip = ZipReader::open(locked.as_slice()).expect("an archive");
        let said = zip.read(&zip.files()[0]).expect_err("locked").to_string();
        assert!(said.contains("a.png is encrypted"), "{said}");
        assert_eq!(zip.read(&zip.files()[1]).expect("open"), b"two");
        let mut rare = bytes;
        rare[list + 10] = 14;
        let zip = ZipReader::open(rare.as_slice()).expect("an archive");
        let said = zip.files()[0].refused.clone().unwrap_or_default();
        assert!(said.contains("LZMA"), "{said}");
    }

    #[test]
    fn a_file_is_read_later_from_the_bytes_at_its_place() {
        let text = b"words ".repeat(10_000);
        let bytes = archive(&[("a.png", b"\x89PNG"), ("b.csv", &text)]);
        let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
        let slice = |at: usize| zip.slice(&zip.files()[at]).expect("intact");
        let part = |at: usize| {
            let Range { start, end } = slice(at).range;
            &bytes[start as usize..end as usize]
        };
        let deflated = slice(1).deflated.expect("text is packed");
        assert_eq!(deflated.unpack("b.csv", part(1)).expect("intact"), text);
        let head = zip.head(&zip.files()[1], 8).expect("intact");
        assert_eq!(head, b"words wo");
        let mut damaged = part(1).to_vec();
        damaged[20] ^= 0xff;
        assert!(deflated.unpack("b.csv", &damaged).is_err());
        let shorter = Deflated {
            size: 100,
            ..deflated
        };
        assert!(shorter.unpack("b.csv", part(1)).is_err());
    }

    /// An archive of one file that is not packed.
    fn stored(path: &str, content: &[u8]) -> Vec<u8> {
        let of = |length: usize| (length as u32).to_le_bytes();
        let sizes = [
            rawzip::crc32(content).to_le_bytes(),
            of(content.len()),
            of(content.len()),
            of(path.len()),
        ]
        .concat();
        let local = [
            b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0",
            &sizes[..],
            path.as_bytes(),
            content,
        ]
        .concat();
        let central = [
            b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0",
            &sizes[..],
            &[0; 14],
            path.as_bytes(),
        ]
        .concat();
        let end = [
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
            &of(central.len())[..],
            &of(local.len()),
            &[0; 2],
        ]
        .concat();
        [local, central, end].concat()
    }

    #[test]
    fn a_file_that_is_not_packed_lies_in_the_archive_as_it_is() {
        let bytes = stored("a.png", b"\x89PNG as it is");
        let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
        let slice = zip.slice(&zip.files()[0]).expect("intact");
        let part = &bytes[slice.range.start as usize..slice.range.end as usize];
        assert_eq!((slice.deflated, part), (None, &b"\x89PNG as it is"[..]));
        assert_eq!(zip.read(&zip.files()[0]).expect("intact"), part);
        assert_eq!(zip.head(&zip.files()[0], 4).expect("intact"), b"\x89PNG");
    }

    #[test]
    fn a_file_that_is_made_to_fill_the_memory_is_refused_before_it_is_unpacked() {
        let mut bytes = archive(&[("bomb.csv", &vec![b'0'; 1 << 20])]);
        let list = bytes
            .windows(4)
            .rposition(|four| four == b"PK\x01\x02")
            .expect("a list");
        bytes[list + 24..list + 28].copy_from_slice(&(1_u32 << 29).to_le_bytes());
        let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
        let refused = zip.files()[0].refused.clone().unwrap_or_default();
        assert!(refused.contains("made to fill the memory"), "{refused}");
        assert!(zip.slice(&zip.files()[0]).is_err());
    }

    #[test]
    fn no_damage_makes_reading_panic() {
        let bytes = archive(&[("a.png", b"one"), ("b.csv", &b"two ".repeat(100))]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            if let Ok(zip) = ZipReader::open(damaged.as_slice()) {
                for file in zip.files() {
                    let _ = (zip.read(file), zip.slice(file), zip.head(file, 10));
                }
            }
            let _ = ZipReader::open(&bytes[..at]).map(|zip| zip.files().len());
        }
        assert!(matches!(ZipReader::open(&b""[..]), Err(Error::Archive(_))));
    }
}
