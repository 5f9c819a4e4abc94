//! JPEG-LS (ITU-T T.87), lossless and near-lossless: the stream's headers, and the samples that its scans give.

use dicom_encoding::adapters::{DecodeResult, PixelDataObject, PixelDataReader};

use super::super::super::header::big;
use super::jpegls_scan::{Interleave, Parameters, scan};
use super::{Target, coded, fault};

pub(super) struct JpegLs;

impl PixelDataReader for JpegLs {
    fn decode_frame(
        &self,
        frame: &dyn PixelDataObject,
        _: u32,
        out: &mut Vec<u8>,
    ) -> DecodeResult<()> {
        let target = Target::of(frame)?;
        let data = coded(frame)?;
        let stream = Stream::read(&data).ok_or_else(|| fault("its JPEG-LS data are damaged"))?;
        if (stream.columns, stream.rows, stream.components.len())
            != (target.columns, target.rows, target.samples)
        {
            return Err(fault("the size of its JPEG-LS data is another"));
        }
        if usize::from(stream.precision) > 8 * target.bytes {
            return Err(fault("its JPEG-LS data have too many bits"));
        }
        let planes = stream
            .planes(&data)
            .ok_or_else(|| fault("its JPEG-LS data are damaged or of a rare kind"))?;
        let begin = out.len();
        out.reserve(target.pixels() * target.samples * target.bytes);
        for pixel in 0..target.pixels() {
            for plane in &planes {
                target.push(out, plane[pixel].into());
            }
        }
        if target.ybr {
            target.to_rgb(&mut out[begin..]);
        }
        Ok(())
    }
}

/// What the headers before the first scan say.
struct Stream {
    precision: u8,
    rows: usize,
    columns: usize,
    /// Identifiers of the components.
    components: Vec<u8>,
    /// Where the frame header ends.
    begin: usize,
    /// Thresholds that came before the frame header.
    preset: Option<[i64; 5]>,
}

impl Stream {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (mut at, mut preset) = (2, None);
        loop {
            let (marker, segment, next) = segment(bytes, at)?;
            match marker {
                0xf7 => {
                    let components = segment.get(6..)?.as_chunks::<3>().0.iter();
                    let stream = Self {
                        precision: *segment.first()?,
                        rows: big(segment, 1, 2)? as usize,
                        columns: big(segment, 3, 2)? as usize,
                        components: components.map(|component| component[0]).collect(),
                        begin: next,
                        preset,
                    };
                    let usual = (2..=16).contains(&stream.precision);
                    return usual.then_some(stream);
                }
                0xf8 => preset = Some(thresholds(segment)?),
                // HP's colour transforms, which are no part of the standard.
                0xe8 if segment.starts_with(b"mrfx") && segment.get(4) != Some(&0) => return None,
                0xda => return None,
                _ => {}
            }
            at = next;
        }
    }

    /// The samples of each component.
    fn planes(&self, bytes: &[u8]) -> Option<Vec<Vec<u16>>> {
        let pixels = self.rows * self.columns;
        let mut planes = vec![Vec::new(); self.components.len()];
        let (mut at, mut preset) = (self.begin, self.preset);
        while planes.iter().any(Vec::is_empty) {
            let (marker, segment, next) = segment(bytes, at)?;
            at = next;
            match marker {
                0xf8 => preset = Some(thresholds(segment)?),
                // A restart interval.
                0xdd if segment.iter().any(|byte| *byte != 0) => return None,
                0xda => {
                    let count = usize::from(*segment.first()?);
                    let ids = segment.get(1..)?.as_chunks::<2>().0.get(..count)?;
                    let [near, interleave, shift] =
                        segment.get(1 + 2 * count..)?.first_chunk::<3>()?;
                    let places = ids.iter().map(|[id, table]| {
                        let place = self.components.iter().position(|known| known == id)?;
                        // A table of colours of the stream's own.
                        (*table == 0 && planes[place].is_empty()).then_some(place)
                    });
                    let places: Vec<usize> = places.collect::<Option<_>>()?;
                    let interleave = match (interleave, count) {
                        (0, 1) => Interleave::Line,
                        (1, 1..) => Interleave::Line,
                        (2, 1..) => Interleave::Sample,
                        _ => return None,
                    };
                    let parameters = Parameters::new(self.precision, (*near).into(), preset)?;
                    let (samples, used) = scan(
                        bytes.get(at..)?,
                        self.columns,
                        self.rows,
                        count,
                        interleave,
                        &parameters,
                    )?;
                    at += used;
                    for (place, mut samples) in places.into_iter().zip(samples) {
                        if *shift > 0 {
                            let shift = u32::from(*shift & 15);
                            samples.iter_mut().for_each(|sample| *sample <<= shift);
                        }
                        planes[place] = samples;
                    }
                }
                0xd9 => return None,
                _ => {}
            }
        }
        planes
            .iter()
            .all(|plane| plane.len() == pixels)
            .then_some(planes)
    }
}

/// Marker, content and end of the segment at `at`; whatever stands before its marker is passed over.
fn segment(bytes: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let mut at = at;
    while !matches!(bytes.get(at..at + 2)?, [0xff, marker] if *marker >= 0x80 && *marker != 0xff) {
        at += 1;
    }
    let marker = bytes[at + 1];
    if marker == 0xd9 {
        return Some((marker, &[], at + 2));
    }
    let length = (big(bytes, at + 2, 2)? as usize).max(2);
    Some((marker, bytes.get(at + 4..at + 2 + length)?, at + 2 + length))
}

/// MAXVAL, T1, T2, T3 and RESET of a preset segment (T.87, C.2.4.1.1).
fn thresholds(segment: &[u8]) -> Option<[i64; 5]> {
    if segment.first() != Some(&1) {
        return None;
    }
    let value = |index: usize| big(segment, 1 + 2 * index, 2).map(i64::from);
    Some([value(0)?, value(1)?, value(2)?, value(3)?, value(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.87, annex H.3: 4 columns, 4 rows, 8 bits, with its coded scan.
    const EXAMPLE: &[u8] = &[
        0xff, 0xd8, 0xff, 0xf7, 0, 0x0b, 8, 0, 4, 0, 4, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0,
        0, 0, 0, 0xc0, 0x00, 0x00, 0x6c, 0x80, 0x20, 0x8e, 0x01, 0xc0, 0x00, 0x00, 0x57, 0x40,
        0x00, 0x00, 0x6e, 0xe6, 0x00, 0x00, 0x01, 0xbc, 0x18, 0x00, 0x00, 0x05, 0xd8, 0x00, 0x00,
        0x91, 0x60, 0xff, 0xd9,
    ];

    #[test]
    fn the_example_of_the_standard_comes_out_as_it_says() {
        let stream = Stream::read(EXAMPLE).expect("headers");
        let planes = stream.planes(EXAMPLE).expect("samples");
        let expected = [
            0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145,
        ];
        assert_eq!(planes, [expected]);
    }

    #[test]
    fn a_scan_that_was_cut_is_told() {
        for end in 24..EXAMPLE.len() - 4 {
            let bytes = &EXAMPLE[..end];
            let planes = Stream::read(bytes).and_then(|stream| stream.planes(bytes));
            assert!(planes.is_none(), "{end}");
        }
    }
}
