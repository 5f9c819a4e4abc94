//! JPEG 2000 (ITU-T T.800).

use dicom_encoding::adapters::{DecodeResult, PixelDataObject, PixelDataReader};
use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::{Target, coded, fault};

pub(super) struct Jpeg2000;

impl PixelDataReader for Jpeg2000 {
    fn decode_frame(
        &self,
        frame: &dyn PixelDataObject,
        _: u32,
        out: &mut Vec<u8>,
    ) -> DecodeResult<()> {
        let target = Target::of(frame)?;
        let data = coded(frame)?;
        let settings = DecodeSettings {
            resolve_palette_indices: false,
            strict: false,
            target_resolution: None,
        };
        let image = Image::new(&data, &settings).map_err(|error| fault(error.to_string()))?;
        if (image.width() as usize, image.height() as usize) != (target.columns, target.rows) {
            return Err(fault("the size of its JPEG 2000 data is another"));
        }
        let mut context = DecoderContext::default();
        let decoded = image
            .decode(&mut context)
            .map_err(|error| fault(error.to_string()))?;
        let components = decoded.components();
        let whole = |plane: &[f32]| plane.len() >= target.pixels();
        if components.len() != target.samples
            || !components.iter().all(|plane| whole(plane.samples()))
        {
            return Err(fault("the colours of its JPEG 2000 data are others"));
        }
        let Some(bits) = components.iter().map(|plane| plane.bit_depth()).max() else {
            return Err(fault("its JPEG 2000 data have no colours"));
        };
        let bits = usize::from(bits);
        if bits > 8 * target.bytes || bits > 24 {
            return Err(fault("its JPEG 2000 data have too many bits"));
        }
        let most = ((1_u32 << bits) - 1) as f32;
        // The decoder lifts signed values by half their range as it does unsigned ones.
        let lift = if signed(&data) {
            1_u32 << (bits - 1)
        } else {
            0
        };
        let begin = out.len();
        out.reserve(target.pixels() * target.samples * target.bytes);
        for pixel in 0..target.pixels() {
            for plane in components {
                let value = (plane.samples()[pixel] + 0.5).clamp(0.0, most) as u32;
                target.push(out, value.wrapping_sub(lift));
            }
        }
        // YBR_ICT and YBR_RCT are undone by the decoder.
        if frame.photometric_interpretation() == Some("YBR_FULL") {
            target.to_rgb(&mut out[begin..]);
        }
        Ok(())
    }
}

/// Whether the samples of a codestream, alone or in a file, are in two's complement (T.800, A.5.1).
fn signed(bytes: &[u8]) -> bool {
    let begin = bytes
        .windows(4)
        .position(|window| window == [0xff, 0x4f, 0xff, 0x51]);
    let depth = begin.and_then(|at| bytes.get(at + 42));
    depth.is_some_and(|depth| depth & 0x80 != 0)
}
