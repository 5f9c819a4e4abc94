//! How a frame's pixels are laid out: the Image Pixel module (PS3.3, C.7.6.3).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::super::pixels::unreadable;
use super::attributes::{code, count};
use super::format::FORMAT;
use crate::Error;

/// Shape and coding of one frame.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub rows: u16,
    pub columns: u16,
    /// Samples per pixel: 1 or 3.
    pub samples: u16,
    /// Bits from one sample to the next: 1, 8, 16 or 32.
    pub allocated: u16,
    /// Bits of a sample that are its value.
    pub stored: u16,
    /// The highest of these bits.
    pub high: u16,
    /// Whether values are in two's complement.
    pub signed: bool,
    /// Whether all of one colour comes before the next.
    pub planar: bool,
    /// What the samples mean, such as `MONOCHROME2`.
    pub photometric: String,
    /// Frames that the file says to hold, 1 at least.
    pub frames: u32,
}

impl Layout {
    /// Reads and checks it.
    ///
    /// # Errors
    /// [`Error::DamagedImage`] where the size is absent or bits contradict each other; [`Error::UnsupportedImage`] for
    /// kinds of pixels that are not read.
    pub fn read(object: &InMemDicomObject) -> Result<Self, Error> {
        let number = |tag| count(object, tag).and_then(|value| u16::try_from(value).ok());
        let damaged = |what: &str| FORMAT.damaged(what);
        let size = |tag| {
            let length = number(tag).filter(|length| *length > 0);
            length.ok_or_else(|| damaged("it does not say its size"))
        };
        let (rows, columns) = (size(tags::ROWS)?, size(tags::COLUMNS)?);
        let samples = number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let usual = if samples == 3 { "RGB" } else { "MONOCHROME2" };
        let photometric = code(object, tags::PHOTOMETRIC_INTERPRETATION);
        let photometric = photometric.unwrap_or_else(|| usual.to_owned());
        let expected = match photometric.as_str() {
            "MONOCHROME1" | "MONOCHROME2" | "PALETTE COLOR" => 1,
            "RGB" | "YBR_FULL" | "YBR_FULL_422" | "YBR_PARTIAL_422" | "YBR_PARTIAL_420"
            | "YBR_ICT" | "YBR_RCT" => 3,
            _ => {
                let what = format!("its colours are {photometric}");
                return Err(unreadable(&FORMAT, &what));
            }
        };
        if samples != expected {
            return Err(damaged("its colours contradict each other"));
        }
        let allocated = number(tags::BITS_ALLOCATED).unwrap_or(8);
        if !matches!(allocated, 1 | 8 | 16 | 32) || (samples == 3 && !matches!(allocated, 8 | 16)) {
            let what = format!("{allocated} bits a sample");
            return Err(unreadable(&FORMAT, &what));
        }
        let stored = number(tags::BITS_STORED).unwrap_or(allocated);
        let high = number(tags::HIGH_BIT).unwrap_or(stored.saturating_sub(1));
        if stored == 0 || stored > allocated || high >= allocated || high + 1 < stored {
            return Err(damaged("its bits contradict each other"));
        }
        Ok(Self {
            rows,
            columns,
            samples,
            allocated,
            stored,
            high,
            signed: number(tags::PIXEL_REPRESENTATION) == Some(1),
            planar: number(tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
            frames: count(object, tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1),
        })
    }

    /// Pixels of a frame.
    pub fn pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// Bytes of a sample; 1 where bits are packed.
    pub fn sample_bytes(&self) -> usize {
        usize::from(self.allocated).div_ceil(8)
    }

    /// Bytes of a frame that was decompressed, at most 2³² × 12.
    pub fn decoded_bytes(&self) -> u64 {
        (self.pixels() * usize::from(self.samples)) as u64 * self.sample_bytes() as u64
    }

    /// Bits of a frame that was never compressed.
    pub fn native_bits(&self) -> u64 {
        let samples = match self.photometric.as_str() {
            // Two pixels share their colour differences.
            "YBR_FULL_422" | "YBR_PARTIAL_422" => 2,
            _ => self.samples,
        };
        self.pixels() as u64 * u64::from(samples) * u64::from(self.allocated)
    }

    /// Whether there is one shade a pixel, and no table of colours.
    pub fn grey(&self) -> bool {
        self.photometric.starts_with("MONOCHROME")
    }

    /// The value of a sample, from all its allocated bits.
    pub fn value(&self, raw: u32) -> i64 {
        let shift = self.high + 1 - self.stored;
        let value = i64::from(raw) >> shift & ((1_i64 << self.stored) - 1);
        let sign = 1_i64 << (self.stored - 1);
        if self.signed && value & sign != 0 {
            value - (sign << 1)
        } else {
            value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_from_its_bits_and_signed() {
        let mut layout = Layout {
            rows: 1,
            columns: 1,
            samples: 1,
            allocated: 16,
            stored: 12,
            high: 11,
            signed: false,
            planar: false,
            photometric: "MONOCHROME2".to_owned(),
            frames: 1,
        };
        // The upper bits hold an overlay.
        assert_eq!(layout.value(0xf123), 0x123);
        layout.high = 15;
        assert_eq!(layout.value(0x1239), 0x123);
        layout.signed = true;
        assert_eq!(layout.value(0xfff0), -1);
        assert_eq!(layout.value(0x8000), -2048);
        (layout.allocated, layout.stored, layout.high) = (32, 32, 31);
        assert_eq!(layout.value(u32::MAX), -1);
    }
}
