//! How a DICOM file is recognised (PS3.10), with or without its preamble and its meta information.

use super::super::format::ImageFormat;
use super::super::header::{big, little};

pub(in crate::imaging) static FORMAT: ImageFormat = ImageFormat {
    name: "DICOM",
    extensions: &["dcm", "dicom"],
    media_types: &["application/dicom"],
};

/// Where the letters `DICM` stand, behind a preamble that may hold anything, such as the beginning of a TIFF.
pub(super) const SIGNATURE: std::ops::Range<usize> = 128..132;

/// How many elements of a data set without any signature must make sense.
const ELEMENTS: usize = 3;

/// The letters `DICM` at byte 128, or a data set that starts right away.
pub(super) fn matches(bytes: &[u8]) -> bool {
    bytes.get(SIGNATURE) == Some(b"DICM")
        || begins(bytes, implicit)
        || begins(bytes, |bytes, at| explicit(bytes, at, little))
        || begins(bytes, |bytes, at| explicit(bytes, at, big))
}

/// Group, element and the position after it.
type Step = (u32, u32, usize);

/// Whether the bytes begin with elements of group 2 or 8 in ascending order.
fn begins(bytes: &[u8], step: impl Fn(&[u8], usize) -> Option<Step>) -> bool {
    let (mut at, mut last) = (0, (0, 0));
    for index in 0..ELEMENTS {
        let Some((group, element, next)) = step(bytes, at) else {
            return false;
        };
        let first = index == 0 && !matches!(group, 2 | 8);
        if first || (index > 0 && (group, element) <= last) || group > 0x20 {
            return false;
        }
        (at, last) = (next, (group, element));
    }
    true
}

fn implicit(bytes: &[u8], at: usize) -> Option<Step> {
    let length = little(bytes, at + 4, 4)? as usize;
    let next = (at + 8).checked_add(length)?;
    (next <= bytes.len()).then_some(())?;
    Some((little(bytes, at, 2)?, little(bytes, at + 2, 2)?, next))
}

fn explicit(
    bytes: &[u8],
    at: usize,
    number: fn(&[u8], usize, usize) -> Option<u32>,
) -> Option<Step> {
    let kind = bytes.get(at + 4..at + 6)?;
    kind.iter().all(u8::is_ascii_uppercase).then_some(())?;
    let next = match kind {
        b"OB" | b"OW" | b"SQ" | b"UN" | b"UT" | b"UC" | b"UR" => {
            (at + 12).checked_add(number(bytes, at + 8, 4)? as usize)?
        }
        _ => at + 8 + number(bytes, at + 6, 2)? as usize,
    };
    (next <= bytes.len()).then_some(())?;
    Some((number(bytes, at, 2)?, number(bytes, at + 2, 2)?, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Group 8: image type, SOP class, SOP instance.
    const IMPLICIT: &[u8] =
        b"\x08\0\x08\0\x04\0\0\0ABCD\x08\0\x16\0\x04\0\0\x001.2\0\x08\0\x18\0\x04\0\0\x001.2\0";
    const EXPLICIT: &[u8] =
        b"\x08\0\x08\0CS\x04\0ABCD\x08\0\x16\0UI\x04\x001.2\0\x08\0\x18\0UI\x04\x001.2\0";
    const BIG: &[u8] =
        b"\0\x08\0\x08CS\0\x04ABCD\0\x08\0\x16UI\0\x041.2\0\0\x08\0\x18UI\0\x041.2\0";

    #[test]
    fn a_preamble_may_look_like_another_format() {
        let mut bytes = b"II*\0".to_vec();
        bytes.resize(128, 0);
        assert!(!matches(&bytes));
        bytes.extend(b"DICM");
        assert!(matches(&bytes));
    }

    #[test]
    fn a_data_set_alone_is_recognised_in_every_encoding() {
        for bytes in [IMPLICIT, EXPLICIT, BIG] {
            assert!(matches(bytes));
            assert!(!matches(&bytes[..bytes.len() - 1]), "one element is cut");
        }
    }

    #[test]
    fn other_bytes_are_no_data_set() {
        let descending = [&IMPLICIT[12..], &IMPLICIT[..12]].concat();
        for bytes in [b"".as_slice(), &[0; 300], &[8; 300], &descending] {
            assert!(!matches(bytes));
        }
    }
}
