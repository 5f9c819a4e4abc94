//! Whether a file's colours are those of sRGB (IEC 61966-2-1), told without the machinery of a conversion: nearly all files
//! that name a profile name this one, in one of many versions.

use super::colour::{Colour, Profile};
use super::header::big;

/// Between the exponents from which on a gamma is taken for that of sRGB, which is written as 1/0.45455.
pub(super) const SRGB_GAMMA: std::ops::RangeInclusive<f32> = 2.1..=2.3;
/// Primaries of sRGB, as [`Profile::Gamma`] has them.
pub(super) const SRGB_PRIMARIES: [f32; 8] = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
/// Code points of ITU-T H.273 for the primaries and the curve of sRGB.
const SRGB_CODE_POINTS: (u8, u8) = (1, 13);
/// Red, green and blue of sRGB as X, Y and Z under the light D50, as ICC profiles have them (ICC.1, and Annex F of it).
const SRGB_COLUMNS: [(&[u8], [f64; 3]); 3] = [
    (b"rXYZ", [0.436_07, 0.222_49, 0.013_92]),
    (b"gXYZ", [0.385_15, 0.716_87, 0.097_08]),
    (b"bXYZ", [0.143_07, 0.060_61, 0.714_10]),
];
/// Largest difference of a number of those that rounding and other versions of D50 explain.
const SAME_COLOUR: f64 = 0.002;
/// Largest difference from the curve of sRGB that is not worth a conversion: one of 255 levels.
const SAME_LEVEL: f64 = 1.0 / 255.0;
/// Most tags that a profile is read for.
const MAX_TAGS: u32 = 100;

impl Profile {
    /// Whether values of these channels need no conversion. "No" is certain only after a conversion was tried.
    pub fn is_srgb(&self, colour: Colour) -> bool {
        match (self, colour) {
            (Self::Icc(bytes), _) => is_srgb_icc(bytes, colour).unwrap_or(false),
            // A gamma is not told of inks, and code points are told of RGB alone.
            (_, Colour::Cmyk) | (Self::CodePoints(..), Colour::Grey) => true,
            (Self::CodePoints(primaries, transfer), _) => {
                (*primaries, *transfer) == SRGB_CODE_POINTS
            }
            (Self::Gamma(gamma, _), Colour::Grey) => SRGB_GAMMA.contains(gamma),
            (Self::Gamma(gamma, primaries), Colour::Rgb) => {
                SRGB_GAMMA.contains(gamma) && primaries.as_ref().is_none_or(has_srgb_primaries)
            }
        }
    }
}

/// The profile, unless it is that of sRGB in colour or in grey.
pub(super) fn foreign(profile: Option<&Profile>) -> Option<&Profile> {
    profile.filter(|profile| !profile.is_srgb(Colour::Rgb) && !profile.is_srgb(Colour::Grey))
}

/// Whether white, red, green and blue, x and y of each, are those of sRGB.
pub(super) fn has_srgb_primaries(points: &[f32; 8]) -> bool {
    let mut pairs = points.iter().zip(SRGB_PRIMARIES);
    pairs.all(|(a, b)| (a - b).abs() < 0.002)
}

/// Nothing where a part of the profile is not as most have it: tables, or a space other than XYZ.
fn is_srgb_icc(profile: &[u8], colour: Colour) -> Option<bool> {
    let (space, curves): (&[u8], &[&[u8]]) = match colour {
        Colour::Grey => (b"GRAY", &[b"kTRC"]),
        Colour::Rgb => (b"RGB ", &[b"rTRC", b"gTRC", b"bTRC"]),
        Colour::Cmyk => return None,
    };
    if profile.get(16..20)? != space || profile.get(20..24)? != b"XYZ " {
        return None;
    }
    // Tables, and the code points of newer profiles, take precedence over curves.
    let others: [&[u8]; 4] = [b"A2B0", b"A2B1", b"D2B0", b"cicp"];
    if others.iter().any(|name| tag(profile, name).is_some()) {
        return None;
    }
    if colour == Colour::Rgb {
        for (name, expected) in SRGB_COLUMNS {
            let column = tag(profile, name)?;
            for (index, expected) in expected.into_iter().enumerate() {
                if (fixed(column, 8 + 4 * index)? - expected).abs() > SAME_COLOUR {
                    return Some(false);
                }
            }
        }
    }
    for name in curves {
        let curve = tag(profile, name)?;
        for step in 0..=64 {
            let stored = f64::from(step) / 64.0;
            if (encoded(light(curve, stored)?) - stored).abs() > SAME_LEVEL {
                return Some(false);
            }
        }
    }
    Some(true)
}

/// The data of a tag.
fn tag<'a>(profile: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let count = big(profile, 128, 4)?.min(MAX_TAGS) as usize;
    let mut entries = profile.get(132..)?.chunks_exact(12).take(count);
    let entry = entries.find(|entry| entry.starts_with(name))?;
    let (start, length) = (big(entry, 4, 4)? as usize, big(entry, 8, 4)? as usize);
    profile.get(start..start.checked_add(length)?)
}

/// A number of 16 bits and as many after the point.
fn fixed(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(big(bytes, at, 4)? as i32) / 65536.0)
}

