//! From colour samples and colour tables to RGB of 8 bits (PS3.3, C.7.6.3.1).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::attributes::{bytes, numbers};
use super::format::FORMAT;
use super::layout::Layout;
use crate::Error;

/// Interleaved RGB from samples that lie as `layout` says, little endian.
pub(super) fn rgb(data: &[u8], layout: &Layout) -> Vec<u8> {
    let pixels = layout.pixels();
    let size = layout.sample_bytes();
    if layout.photometric == "RGB"
        && !layout.planar
        && (size, layout.stored) == (1, 8)
        && let Some(done) = data.get(..3 * pixels)
    {
        return done.to_vec();
    }
    let most = (1_u32 << layout.stored) - 1;
    let level = |sample: usize| {
        let low = data.get(sample * size).copied().unwrap_or_default();
        if size == 1 && layout.stored == 8 {
            return low;
        }
        let high = data.get(sample * size + 1).copied().unwrap_or_default();
        let raw = u32::from(low) | if size == 2 { u32::from(high) << 8 } else { 0 };
        let value = raw >> (layout.high + 1 - layout.stored) & most;
        ((value * 510 + most) / (2 * most)) as u8
    };
    let mut out = Vec::with_capacity(3 * pixels);
    let planes = |pixel: usize| match layout.planar {
        true => [pixel, pixels + pixel, 2 * pixels + pixel].map(level),
        false => [3 * pixel, 3 * pixel + 1, 3 * pixel + 2].map(level),
    };
    // Y Y Cb Cr for each two pixels.
    let shared = |pixel: usize| {
        let first = pixel / 2 * 4;
        [first + pixel % 2, first + 2, first + 3].map(level)
    };
    let all = 0..pixels;
    match layout.photometric.as_str() {
        "RGB" => all.for_each(|pixel| out.extend(planes(pixel))),
        "YBR_FULL_422" => all.for_each(|pixel| out.extend(from_ybr(shared(pixel)))),
        "YBR_PARTIAL_422" => all.for_each(|pixel| out.extend(from_partial(shared(pixel)))),
        _ => all.for_each(|pixel| out.extend(from_ybr(planes(pixel)))),
    }
    out
}

/// RGB from luma and colour differences of full range (ITU-R BT.601, as in JFIF).
pub(super) fn from_ybr([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    );
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    // The cast clamps.
    .map(|level| (level + 0.5) as u8)
}

/// RGB from luma of 16 to 235 and colour differences of 16 to 240.
fn from_partial([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let wide = |value: u8, middle: f32, range: f32| (f32::from(value) - middle) * 255.0 / range;
    let (luma, blue, red) = (
        wide(luma, 16.0, 219.0),
        wide(blue, 128.0, 224.0),
        wide(red, 128.0, 224.0),
    );
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|level| (level + 0.5) as u8)
}

