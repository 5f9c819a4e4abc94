//! Image files made for the tests of decoding, byte by byte where no encoder writes what is needed.
#![allow(dead_code)] // every test program uses its own part

use std::io::Cursor;

use delineo::RgbImage;
use image::{DynamicImage, ImageFormat};

/// A picture on which no two sides look alike.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 9) as u8, (y * 7) as u8, (40 + x + 2 * y) as u8])
    })
}

pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// The same picture in each format that is decoded.
pub fn every_format(image: &RgbImage) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("PNG", encoded(image.clone(), ImageFormat::Png)),
        ("JPEG", encoded(image.clone(), ImageFormat::Jpeg)),
        ("WebP", encoded(image.clone(), ImageFormat::WebP)),
        ("BMP", encoded(image.clone(), ImageFormat::Bmp)),
        ("TIFF", encoded(image.clone(), ImageFormat::Tiff)),
        ("GIF", gif(image, 1)),
    ]
}

/// A GIF of this many frames. Its colours are those of a cube of 6 levels and the greys, so that a picture of other
/// colours changes.
pub fn gif(image: &RgbImage, frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for _ in 0..frames {
        let frame = image::Frame::new(DynamicImage::from(image.clone()).into_rgba8());
        encoder.encode_frame(frame).expect("encodes");
    }
    drop(encoder);
    bytes
}

/// An EXIF block that tells an orientation, without the `Exif` mark.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// A JPEG with an EXIF segment after its start.
pub fn jpeg_turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let block = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    let length = (block.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &block, &jpeg[2..]].concat()
}

/// A PNG chunk with its length and checksum.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let crc = !body.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    [
        &(data.len() as u32).to_be_bytes(),
        body.as_slice(),
        &crc.to_be_bytes(),
    ]
    .concat()
}

/// A PNG with a chunk put after its header, or before its end.
pub fn png_with(png: &[u8], extra: &[u8], at_end: bool) -> Vec<u8> {
    let at = if at_end { png.len() - 12 } else { 33 };
    [&png[..at], extra, &png[at..]].concat()
}

/// A PNG that has every chunk it needs, and pixels of nothing.
pub fn png_header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[depth, colour, 0, 0, 0],
    ];
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header.concat()),
        chunk(b"IDAT", &[0x78, 0x01, 0x03, 0x00, 0, 0, 0, 1]),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A JPEG that ends after its frame header.
pub fn jpeg_header(width: u16, height: u16, components: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 8 + 3 * components, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.push(components);
    (1..=components).for_each(|id| bytes.extend([id, 0x11, 0]));
    bytes
}

/// A WebP with an extended header around the chunks of a simple one.
pub fn webp_extended(webp: &[u8], flags: u8, width: u32, height: u32, extra: &[u8]) -> Vec<u8> {
    let mut extended = vec![flags, 0, 0, 0];
    extended.extend(&(width - 1).to_le_bytes()[..3]);
    extended.extend(&(height - 1).to_le_bytes()[..3]);
    let body = [
        b"WEBP",
        riff(b"VP8X", &extended).as_slice(),
        &webp[12..],
        extra,
    ]
    .concat();
    riff(b"RIFF", &body)
}

pub fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.as_slice(), &(data.len() as u32).to_le_bytes(), data].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// An uncompressed TIFF of one strip a page.
pub struct Tiff<'a> {
    pub size: (u32, u32),
    pub bits: u16,
    pub samples: u16,
    pub photometric: u16,
    pub float: bool,
    pub orientation: u16,
    pub pages: usize,
    pub data: &'a [u8],
}

impl Tiff<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"II*\0".to_vec();
        let strip = 8_u32;
        let mut next = 8 + self.data.len().next_multiple_of(2) as u32;
        bytes.extend(next.to_le_bytes());
        bytes.extend(self.data);
        bytes.resize(next as usize, 0);
        let samples = u32::from(self.samples);
        for page in 0..self.pages {
            // Lists longer than two shorts follow the directory: bits, then sample formats.
            let lists = next + 2 + 11 * 12 + 4;
            let formats = lists + 2 * samples;
            let listed = |at: u32, value: u16| match samples {
                1 => u32::from(value),
                2 => u32::from(value) * 0x1_0001,
                _ => at,
            };
            let format = if self.float { 3 } else { 1 };
            let entries: [(u16, u16, u32, u32); 11] = [
                (256, 4, 1, self.size.0),
                (257, 4, 1, self.size.1),
                (258, 3, samples, listed(lists, self.bits)),
                (259, 3, 1, 1),
                (262, 3, 1, u32::from(self.photometric)),
                (273, 4, 1, strip),
                (274, 3, 1, u32::from(self.orientation)),
                (277, 3, 1, samples),
                (278, 4, 1, self.size.1),
                (279, 4, 1, self.data.len() as u32),
                (339, 3, samples, listed(formats, format)),
            ];
            bytes.extend(11_u16.to_le_bytes());
            for (tag, kind, count, value) in entries {
                bytes.extend(tag.to_le_bytes());
                bytes.extend(kind.to_le_bytes());
                bytes.extend(count.to_le_bytes());
                bytes.extend(value.to_le_bytes());
            }
            next = formats + 2 * samples;
            let link = if page + 1 < self.pages { next } else { 0 };
            bytes.extend(link.to_le_bytes());
            (0..samples).for_each(|_| bytes.extend(self.bits.to_le_bytes()));
            (0..samples).for_each(|_| bytes.extend(u16::to_le_bytes(format)));
        }
        bytes
    }

    pub fn rgb(image: &RgbImage) -> Tiff<'_> {
        Tiff {
            size: image.dimensions(),
            bits: 8,
            samples: 3,
            photometric: 2,
            float: false,
            orientation: 1,
            pages: 1,
            data: image,
        }
    }
}
