//! Strips and tiles unpacked: rows of samples, least significant byte first, as if each chunk were stored alone and bare.

use fdeflate::BoundedDecompressionError;
use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

use super::super::header::CUT;
use super::super::jpeg::{Transform, decode_part};
use super::super::pixels::{afford, one_line, unreadable};
use super::directory::{Directory, File, tag};
use super::format::FORMAT;
use super::layout::{Chunk, Compression, Layout, Photometric, Predictor};
use crate::Error;

/// Bytes of a row of samples in a chunk.
pub fn row_bytes(layout: &Layout) -> usize {
    (layout.chunk_width * layout.chunk_samples() * layout.bits).div_ceil(8)
}

/// Refuses what would take too much memory beside `held` bytes.
pub fn check(layout: &Layout, held: u64) -> Result<(), Error> {
    let row = (layout.chunk_width as u64)
        .checked_mul((layout.chunk_samples() * layout.bits) as u64)
        .map(|bits| bits.div_ceil(8));
    let rows = layout.chunk_rows(0) as u64;
    let chunk = row.and_then(|row| row.checked_mul(rows));
    // Unpacked subsampled chroma is a second copy.
    let chunk = chunk.and_then(|chunk| chunk.checked_mul(2));
    afford(&FORMAT, chunk.unwrap_or(u64::MAX).saturating_add(held))
}

/// The rows of a chunk.
pub fn unpacked(
    file: &File,
    page: &Directory,
    layout: &Layout,
    chunk: Chunk,
    rows: usize,
) -> Result<Vec<u8>, Error> {
    let cut = || FORMAT.damaged(CUT);
    let packed = &file.bytes[chunk.first..chunk.first + chunk.length];
    let reversed;
    let is_bits = layout.bits < 8 || matches!(layout.compression, Compression::Fax(_));
    let packed = if layout.is_reversed && is_bits {
        reversed = packed
            .iter()
            .map(|byte| byte.reverse_bits())
            .collect::<Vec<u8>>();
        &reversed
    } else {
        packed
    };
    let (across, down) = layout.subsampling;
    let length = if layout.subsampling == (1, 1) {
        rows * row_bytes(layout)
    } else {
        let blocks = layout.chunk_width.div_ceil(across) * rows.div_ceil(down);
        blocks * (across * down + 2)
    };
    let mut bytes = match layout.compression {
        Compression::None => packed.get(..length).ok_or_else(cut)?.to_vec(),
        Compression::Lzw => lzw(packed, length)?,
        Compression::Deflate => deflate(packed, length)?,
        Compression::PackBits => pack_bits(packed, length),
        Compression::Fax(kind) => fax(file, page, layout, packed, kind, rows)?,
        Compression::Jpeg => return jpeg(file, page, layout, packed, rows),
    };
    if bytes.len() < length {
        return Err(cut());
    }
    bytes.truncate(length);
    if layout.subsampling != (1, 1) {
        return Ok(full_chroma(layout, &bytes, rows));
    }
    if layout.predictor != Predictor::Float && file.is_big_endian && layout.bits.is_multiple_of(8) {
        let size = layout.bits / 8;
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    for row in bytes.chunks_exact_mut(row_bytes(layout)) {
        match layout.predictor {
            Predictor::None => {}
            Predictor::Horizontal => sum(row, layout.bits / 8, layout.chunk_samples()),
            Predictor::Float => {
                sum(row, 1, layout.chunk_samples());
                gather(row, layout.bits / 8);
            }
        }
    }
    Ok(bytes)
}

fn lzw(packed: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    // Programs from before version 5 of the standard wrote the bits in the other order; theirs begin with the clear code
    // 256 in nine bits from the lowest.
    let is_old = matches!(packed, [0, second, ..] if second & 1 == 1);
    let configuration = match is_old {
        true => Configuration::new(BitOrder::Lsb, 8),
        false => Configuration::with_tiff_size_switch(BitOrder::Msb, 8),
    };
    let mut decoder = configuration.with_yield_on_full_buffer(true).build();
    let mut bytes = vec![0; length];
    let (mut taken, mut made) = (0, 0);
    while made < length {
        let step = decoder.decode_bytes(&packed[taken..], &mut bytes[made..]);
        (taken, made) = (taken + step.consumed_in, made + step.consumed_out);
        match step.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Err(error) => return Err(FORMAT.damaged(one_line(&error.to_string()))),
        }
    }
    bytes.truncate(made);
    Ok(bytes)
}

fn deflate(packed: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    match fdeflate::decompress_to_vec_bounded(packed, length) {
        Ok(bytes) => Ok(bytes),
        // There is more than is needed.
        Err(BoundedDecompressionError::OutputTooLarge { partial_output }) => Ok(partial_output),
        Err(BoundedDecompressionError::DecompressionError { inner }) => {
            Err(FORMAT.damaged(one_line(&format!("{inner:?}"))))
        }
    }
}

