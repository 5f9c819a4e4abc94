//! Where the elements of a data set lie in its bytes (PS3.5, section 7), every length checked against what is there,
//! so that whatever reads them afterwards meets no length that is wrong.

use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use super::super::header::{big, little};

/// Sequences in sequences after which a file is taken for damaged.
const MAX_DEPTH: usize = 16;

const ITEM: Tag = Tag(0xfffe, 0xe000);
const ITEM_END: Tag = Tag(0xfffe, 0xe00d);
const SEQUENCE_END: Tag = Tag(0xfffe, 0xe0dd);

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Whether each element names its value representation.
    pub explicit: bool,
    /// Whether numbers are big endian.
    pub big: bool,
}

impl Encoding {
    /// Of the meta information, and of most files.
    pub const EXPLICIT: Self = Self {
        explicit: true,
        big: false,
    };
    pub const IMPLICIT: Self = Self {
        explicit: false,
        big: false,
    };
    pub const BIG: Self = Self {
        explicit: true,
        big: true,
    };

    fn number(self, bytes: &[u8], at: usize, size: usize) -> Option<u32> {
        if self.big {
            big(bytes, at, size)
        } else {
            little(bytes, at, size)
        }
    }
}

/// One element of the outermost level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub tag: Tag,
    /// Its two letters; none in implicit encoding.
    pub vr: Option<[u8; 2]>,
    /// From its tag to its end.
    pub whole: Range<usize>,
    /// Its value alone.
    pub value: Range<usize>,
}

/// Where the pixels lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PixelBytes {
    /// Uncompressed, in one piece.
    Native {
        value: Range<usize>,
        /// Whether bytes are the halves of 16-bit words (VR OW).
        words: bool,
    },
    /// In fragments, the basic offset table apart.
    Fragments {
        table: Range<usize>,
        fragments: Vec<Range<usize>>,
    },
}

/// A data set by its outermost elements.
#[derive(Debug)]
pub(super) struct Elements {
    /// All before the pixel data, and those that stand for it.
    pub list: Vec<Element>,
    pub pixels: Option<PixelBytes>,
    /// Whether the pixel data claim to be longer than the file.
    pub cut: bool,
}

/// Tag, value representation, where the value begins, and its length unless that is undefined.
type Start = (Tag, Option<[u8; 2]>, usize, Option<usize>);

/// What stands at `at`; none where nothing that makes sense does.
pub(super) fn start(bytes: &[u8], at: usize, encoding: Encoding) -> Option<Start> {
    let number = |at, size| encoding.number(bytes, at, size);
    let tag = Tag(number(at, 2)? as u16, number(at + 2, 2)? as u16);
    let length = |length| (length != u32::MAX).then_some(length as usize);
    if !encoding.explicit || tag.0 == ITEM.0 {
        return Some((tag, None, at + 8, length(number(at + 4, 4)?)));
    }
    let vr: [u8; 2] = bytes.get(at + 4..at + 6)?.try_into().ok()?;
    match VR::from_binary(vr)? {
        VR::OB
        | VR::OD
        | VR::OF
        | VR::OL
        | VR::OV
        | VR::OW
        | VR::SQ
        | VR::SV
        | VR::UC
        | VR::UN
        | VR::UR
        | VR::UT
        | VR::UV => Some((tag, Some(vr), at + 12, length(number(at + 8, 4)?))),
        _ => Some((tag, Some(vr), at + 8, Some(number(at + 6, 2)? as usize))),
    }
}

/// The elements from `at` on, up to the pixel data; none where a length does not fit.
pub(super) fn elements(bytes: &[u8], at: usize, encoding: Encoding) -> Option<Elements> {
    let mut found = Elements {
        list: Vec::new(),
        pixels: None,
        cut: false,
    };
    let (mut at, mut last) = (at, Tag(0, 0));
    while bytes.len().saturating_sub(at) >= 8 {
        let (tag, vr, value, length) = start(bytes, at, encoding)?;
        if tag < last {
            // Some programs pad with zeros; anything else is out of order and so misread.
            let padding = tag == Tag(0, 0) && !found.list.is_empty();
            return padding.then_some(found);
        }
        last = tag;
        if tag == tags::PIXEL_DATA {
            let (pixels, cut) = pixels(bytes, value, length, vr, encoding)?;
            (found.pixels, found.cut) = (Some(pixels), cut);
            return Some(found);
        }
        let end = end(bytes, tag, vr, value, length, encoding, 0)?;
        found.list.push(Element {
            tag,
            vr,
            whole: at..end,
            value: value..length.map_or(end, |length| value + length),
        });
        at = end;
    }
    Some(found)
}

/// Where an element ends, with all lengths inside it checked.
fn end(
    bytes: &[u8],
    tag: Tag,
    vr: Option<[u8; 2]>,
    value: usize,
    length: Option<usize>,
    encoding: Encoding,
    depth: usize,
) -> Option<usize> {
    let stop = match length {
        Some(length) => Some(value.checked_add(length).filter(|at| *at <= bytes.len())?),
        None => None,
    };
    let sequence = match vr {
        Some(vr) => &vr == b"SQ",
        None => {
            let entry = StandardDataDictionary.by_tag(tag);
            entry.is_some_and(|entry| entry.vr() == VirtualVr::Exact(VR::SQ))
        }
    };
    match stop {
        Some(stop) if !sequence => Some(stop),
        _ if depth >= MAX_DEPTH => None,
        None if tag == tags::PIXEL_DATA => {
            // An icon's own pixels, compressed.
            let mut at = value;
            loop {
                let (tag, _, value, length) = start(bytes, at, encoding)?;
                at = value.checked_add(length?).filter(|at| *at <= bytes.len())?;
                if tag == SEQUENCE_END {
                    return Some(at);
                }
            }
        }
        // What is unknown and has no length is implicit (PS3.5, 6.2.2).
        None if vr == Some(*b"UN") => items(bytes, value, stop, Encoding::IMPLICIT, depth + 1),
        _ => items(bytes, value, stop, encoding, depth + 1),
    }
}

