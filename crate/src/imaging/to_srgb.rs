//! The conversion of other colours to sRGB, by `moxcms`.

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout, LocalizableString, MatrixCoefficients, ProfileText, TransferCharacteristics,
    TransformOptions, XyY, curve_from_gamma,
};

use super::colour::{Colour, Converter, Profile, Unusable};
use super::srgb::{SRGB_GAMMA, has_srgb_primaries};
use crate::Error;

/// Largest difference in 8-bit levels from sRGB that is not worth a conversion.
const SAME: u8 = 1;
/// Longest profile name that is shown, in characters.
const MAX_NAME: usize = 60;

/// A way from a file's colours to sRGB.
pub(super) struct ToSrgb {
    profile: ColorProfile,
    colour: Colour,
    name: String,
}

/// Whether this build converts from the colours of a file: it does.
///
/// # Errors
/// None; a build without this file has one.
pub(super) const fn check(_: Option<&Profile>) -> Result<(), Error> {
    Ok(())
}

impl ToSrgb {
    /// Nothing where the file's colours are those of sRGB.
    pub fn new(profile: &Profile, colour: Colour) -> Result<Option<Self>, Unusable> {
        let Some(profile) = read(profile, colour)? else {
            return Ok(None);
        };
        let way = Self {
            name: name(&profile),
            profile,
            colour,
        };
        Ok((!way.changes_nothing()?).then_some(way))
    }

    /// What the file's colour space is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Converts 8-bit values.
    pub fn eight(&self) -> Result<Converter<u8>, Unusable> {
        let (from, options) = (layout(self.colour), TransformOptions::default());
        let way = self
            .profile
            .create_transform_8bit(from, &ColorProfile::new_srgb(), Layout::Rgb, options)
            .map_err(|_| Unusable)?;
        Ok(Box::new(move |from, to| {
            way.transform(from, to).map_err(|_| Unusable)
        }))
    }

    /// Converts 16-bit values.
    pub fn sixteen(&self) -> Result<Converter<u16>, Unusable> {
        let (from, options) = (layout(self.colour), TransformOptions::default());
        let way = self
            .profile
            .create_transform_16bit(from, &ColorProfile::new_srgb(), Layout::Rgb, options)
            .map_err(|_| Unusable)?;
        Ok(Box::new(move |from, to| {
            way.transform(from, to).map_err(|_| Unusable)
        }))
    }

    /// Whether a grid of colours comes out as it goes in: profiles of sRGB come in many versions.
    fn changes_nothing(&self) -> Result<bool, Unusable> {
        let grid: Vec<u8> = match self.colour {
            Colour::Grey => (0..=255).collect(),
            Colour::Rgb => {
                let level = |index: u16, place: u32| (index / 9_u16.pow(place) % 9 * 255 / 8) as u8;
                let each = (0..729).map(|index| [0, 1, 2].map(|place| level(index, place)));
                each.flatten().collect()
            }
            Colour::Cmyk => return Ok(false),
        };
        let mut converted = vec![0; grid.len() / self.colour.channels() * 3];
        self.eight()?(&grid, &mut converted)?;
        let repeat = 3 / self.colour.channels();
        let before = grid.iter().flat_map(|v| std::iter::repeat_n(v, repeat));
        Ok(before.zip(&converted).all(|(a, b)| a.abs_diff(*b) <= SAME))
    }
}

const fn layout(colour: Colour) -> Layout {
    match colour {
        Colour::Grey => Layout::Gray,
        Colour::Rgb => Layout::Rgb,
        // The library's name for any four channels.
        Colour::Cmyk => Layout::Rgba,
    }
}

fn read(profile: &Profile, colour: Colour) -> Result<Option<ColorProfile>, Unusable> {
    match profile {
        Profile::Icc(bytes) => {
            let profile = ColorProfile::new_from_slice(bytes).map_err(|_| Unusable)?;
            let wanted = match colour {
                Colour::Grey => DataColorSpace::Gray,
                Colour::Rgb => DataColorSpace::Rgb,
                Colour::Cmyk => DataColorSpace::Cmyk,
            };
            if profile.color_space != wanted {
                return Err(Unusable);
            }
            Ok(Some(profile))
        }
        Profile::Gamma(gamma, primaries) => from_gamma(*gamma, *primaries, colour),
        Profile::CodePoints(primaries, transfer) => {
            if colour != Colour::Rgb {
                return Ok(None);
            }
            let color_primaries = CicpColorPrimaries::try_from(*primaries).map_err(|_| Unusable)?;
            let transfer_characteristics =
                TransferCharacteristics::try_from(*transfer).map_err(|_| Unusable)?;
            // Brightness beyond white has no place on this screen.
            if matches!(transfer, 16 | 18) {
                return Err(Unusable);
            }
            let mut profile = ColorProfile::new_from_cicp(CicpProfile {
                color_primaries,
                transfer_characteristics,
                matrix_coefficients: MatrixCoefficients::Identity,
                full_range: true,
            });
            if profile.red_trc.is_none() {
                return Err(Unusable);
            }
            if *primaries == 12 {
                profile.description = Some(ProfileText::PlainString("Display P3".to_owned()));
            }
            Ok(Some(profile))
        }
    }
}

