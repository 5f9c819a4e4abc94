//! The coded bytes of one frame (PS3.5, annex A.4).

use std::borrow::Cow;
use std::ops::Range;

use dicom_core::value::C;
use dicom_encoding::adapters::{PixelDataObject, RawPixelData};

use super::super::header::little;
use super::layout::Layout;

/// Fragments of compressed frames.
pub(super) struct Fragments<'a> {
    pub bytes: &'a [u8],
    pub pieces: &'a [Range<usize>],
    /// Where each frame begins, counted from the first fragment's item; empty where the file does not say.
    pub offsets: Vec<u64>,
}

impl<'a> Fragments<'a> {
    /// With the basic offset table, or the extended one, as 64-bit numbers, where there is one.
    pub fn new(
        bytes: &'a [u8],
        table: &Range<usize>,
        pieces: &'a [Range<usize>],
        extended: Option<Vec<u8>>,
    ) -> Self {
        let basic = &bytes[table.clone()];
        let offsets = match extended {
            Some(table) => {
                let entries = table.as_chunks::<8>().0.iter();
                entries.map(|entry| u64::from_le_bytes(*entry)).collect()
            }
            None => (0..basic.len() / 4)
                .filter_map(|index| little(basic, 4 * index, 4).map(u64::from))
                .collect(),
        };
        Self {
            bytes,
            pieces,
            offsets,
        }
    }

    /// The fragments of each frame, for a file that says to hold so many frames. Fewer come back where it was cut.
    pub fn frames(&self, count: u32) -> Vec<Range<usize>> {
        let (count, pieces) = (count as usize, self.pieces.len());
        let starts: Vec<usize> = if count <= 1 {
            (0..pieces.min(1)).collect()
        } else if count == pieces {
            (0..pieces).collect()
        } else if let Some(starts) = self.starts_by_offset(count) {
            starts
        } else if pieces < count {
            (0..pieces).collect()
        } else {
            let begins = |index: &usize| begins(&self.bytes[self.pieces[*index].clone()]);
            (0..pieces).filter(begins).collect()
        };
        let ends = starts.iter().skip(1).copied().chain([pieces]);
        let frames = starts.iter().zip(ends).map(|(start, end)| *start..end);
        frames.take(count.max(1)).collect()
    }

    /// The fragment that stands at each offset; none unless all offsets are those of fragments.
    fn starts_by_offset(&self, count: usize) -> Option<Vec<usize>> {
        if self.offsets.len() != count {
            return None;
        }
        let (first, last) = (self.pieces.first()?.start, self.pieces.last()?.start);
        let mut starts = Vec::new();
        for offset in &self.offsets {
            let at = usize::try_from(*offset).ok()?.checked_add(first)?;
            // Of a file that was cut, the last frames have no fragments.
            if at > last {
                break;
            }
            let found = self.pieces.binary_search_by_key(&at, |piece| piece.start);
            starts.push(found.ok()?);
        }
        let ascending = starts.is_sorted_by(|a, b| a < b);
        (ascending && starts.first() == Some(&0)).then_some(starts)
    }

    /// The bytes of a frame.
    pub fn join(&self, frame: Range<usize>) -> Cow<'a, [u8]> {
        match &self.pieces[frame] {
            [one] => Cow::Borrowed(&self.bytes[one.clone()]),
            many => Cow::Owned(
                many.iter()
                    .flat_map(|piece| &self.bytes[piece.clone()])
                    .copied()
                    .collect(),
            ),
        }
    }
}

/// Whether a fragment begins an image: JPEG, JPEG-LS, a JPEG 2000 codestream or file, or a JPEG XL codestream.
fn begins(fragment: &[u8]) -> bool {
    let signatures: [&[u8]; 4] = [
        &[0xff, 0xd8, 0xff],
        &[0xff, 0x4f, 0xff, 0x51],
        &[0, 0, 0, 12, b'j', b'P'],
        &[0xff, 0x0a],
    ];
    signatures
        .iter()
        .any(|signature| fragment.starts_with(signature))
}

/// One compressed frame as the codecs of dicom-rs take it.
pub(super) struct OneFrame<'a> {
    pub syntax: &'a str,
    pub layout: &'a Layout,
    pub data: Cow<'a, [u8]>,
}

impl PixelDataObject for OneFrame<'_> {
    fn transfer_syntax_uid(&self) -> &str {
        self.syntax
    }
    fn rows(&self) -> Option<u16> {
        Some(self.layout.rows)
    }
    fn cols(&self) -> Option<u16> {
        Some(self.layout.columns)
    }
    fn samples_per_pixel(&self) -> Option<u16> {
        Some(self.layout.samples)
    }
    fn bits_allocated(&self) -> Option<u16> {
        Some(self.layout.allocated)
    }
    fn bits_stored(&self) -> Option<u16> {
        Some(self.layout.stored)
    }
    fn photometric_interpretation(&self) -> Option<&str> {
        Some(&self.layout.photometric)
    }
    fn number_of_frames(&self) -> Option<u32> {
        Some(1)
    }
    fn number_of_fragments(&self) -> Option<u32> {
        Some(1)
    }
    fn fragment(&self, fragment: usize) -> Option<Cow<'_, [u8]>> {
        (fragment == 0).then(|| Cow::Borrowed(self.data.as_ref()))
    }
    fn offset_table(&self) -> Option<Cow<'_, [u32]>> {
        None
    }
    fn raw_pixel_data(&self) -> Option<RawPixelData> {
        Some(RawPixelData {
            fragments: C::from_elem(self.data.to_vec(), 1),
            offset_table: C::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_by_count_by_offsets_and_by_how_they_begin() {
        // Items of 8 bytes of header each: two fragments of frame 0, one of frame 1.
        let mut bytes = vec![0; 60];
        let pieces = [8..18, 26..36, 44..54];
        bytes[8..11].copy_from_slice(&[0xff, 0xd8, 0xff]);
        bytes[44..47].copy_from_slice(&[0xff, 0xd8, 0xff]);
        let fragments = |offsets| Fragments {
            bytes: &bytes,
            pieces: &pieces,
            offsets,
        };
        assert_eq!(fragments(vec![]).frames(1).first(), Some(&(0..3)));
        assert_eq!(fragments(vec![]).frames(3), [0..1, 1..2, 2..3]);
        assert_eq!(fragments(vec![0, 36]).frames(2), [0..2, 2..3]);
        assert_eq!(fragments(vec![0, 7]).frames(2), [0..2, 2..3]);
        assert_eq!(fragments(vec![]).frames(2), [0..2, 2..3]);
        assert_eq!(fragments(vec![0, 18, 36, 54, 72]).frames(5).len(), 3);
        assert_eq!(fragments(vec![]).frames(5).len(), 3);
        let joined = fragments(vec![]).join(0..2);
        assert_eq!(joined.len(), 20);
    }
}