/// What a curve makes of a stored value from 0 to 1: a table or a gamma (`curv`), or a formula (`para`).
fn light(curve: &[u8], stored: f64) -> Option<f64> {
    match curve.get(..4)? {
        b"curv" => match big(curve, 8, 4)? as usize {
            0 => Some(stored),
            1 => Some(stored.powf(f64::from(big(curve, 12, 2)?) / 256.0)),
            count => {
                let place = stored * (count - 1) as f64;
                let value = |index: usize| {
                    let value = big(curve, 12 + 2 * index.min(count - 1), 2)?;
                    Some(f64::from(value) / 65535.0)
                };
                let first = place as usize;
                let part = place - first as f64;
                Some(value(first)? * (1.0 - part) + value(first + 1)? * part)
            }
        },
        b"para" => {
            let number = |index: usize| fixed(curve, 12 + 4 * index);
            let gamma = number(0)?;
            match big(curve, 8, 2)? {
                0 => Some(stored.powf(gamma)),
                // ((a x + b) ^ gamma) from d on, c x before.
                3 => {
                    let (a, b, c, d) = (number(1)?, number(2)?, number(3)?, number(4)?);
                    Some(if stored >= d {
                        (a * stored + b).powf(gamma)
                    } else {
                        c * stored
                    })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The stored value of this much light in sRGB.
fn encoded(light: f64) -> f64 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile of these tags.
    fn icc(space: &[u8], tags: &[(&[u8], Vec<u8>)]) -> Profile {
        let mut bytes = vec![0; 132];
        bytes[16..20].copy_from_slice(space);
        bytes[20..24].copy_from_slice(b"XYZ ");
        bytes[128..132].copy_from_slice(&(tags.len() as u32).to_be_bytes());
        let mut at = 132 + 12 * tags.len();
        for (name, data) in tags {
            bytes.extend(*name);
            bytes.extend(
                [at as u32, data.len() as u32]
                    .map(u32::to_be_bytes)
                    .concat(),
            );
            at += data.len();
        }
        bytes.extend(tags.iter().flat_map(|(_, data)| data));
        Profile::Icc(bytes)
    }

    fn numbers(kind: &[u8], numbers: &[f64]) -> Vec<u8> {
        let each = numbers
            .iter()
            .map(|number| (number * 65536.0).round() as i32);
        let each = each.flat_map(i32::to_be_bytes);
        kind.iter().copied().chain(each).collect()
    }

    /// The formula of sRGB, with this exponent.
    fn formula(gamma: f64) -> Vec<u8> {
        let (a, b, c, d) = (1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045);
        numbers(b"para\0\0\0\0\0\x03\0\0", &[gamma, a, b, c, d])
    }

    /// The curve of sRGB in 1024 values, as HP's profile has it.
    fn table() -> Vec<u8> {
        let light = |stored: f64| {
            if stored <= 0.040_45 {
                stored / 12.92
            } else {
                ((stored + 0.055) / 1.055).powf(2.4)
            }
        };
        let mut curve = b"curv\0\0\0\0\0\0\x04\0".to_vec();
        for index in 0..1024_u16 {
            let value = (light(f64::from(index) / 1023.0) * 65535.0).round() as u16;
            curve.extend(value.to_be_bytes());
        }
        curve
    }

    fn colours(columns: [[f64; 3]; 3], curve: &[u8]) -> Profile {
        let [red, green, blue] = columns.map(|column| numbers(b"XYZ \0\0\0\0", &column));
        icc(
            b"RGB ",
            &[
                (b"rXYZ", red),
                (b"gXYZ", green),
                (b"bXYZ", blue),
                (b"rTRC", curve.to_vec()),
                (b"gTRC", curve.to_vec()),
                (b"bTRC", curve.to_vec()),
            ],
        )
    }

    const SRGB: [[f64; 3]; 3] = [
        [0.4360, 0.2225, 0.0139],
        [0.3851, 0.7169, 0.0971],
        [0.1431, 0.0606, 0.7141],
    ];
    /// Of Display P3, from Apple's profile.
    const P3: [[f64; 3]; 3] = [
        [0.5151, 0.2412, -0.0011],
        [0.2920, 0.6922, 0.0419],
        [0.1571, 0.0666, 0.7841],
    ];

    #[test]
    fn profiles_of_srgb_are_known_by_table_and_by_formula() {
        for curve in [formula(2.4), table()] {
            assert!(colours(SRGB, &curve).is_srgb(Colour::Rgb));
            let grey = icc(b"GRAY", &[(b"kTRC", curve)]);
            assert!(grey.is_srgb(Colour::Grey) && !grey.is_srgb(Colour::Rgb));
        }
        for profile in [
            Profile::Gamma(1.0 / 0.45455, None),
            Profile::Gamma(2.2, Some(SRGB_PRIMARIES)),
            Profile::CodePoints(1, 13),
        ] {
            assert!(profile.is_srgb(Colour::Rgb) && foreign(Some(&profile)).is_none());
        }
    }

    #[test]
    fn other_colours_curves_and_damaged_profiles_are_not_taken_for_srgb() {
        let Profile::Icc(mut cut) = colours(SRGB, &table()) else {
            unreachable!("made above");
        };
        cut.truncate(2000);
        let tables = icc(b"RGB ", &[(b"A2B0", Vec::new())]);
        let gamma = b"curv\0\0\0\0\0\0\0\x01\x02\x33";
        for profile in [
            colours(P3, &formula(2.4)),
            colours(SRGB, &formula(2.2)),
            // A pure gamma of 2.2 is three levels off in the shadows.
            colours(SRGB, gamma),
            Profile::Icc(cut),
            Profile::Icc(vec![7; 300]),
            Profile::Icc(Vec::new()),
            tables,
            Profile::Gamma(1.0, None),
            Profile::CodePoints(12, 13),
        ] {
            assert!(!profile.is_srgb(Colour::Rgb), "{profile:?}");
        }
    }
}
