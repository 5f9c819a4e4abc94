//! What a file of boxes says it is: the brands of its first box (ISO/IEC 14496-12, 4.3).

/// Who reads a file of boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imaging) enum Family {
    /// HEVC, or a codec that only the item tells.
    Heif,
    /// AV1.
    Avif,
}

/// The family of a file that begins like these bytes; none for videos, raw photos and everything else.
pub(in crate::imaging) fn family(bytes: &[u8]) -> Option<Family> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    // The major brand, its version, then the compatible ones.
    let major = bytes.get(8..12)?;
    let compatible = bytes.get(16..length.min(bytes.len())).unwrap_or_default();
    let among = |wanted: &[u8; 4]| compatible.as_chunks::<4>().0.contains(wanted);
    match major {
        b"avif" | b"avis" => Some(Family::Avif),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => {
            Some(Family::Heif)
        }
        // A picture of some codec, which is among the compatible brands.
        b"mif1" | b"mif2" | b"msf1" | b"miaf" => {
            let av1 = (among(b"avif") || among(b"avis")) && !among(b"heic") && !among(b"heix");
            Some(if av1 { Family::Avif } else { Family::Heif })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codec_of_a_general_brand_is_told_by_the_compatible_ones() {
        let file = |brands: &[u8]| {
            let length = (8 + brands.len() as u32).to_be_bytes();
            family(&[&length, b"ftyp".as_slice(), brands].concat())
        };
        assert_eq!(file(b"heic\0\0\0\0mif1heic"), Some(Family::Heif));
        assert_eq!(file(b"mif1\0\0\0\0mif1heic"), Some(Family::Heif));
        assert_eq!(file(b"mif1\0\0\0\0mif1avif"), Some(Family::Avif));
        assert_eq!(file(b"avif\0\0\0\0"), Some(Family::Avif));
        assert_eq!(file(b"mif1"), Some(Family::Heif));
        for other in [
            b"qt  \0\0\0\0qt  ".as_slice(),
            b"mp42\0\0\0\0isom",
            b"crx \0\0\0\x01crx isom",
            b"he",
        ] {
            assert_eq!(file(other), None, "{other:?}");
        }
    }
}
