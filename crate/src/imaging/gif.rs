//! GIF (version 89a, CompuServe 1990). Of an animation, the first frame.

use super::format::{ImageFormat, Reader};

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "GIF",
    extensions: &["gif"],
    media_types: &["image/gif"],
};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: decoder::header,
    pixels: decoder::decode,
};
#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, matches);

fn matches(bytes: &[u8]) -> bool {
    bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a")
}

#[cfg(feature = "rare-formats")]
mod decoder {
    use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

    use super::super::colour::Colour;
    use super::super::format::Pixels;
    use super::super::header::{CUT, END_MISSING, Header, first_of, little};
    use super::super::pixels::{self, Alpha, Samples, Stored};
    use super::super::windowing::{Depth, Rendering};
    use super::FORMAT;
    use crate::Error;

    /// Bytes of a colour table whose size is in the three lowest bits, if the highest says that there is one.
    fn table(packed: u32) -> usize {
        match packed & 0x80 {
            0 => 0,
            _ => 3 << ((packed & 7) + 1),
        }
    }

    /// The position after sub-blocks, which end with one of length 0.
    fn after_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            let length = little(bytes, at, 1)? as usize;
            at += 1 + length;
            if length == 0 {
                return Some(at);
            }
        }
    }

    /// The position after an image, with its descriptor at `at`.
    fn after_image(bytes: &[u8], at: usize) -> Option<usize> {
        // The least size of a code comes before the blocks.
        after_blocks(bytes, at + 10 + table(little(bytes, at + 9, 1)?) + 1)
    }

    pub fn header(bytes: &[u8]) -> Result<Header, Error> {
        whole_header(bytes).ok_or_else(|| FORMAT.damaged(CUT))
    }

    fn whole_header(bytes: &[u8]) -> Option<Header> {
        let mut header = Header::new((little(bytes, 6, 2)?, little(bytes, 8, 2)?));
        let mut at = 13 + table(little(bytes, 10, 1)?);
        let (mut frames, mut ends) = (0, false);
        while let Some(kind) = bytes.get(at) {
            let next = match kind {
                b'!' => after_blocks(bytes, at + 2),
                b',' => after_image(bytes, at),
                _ => {
                    ends = *kind == b';';
                    None
                }
            };
            let Some(next) = next else { break };
            frames += usize::from(*kind == b',');
            at = next;
        }
        if frames == 0 {
            header.damage = Some(CUT);
        } else if !ends {
            header.remarks.push(END_MISSING.to_owned());
        }
        if frames > 1 {
            header.remarks.push(first_of(frames));
        }
        Some(header)
    }

    pub fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
        let fault = |error: DecodingError| match error {
            DecodingError::OutOfMemory | DecodingError::MemoryLimit => pixels::over_limits(&FORMAT),
            error => FORMAT.damaged(pixels::one_line(&error.to_string())),
        };
        let (width, height) = header.size;
        let finished = pixels::finished_bytes(header.size);
        let area = u64::from(width) * u64::from(height);
        // The decoder holds the frame, which may be as large as the canvas.
        let mut canvas: Vec<u8> = pixels::room(&FORMAT, 4 * area, 4 * area + finished)?;
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        options.set_memory_limit(match (4 * area).try_into() {
            Ok(limit) => MemoryLimit::Bytes(limit),
            Err(_) => return Err(pixels::over_limits(&FORMAT)),
        });
        options.check_frame_consistency(true);
        let mut decoder = options.read_info(bytes).map_err(fault)?;
        let frame = decoder.read_next_frame().map_err(fault)?;
        let frame = frame.ok_or_else(|| FORMAT.damaged("it holds no image"))?;
        let row = 4 * usize::from(frame.width).max(1);
        let rows = canvas.chunks_exact_mut(4 * width as usize);
        let rows = rows.skip(usize::from(frame.top));
        for (to, from) in rows.zip(frame.buffer.chunks_exact(row)) {
            // The frame lies within the canvas: this is checked above.
            to[4 * usize::from(frame.left)..][..row].copy_from_slice(from);
        }
        let stored = Stored {
            size: header.size,
            colour: Colour::Rgb,
            alpha: Alpha::Straight,
            samples: Samples::Bytes(canvas),
            depth: Depth::Full(255.0),
            inverted: false,
        };
        pixels::finish(&FORMAT, stored, None, rendering)
    }
}
