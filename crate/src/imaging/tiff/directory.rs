//! The directories of a TIFF: numbers under tags, in either byte order and width. Nothing is read from outside the file
//! and nothing is allocated that the file does not hold.

use super::super::header::{big, little};

/// Tags by number (TIFF 6.0; 330 and later: its supplements).
pub mod tag {
    pub const KIND: u16 = 254;
    pub const OLD_KIND: u16 = 255;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_LENGTHS: u16 = 279;
    pub const PLANES: u16 = 284;
    pub const FAX_OPTIONS: u16 = 292;
    pub const PREDICTOR: u16 = 317;
    pub const COLOUR_TABLE: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_LENGTHS: u16 = 325;
    pub const SUB_DIRECTORIES: u16 = 330;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const YCBCR_COEFFICIENTS: u16 = 529;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
    pub const REFERENCE_BLACK_WHITE: u16 = 532;
    pub const PROFILE: u16 = 34675;
    pub const DNG_VERSION: u16 = 50706;
}

/// A TIFF's bytes and how its numbers are written.
pub struct File<'a> {
    pub bytes: &'a [u8],
    /// Most significant byte first.
    pub is_big_endian: bool,
    /// Offsets of 8 bytes.
    is_large: bool,
}

/// One page's entries.
pub struct Directory {
    entries: Vec<Entry>,
    /// Where the next page is.
    pub next: Option<u64>,
}

struct Entry {
    tag: u16,
    kind: u16,
    /// The values in the file.
    first: usize,
    count: usize,
}

/// Bytes of a value of each type; none of what is no number.
const fn width(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

impl<'a> File<'a> {
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = bytes.starts_with(b"MM");
        let mut file = Self {
            bytes,
            is_big_endian,
            is_large: false,
        };
        file.is_large = file.number(2, 2)? == 43;
        Some(file)
    }

    /// Whether Canon's mark of a raw photo follows the header.
    pub fn is_canon_raw(&self) -> bool {
        self.bytes.get(8..10) == Some(b"CR")
    }

    /// A whole number of 1, 2, 4 or 8 bytes.
    pub fn number(&self, at: usize, size: usize) -> Option<u64> {
        let part = |at, size| match self.is_big_endian {
            true => big(self.bytes, at, size),
            false => little(self.bytes, at, size),
        };
        if size < 8 {
            return part(at, size).map(u64::from);
        }
        let (first, second) = (part(at, 4)?, part(at.checked_add(4)?, 4)?);
        let (high, low) = match self.is_big_endian {
            true => (first, second),
            false => (second, first),
        };
        Some(u64::from(high) << 32 | u64::from(low))
    }

    /// Where the first page is.
    pub fn first(&self) -> Option<u64> {
        match self.is_large {
            true => self.number(8, 8),
            false => self.number(4, 4),
        }
    }

    /// The page at this offset; the entries that lie outside the file are left out.
    pub fn directory(&self, at: u64) -> Option<Directory> {
        let at = usize::try_from(at).ok().filter(|at| *at > 0)?;
        let (counter, entry, word) = if self.is_large {
            (8, 20, 8)
        } else {
            (2, 12, 4)
        };
        let count = usize::try_from(self.number(at, counter)?).ok()?;
        let first = at.checked_add(counter)?;
        let end = first.checked_add(count.checked_mul(entry)?)?;
        if end > self.bytes.len() {
            return None;
        }
        let read = |index: usize| {
            let at = first + index * entry;
            let kind = self.number(at + 2, 2)? as u16;
            let count = usize::try_from(self.number(at + 4, word)?).ok()?;
            let length = count.checked_mul(width(kind)?)?;
            let values = at + 4 + word;
            let first = match length <= word {
                true => values,
                false => usize::try_from(self.number(values, word)?).ok()?,
            };
            self.bytes.get(first..first.checked_add(length)?)?;
            Some(Entry {
                tag: self.number(at, 2)? as u16,
                kind,
                first,
                count,
            })
        };
        Some(Directory {
            entries: (0..count).filter_map(read).collect(),
            next: Some(self.number(end, word)?).filter(|next| *next != 0),
        })
    }
}

impl Directory {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    pub fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// All whole numbers under a tag; none where there is no such tag.
    pub fn numbers(&self, file: &File, tag: u16) -> Vec<u64> {
        let Some(entry) = self.entry(tag) else {
            return Vec::new();
        };
        let Some(size) =
            width(entry.kind).filter(|_| matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18))
        else {
            return Vec::new();
        };
        let each =
            (0..entry.count).map_while(|index| file.number(entry.first + index * size, size));
        each.collect()
    }

    /// The first whole number under a tag.
    pub fn number(&self, file: &File, tag: u16) -> Option<u64> {
        let entry = self.entry(tag)?;
        let size = width(entry.kind).filter(|_| matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18))?;
        (entry.count > 0).then(|| file.number(entry.first, size))?
    }

    /// Ratios under a tag.
    pub fn ratios(&self, file: &File, tag: u16) -> Option<Vec<f32>> {
        let entry = self.entry(tag).filter(|entry| entry.kind == 5)?;
        let ratio = |index: usize| {
            let at = entry.first + 8 * index;
            let (above, below) = (file.number(at, 4)?, file.number(at + 4, 4)?);
            (below > 0).then(|| above as f32 / below as f32)
        };
        (0..entry.count.min(16)).map(ratio).collect()
    }

    /// The bytes under a tag.
    pub fn bytes<'a>(&self, file: &File<'a>, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entry(tag)?;
        file.bytes
            .get(entry.first..entry.first + entry.count * width(entry.kind)?)
    }

    /// Width and height in pixels.
    pub fn size(&self, file: &File) -> Option<(u32, u32)> {
        let side = |tag| u32::try_from(self.number(file, tag)?).ok();
        Some((side(tag::WIDTH)?, side(tag::HEIGHT)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_byte_orders_and_widths() {
        let small = b"II*\0\x08\0\0\0\x01\0\x00\x01\x03\0\x01\0\0\0\x2c\x01\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\0\0\x03\0\0\0\x01\x01\x2c\0\0\0\0\0\0";
        let large = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x00\x01\x03\0\x01\0\0\0\0\0\0\0\x2c\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        for bytes in [&small[..], big, large] {
            let file = File::new(bytes).expect("a header");
            let page = file
                .directory(file.first().expect("a page"))
                .expect("a page");
            assert_eq!(page.number(&file, tag::WIDTH), Some(300));
            assert_eq!(page.next, None);
        }
    }

    #[test]
    fn entries_that_point_outside_the_file_are_left_out() {
        let bytes = b"II*\0\x08\0\0\0\x01\0\x11\x01\x04\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0";
        let file = File::new(bytes).expect("a header");
        let page = file.directory(8).expect("a page");
        assert!(!page.has(tag::STRIP_OFFSETS));
        assert!(file.directory(u64::MAX).is_none() && file.directory(0).is_none());
    }
}
