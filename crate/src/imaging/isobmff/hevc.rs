//! HEVC (ITU-T H.265) still pictures.

use heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use heifer_hevc_dec::recon;
use heifer_isobmff::HeifFile;

use super::frame::{Coding, Frame, Layout};

/// Decodes an item of at most `max_pixels`.
///
/// # Errors
/// The decoder's own words.
pub(super) fn decode(
    file: &HeifFile<'_>,
    item: u32,
    max_pixels: u64,
) -> Result<Box<dyn Frame>, String> {
    let stream = file.hevc_bitstream(item).map_err(|e| e.to_string())?;
    let options = DecodeOptions {
        max_pixels,
        ..DecodeOptions::default()
    };
    let frame = decode_picture(&stream, options).map_err(|e| e.to_string())?;
    let chroma = match frame.chroma_format {
        0 => None,
        1 => Some((1, 1)),
        2 => Some((1, 0)),
        _ => Some((0, 0)),
    };
    // Three planes of luma's size that are coded apart have no chroma size of their own.
    if chroma.is_some() && frame.widths[1] == 0 {
        return Err("its colours are coded in separate pictures".to_owned());
    }
    Ok(Box::new(Hevc { frame, chroma }))
}

struct Hevc {
    frame: recon::Frame,
    chroma: Option<(u32, u32)>,
}

impl Frame for Hevc {
    fn layout(&self) -> Layout {
        let frame = &self.frame;
        Layout {
            size: (frame.widths[0] as usize, frame.heights[0] as usize),
            bits: (frame.bit_depth[0].into(), frame.bit_depth[1].into()),
            chroma: self.chroma,
            coding: Coding {
                matrix: frame.matrix_coeffs.into(),
                full_range: frame.full_range,
            },
        }
    }

    fn row(&self, plane: usize, y: usize, out: &mut [u16]) {
        let width = self.frame.widths[plane] as usize;
        let row = self.frame.planes[plane].chunks_exact(width.max(1)).nth(y);
        let row = row.unwrap_or_default();
        // Chroma of an odd width may be rounded down; the last sample is repeated then.
        let last = row.last().copied().unwrap_or_default();
        for (x, sample) in out.iter_mut().enumerate() {
            *sample = row.get(x).copied().unwrap_or(last);
        }
    }
}
