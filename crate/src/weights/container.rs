//! What a checkpoint is packed in: the file inside a ZIP, TAR or gzip, and files that only look like weights.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder};

use crate::Error;
use crate::text;

/// Most bytes that an unpacked file may have; the largest CMUNeXt has 4 % of it.
const MOST_UNPACKED: u64 = 1 << 30;
/// Endings of files with weights, as they are looked for inside an archive.
const ENDINGS: [&str; 5] = [".pth", ".pt", ".ckpt", ".bin", ".safetensors"];
/// Archives within archives that are opened.
const DEPTH: usize = 3;

/// What is said of a file that ends before it should.
pub(super) const CUT: &str = "it is cut short; download or copy it again";

/// A member of a ZIP archive, as the central directory lists it.
struct Member {
    name: String,
    /// 0 is stored, 8 deflated.
    method: u16,
    packed: usize,
    size: u64,
    /// Where its local header begins.
    header: usize,
}

/// Takes the file with weights out of whatever it is packed in.
///
/// # Errors
/// [`Error::NotACheckpoint`] for a file that holds no weights, with a sentence on what it is instead.
pub(super) fn unpacked(mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    for _ in 0..DEPTH {
        if let Some(reason) = other_file(&bytes) {
            return Err(Error::NotACheckpoint(reason.to_owned()));
        }
        bytes = if bytes.starts_with(b"PK\x03\x04") {
            match zip(bytes)? {
                Zip::Weights(bytes) => return Ok(bytes),
                Zip::Packed(inner) => inner,
            }
        } else if bytes.starts_with(&[0x1f, 0x8b]) {
            inflated(GzDecoder::new(bytes.as_slice()))?
        } else if bytes.get(257..262) == Some(b"ustar") {
            match only_file_of_tar(&bytes) {
                Some(inner) => inner.to_vec(),
                None => return Ok(bytes),
            }
        } else {
            return Ok(bytes);
        };
    }
    Ok(bytes)
}

/// What a file is that people take for weights, where that can be told by how it begins.
fn other_file(bytes: &[u8]) -> Option<&'static str> {
    let start = text::decode(&bytes[..bytes.len().min(512)]).to_lowercase();
    let start = start.trim_start();
    if start.starts_with("version https://git-lfs") {
        return Some(
            "it is a pointer of Git LFS, not the weights; fetch them with “git lfs pull” or download the file itself",
        );
    }
    if ["<!doctype", "<html", "<head", "<body", "<?xml"]
        .iter()
        .any(|tag| start.starts_with(tag))
    {
        return Some("it is a web page, not weights; download the file itself");
    }
    Some(match bytes {
        [0x89, b'H', b'D', b'F', ..] => {
            "it is an HDF5 file (Keras); only PyTorch and safetensors are read"
        }
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            "it is a TensorFlow Lite model; only PyTorch and safetensors are read"
        }
        // The protobuf of ONNX: field 1 is the version of the format, then come the producer's name or the graph.
        [
            8,
            1..=20,
            0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42,
            ..,
        ] => {
            "it is an ONNX model, from which the tensors' names are gone; save the network's weights in PyTorch with torch.save(model.state_dict(), \"weights.pth\")"
        }
        _ => return None,
    })
}

enum Zip {
    /// `torch.save` wrote it.
    Weights(Vec<u8>),
    /// It holds another file, here unpacked.
    Packed(Vec<u8>),
}

fn zip(bytes: Vec<u8>) -> Result<Zip, Error> {
    let not = |reason: String| Err(Error::NotACheckpoint(reason));
    let Some(directory) = Directory::find(&bytes) else {
        return not(CUT.to_owned());
    };
    let Some(members) = directory.members(&bytes) else {
        return not("its ZIP directory is damaged; download or copy it again".to_owned());
    };
    let has = |end: &str| members.iter().any(|member| member.name.ends_with(end));
    if has("/constants.pkl") || members.iter().any(|one| one.name.contains("/code/")) {
        return not(
            "it is a TorchScript archive, which holds a program; save its weights with torch.save(torch.jit.load(\"FILE\").state_dict(), \"weights.pth\")"
                .to_owned(),
        );
    }
    if has("data.pkl") {
        return Ok(Zip::Weights(directory.closed(bytes)));
    }
    let is_weights = |member: &&Member| {
        let name = member.name.to_lowercase();
        !name.starts_with("__macosx/")
            && (ENDINGS.iter().any(|end| name.ends_with(end)) || name.contains(".pth."))
    };
    let packed: Vec<_> = members.iter().filter(is_weights).collect();
    match packed.as_slice() {
        [one] => Ok(Zip::Packed(one.unpacked(&bytes)?)),
        [] => not("it is an archive without weights in it".to_owned()),
        several => not(format!(
            "it is an archive of {} files with weights; unpack it and open one of them",
            several.len()
        )),
    }
}

