//! What a file is and how large, from its signature and headers alone: no pixel is decoded and nothing is allocated
//! before a file has passed here.
//!
//! Sources: PNG 3rd edition; ITU-T T.81 (JPEG); RFC 9649 (WebP); TIFF 6.0; Microsoft's BITMAPINFOHEADER family.

use super::directory::{self, Directory, exif_orientation};
use crate::Error;

/// The formats that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    WebP,
    Bmp,
    Tiff,
}

impl Format {
    /// The format's name as a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    pub fn damaged(self, reason: impl Into<String>) -> Error {
        Error::DamagedImage {
            format: self.name(),
            reason: reason.into(),
        }
    }

    /// The format by signature.
    ///
    /// # Errors
    /// [`Error::UnsupportedImage`] for formats that are known but not decoded, else [`Error::NotAnImage`].
    pub fn sniff(bytes: &[u8]) -> Result<Self, Error> {
        let brand = bytes.get(8..12).unwrap_or_default();
        let refused = |text: &str| Err(Error::UnsupportedImage(text.to_owned()));
        match bytes {
            [] => Err(Error::EmptyFile),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Ok(Self::WebP),
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Ok(Self::Tiff),
            [b'B', b'M', ..] if is_bmp(bytes) => Ok(Self::Bmp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => refused(
                "This is an animation or a picture in the GIF format; Delineo needs one still picture. Save it as PNG.",
            ),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => match brand {
                b"avif" | b"avis" => refused(
                    "This is an AVIF file, which Delineo does not read. Save it as PNG or JPEG.",
                ),
                b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
                    refused(
                        "This is a HEIC file, which Delineo does not read. Save it as PNG or JPEG.",
                    )
                }
                _ => refused(
                    "This is a video; Delineo needs one still picture. Save a frame as PNG.",
                ),
            },
            [b'%', b'P', b'D', b'F', b'-', ..] => refused(
                "This is a PDF file, which Delineo does not read. Save the picture in it as PNG.",
            ),
            [b'8', b'B', b'P', b'S', ..] => {
                refused("This is a Photoshop file, which Delineo does not read. Save it as PNG.")
            }
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => refused(
                "This is a JPEG XL file, which Delineo does not read. Save it as PNG or JPEG.",
            ),
            [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => refused(
                "This is a JPEG 2000 file, which Delineo does not read. Save it as PNG or JPEG.",
            ),
            _ if bytes.get(128..132) == Some(b"DICM") => refused(
                "This is a DICOM file, which Delineo does not read yet. Export the picture in it as PNG.",
            ),
            _ => Err(Error::NotAnImage),
        }
    }
}

/// "BM" begins many texts, so the size of the second header must be one that exists.
fn is_bmp(bytes: &[u8]) -> bool {
    match little(bytes, 14, 4) {
        Some(size) => matches!(size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124),
        None => true,
    }
}

/// What the headers say.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Stored width and height in pixels, before orientation.
    pub size: (u32, u32),
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Why the picture is refused, whatever its size.
    pub refusal: Option<&'static str>,
    /// Why the file is not whole.
    pub damage: Option<&'static str>,
    /// Pages (TIFF), else 1.
    pub pages: usize,
    /// A progressive JPEG, which needs all its coefficients in memory.
    pub progressive: bool,
}

const CUT: &str = "it ends too early";
const ANIMATION: &str =
    "This is an animation; Delineo needs one still picture. Save one frame as PNG.";
const CMYK: &str =
    "This image is in CMYK, the colours of a printing press. Convert it to RGB and try again.";
const CODING: &str =
    "This JPEG is of a rare kind (lossless, arithmetic or 12-bit). Save it as PNG and try again.";
const TABLE: &str = "This TIFF has a colour table. Convert it to RGB and try again.";

impl Header {
    /// Reads the headers of a file of known format.
    ///
    /// # Errors
    /// [`Error::DamagedImage`] when they end before the size is known.
    pub fn read(format: Format, bytes: &[u8]) -> Result<Self, Error> {
        let mut header = Self {
            orientation: 1,
            pages: 1,
            ..Self::default()
        };
        let read = match format {
            Format::Png => header.png(bytes),
            Format::Jpeg => header.jpeg(bytes),
            Format::WebP => header.webp(bytes),
            Format::Bmp => header.bmp(bytes),
            Format::Tiff => header.tiff(bytes),
        };
        read.ok_or_else(|| format.damaged(CUT))?;
        Ok(header)
    }

    /// Chunks of length, type, data and checksum. The EXIF chunk may follow the pixels.
    fn png(&mut self, bytes: &[u8]) -> Option<()> {
        if bytes.get(12..16)? != b"IHDR" {
            self.damage = Some("it does not begin with its header");
        }
        self.size = (big(bytes, 16, 4)?, big(bytes, 20, 4)?);
        let mut at = 8;
        self.damage = self.damage.or(Some(CUT));
        while let (Some(length), Some(kind)) = (big(bytes, at, 4), bytes.get(at + 4..at + 8)) {
            let data = (at + 8).checked_add(length as usize)?;
            let Some(end) = data.checked_add(4).filter(|end| *end <= bytes.len()) else {
                break;
            };
            match kind {
                b"acTL" => self.refusal = Some(ANIMATION),
                b"eXIf" => self.orientation = exif_orientation(&bytes[at + 8..data]),
                b"IEND" => {
                    self.damage = self.damage.filter(|damage| *damage != CUT);
                    break;
                }
                _ => {}
            }
            at = end;
        }
        Some(())
    }

