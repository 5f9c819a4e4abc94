//! AV1 (AOMedia) still pictures. Not in wasm, where the browser decodes them.

use std::panic;

use re_rav1d::dav1d::{
    BitsPerComponent, Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Plane, Settings,
    pixel::YUVRange,
};

use super::frame::{Coding, Frame, Layout};

/// Parts in which the decoder may take a stream before its first picture; a still picture is one or two.
const MAX_ROUNDS: usize = 64;

/// Decodes the first picture of a stream, of at most `max_pixels`.
///
/// # Errors
/// The decoder's own words.
pub(super) fn decode(stream: &[u8], max_pixels: u64) -> Result<Box<dyn Frame>, String> {
    // The library stops the program at what it holds for impossible, such as a reserved matrix. The decoder is not used
    // again after that.
    panic::catch_unwind(|| decode_picture(stream, max_pixels))
        .unwrap_or_else(|_| Err("the decoder met a value that it does not know".to_owned()))
}

fn decode_picture(stream: &[u8], max_pixels: u64) -> Result<Box<dyn Frame>, String> {
    let words = |error: Error| error.to_string();
    let mut settings = Settings::new();
    // With one thread, which is the caller's, the decoder has no other to wait for.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(max_pixels).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(words)?;
    match decoder.send_data(stream.to_vec(), None, None, None) {
        Ok(()) | Err(Error::Again) => {}
        Err(error) => return Err(words(error)),
    }
    let mut picture = decoder.get_picture();
    // Each round lets the decoder take more of the stream.
    for _ in 0..MAX_ROUNDS {
        if !matches!(picture, Err(Error::Again)) {
            break;
        }
        match decoder.send_pending_data() {
            Ok(()) | Err(Error::Again) => picture = decoder.get_picture(),
            Err(error) => return Err(words(error)),
        }
    }
    let picture = picture.map_err(|error| match error {
        Error::Again => "it holds no picture".to_owned(),
        error => words(error),
    })?;
    Av1::new(picture).map(|frame| Box::new(frame) as Box<dyn Frame>)
}

struct Av1 {
    layout: Layout,
    /// Samples of more than 8 bits take two bytes.
    wide: bool,
    planes: Vec<(Plane, usize)>,
}

impl Av1 {
    fn new(picture: Picture) -> Result<Self, String> {
        use PlanarImageComponent::{U, V, Y};
        let Some(BitsPerComponent(bits)) = picture.bits_per_component() else {
            return Err("its bit depth is unknown".to_owned());
        };
        let chroma = match picture.pixel_layout() {
            PixelLayout::I400 => None,
            PixelLayout::I420 => Some((1, 1)),
            PixelLayout::I422 => Some((1, 0)),
            PixelLayout::I444 => Some((0, 0)),
        };
        let components: &[_] = if chroma.is_some() { &[Y, U, V] } else { &[Y] };
        let plane =
            |part: &PlanarImageComponent| (picture.plane(*part), picture.stride(*part) as usize);
        Ok(Self {
            layout: Layout {
                size: (picture.width() as usize, picture.height() as usize),
                bits: (bits as u32, bits as u32),
                chroma,
                coding: Coding {
                    // The library's names have the numbers of H.273.
                    matrix: picture.matrix_coefficients() as u16,
                    full_range: matches!(picture.color_range(), YUVRange::Full),
                },
            },
            wide: bits > 8,
            planes: components.iter().map(plane).collect(),
        })
    }
}

impl Frame for Av1 {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn row(&self, plane: usize, y: usize, out: &mut [u16]) {
        let Some((bytes, stride)) = self.planes.get(plane) else {
            return;
        };
        let row = bytes.get(y * stride..).unwrap_or_default();
        if self.wide {
            for (sample, bytes) in out.iter_mut().zip(row.as_chunks::<2>().0) {
                *sample = u16::from_ne_bytes(*bytes);
            }
        } else {
            for (sample, byte) in out.iter_mut().zip(row) {
                *sample = u16::from(*byte);
            }
        }
    }
}