/// Where the central directory of a ZIP lies.
struct Directory {
    start: usize,
    end: usize,
    count: u64,
    /// Where the record of the end lies.
    record: usize,
    is_large: bool,
}

impl Directory {
    /// Reads the record at the end, which a file that is cut short lacks.
    fn find(bytes: &[u8]) -> Option<Self> {
        let least = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
        let record = (least..=bytes.len().checked_sub(22)?)
            .rev()
            .find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))?;
        let count = u64::from(u16_at(bytes, record + 10)?);
        let (size, start) = (u32_at(bytes, record + 12)?, u32_at(bytes, record + 16)?);
        let is_large = count == u64::from(u16::MAX) || size == u32::MAX || start == u32::MAX;
        let (start, size, count) = if is_large {
            let locator = record.checked_sub(20)?;
            let large = usize::try_from(u64_at(bytes, locator + 8)?).ok()?;
            if !bytes.get(locator..)?.starts_with(b"PK\x06\x07")
                || !bytes.get(large..)?.starts_with(b"PK\x06\x06")
            {
                return None;
            }
            let number = |at: usize| u64_at(bytes, large.checked_add(at)?);
            (number(48)?, number(40)?, number(32)?)
        } else {
            (u64::from(start), u64::from(size), count)
        };
        let start = usize::try_from(start).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        (end <= record).then_some(Self {
            start,
            end,
            count,
            record,
            is_large,
        })
    }

    fn members(&self, bytes: &[u8]) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        let mut at = self.start;
        for _ in 0..self.count {
            if !bytes.get(at..self.end)?.starts_with(b"PK\x01\x02") {
                return None;
            }
            let [name, extra, comment] =
                [28, 30, 32].map(|place| u16_at(bytes, at + place).map(usize::from));
            let (name, extra, comment) = (name?, extra?, comment?);
            members.push(Member {
                name: String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned(),
                method: u16_at(bytes, at + 10)?,
                packed: u32_at(bytes, at + 20)? as usize,
                size: u64::from(u32_at(bytes, at + 24)?),
                header: u32_at(bytes, at + 42)? as usize,
            });
            at += 46 + name + extra + comment;
        }
        Some(members)
    }

    /// The archive without a ZIP64 record that it does not need.
    ///
    /// PyTorch writes one, 76 bytes long, between the directory and its end. The `zip` crate looks for the directory as many bytes
    /// before the end as it is long, and so 76 bytes late; where the first entry has exactly that length, a folder's name of 21
    /// letters, it finds the second entry there and takes it for the first.
    fn closed(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if !self.is_large {
            bytes.drain(self.end..self.record);
        }
        bytes
    }
}

impl Member {
    fn unpacked(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let not = |reason: String| Error::NotACheckpoint(reason);
        let data = || {
            let name = usize::from(u16_at(bytes, self.header.checked_add(26)?)?);
            let extra = usize::from(u16_at(bytes, self.header + 28)?);
            let start = self.header + 30 + name + extra;
            bytes.get(start..start.checked_add(self.packed)?)
        };
        let data = data().ok_or_else(|| not(CUT.to_owned()))?;
        if self.size > MOST_UNPACKED {
            return Err(not(format!("{} in it is too large", self.name)));
        }
        match self.method {
            0 => Ok(data.to_vec()),
            8 => inflated(DeflateDecoder::new(data)),
            _ => Err(not(format!(
                "{} is packed in it by a method that is not read; unpack it first",
                self.name
            ))),
        }
    }
}

fn inflated(packed: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = packed.take(MOST_UNPACKED + 1).read_to_end(&mut bytes);
    match read {
        Ok(count) if count as u64 <= MOST_UNPACKED => Ok(bytes),
        Ok(_) => Err(Error::NotACheckpoint(
            "what it unpacks to is too large".to_owned(),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(Error::NotACheckpoint(CUT.to_owned()))
        }
        Err(error) => Err(Error::NotACheckpoint(format!(
            "it cannot be unpacked ({error})"
        ))),
    }
}

/// The only regular file with weights in a TAR; none for the TAR that PyTorch before 0.1.10 wrote, which is read as a whole.
fn only_file_of_tar(bytes: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + 512) {
        let field = |range: std::ops::Range<usize>| {
            let text = String::from_utf8_lossy(&header[range]).into_owned();
            text.trim_matches(['\0', ' ']).to_owned()
        };
        let (name, size) = (field(0..100), field(124..136));
        if name.is_empty() {
            break;
        }
        let size = usize::from_str_radix(&size, 8).ok()?;
        let is_file = matches!(header[156], 0 | b'0');
        let data = bytes.get(at + 512..(at + 512).checked_add(size)?)?;
        if is_file && ENDINGS.iter().any(|end| name.to_lowercase().ends_with(end)) {
            if found.is_some() {
                return None;
            }
            found = Some(data);
        }
        at = (at + 512).checked_add(size.next_multiple_of(512))?;
    }
    found
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
