//! Coefficients to pixels: the inverse transform, colours at full size, and red, green and blue (T.81, Annex A.3, and
//! JFIF 1.02).

use super::super::colour::Colour;
use super::super::pixels::Samples;
use super::coefficients::{Block, Component, Fault};
use super::frame::Frame;

/// How the colours are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// What the file's markers say.
    Told,
    /// Three components are YCbCr and become RGB.
    FromYCbCr,
    /// Nothing.
    AsStored,
}

/// The picture of a whole JPEG.
#[derive(Debug)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub colour: Colour,
    /// Bytes, or words for 12 bits.
    pub samples: Samples,
    /// Whether only the end marker is missing.
    pub lacks_end: bool,
}

/// A JPEG inside of another format.
#[derive(Debug)]
pub struct Part {
    pub width: usize,
    pub channels: usize,
    /// 8-bit samples, row by row.
    pub bytes: Vec<u8>,
}

/// Pixels beyond the side of a tile that its JPEG may have.
const MARGIN: usize = 64;

/// Decodes a file.
pub fn decode(bytes: &[u8]) -> Result<Picture, Fault> {
    let side = usize::from(u16::MAX);
    let frame = Frame::read(&[], bytes, (side, side))?;
    let (width, height, lacks_end) = (frame.width, frame.height, !frame.ends);
    let colour = match frame.components.len() {
        1 => Colour::Grey,
        3 => Colour::Rgb,
        _ => Colour::Cmyk,
    };
    let samples = match frame.precision {
        8 => Samples::Bytes(pixels(frame, Transform::Told, |value| value as u8)),
        _ => Samples::Words(pixels(frame, Transform::Told, |value| value)),
    };
    Ok(Picture {
        width,
        height,
        colour,
        samples,
        lacks_end,
    })
}

/// Decodes a strip or tile of another format, with tables from elsewhere, of 8 bits and of about `most` pixels across
/// and down at most.
pub fn decode_part(
    tables: &[u8],
    bytes: &[u8],
    transform: Transform,
    most: (usize, usize),
) -> Result<Part, Fault> {
    let most = (most.0.saturating_add(MARGIN), most.1.saturating_add(MARGIN));
    let frame = Frame::read(tables, bytes, most)?;
    if frame.precision != 8 {
        return Err("its parts have more than 8 bits");
    }
    Ok(Part {
        width: frame.width,
        channels: frame.components.len(),
        bytes: pixels(frame, transform, |value| value as u8),
    })
}

/// A component's values at its own size.
struct Plane {
    width: usize,
    height: usize,
    /// Values in a row, whole blocks.
    stride: usize,
    values: Vec<u16>,
    /// For each column of the image: the column left of it here, and how far it lies to the right of that in 256ths.
    columns: Vec<(usize, u32)>,
    rows: Vec<(usize, u32)>,
}

/// Where the pixels of a side lie among fewer ones, of which `own` fall on `most`.
fn places(side: usize, own: usize, most: usize) -> Vec<(usize, u32)> {
    let last = (side * own).div_ceil(most) - 1;
    (0..side)
        .map(|at| {
            // The centre of a pixel, in 512ths, less half a pixel here.
            let centre = ((2 * at + 1) * own * 256 / most).saturating_sub(256);
            let place = (centre / 512).min(last);
            let part = if place == last { 0 } else { centre % 512 / 2 };
            (place, part as u32)
        })
        .collect()
}

fn pixels<T: Copy>(mut frame: Frame, transform: Transform, of: impl Fn(u16) -> T) -> Vec<T> {
    let (width, height) = (frame.width, frame.height);
    let most = frame.most();
    let top = (1_u16 << frame.precision) - 1;
    let basis = basis();
    let components = std::mem::take(&mut frame.components);
    let count = components.len();
    // The order in which libjpeg asks.
    let is_named_rgb = component_names(&components) == *b"RGB";
    let is_rgb = !frame.is_jfif && frame.adobe.map_or(is_named_rgb, |kind| kind == 0);
    let planes: Vec<Plane> = components
        .into_iter()
        .map(|component| plane(component, (width, height), most, top, &basis))
        .collect();
    let from_ycbcr = match (transform, count) {
        (Transform::AsStored, _) | (_, 1) => false,
        (Transform::FromYCbCr, _) => true,
        (Transform::Told, 3) => !is_rgb,
        (Transform::Told, _) => frame.adobe == Some(2),
    };
    // With Adobe's segment, inks are stored as what they leave of the light. YCCK is the YCbCr of what these stored values
    // leave in turn, so that the two cancel for the first three.
    let is_told_inks = transform == Transform::Told && count == 4;
    let mut pixels = Vec::with_capacity(width * height * count);
    let mut row = vec![0_u16; width * count];
    for y in 0..height {
        for (channel, plane) in planes.iter().enumerate() {
            plane.row(y, row.iter_mut().skip(channel).step_by(count));
        }
        for pixel in row.chunks_exact_mut(count) {
            if let ([y, cb, cr, ..], true) = (&mut *pixel, from_ycbcr) {
                [*y, *cb, *cr] = rgb([*y, *cb, *cr], top);
            }
            if is_told_inks {
                let inverts = frame.adobe.is_some();
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let is_light = from_ycbcr && channel < 3;
                    if inverts != is_light {
                        *value = top - *value;
                    }
                }
            }
        }
        pixels.extend(row.iter().map(|value| of(*value)));
    }
    pixels
}

