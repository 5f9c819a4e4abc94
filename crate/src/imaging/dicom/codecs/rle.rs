//! RLE Lossless (PS3.5, annex G): the bytes of each sample, highest first, packed apart.

use dicom_encoding::adapters::{DecodeResult, PixelDataObject, PixelDataReader};

use super::super::super::header::little;
use super::{Target, coded, fault};

pub(super) struct Rle;

/// Bytes of the table of segments.
const TABLE: usize = 64;

impl PixelDataReader for Rle {
    fn decode_frame(
        &self,
        frame: &dyn PixelDataObject,
        _: u32,
        out: &mut Vec<u8>,
    ) -> DecodeResult<()> {
        let target = Target::of(frame)?;
        let data = coded(frame)?;
        let (pixels, each) = (target.pixels(), target.samples * target.bytes);
        let segments = little(&data, 0, 4).unwrap_or(0) as usize;
        if segments != each || each > 15 {
            return Err(fault("its RLE segments do not fit its pixels"));
        }
        // Two bytes make 128 at most, so that a small file cannot ask for much.
        if pixels * each > 64 * data.len() {
            return Err(fault("its RLE data are too short"));
        }
        let begin = out.len();
        out.resize(begin + pixels * each, 0);
        for segment in 0..segments {
            let offset = |index| little(&data, 4 + 4 * index, 4).unwrap_or(0) as usize;
            let from = offset(segment).max(TABLE);
            let to = match segment + 1 < segments {
                true => offset(segment + 1).min(data.len()),
                false => data.len(),
            };
            let packed = data.get(from..to).unwrap_or_default();
            let sample = segment / target.bytes;
            let byte = target.bytes - 1 - segment % target.bytes;
            let places = out[begin + sample * target.bytes + byte..].iter_mut();
            if unpack(packed, places.step_by(each), pixels) < pixels {
                return Err(fault("its RLE data are too short"));
            }
        }
        if target.ybr {
            target.to_rgb(&mut out[begin..]);
        }
        Ok(())
    }
}

/// PackBits (PS3.5, G.3.2): how many of the places were filled.
fn unpack<'a>(packed: &[u8], mut places: impl Iterator<Item = &'a mut u8>, wanted: usize) -> usize {
    let (mut at, mut filled) = (0, 0);
    let mut put = |byte: u8| {
        if let Some(place) = places.next() {
            *place = byte;
            filled += 1;
        }
        filled < wanted
    };
    while let Some(&control) = packed.get(at) {
        let more = match control {
            0..=127 => {
                let end = (at + 2 + usize::from(control)).min(packed.len());
                let literal = &packed[at + 1..end];
                at = end;
                literal.iter().all(|byte| put(*byte))
            }
            128 => {
                at += 1;
                true
            }
            129..=255 => {
                let Some(&byte) = packed.get(at + 1) else {
                    break;
                };
                at += 2;
                (0..257 - usize::from(control)).all(|_| put(byte))
            }
        };
        if !more {
            break;
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_unpacked_and_a_short_run_is_told() {
        let mut out = [0_u8; 7];
        // Three as they are, a byte without meaning, four times 9.
        let packed = [2, 1, 2, 3, 128, 253, 9];
        assert_eq!(unpack(&packed, out.iter_mut(), 7), 7);
        assert_eq!(out, [1, 2, 3, 9, 9, 9, 9]);
        assert_eq!(unpack(&packed[..3], out.iter_mut(), 7), 2);
        assert_eq!(unpack(&packed, out[..5].iter_mut(), 5), 5);
    }
}
