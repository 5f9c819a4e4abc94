//! JPEG (ITU-T T.81): baseline and extended of 8 bits, and lossless of up to 16.

use dicom_encoding::adapters::{DecodeResult, PixelDataObject, PixelDataReader};
use jpeg_decoder::{ColorTransform, Decoder};

use super::super::super::header::big;
use super::{Target, coded, fault};

pub(super) struct Jpeg;

impl PixelDataReader for Jpeg {
    fn decode_frame(
        &self,
        frame: &dyn PixelDataObject,
        _: u32,
        out: &mut Vec<u8>,
    ) -> DecodeResult<()> {
        let target = Target::of(frame)?;
        let data = coded(frame)?;
        let shape = Shape::of(&data).ok_or_else(|| fault("its JPEG headers are damaged"))?;
        if (shape.columns, shape.rows, shape.components.len())
            != (target.columns, target.rows, target.samples)
        {
            return Err(fault("the size of its JPEG data is another"));
        }
        if !shape.lossless && shape.precision != 8 {
            return Err(fault("JPEG of 12 bits is not read"));
        }
        if usize::from(shape.precision) > 8 * target.bytes {
            return Err(fault("its JPEG data have too many bits"));
        }
        let ybr = shape.ybr(target.ybr);
        let mut decoder = Decoder::new(&*data);
        decoder.set_max_decoding_buffer_size(2 * target.pixels() * target.samples);
        if target.samples == 3 {
            decoder.set_color_transform(match ybr && !shape.lossless {
                true => ColorTransform::YCbCr,
                false => ColorTransform::RGB,
            });
        }
        let decoded = decoder.decode().map_err(|error| fault(error.to_string()))?;
        // The decoder gives lossless samples as words of this machine unless they are of 8 bits.
        let wide = shape.lossless && shape.precision != 8;
        let samples = target.pixels() * target.samples;
        if decoded.len() < samples * if wide { 2 } else { 1 } {
            return Err(fault("its JPEG data are too short"));
        }
        let begin = out.len();
        out.reserve(samples * target.bytes);
        if wide {
            for word in &decoded.as_chunks::<2>().0[..samples] {
                target.push(out, u16::from_ne_bytes(*word).into());
            }
        } else {
            for byte in &decoded[..samples] {
                target.push(out, (*byte).into());
            }
        }
        if ybr && shape.lossless {
            target.to_rgb(&mut out[begin..]);
        }
        Ok(())
    }
}

/// What the headers of a JPEG stream say.
struct Shape {
    precision: u8,
    rows: usize,
    columns: usize,
    /// Identifiers of the components.
    components: Vec<u8>,
    lossless: bool,
    jfif: bool,
    /// The transform that an Adobe segment names.
    adobe: Option<u8>,
}

impl Shape {
    fn of(bytes: &[u8]) -> Option<Self> {
        let (mut at, mut jfif, mut adobe) = (2, false, None);
        loop {
            let marker = match bytes.get(at..at + 2)? {
                [0xff, 0xff] => {
                    at += 1;
                    continue;
                }
                [0xff, marker] => *marker,
                _ => return None,
            };
            let length = big(bytes, at + 2, 2)? as usize;
            let segment = bytes.get(at + 4..at + 2 + length.max(2))?;
            match marker {
                0xe0 if segment.starts_with(b"JFIF\0") => jfif = true,
                0xee if segment.starts_with(b"Adobe") => adobe = segment.get(11).copied(),
                0xc0..=0xc3 => {
                    let components = segment.get(6..)?.as_chunks::<3>().0.iter();
                    return Some(Self {
                        precision: *segment.first()?,
                        rows: big(segment, 1, 2)? as usize,
                        columns: big(segment, 3, 2)? as usize,
                        components: components.map(|component| component[0]).collect(),
                        lossless: marker == 0xc3,
                        jfif,
                        adobe,
                    });
                }
                // Start of scan before any frame, or a frame of a kind that DICOM does not have.
                0xda | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return None,
                _ => {}
            }
            at += 2 + length;
        }
    }

    /// Whether three components are luma and differences: what the stream itself says outweighs the data set, which
    /// many programs leave at RGB.
    fn ybr(&self, declared: bool) -> bool {
        match (self.adobe, self.components.as_slice()) {
            (Some(transform), _) => transform == 1,
            _ if self.jfif => true,
            (None, b"RGB" | b"rgb") => false,
            _ => declared,
        }
    }
}