    /// Marker segments, and the entropy-coded data between them, up to the end-of-image marker. Decoders forgive a
    /// missing end by painting the rest grey; a lesion may be there, so it counts as damage.
    fn jpeg(&mut self, bytes: &[u8]) -> Option<()> {
        let (mut at, mut framed, mut scanned, mut turned) = (2, false, false, false);
        self.damage = Some(CUT);
        // To the next marker: 0xff, any number of fill bytes, then neither 0 (a stuffed 0xff) nor a restart.
        while let Some(skipped) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|b| *b == 0xff))
        {
            at += skipped + 1;
            let Some(&marker) = bytes.get(at) else { break };
            match marker {
                0xff => continue,
                0x00 | 0x01 | 0xd0..=0xd8 => {
                    at += 1;
                    continue;
                }
                0xd9 => {
                    if scanned {
                        self.damage = None;
                    }
                    break;
                }
                _ => {}
            }
            let Some(length) = big(bytes, at + 1, 2) else {
                break;
            };
            let Some(segment) = bytes.get(at + 3..at + 1 + (length as usize).max(2)) else {
                break;
            };
            match marker {
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && !framed => {
                    framed = true;
                    self.size = (big(segment, 3, 2)?, big(segment, 1, 2)?);
                    self.progressive = marker == 0xc2;
                    if *segment.get(5)? == 4 {
                        self.refusal = Some(CMYK);
                    } else if !matches!(marker, 0xc0..=0xc2) || segment[0] != 8 {
                        self.refusal = Some(CODING);
                    }
                }
                0xe1 if !turned && segment.starts_with(b"Exif\0\0") => {
                    turned = true;
                    self.orientation = exif_orientation(segment);
                }
                0xda => scanned = true,
                _ => {}
            }
            at += 1 + length as usize;
        }
        framed.then_some(())
    }

    /// RIFF chunks: `VP8 ` or `VP8L` alone, or `VP8X` followed by others.
    fn webp(&mut self, bytes: &[u8]) -> Option<()> {
        if (little(bytes, 4, 4)? as usize).saturating_add(8) > bytes.len() {
            self.damage = Some(CUT);
        }
        let (mut at, mut sized) = (12, false);
        while let (Some(kind), Some(length)) = (bytes.get(at..at + 4), little(bytes, at + 4, 4)) {
            let data = &bytes[at + 8..];
            let size = match kind {
                b"VP8X" => {
                    if data.first()? & 2 != 0 {
                        self.refusal = Some(ANIMATION);
                    }
                    Some((little(data, 4, 3)? + 1, little(data, 7, 3)? + 1))
                }
                b"VP8 " => Some((little(data, 6, 2)? & 0x3fff, little(data, 8, 2)? & 0x3fff)),
                b"VP8L" => {
                    let packed = little(data, 1, 4)?;
                    Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1))
                }
                _ => None,
            };
            if let (Some(size), false) = (size, sized) {
                (self.size, sized) = (size, true);
            }
            let Some(data) = data.get(..length as usize) else {
                self.damage = Some(CUT);
                break;
            };
            match kind {
                b"ANIM" | b"ANMF" => self.refusal = Some(ANIMATION),
                b"EXIF" => self.orientation = exif_orientation(data),
                _ => {}
            }
            at += 8 + (length as usize).next_multiple_of(2);
        }
        sized.then_some(())
    }

    fn bmp(&mut self, bytes: &[u8]) -> Option<()> {
        self.size = if little(bytes, 14, 4)? == 12 {
            (little(bytes, 18, 2)?, little(bytes, 20, 2)?)
        } else {
            // A negative height means rows from the top; a negative width makes no sense and is refused as too large.
            let height = little(bytes, 22, 4)? as i32;
            (little(bytes, 18, 4)?, height.unsigned_abs())
        };
        Some(())
    }

    fn tiff(&mut self, bytes: &[u8]) -> Option<()> {
        let first = Directory::first(bytes)?;
        let side = |tag| {
            first
                .number(tag)
                .map(|v| u32::try_from(v).unwrap_or(u32::MAX))
        };
        self.size = (side(directory::WIDTH)?, side(directory::HEIGHT)?);
        self.orientation = directory::orientation(&first);
        self.refusal = match first.number(directory::PHOTOMETRIC) {
            Some(directory::SEPARATED) => Some(CMYK),
            Some(directory::PALETTE) => Some(TABLE),
            _ => None,
        };
        let mut page = first;
        // A bound, because directories may point in a circle.
        for _ in 0..1000 {
            let Some(next) = page.next() else { break };
            self.pages += usize::from(next.number(directory::SUBFILE).unwrap_or(0) & 1 == 0);
            page = next;
        }
        Some(())
    }
}

/// A little-endian number of up to four bytes.
fn little(bytes: &[u8], at: usize, size: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)),
    )
}

/// A big-endian number of up to four bytes.
fn big(bytes: &[u8], at: usize, size: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)),
    )
}
