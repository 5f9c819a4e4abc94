//! Colours of a file that are not sRGB, into sRGB.

use image::RgbImage;
use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    TransferCharacteristics, TransformOptions,
};

/// In what colours an image is stored.
pub(super) enum Source<'a> {
    /// An ICC profile (ICC.1).
    Icc(&'a [u8]),
    /// Numbers of ITU-T H.273.
    Cicp { primaries: u16, transfer: u16 },
}

/// Remark on a profile that is no use.
pub(super) const IGNORED: &str =
    "The colour profile of this file could not be used; colours may be off.";
const HIGH_RANGE: &str = "The brightness of this picture has a high dynamic range; it is shown as stored, which looks flat.";

/// Pixels for each call of a transform, so that its second copy stays small.
const STRIP: usize = 1 << 16;

/// Converts an image; `grey` says that its channels are one. Returns a remark where that was not possible, and the
/// colours stay as they are.
pub(super) fn to_srgb(image: &mut RgbImage, grey: bool, source: Source<'_>) -> Option<String> {
    let profile = match source {
        Source::Icc(bytes) => match ColorProfile::new_from_slice(bytes) {
            Ok(profile) => profile,
            Err(_) => return Some(IGNORED.to_owned()),
        },
        Source::Cicp {
            transfer: 16 | 18, ..
        } => return Some(HIGH_RANGE.to_owned()),
        Source::Cicp {
            primaries,
            transfer,
        } => cicp(primaries, transfer)?,
    };
    let converted = match profile.color_space {
        DataColorSpace::Rgb => colours(image, &profile),
        DataColorSpace::Gray if grey => greys(image, &profile),
        _ => None,
    };
    match converted {
        Some(()) => None,
        None => Some(IGNORED.to_owned()),
    }
}

/// None where the colours are sRGB already, or not said to be anything else.
fn cicp(primaries: u16, transfer: u16) -> Option<ColorProfile> {
    // The curves of television are shown on screens as sRGB is.
    let like_srgb = matches!(transfer, 0..=2 | 6 | 13..=15);
    if like_srgb && matches!(primaries, 0..=2) {
        return None;
    }
    let byte = |number: u16| u8::try_from(number).ok();
    let transfer = if like_srgb {
        TransferCharacteristics::Srgb
    } else {
        TransferCharacteristics::try_from(byte(transfer)?).ok()?
    };
    Some(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(byte(primaries)?).ok()?,
        transfer_characteristics: transfer,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

fn colours(image: &mut RgbImage, profile: &ColorProfile) -> Option<()> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default())
        .ok()?;
    let mut before = Vec::new();
    for strip in image.as_mut().chunks_mut(3 * STRIP) {
        before.clear();
        before.extend_from_slice(strip);
        transform.transform(&before, strip).ok()?;
    }
    Some(())
}

fn greys(image: &mut RgbImage, profile: &ColorProfile) -> Option<()> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(
            Layout::Gray,
            &srgb,
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    let every: Vec<u8> = (0..=255).collect();
    let mut table = [0; 3 * 256];
    transform.transform(&every, &mut table).ok()?;
    let table = table.as_chunks::<3>().0;
    for pixel in image.as_mut().as_chunks_mut::<3>().0 {
        *pixel = table[usize::from(pixel[0])];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(source: Source<'_>, pixel: [u8; 3]) -> ([u8; 3], Option<String>) {
        let mut image = RgbImage::from_pixel(2, 1, image::Rgb(pixel));
        let remark = to_srgb(&mut image, false, source);
        (image.get_pixel(1, 0).0, remark)
    }

    #[test]
    fn display_p3_becomes_srgb_by_profile_and_by_number() {
        let profile = ColorProfile::new_display_p3().encode().expect("encodes");
        let (by_profile, remark) = converted(Source::Icc(&profile), [200, 100, 50]);
        assert!(remark.is_none(), "{remark:?}");
        let (by_number, _) = converted(
            Source::Cicp {
                primaries: 12,
                transfer: 13,
            },
            [200, 100, 50],
        );
        // From the matrices of SMPTE EG 432-1 and IEC 61966-2-1: 214.9, 92.6, 31.0.
        for (channel, expected) in [214.9_f32, 92.6, 31.0].into_iter().enumerate() {
            assert!(
                (f32::from(by_profile[channel]) - expected).abs() <= 1.5,
                "{by_profile:?}"
            );
            assert!(
                (f32::from(by_number[channel]) - expected).abs() <= 1.5,
                "{by_number:?}"
            );
        }
    }

    #[test]
    fn srgb_and_unsaid_colours_stay_and_senseless_profiles_are_told() {
        for (primaries, transfer) in [(1, 13), (2, 2), (1, 1)] {
            let source = Source::Cicp {
                primaries,
                transfer,
            };
            assert_eq!(converted(source, [1, 2, 3]), ([1, 2, 3], None));
        }
        let (pixel, remark) = converted(Source::Icc(b"senseless"), [1, 2, 3]);
        assert_eq!((pixel, remark.as_deref()), ([1, 2, 3], Some(IGNORED)));
    }
}