/// Where a sequence of items ends.
fn items(
    bytes: &[u8],
    mut at: usize,
    stop: Option<usize>,
    encoding: Encoding,
    depth: usize,
) -> Option<usize> {
    loop {
        if stop.is_some_and(|stop| at >= stop) {
            return stop.filter(|stop| *stop == at);
        }
        let (tag, _, value, length) = start(bytes, at, encoding)?;
        match tag {
            SEQUENCE_END if stop.is_none() => return Some(value),
            ITEM => {}
            _ => return None,
        }
        let item_stop = match length {
            Some(length) => Some(value.checked_add(length).filter(|at| *at <= bytes.len())?),
            None => None,
        };
        at = value;
        while item_stop.is_none_or(|stop| at < stop) {
            let (tag, vr, value, length) = start(bytes, at, encoding)?;
            if tag == ITEM_END && item_stop.is_none() {
                at = value;
                break;
            }
            at = end(bytes, tag, vr, value, length, encoding, depth)?;
        }
        if item_stop.is_some_and(|stop| at != stop) {
            return None;
        }
    }
}

/// Where the pixels lie, and whether they were cut.
fn pixels(
    bytes: &[u8],
    value: usize,
    length: Option<usize>,
    vr: Option<[u8; 2]>,
    encoding: Encoding,
) -> Option<(PixelBytes, bool)> {
    if let Some(length) = length {
        let whole = value.checked_add(length)?;
        let native = PixelBytes::Native {
            value: value.min(bytes.len())..whole.min(bytes.len()),
            words: vr.is_none_or(|vr| &vr == b"OW"),
        };
        return Some((native, whole > bytes.len()));
    }
    let (mut at, mut cut, mut pieces) = (value, true, Vec::new());
    while let Some((tag, _, value, length)) = start(bytes, at, encoding) {
        if tag == SEQUENCE_END {
            cut = false;
            break;
        }
        let stop = length.and_then(|length| value.checked_add(length));
        match stop {
            Some(stop) if tag == ITEM && stop <= bytes.len() => {
                pieces.push(value..stop);
                at = stop;
            }
            _ => break,
        }
    }
    let mut pieces = pieces.into_iter();
    let table = pieces.next().unwrap_or(at..at);
    let fragments = pieces.collect();
    Some((PixelBytes::Fragments { table, fragments }, cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(tag: Tag, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        bytes.extend(vr);
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(value);
        bytes
    }

    #[test]
    fn a_length_that_does_not_fit_is_told_wherever_it_stands() {
        let rows = short(tags::ROWS, b"US", &[1, 0]);
        let mut item = vec![0xfe, 0xff, 0x00, 0xe0, 10, 0, 0, 0];
        item.extend(&rows);
        let mut sequence = vec![0x18, 0, 0x11, 0x60, b'S', b'Q', 0, 0, 18, 0, 0, 0];
        sequence.extend(&item);
        let found = elements(&sequence, 0, Encoding::EXPLICIT).expect("whole");
        assert_eq!(found.list.len(), 1);
        assert_eq!(found.list[0].whole, 0..sequence.len());
        for (at, wrong) in [(8, 17), (8, 200), (16, 9), (16, 255), (26, 3)] {
            let mut bytes = sequence.clone();
            bytes[at] = wrong;
            let found = elements(&bytes, 0, Encoding::EXPLICIT);
            assert!(found.is_none(), "{wrong} at {at}");
        }
    }

    #[test]
    fn sequences_nested_without_an_end_are_damage_and_not_a_full_stack() {
        let level = [
            0x18, 0, 0x11, 0x60, b'S', b'Q', 0, 0, 255, 255, 255, 255, 0xfe, 0xff, 0x00, 0xe0, 255,
            255, 255, 255,
        ];
        let bytes = level.repeat(100_000);
        assert!(elements(&bytes, 0, Encoding::EXPLICIT).is_none());
    }

    #[test]
    fn fragments_end_where_the_file_was_cut() {
        let mut bytes = vec![0xe0, 0x7f, 0x10, 0, b'O', b'B', 0, 0, 255, 255, 255, 255];
        let item = |length: u8| [0xfe, 0xff, 0x00, 0xe0, length, 0, 0, 0];
        bytes.extend(item(0));
        bytes.extend(item(2));
        bytes.extend([1, 2]);
        bytes.extend(item(2));
        bytes.extend([3, 4]);
        bytes.extend(item(4));
        bytes.extend([5, 6]);
        let found = elements(&bytes, 0, Encoding::EXPLICIT).expect("readable");
        assert!(found.cut);
        let expected = PixelBytes::Fragments {
            table: 20..20,
            fragments: vec![28..30, 38..40],
        };
        assert_eq!(found.pixels, Some(expected));
    }
}
