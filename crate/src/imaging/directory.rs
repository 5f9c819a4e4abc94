//! TIFF directories: the list of tags at the head of a TIFF file and, in the same form, of an EXIF block
//! (TIFF 6.0, section 2; Exif 2.32, section 4.5; BigTIFF for files over 4 GB).

/// Tag of the image's width in pixels.
pub(super) const WIDTH: u16 = 256;
/// Tag of the image's height in pixels.
pub(super) const HEIGHT: u16 = 257;
/// Tag of how colours are to be understood; see [`PALETTE`] and [`SEPARATED`].
pub(super) const PHOTOMETRIC: u16 = 262;
/// Tag of the orientation, 1 to 8.
pub(super) const ORIENTATION: u16 = 274;
/// Tag whose lowest bit marks a reduced copy of another page.
pub(super) const SUBFILE: u16 = 254;

/// Photometric value of pictures with a colour table.
pub(super) const PALETTE: u64 = 3;
/// Photometric value of inks, usually CMYK.
pub(super) const SEPARATED: u64 = 5;

/// One directory within the bytes of a TIFF file or EXIF block.
#[derive(Clone, Copy)]
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    little: bool,
    big: bool,
    at: usize,
}

impl<'a> Directory<'a> {
    /// The first directory, or nothing when the bytes have no TIFF header or end too early.
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let (little, big) = match bytes.get(..4)? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        let header = Self {
            bytes,
            little,
            big,
            at: 0,
        };
        let at = if big {
            header.read(8, 8)?
        } else {
            header.read(4, 4)?
        };
        header.moved(at)
    }

    /// The directory after this one.
    pub fn next(&self) -> Option<Self> {
        let end = self
            .entries_at()
            .checked_add(self.count()?.checked_mul(self.entry_size())?)?;
        match self.read(end, if self.big { 8 } else { 4 })? {
            0 => None,
            at => self.moved(at),
        }
    }

    /// The first value of a tag that holds whole numbers.
    pub fn number(&self, tag: u16) -> Option<u64> {
        let inline = if self.big { 8 } else { 4 };
        for index in 0..self.count()? {
            let entry = self.entries_at() + index * self.entry_size();
            if self.read(entry, 2)? != u64::from(tag) {
                continue;
            }
            let size = match self.read(entry + 2, 2)? {
                1 => 1,       // BYTE
                3 => 2,       // SHORT
                4 | 13 => 4,  // LONG, IFD
                16 | 18 => 8, // LONG8, IFD8
                _ => return None,
            };
            let count = self.read(entry + 4, inline)?;
            let value = entry + 4 + inline;
            let at = match count.checked_mul(size as u64)? {
                0 => return None,
                bytes if bytes <= inline as u64 => value,
                _ => usize::try_from(self.read(value, inline)?).ok()?,
            };
            return self.read(at, size);
        }
        None
    }

    fn moved(&self, at: u64) -> Option<Self> {
        let at = usize::try_from(at).ok()?;
        let directory = Self { at, ..*self };
        directory.count().map(|_| directory)
    }

    /// How many entries there are; never more than fit the bytes.
    fn count(&self) -> Option<usize> {
        let count = usize::try_from(self.read(self.at, if self.big { 8 } else { 2 })?).ok()?;
        (count <= self.bytes.len() / self.entry_size()).then_some(count)
    }

    fn entries_at(&self) -> usize {
        self.at + if self.big { 8 } else { 2 }
    }

    fn entry_size(&self) -> usize {
        if self.big { 20 } else { 12 }
    }

    fn read(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.little {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        })
    }
}

/// The orientation that an EXIF block tells, 1 to 8; 1 when it tells none.
pub(super) fn exif_orientation(block: &[u8]) -> u8 {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    Directory::first(block).map_or(1, |directory| orientation(&directory))
}

/// The orientation that a directory tells, 1 to 8; 1 when it tells none.
pub(super) fn orientation(directory: &Directory) -> u8 {
    match directory.number(ORIENTATION) {
        Some(value @ 1..=8) => value as u8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    const BIG: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";

    #[test]
    fn the_orientation_is_read_in_either_byte_order_with_or_without_the_exif_mark() {
        assert_eq!(exif_orientation(LITTLE), 6);
        assert_eq!(exif_orientation(BIG), 8);
        assert_eq!(exif_orientation(&[b"Exif\0\0", LITTLE].concat()), 6);
    }

    #[test]
    fn a_damaged_or_senseless_block_means_no_turn() {
        let mut nine = LITTLE.to_vec();
        nine[18] = 9;
        assert_eq!(exif_orientation(&nine), 1);
        for end in 0..20 {
            assert_eq!(exif_orientation(&LITTLE[..end]), 1);
        }
    }

    #[test]
    fn a_directory_that_points_to_itself_can_be_read() {
        let mut endless = LITTLE.to_vec();
        endless[22] = 8;
        let first = Directory::first(&endless).expect("a directory");
        assert_eq!(first.next().expect("itself").number(ORIENTATION), Some(6));
    }
}
