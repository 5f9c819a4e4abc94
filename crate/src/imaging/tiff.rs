//! TIFF (TIFF 6.0, and BigTIFF for files over 4 GB).

use std::collections::HashSet;
use std::io::{self, Cursor};

use image::ImageDecoder;
use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use tiff::TiffError;
use tiff::decoder::Decoder;
use tiff::tags::{PhotometricInterpretation, Tag};

use super::format::{ImageFormat, Pixels, Reader};
use super::header::{CMYK, CUT, Header};
use super::pixels;
use super::windowing::Rendering;
use crate::Error;

pub(super) static FORMAT: ImageFormat = ImageFormat {
    name: "TIFF",
    extensions: &["tif", "tiff"],
    media_types: &["image/tiff"],
};

pub(super) static READER: Reader = Reader {
    format: &FORMAT,
    matches: |bytes| {
        let signatures = [b"II*\0", b"II+\0", b"MM\0*", b"MM\0+"];
        signatures
            .iter()
            .any(|signature| bytes.starts_with(*signature))
    },
    header: |bytes| directories(bytes).map_err(fault),
    pixels: decode,
};

const TABLE: &str = "This TIFF has a colour table. Convert it to RGB and try again.";

/// Pages after which no more are counted: a small file can hold a chain without an end.
const MAX_PAGES: usize = 1000;

/// The first page's tags, and how many pages follow that are not reduced copies.
fn directories(bytes: &[u8]) -> Result<Header, TiffError> {
    let mut file = Decoder::new(Cursor::new(bytes))?;
    let mut header = Header::new(file.dimensions()?);
    // A tag of a senseless type says nothing.
    let orientation = file.find_tag_unsigned(Tag::Orientation).ok().flatten();
    if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
        header.orientation = orientation;
    }
    let colours = file.find_tag_unsigned(Tag::PhotometricInterpretation)?;
    header.refusal = match colours.and_then(PhotometricInterpretation::from_u16) {
        Some(PhotometricInterpretation::CMYK) => Some(CMYK),
        Some(PhotometricInterpretation::RGBPalette) => Some(TABLE),
        _ => None,
    };
    let mut seen: HashSet<_> = file.ifd_pointer().into_iter().collect();
    let mut next = file.image_ifd().directory().next();
    while let Some(page) = next
        && seen.len() < MAX_PAGES
        && seen.insert(page)
        && let Ok(directory) = file.read_directory(page)
    {
        let mut tags = file.read_directory_tags(&directory);
        let kind = tags.find_tag_unsigned(Tag::NewSubfileType).ok().flatten();
        header.pages += usize::from(kind.unwrap_or(0_u64) & 1 == 0);
        next = directory.next();
    }
    Ok(header)
}

fn decode(bytes: &[u8], header: &Header, _: &Rendering) -> Result<Pixels, Error> {
    let decoder = TiffDecoder::new(Cursor::new(bytes));
    // The decoder fills a buffer of its own first.
    pixels::read(&FORMAT, header, decoder, ImageDecoder::total_bytes)
}

fn fault(error: TiffError) -> Error {
    match error {
        TiffError::LimitsExceeded => pixels::over_limits(&FORMAT),
        TiffError::UnsupportedError(what) => pixels::unreadable(&FORMAT, &what.to_string()),
        TiffError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            FORMAT.damaged(CUT)
        }
        error => FORMAT.damaged(pixels::one_line(&error.to_string())),
    }
}