/// Section 9: a count, then either that many bytes or one byte that many times.
fn pack_bits(mut packed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let Some((&count, rest)) = packed.split_first() else {
            break;
        };
        packed = match (count as i8, rest) {
            (count @ 0.., rest) => {
                let (part, rest) = rest.split_at(rest.len().min(count as usize + 1));
                bytes.extend_from_slice(part);
                rest
            }
            (-128, rest) => rest,
            (count, [byte, rest @ ..]) => {
                bytes.extend(std::iter::repeat_n(
                    *byte,
                    usize::from(count.unsigned_abs()) + 1,
                ));
                rest
            }
            (_, []) => break,
        };
    }
    bytes
}

/// Sections 10 and 11: rows of bits, 1 where the fax is black.
fn fax(
    file: &File,
    page: &Directory,
    layout: &Layout,
    packed: &[u8],
    kind: u16,
    rows: usize,
) -> Result<Vec<u8>, Error> {
    let width = u16::try_from(layout.chunk_width);
    let height = u16::try_from(rows);
    let is_flat = page.number(file, tag::FAX_OPTIONS).unwrap_or(0) & 1 == 0;
    let (Ok(width), Ok(height), 1, 1) = (width, height, layout.bits, layout.samples) else {
        return Err(unreadable(&FORMAT, "a fax of this size"));
    };
    let row = row_bytes(layout);
    let mut bytes = Vec::new();
    let add = |changes: &[u16]| {
        if bytes.len() >= row * rows {
            return;
        }
        let first = bytes.len();
        bytes.resize(first + row, 0_u8);
        let pixels = fax::decoder::pels(changes, width).enumerate();
        for (x, _) in pixels.filter(|(_, colour)| *colour == fax::Color::Black) {
            bytes[first + x / 8] |= 0x80 >> (x % 8);
        }
    };
    let input = packed.iter().copied();
    let done = match kind {
        4 => fax::decoder::decode_g4(input, width, Some(height), add),
        3 if is_flat => fax::decoder::decode_g3(input, add),
        _ => return Err(unreadable(&FORMAT, "fax coding of a rare kind")),
    };
    // What lacks rows is found by its length.
    done.map_or_else(
        || Err(FORMAT.damaged("its fax coding is wrong")),
        |()| Ok(()),
    )?;
    Ok(bytes)
}

/// A JPEG of its own, but for the tables that all chunks share.
fn jpeg(
    file: &File,
    page: &Directory,
    layout: &Layout,
    packed: &[u8],
    rows: usize,
) -> Result<Vec<u8>, Error> {
    if layout.bits != 8 {
        return Err(unreadable(&FORMAT, "JPEG of more than 8 bits inside"));
    }
    let tables = page.bytes(file, tag::JPEG_TABLES).unwrap_or_default();
    let transform = match layout.photometric {
        Photometric::YCbCr => Transform::FromYCbCr,
        _ => Transform::AsStored,
    };
    let most = (layout.chunk_width, layout.chunk_height);
    let part =
        decode_part(tables, packed, transform, most).map_err(|reason| FORMAT.damaged(reason))?;
    let samples = layout.chunk_samples();
    if part.channels != samples || part.width < layout.chunk_width.min(layout.width) {
        return Err(FORMAT.damaged("its headers contradict each other"));
    }
    let wanted = row_bytes(layout);
    let mut bytes = Vec::with_capacity(wanted * rows);
    for row in part.bytes.chunks_exact(part.width * samples).take(rows) {
        let row = &row[..row.len().min(wanted)];
        bytes.extend_from_slice(row);
        bytes.resize(bytes.len() + wanted - row.len(), 0);
    }
    // Rows below the image may be missing in the last tile.
    let whole = wanted * rows;
    if bytes.len() < whole && !layout.is_tiled {
        return Err(FORMAT.damaged(CUT));
    }
    bytes.resize(whole, 0);
    Ok(bytes)
}

/// Section 21: for each block of pixels, their luma and then one pair of chroma values.
fn full_chroma(layout: &Layout, bytes: &[u8], rows: usize) -> Vec<u8> {
    let (across, down) = layout.subsampling;
    let unit = across * down + 2;
    let blocks = layout.chunk_width.div_ceil(across);
    let mut full = Vec::with_capacity(3 * layout.chunk_width * rows);
    for y in 0..rows {
        for x in 0..layout.chunk_width {
            let block = (y / down * blocks + x / across) * unit;
            let luma = bytes[block + y % down * across + x % across];
            full.extend([luma, bytes[block + unit - 2], bytes[block + unit - 1]]);
        }
    }
    full
}

/// Undoes the difference of each number to the one `stride` numbers before.
fn sum(row: &mut [u8], size: usize, stride: usize) {
    let step = size * stride;
    for at in (step..row.len()).step_by(size) {
        let mut carry = 0;
        for byte in at..(at + size).min(row.len()) {
            let sum = u16::from(row[byte]) + u16::from(row[byte - step]) + carry;
            row[byte] = sum as u8;
            carry = sum >> 8;
        }
    }
}

/// Floats whose bytes stand apart, all first bytes first.
fn gather(row: &mut [u8], size: usize) {
    let apart = row.to_vec();
    let count = row.len() / size;
    for (index, float) in row.chunks_exact_mut(size).enumerate() {
        for (place, byte) in float.iter_mut().rev().enumerate() {
            *byte = apart[place * count + index];
        }
    }
}
