//! A file that the usual decoder does not read, by the one here.

use super::super::header::Header;
use super::super::pixels::{self, Alpha, Samples, Stored};
use super::super::windowing::Depth;
use super::format::FORMAT;
use super::picture::{self, Picture};
use crate::Error;

/// The image, and whether its end marker is missing.
pub fn rare(bytes: &[u8], header: &Header) -> Result<(Stored, bool), Error> {
    // Coefficients of 16 bits for three channels as a rule, those of one again as values, then the samples.
    let area = pixels::finished_bytes(header.size) / 3;
    pixels::afford(&FORMAT, (6 + 2 + 3) * area)?;
    let Picture {
        width,
        height,
        colour,
        samples,
        lacks_end,
    } = picture::decode(bytes).map_err(|reason| FORMAT.damaged(reason))?;
    if (width as u32, height as u32) != header.size {
        return Err(FORMAT.damaged("its headers contradict each other"));
    }
    let depth = match &samples {
        Samples::Words(_) => Depth::Full(4095.0),
        _ => Depth::Full(255.0),
    };
    let stored = Stored {
        size: header.size,
        colour,
        alpha: Alpha::None,
        samples,
        depth,
        inverted: false,
    };
    Ok((stored, lacks_end))
}
