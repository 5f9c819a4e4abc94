//! JPEG XL (ISO/IEC 18181), bare or in its container.

use super::format::{ImageFormat, Reader};

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "JPEG XL",
    extensions: &["jxl"],
    media_types: &["image/jxl"],
};

#[cfg(feature = "rare-formats")]
pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches,
    header: decoder::header,
    pixels: decoder::pixels,
};
#[cfg(not(feature = "rare-formats"))]
pub(super) static READER: Reader = Reader::elsewhere(&FORMAT, matches);

fn matches(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0x0a]) || bytes.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n")
}

#[cfg(feature = "rare-formats")]
mod decoder {
    use jxl::api::{
        Endianness, Event, ExtraChannel, JxlBitDepth, JxlColorEncoding, JxlColorProfile,
        JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlExtraChannel,
        JxlOutputBuffer, JxlPixelFormat, ProfileLevel,
    };

    use super::super::colour::{Colour, Profile};
    use super::super::decode::MAX_MEGAPIXELS;
    use super::super::format::Pixels;
    use super::super::header::{CUT, Header};
    use super::super::pixels::{Alpha, Samples, Stored, afford, finish, one_line, unreadable};
    use super::super::windowing::{Depth, Rendering};
    use super::FORMAT;
    use crate::Error;

    /// What the library holds for each sample where a frame is needed whole, as for progressive images: floating point.
    /// Others are decoded group by group, in less than one byte.
    const BYTES_PER_SAMPLE: u64 = 4;
    /// Channels of an image that is opened: three of colour, alpha, depth and a little more.
    const MAX_CHANNELS: u64 = 8;

    const CMYK: &str =
        "This image is in CMYK, the colours of a printing press. Convert it to RGB and try again.";
    const FLOAT: &str =
        "Reduced from floating point to 8 bits a channel; values outside 0 to 1 were clamped.";

    fn open(frames_only: bool) -> JxlDecoder {
        let mut options = JxlDecoderOptions::default();
        options.sample_limit = Some((MAX_MEGAPIXELS * 1_000_000 * MAX_CHANNELS) as usize);
        options.max_profile_level = ProfileLevel::Main10;
        options.scan_frames_only = frames_only;
        JxlDecoder::new(options)
    }