fn from_gamma(
    gamma: f32,
    primaries: Option<[f32; 8]>,
    colour: Colour,
) -> Result<Option<ColorProfile>, Unusable> {
    if !(0.1..=10.0).contains(&gamma) {
        return Err(Unusable);
    }
    let mut profile = match colour {
        Colour::Grey => ColorProfile::new_gray_with_gamma(1.0),
        Colour::Rgb => ColorProfile::new_srgb(),
        Colour::Cmyk => return Ok(None),
    };
    profile.description = None;
    profile.cicp = None;
    let curve = curve_from_gamma(gamma);
    let is_srgb = SRGB_GAMMA.contains(&gamma);
    if colour == Colour::Grey {
        profile.gray_trc = Some(curve);
        return Ok((!is_srgb).then_some(profile));
    }
    if !is_srgb {
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
    }
    match primaries {
        Some(points) if !has_srgb_primaries(&points) => {
            let sums = points.as_chunks::<2>().0;
            if sums
                .iter()
                .any(|[x, y]| !(*x > 0.0 && *y > 0.0 && x + y <= 1.0))
            {
                return Err(Unusable);
            }
            let [wx, wy, rx, ry, gx, gy, bx, by] = points;
            let white = XyY {
                x: wx.into(),
                y: wy.into(),
                yb: 1.0,
            };
            profile.update_rgb_colorimetry(
                white,
                ColorPrimaries {
                    red: Chromaticity::new(rx, ry),
                    green: Chromaticity::new(gx, gy),
                    blue: Chromaticity::new(bx, by),
                },
            );
            Ok(Some(profile))
        }
        _ => Ok((!is_srgb).then_some(profile)),
    }
}

/// The profile's own name, for a sentence.
fn name(profile: &ColorProfile) -> String {
    let text = match &profile.description {
        Some(ProfileText::PlainString(text)) => text.as_str(),
        Some(ProfileText::Localizable(texts)) => {
            let english = |text: &&LocalizableString| text.language == "en";
            let text = texts.iter().find(english).or(texts.first());
            text.map_or("", |text| text.value.as_str())
        }
        Some(ProfileText::Description(text)) => text.ascii_string.as_str(),
        None => "",
    };
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(printable).take(MAX_NAME).collect();
    match text.trim().trim_end_matches('.') {
        "" => "the colours of the file".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::srgb::SRGB_PRIMARIES;
    use super::*;

    fn icc(profile: &ColorProfile) -> Profile {
        Profile::Icc(profile.encode().expect("encodes"))
    }

    fn convert(way: &ToSrgb, pixel: &[u8]) -> [u8; 3] {
        let mut converted = [0; 3];
        let eight = way.eight().expect("a way");
        eight(pixel, &mut converted).expect("converts");
        converted
    }

    #[test]
    fn profiles_of_srgb_need_no_conversion() {
        let srgb = icc(&ColorProfile::new_srgb());
        assert!(ToSrgb::new(&srgb, Colour::Rgb).expect("read").is_none());
        let gamma = Profile::Gamma(2.2, Some(SRGB_PRIMARIES));
        assert!(ToSrgb::new(&gamma, Colour::Rgb).expect("read").is_none());
        let code_points = Profile::CodePoints(1, 13);
        let way = ToSrgb::new(&code_points, Colour::Rgb).expect("read");
        assert!(way.is_none());
    }

    #[test]
    fn display_p3_has_stronger_colours_than_the_same_numbers_in_srgb() {
        for profile in [
            icc(&ColorProfile::new_display_p3()),
            Profile::CodePoints(12, 13),
        ] {
            let way = ToSrgb::new(&profile, Colour::Rgb).expect("read");
            let way = way.expect("other colours");
            assert_eq!(way.name, "Display P3");
            let converted = convert(&way, &[200, 120, 100]);
            // What Little CMS 2 says.
            let expected = [213_u8, 115, 95];
            let mut pairs = converted.iter().zip(expected);
            assert!(pairs.all(|(a, b)| a.abs_diff(b) <= 1), "{converted:?}");
            assert_eq!(convert(&way, &[77, 77, 77]), [77; 3]);
        }
    }

    #[test]
    fn linear_light_becomes_brighter() {
        for colour in [Colour::Grey, Colour::Rgb] {
            let way = ToSrgb::new(&Profile::Gamma(1.0, None), colour).expect("read");
            let pixel = [55; 3];
            let converted = convert(&way.expect("other colours"), &pixel[..colour.channels()]);
            // The curve of sRGB takes 55/255 of the light to 128/255 (IEC 61966-2-1).
            assert!(
                converted.iter().all(|v| v.abs_diff(128) <= 1),
                "{converted:?}"
            );
        }
    }

    #[test]
    fn a_profile_of_other_channels_or_of_noise_is_unusable() {
        let grey = icc(&ColorProfile::new_gray_with_gamma(2.2));
        assert!(ToSrgb::new(&grey, Colour::Rgb).is_err());
        assert!(ToSrgb::new(&Profile::Icc(vec![7; 300]), Colour::Rgb).is_err());
        let mut broken = ColorProfile::new_display_p3().encode().expect("encodes");
        broken.truncate(200);
        assert!(ToSrgb::new(&Profile::Icc(broken), Colour::Rgb).is_err());
    }
}
