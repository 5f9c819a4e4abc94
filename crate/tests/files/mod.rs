//! Image files made for the tests of decoding, byte by byte where no encoder writes what is needed.
#![allow(dead_code, unused_imports)] // every test program uses its own part

mod pages;

pub use pages::{Page, Values, tiff};

use moxcms::ColorProfile;

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
    ]
}

/// Colours of [`gif`].
pub fn gif_colour(x: u32, y: u32) -> [u8; 3] {
    let index = ((x * 7 + y * 13) % 256) as u8;
    [index, 255 - index, index / 2]
}

/// A GIF of this many frames, each of all its canvas.
pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v / 2]).collect();
    let at = |index: usize| (index % usize::from(width), index / usize::from(width));
    let indices = (0..usize::from(width) * usize::from(height)).map(at);
    let indices: Vec<u8> = indices
        .map(|(x, y)| ((x * 7 + y * 13) % 256) as u8)
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).expect("encodes");
    for _ in 0..frames {
        let frame = gif::Frame::from_indexed_pixels(width, height, indices.clone(), None);
        encoder.write_frame(&frame).expect("encodes");
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

/// The profile of a phone's photos.
pub fn display_p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().expect("encodes")
}

/// A JPEG with a colour profile in segments of at most `size` bytes.
pub fn jpeg_with_profile(jpeg: &[u8], profile: &[u8], size: usize) -> Vec<u8> {
    let count = profile.len().div_ceil(size) as u8;
    let mut bytes = jpeg[..2].to_vec();
    for (number, part) in (1..).zip(profile.chunks(size)) {
        let segment = [b"ICC_PROFILE\0", [number, count].as_slice(), part].concat();
        bytes.extend([0xff, 0xe2]);
        bytes.extend((segment.len() as u16 + 2).to_be_bytes());
        bytes.extend(segment);
    }
    [&bytes, &jpeg[2..]].concat()
}

/// An RGB page in LZW tiles of 16 by 16 that reach over the edge.
pub fn tiled_lzw(width: u32, height: u32) -> Page {
    let image = picture(width, height);
    let mut page = Page::new((width, height), 8, 3, 2, &[]);
    (page.tile, page.compression) = (Some((16, 16)), 5);
    page.chunks.clear();
    for top in (0..height).step_by(16) {
        for left in (0..width).step_by(16) {
            let places = (top..top + 16).flat_map(|y| (left..left + 16).map(move |x| (x, y)));
            let pixel = |(x, y)| {
                image
                    .get_pixel_checked(x, y)
                    .map_or([77; 3], |pixel| pixel.0)
            };
            let tile: Vec<u8> = places.flat_map(pixel).collect();
            let order = weezl::BitOrder::Msb;
            let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(order, 8);
            page.chunks.push(encoder.encode(&tile).expect("encodes"));
        }
    }
    page
}

/// An RGB page in one deflated strip with differences.
pub fn deflated(width: u32, height: u32) -> Page {
    let mut rows = picture(width, height).into_raw();
    for row in rows.chunks_mut(3 * width as usize) {
        for at in (3..row.len()).rev() {
            row[at] = row[at].wrapping_sub(row[at - 3]);
        }
    }
    let packed = fdeflate::compress_to_vec(&rows);
    let mut page = Page::new((width, height), 8, 3, 2, &packed).with(317, Values::Shorts(vec![2]));
    page.compression = 8;
    page
}