    /// The next event, or the sentence on why there is none.
    fn next(
        decoder: &mut JxlDecoder,
        input: &mut &[u8],
        buffers: Option<&mut [JxlOutputBuffer<'_>]>,
    ) -> Result<Event, Error> {
        match decoder.process(input, buffers, None) {
            Ok(Event::NeedMoreInput { .. }) => Err(FORMAT.damaged(CUT)),
            Ok(event) => Ok(event),
            Err(jxl::error::Error::OutOfBounds(_)) => Err(FORMAT.damaged(CUT)),
            Err(error) => Err(FORMAT.damaged(one_line(&error.to_string()))),
        }
    }

    /// The size is that of the upright image: the library turns it.
    pub fn header(bytes: &[u8]) -> Result<Header, Error> {
        let mut decoder = open(true);
        let mut input = bytes;
        while next(&mut decoder, &mut input, None)? != Event::BasicInfo {}
        let Some(info) = decoder.basic_info() else {
            return Err(FORMAT.damaged(CUT));
        };
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut header = Header::new((side(info.size.0), side(info.size.1)));
        let black = |channel: &JxlExtraChannel| channel.ec_type == ExtraChannel::Black;
        if info.extra_channels.iter().any(black)
            || decoder
                .embedded_color_profile()
                .is_some_and(JxlColorProfile::is_cmyk)
        {
            header.refusal = Some(CMYK);
        }
        if info.animation.is_some() {
            header
                .remarks
                .push("This is an animation; only its first frame is shown.".to_owned());
        }
        Ok(header)
    }

    pub fn pixels(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
        let mut decoder = open(false);
        let mut input = bytes;
        while next(&mut decoder, &mut input, None)? != Event::BasicInfo {}
        let (Some(info), Some(format), Some(profile)) = (
            decoder.basic_info().cloned(),
            decoder.current_pixel_format().cloned(),
            decoder.output_color_profile().cloned(),
        ) else {
            return Err(FORMAT.damaged(CUT));
        };
        let (width, height) = header.size;
        let grey = format.color_type.is_grayscale();
        let channels = if grey { 1 } else { 3 };
        let area = u64::from(width) * u64::from(height);
        let samples = area * (channels + info.extra_channels.len() as u64);
        let needed = samples * BYTES_PER_SAMPLE + area * 3;
        afford(&FORMAT, needed)?;
        let alpha = |channel: &JxlExtraChannel| channel.ec_type == ExtraChannel::Alpha;
        let transparent = info.extra_channels.iter().any(alpha);
        let (bits, float) = match info.bit_depth {
            JxlBitDepth::Int { bits_per_sample } => (bits_per_sample, false),
            JxlBitDepth::Float {
                bits_per_sample, ..
            } => (bits_per_sample, true),
        };
        // Grey is measured, and keeps its bits for the window.
        let wide = grey && !float && bits > 8;
        let data = if wide {
            JxlDataFormat::U16 {
                endianness: Endianness::LittleEndian,
                bit_depth: bits.min(16) as u8,
            }
        } else {
            JxlDataFormat::U8 { bit_depth: 8 }
        };
        let row = width as usize * channels as usize * data.bytes_per_sample();
        let asked = JxlPixelFormat {
            color_type: if grey {
                JxlColorType::Grayscale
            } else {
                JxlColorType::Rgb
            },
            color_data_format: Some(data),
            extra_channel_format: vec![None; info.extra_channels.len()],
        };
        decoder
            .set_pixel_format(asked)
            .map_err(|error| unreadable(&FORMAT, &error.to_string()))?;
        let length = row * height as usize;
        let mut memory = vec![0_u8; length + 1];
        // Samples of two bytes must begin at an even address.
        let start = memory.as_ptr().align_offset(2).min(1);
        let mut drawn = false;
        while !drawn {
            let place = &mut memory[start..start + length];
            let mut buffers = [JxlOutputBuffer::new(place, height as usize, row)];
            match next(&mut decoder, &mut input, Some(&mut buffers))? {
                Event::FrameComplete { .. } => drawn = true,
                Event::Complete => return Err(FORMAT.damaged("it holds no picture")),
                _ => {}
            }
        }
        let mut remarks = Vec::new();
        let samples = if wide {
            let pairs = memory[start..start + length].as_chunks::<2>().0;
            Samples::Words(pairs.iter().copied().map(u16::from_le_bytes).collect())
        } else {
            match (float, bits) {
                (true, _) => remarks.push(FLOAT.to_owned()),
                (false, 9..) => {
                    remarks.push(format!("Reduced from {bits} to 8 bits a channel."));
                }
                _ => {}
            }
            memory.drain(..start);
            memory.truncate(length);
            Samples::Bytes(memory)
        };
        if transparent {
            remarks.push("Transparency was ignored.".to_owned());
        }
        let stored = Stored {
            size: header.size,
            colour: if grey { Colour::Grey } else { Colour::Rgb },
            alpha: Alpha::None,
            samples,
            depth: Depth::Unsigned(bits.min(16)),
            inverted: false,
        };
        let is_srgb = profile == JxlColorProfile::Simple(JxlColorEncoding::srgb(grey));
        let profile = if is_srgb { None } else { profile.try_as_icc() };
        let profile = profile.map(|icc| Profile::Icc(icc.into_owned()));
        let mut pixels = finish(&FORMAT, stored, profile.as_ref(), rendering)?;
        pixels.remarks.splice(0..0, remarks);
        Ok(pixels)
    }
}
