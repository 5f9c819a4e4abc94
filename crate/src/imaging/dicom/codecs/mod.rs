//! The codecs of compressed pixels, plugged into the registry of dicom-rs: the library's own knowledge of transfer
//! syntaxes, with decoders for those that are read here.
//!
//! dicom-rs has decoders of its own for JPEG and RLE. They are not used because they index past the end of what a
//! damaged file decodes to, which ends a program; ours check the size first.

mod jpeg;
mod jpeg2000;
mod jpegls;
mod jpegls_scan;
mod rle;

use std::sync::LazyLock;

use dicom_encoding::Codec;
use dicom_encoding::adapters::{
    DecodeError, DecodeResult, NeverPixelAdapter, PixelDataObject, PixelDataReader, decode_error,
};
use dicom_encoding::snafu::OptionExt;
use dicom_encoding::transfer_syntax::{NeverAdapter, TransferSyntax, TransferSyntaxIndex};
use dicom_transfer_syntax_registry::{TransferSyntaxRegistry, entries};

use super::colour::from_ybr;

/// Every transfer syntax that dicom-rs knows, with the codecs of this module.
pub(super) struct Codecs;

impl TransferSyntaxIndex for Codecs {
    fn get(&self, uid: &str) -> Option<&TransferSyntax> {
        let own = OWN.iter().find(|syntax| syntax.uid() == uid);
        own.or_else(|| TransferSyntaxRegistry.get(uid))
    }
}

static OWN: LazyLock<Vec<TransferSyntax>> = LazyLock::new(|| {
    vec![
        with(&entries::RLE_LOSSLESS, rle::Rle),
        with(&entries::JPEG_BASELINE, jpeg::Jpeg),
        with(&entries::JPEG_EXTENDED, jpeg::Jpeg),
        with(&entries::JPEG_LOSSLESS_NON_HIERARCHICAL, jpeg::Jpeg),
        with(
            &entries::JPEG_LOSSLESS_NON_HIERARCHICAL_FIRST_ORDER_PREDICTION,
            jpeg::Jpeg,
        ),
        with(&entries::JPEG_LS_LOSSLESS_IMAGE_COMPRESSION, jpegls::JpegLs),
        with(&entries::JPEG_LS_LOSSY_IMAGE_COMPRESSION, jpegls::JpegLs),
        with(
            &entries::JPEG_2000_IMAGE_COMPRESSION_LOSSLESS_ONLY,
            jpeg2000::Jpeg2000,
        ),
        with(&entries::JPEG_2000_IMAGE_COMPRESSION, jpeg2000::Jpeg2000),
    ]
});

/// A transfer syntax with a decoder.
fn with<D, R, W>(
    known: &TransferSyntax<D, R, W>,
    reader: impl PixelDataReader + Send + Sync + 'static,
) -> TransferSyntax {
    let codec =
        Codec::<NeverAdapter, _, NeverPixelAdapter>::EncapsulatedPixelData(Some(reader), None);
    TransferSyntax::new_ele(known.uid(), known.name(), codec).erased()
}

/// What every decoder must know of the frame that it is given.
struct Target {
    columns: usize,
    rows: usize,
    samples: usize,
    /// Bytes of a sample in the output.
    bytes: usize,
    /// Whether colours are stored as luma and differences.
    ybr: bool,
}

impl Target {
    fn of(frame: &dyn PixelDataObject) -> DecodeResult<Self> {
        let missing = |name| decode_error::MissingAttributeSnafu { name };
        let photometric = frame.photometric_interpretation().unwrap_or_default();
        Ok(Self {
            columns: frame.cols().context(missing("Columns"))?.into(),
            rows: frame.rows().context(missing("Rows"))?.into(),
            samples: frame
                .samples_per_pixel()
                .context(missing("SamplesPerPixel"))?
                .into(),
            bytes: usize::from(
                frame
                    .bits_allocated()
                    .context(missing("BitsAllocated"))?
                    .div_ceil(8),
            ),
            ybr: photometric.starts_with("YBR"),
        })
    }

    fn pixels(&self) -> usize {
        self.columns * self.rows
    }

    /// Appends a value as a sample.
    fn push(&self, out: &mut Vec<u8>, value: u32) {
        out.extend_from_slice(&value.to_le_bytes()[..self.bytes]);
    }

    /// Turns interleaved luma and differences of 8 bits into RGB.
    fn to_rgb(&self, out: &mut [u8]) {
        if self.samples == 3 && self.bytes == 1 {
            for pixel in out.as_chunks_mut::<3>().0 {
                *pixel = from_ybr(*pixel);
            }
        }
    }
}

/// An error in words.
fn fault(message: impl Into<String>) -> DecodeError {
    DecodeError::Custom {
        message: message.into(),
        source: None,
    }
}

/// The bytes of the one frame.
fn coded(frame: &dyn PixelDataObject) -> DecodeResult<std::borrow::Cow<'_, [u8]>> {
    frame
        .fragment(0)
        .context(decode_error::FrameRangeOutOfBoundsSnafu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_stands_in_the_registry_under_the_name_that_dicom_gives_it() {
        for syntax in OWN.iter() {
            let known = TransferSyntaxRegistry.get(syntax.uid()).expect("known");
            assert_eq!(syntax.name(), known.name());
            let found = Codecs.get(syntax.uid()).expect("found");
            assert!(found.pixel_data_reader().is_some());
        }
        assert!(Codecs.get("1.2.3").is_none());
    }
}
