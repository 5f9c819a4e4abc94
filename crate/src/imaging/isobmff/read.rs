//! Both formats of the container, whichever codec the file's brand promises: the item tells.

use image::RgbImage;
use image::imageops::crop_imm;

use super::super::colour::{Colour, Profile};
use super::super::format::{ImageFormat, Pixels};
use super::super::header::Header;
use super::super::pixels::{Alpha, Samples, Stored, afford, finish, one_line, unreadable};
use super::super::windowing::{Depth, Rendering};
use super::frame::Frame;
use super::plan::{Codec, Fault, Nclx, Plan};
use super::{hevc, ycbcr};
use crate::Error;

/// What a codec holds for each pixel that it decodes: samples of two bytes with chroma, a second copy while it filters,
/// and what it keeps of each block.
const CODEC_BYTES_PER_PIXEL: u64 = 16;

/// The size, turn and colour that the boxes tell.
pub(in crate::imaging) fn header(
    format: &'static ImageFormat,
    bytes: &[u8],
) -> Result<Header, Error> {
    let plan = plan(format, bytes)?;
    let (_, _, width, height) = plan.crop;
    let mut header = Header::new((width, height));
    header.orientation = plan.orientation;
    let brand = bytes.get(8..12).unwrap_or_default();
    if matches!(
        brand,
        b"msf1" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"avis"
    ) {
        let remark = "This is a sequence of pictures; only its main one is shown.";
        header.remarks.push(remark.to_owned());
    }
    Ok(header)
}

/// Decodes the primary picture.
pub(in crate::imaging) fn pixels(
    format: &'static ImageFormat,
    bytes: &[u8],
    rendering: &Rendering,
) -> Result<Pixels, Error> {
    let plan = plan(format, bytes)?;
    // A tile may claim to be larger than what is seen of it, by any number.
    let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let tile = area(plan.tile).saturating_mul(CODEC_BYTES_PER_PIXEL);
    let needed = tile.saturating_add(area(plan.canvas) * 3);
    afford(format, needed)?;
    let mut image = RgbImage::new(plan.canvas.0, plan.canvas.1);
    let mut remarks = Vec::new();
    let (mut grey, mut bits) = (false, 8);
    for (index, item) in (0..).zip(&plan.tiles) {
        let frame = decode(format, &plan, *item)?;
        let layout = frame.layout();
        if layout.size.0 < plan.tile.0 as usize || layout.size.1 < plan.tile.1 as usize {
            return Err(format.damaged("its headers contradict each other"));
        }
        // A codec that says nothing of colour means the numbers of the container.
        let coding = plan.nclx.map_or(layout.coding, |nclx| nclx.coding);
        if layout.chroma.is_some() && !ycbcr::known(coding) {
            return Err(unreadable(
                format,
                "its colours are coded in an unusual way",
            ));
        }
        (grey, bits) = (layout.chroma.is_none(), layout.bits.0);
        let at = (
            index % plan.columns * plan.tile.0,
            index / plan.columns * plan.tile.1,
        );
        ycbcr::draw(&Cut(frame, plan.tile), coding, &mut image, at);
    }
    if bits > 8 {
        remarks.push(format!("Reduced from {bits} to 8 bits a channel."));
    }
    if plan.alpha {
        remarks.push("Transparency was ignored.".to_owned());
    }
    let (left, top, width, height) = plan.crop;
    if (width, height) != plan.canvas {
        image = crop_imm(&image, left, top, width, height).to_image();
    }
    let profile = match (plan.profile, plan.nclx) {
        (Some(profile), _) => Some(Profile::Icc(profile)),
        (None, Some(nclx)) => code_points(nclx),
        (None, None) => None,
    };
    let mut samples = image.into_raw();
    if grey {
        samples = samples.into_iter().step_by(3).collect();
    }
    let stored = Stored {
        size: (width, height),
        colour: if grey { Colour::Grey } else { Colour::Rgb },
        alpha: Alpha::None,
        samples: Samples::Bytes(samples),
        depth: Depth::Full(255.0),
        inverted: false,
    };
    let mut pixels = finish(format, stored, profile.as_ref(), rendering)?;
    pixels.remarks.splice(0..0, remarks);
    Ok(pixels)
}

/// None where the colours are those of sRGB, or not said to be others. The curves of television are shown on screens as
/// that of sRGB is.
fn code_points(nclx: Nclx) -> Option<Profile> {
    let like_srgb = matches!(nclx.transfer, 0..=2 | 6 | 13..=15);
    if like_srgb && matches!(nclx.primaries, 0..=2) {
        return None;
    }
    let byte = |number: u16| u8::try_from(number).ok();
    let transfer = if like_srgb { 13 } else { nclx.transfer };
    let primaries = if matches!(nclx.primaries, 0 | 2) {
        1
    } else {
        nclx.primaries
    };
    Some(Profile::CodePoints(byte(primaries)?, byte(transfer)?))
}

fn plan<'a>(format: &'static ImageFormat, bytes: &'a [u8]) -> Result<Plan<'a>, Error> {
    Plan::of(bytes).map_err(|fault| match fault {
        Fault::Damage(reason) => format.damaged(one_line(&reason)),
        Fault::Unreadable(what) => unreadable(format, &what),
    })
}

fn decode(
    format: &'static ImageFormat,
    plan: &Plan<'_>,
    item: u32,
) -> Result<Box<dyn Frame>, Error> {
    // Codecs pad to whole blocks of at most 128 samples.
    let padded = |side: u32| u64::from(side) + 128;
    let max_pixels = padded(plan.tile.0) * padded(plan.tile.1);
    let frame = match plan.codec {
        Codec::Hevc => hevc::decode(&plan.file, item, max_pixels),
        #[cfg(not(target_family = "wasm"))]
        Codec::Av1 => plan
            .file
            .item_data(item)
            .map_err(|error| error.to_string())
            .and_then(|stream| super::av1::decode(&stream, max_pixels)),
        #[cfg(target_family = "wasm")]
        Codec::Av1 => {
            return Err(Error::BrowserFormat {
                format: format.name,
            });
        }
    };
    frame.map_err(|reason| format.damaged(one_line(&reason)))
}

/// A frame without the padding that its codec added at the right and below.
struct Cut(Box<dyn Frame>, (u32, u32));

impl Frame for Cut {
    fn layout(&self) -> super::frame::Layout {
        let mut layout = self.0.layout();
        layout.size = (self.1.0 as usize, self.1.1 as usize);
        layout
    }

    fn row(&self, plane: usize, y: usize, out: &mut [u16]) {
        self.0.row(plane, y, out);
    }
}