/// A table of colours: what each stored value is shown as.
pub(super) struct Palette {
    first: i64,
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// The file's table (PS3.3, C.7.9), in segments or not.
    ///
    /// # Errors
    /// [`Error::DamagedImage`] where it is absent or shorter than it says.
    pub fn read(object: &InMemDicomObject, signed: bool) -> Result<Self, Error> {
        let channels = [
            (
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
                tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
                tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
                tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
        ];
        let tables = channels
            .map(|(descriptor, plain, segments)| channel(object, descriptor, plain, segments));
        let [Some(red), Some(green), Some(blue)] = tables else {
            return Err(FORMAT.damaged("its table of colours is missing or too short"));
        };
        let [_, first, _] = descriptor(object, channels[0].0, signed).unwrap_or_default();
        let colours = red.into_iter().zip(green).zip(blue);
        Ok(Self {
            first,
            colours: colours.map(|((r, g), b)| [r, g, b]).collect(),
        })
    }

    /// The colour of a value; those outside the table have that of its nearer end.
    pub fn colour(&self, value: i64) -> [u8; 3] {
        let last = self.colours.len() as i64 - 1;
        let index = (value - self.first).clamp(0, last.max(0)) as usize;
        self.colours.get(index).copied().unwrap_or_default()
    }
}

/// Count of entries, first value that is mapped, and bits of an entry of a lookup table (PS3.3, C.11.1.1.1).
pub(super) fn descriptor(object: &InMemDicomObject, tag: Tag, signed: bool) -> Option<[i64; 3]> {
    let values = numbers(object, tag);
    let [entries, first, bits] = values.get(..3)?.try_into().ok()?;
    let word = |value: f64| value as i64 & 0xffff;
    let entries = if word(entries) == 0 {
        65536
    } else {
        word(entries)
    };
    let first = match word(first) {
        first if signed && first > 0x7fff => first - 0x10000,
        first => first,
    };
    Some([entries, first, word(bits)])
}

/// One channel's entries as 8 bits.
fn channel(object: &InMemDicomObject, shape: Tag, plain: Tag, segments: Tag) -> Option<Vec<u8>> {
    let [entries, _, bits] = descriptor(object, shape, false)?;
    let entries = entries as usize;
    let words = |bytes: &[u8]| -> Vec<u16> {
        let words = bytes.as_chunks::<2>().0.iter();
        words.map(|word| u16::from_le_bytes(*word)).collect()
    };
    let values = match bytes(object, plain) {
        // Entries of 8 bits lie two in a word.
        Some(bytes) if bits == 8 && bytes.len() < 2 * entries => {
            bytes.into_iter().map(u16::from).collect()
        }
        Some(bytes) => words(&bytes),
        None => expand(&words(&bytes(object, segments)?), entries)?,
    };
    let values = values.get(..entries)?;
    // Some programs say 16 bits and write 8.
    let narrow = bits == 8 || values.iter().all(|value| *value < 256);
    let level = |value: &u16| {
        if narrow {
            *value as u8
        } else {
            (value >> 8) as u8
        }
    };
    Some(values.iter().map(level).collect())
}

/// A table from its segments (PS3.3, C.7.9.2): runs of single entries, straight lines, and repetitions.
fn expand(segments: &[u16], entries: usize) -> Option<Vec<u16>> {
    let mut out: Vec<u16> = Vec::new();
    let mut at = 0;
    while at < segments.len() && out.len() < entries {
        at += segment(segments, at, &mut out, entries)?;
    }
    Some(out)
}

/// Appends the segment at `at` and returns its length in words.
fn segment(segments: &[u16], at: usize, out: &mut Vec<u16>, entries: usize) -> Option<usize> {
    let length = usize::from(*segments.get(at + 1)?);
    match segments[at] {
        0 => {
            out.extend(segments.get(at + 2..at + 2 + length)?);
            Some(2 + length)
        }
        1 => {
            let end = f64::from(*segments.get(at + 2)?);
            let begin = f64::from(*out.last()?);
            let part = |step: usize| begin + (end - begin) * step as f64 / length as f64;
            out.extend((1..=length).map(|step| part(step).round() as u16));
            Some(3)
        }
        2 => {
            let low = usize::from(*segments.get(at + 2)?);
            let mut from = low | usize::from(*segments.get(at + 3)?) << 16;
            // Only single entries and lines can be repeated, so that this ends.
            for _ in 0..length {
                if out.len() >= entries || *segments.get(from)? > 1 {
                    break;
                }
                from += segment(segments, from, out, entries)?;
            }
            Some(4)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_colours_come_back_from_luma_and_differences() {
        // JFIF 1.02: red, green, blue and mid-grey.
        let cases = [
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
            ([128, 128, 128], [128, 128, 128]),
        ];
        for (ybr, rgb) in cases {
            let found = from_ybr(ybr);
            let near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
            assert!(found.iter().zip(&rgb).all(near), "{found:?}");
        }
        assert_eq!(from_partial([235, 128, 128]), [255; 3]);
        assert_eq!(from_partial([16, 128, 128]), [0; 3]);
    }

    #[test]
    fn a_table_is_expanded_from_its_segments() {
        // Two entries, a line of four more to 50, both again.
        let segments = [0, 2, 7, 10, 1, 4, 50, 2, 2, 0, 0];
        let expected = [7, 10, 20, 30, 40, 50, 7, 10, 20, 30, 40, 50];
        assert_eq!(expand(&segments, 12).as_deref(), Some(&expected[..]));
        // A repetition of itself ends.
        assert_eq!(expand(&[2, 9, 0, 0], 10).as_deref(), None.or(Some(&[][..])));
        assert_eq!(expand(&[1, 4, 50], 4), None);
    }
}