fn component_names(components: &[Component]) -> Vec<u8> {
    components.iter().map(|component| component.id).collect()
}

impl Plane {
    /// A row of the image, from the four nearest values.
    fn row<'a>(&self, y: usize, out: impl Iterator<Item = &'a mut u16>) {
        let (above, lower) = self.rows[y];
        let row = |y: usize| &self.values[y.min(self.height - 1) * self.stride..];
        let (first, second) = (row(above), row(above + 1));
        for (out, (left, right)) in out.zip(&self.columns) {
            let next = (left + 1).min(self.width - 1);
            let mix =
                |row: &[u16]| u32::from(row[*left]) * (256 - right) + u32::from(row[next]) * right;
            *out = if lower == 0 {
                (mix(first) + 128) >> 8
            } else {
                (mix(first) * (256 - lower) + mix(second) * lower + 0x8000) >> 16
            } as u16;
        }
    }
}

/// JFIF: full range, chroma around the middle.
fn rgb([y, cb, cr]: [u16; 3], top: u16) -> [u16; 3] {
    let middle = f32::from(top / 2 + 1);
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - middle, f32::from(cr) - middle);
    let level = |value: f32| (value + 0.5).clamp(0.0, f32::from(top)) as u16;
    [
        level(y + 1.402 * cr),
        level(y - 0.344_136 * cb - 0.714_136 * cr),
        level(y + 1.772 * cb),
    ]
}

/// Inverse transform of all blocks of a component.
fn plane(
    component: Component,
    (width, height): (usize, usize),
    (h_most, v_most): (usize, usize),
    top: u16,
    basis: &[[f32; 8]; 8],
) -> Plane {
    let stride = 8 * component.across;
    let mut values = vec![0; 64 * component.blocks.len()];
    for (index, block) in component.blocks.iter().enumerate() {
        let (x, y) = (index % component.across, index / component.across);
        let levels = inverse(block, &component.steps, top, basis);
        for (line, levels) in levels.as_chunks::<8>().0.iter().enumerate() {
            let first = (8 * y + line) * stride + 8 * x;
            values[first..first + 8].copy_from_slice(levels);
        }
    }
    Plane {
        width: (width * component.h).div_ceil(h_most),
        height: (height * component.v).div_ceil(v_most),
        stride,
        values,
        columns: places(width, component.h, h_most),
        rows: places(height, component.v, v_most),
    }
}

/// `basis[x][u]`: half the cosine that frequency u has at x, the lowest divided by the root of two.
fn basis() -> [[f32; 8]; 8] {
    std::array::from_fn(|x| {
        std::array::from_fn(|u| {
            let angle = (2 * x + 1) as f32 * u as f32 * std::f32::consts::PI / 16.0;
            let scale = if u == 0 { 0.5_f32.sqrt() } else { 1.0 };
            scale * angle.cos() / 2.0
        })
    })
}

/// Annex A.3.3 and A.3.1: the inverse transform, rows then columns, and the shift to values from 0.
fn inverse(block: &Block, steps: &[u16; 64], top: u16, basis: &[[f32; 8]; 8]) -> [u16; 64] {
    let middle = f32::from(top / 2 + 1);
    let level = |value: f32| (value + middle + 0.5).clamp(0.0, f32::from(top)) as u16;
    if block[1..].iter().all(|value| *value == 0) {
        return [level(f32::from(block[0]) * f32::from(steps[0]) / 8.0); 64];
    }
    let mut rows = [[0_f32; 8]; 8];
    for (v, row) in rows.iter_mut().enumerate() {
        for u in 0..8 {
            let value = f32::from(block[8 * v + u]) * f32::from(steps[8 * v + u]);
            if value != 0.0 {
                for (x, sum) in row.iter_mut().enumerate() {
                    *sum += value * basis[x][u];
                }
            }
        }
    }
    let mut levels = [0; 64];
    for (y, line) in levels.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut sums = [0_f32; 8];
        for (row, weight) in rows.iter().zip(basis[y]) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        *line = sums.map(level);
    }
    levels
}
