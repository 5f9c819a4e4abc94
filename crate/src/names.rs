//! Names of files: what of an image's name is its own, how the files made of it are called, and which files are masks of others.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::imaging;
use crate::manifest::sha256;

/// Bytes that a file's name may have on the usual file systems.
const LONGEST: usize = 255;

/// The endings that data sets give the mask of an image: those of BUSI and PH², of the ISIC challenges, and of others.
const MASKS: [&str; 3] = ["_mask", "_segmentation", "_lesion"];
/// The endings of pictures that go with an image and are neither images nor masks: ISIC 2016 and 2017 ship superpixels, and Delineo
/// exports the others.
const COMPANIONS: [&str; 7] = [
    "_superpixels",
    "_overlay",
    "_probability",
    "_dicom-seg",
    "_dicom-probability",
    "_dicom-image",
    "_dicom-overlay",
];

/// An image's name without the ending of an image format; whole where it has none, as `US.0001`.
pub fn stem(name: &Path) -> &OsStr {
    let ending = name.extension().unwrap_or_default().to_string_lossy();
    let stem = match imaging::by_extension(&ending) {
        Some(_) => name.file_stem(),
        None => name.file_name(),
    };
    stem.unwrap_or_default()
}

/// The name of a file made of an image: its [stem] and `end`, such as `_mask.png`.
///
/// A name that would be longer than 255 bytes is cut, and the first digits of its SHA-256 tell it from others of the same beginning.
pub fn made_of(image: &Path, end: &str) -> OsString {
    let stem = stem(image);
    let mut name = stem.to_owned();
    name.push(end);
    if name.len() <= LONGEST {
        return name;
    }
    let digest = sha256(stem.as_encoded_bytes());
    let tail = format!("~{:.8}{end}", digest);
    let text = stem.to_string_lossy();
    let mut room = LONGEST.saturating_sub(tail.len()).min(text.len());
    while !text.is_char_boundary(room) {
        room -= 1;
    }
    format!("{}{tail}", &text[..room]).into()
}

/// What a picture is by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureName<'a> {
    /// A mask, or a part of one, of the image called `of`: `of_mask`, `of_mask_1`, `of_segmentation`.
    Mask {
        /// The image's stem.
        of: &'a str,
        /// Which part of the mask; `None` where it has no number.
        part: Option<u32>,
    },
    /// A picture that goes with the image called so and is not its mask.
    Companion(&'a str),
    /// Nothing that its name would tell.
    Plain,
}

/// What a picture is by the ending of its [stem]. It is what the ending says only where there is an image of that name too.
pub fn by_ending(stem: &str) -> PictureName<'_> {
    if let Some(of) = without(stem, &COMPANIONS) {
        return PictureName::Companion(of);
    }
    if let Some(of) = without(stem, &MASKS) {
        return PictureName::Mask { of, part: None };
    }
    // A part: the ending, a separator and a number.
    let whole = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let part = stem[whole.len()..].parse().ok();
    let of = without(whole.trim_end_matches(['_', '-', ' ']), &MASKS);
    match part.zip(of) {
        Some((part, of)) => PictureName::Mask {
            of,
            part: Some(part),
        },
        None => PictureName::Plain,
    }
}

/// What stands before one of these endings, in whatever case.
fn without<'a>(stem: &'a str, endings: &[&str]) -> Option<&'a str> {
    endings.iter().find_map(|ending| {
        let (start, end) = stem.split_at_checked(stem.len().checked_sub(ending.len())?)?;
        (end.eq_ignore_ascii_case(ending) && !start.is_empty()).then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ending_of_an_image_format_is_no_part_of_a_name() {
        for (name, expected) in [
            ("lesion.jpg", "lesion"),
            ("UPPER.JPG", "UPPER"),
            ("IMG.0001.tiff", "IMG.0001"),
            ("US.0001", "US.0001"),
            (
                "1.2.826.0.1.3680043.8.498.10001",
                "1.2.826.0.1.3680043.8.498.10001",
            ),
            ("noending", "noending"),
            (".hidden", ".hidden"),
            ("trailing dot..jpg", "trailing dot."),
            ("", ""),
        ] {
            assert_eq!(stem(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_would_be_too_long_is_cut_and_stays_its_own() {
        let name = |last: char| format!("{}{last}.jpg", "é".repeat(125));
        let [a, b] = ['a', 'b'].map(|last| made_of(Path::new(&name(last)), "_mask.png"));
        assert!(a.len() <= 255 && b.len() <= 255 && a != b);
        let a = a.into_string().expect("text");
        assert!(a.starts_with("ééé") && a.ends_with("_mask.png"), "{a}");
        let longest = format!("{}.jpg", "x".repeat(246));
        assert_eq!(made_of(Path::new(&longest), "_mask.png").len(), 255);
    }

    #[test]
    fn masks_and_their_parts_are_told_by_the_ends_of_their_names() {
        let mask = |of, part| PictureName::Mask { of, part };
        for (name, expected) in [
            ("benign (4)_mask", mask("benign (4)", None)),
            ("benign (4)_mask_1", mask("benign (4)", Some(1))),
            ("a_mask-2", mask("a", Some(2))),
            ("ISIC_1_Segmentation", mask("ISIC_1", None)),
            ("IMD003_lesion", mask("IMD003", None)),
            ("ISIC_1_superpixels", PictureName::Companion("ISIC_1")),
            ("IMG_0001", PictureName::Plain),
            ("_mask", PictureName::Plain),
            ("unmasked", PictureName::Plain),
            ("é", PictureName::Plain),
            ("7", PictureName::Plain),
        ] {
            assert_eq!(by_ending(name), expected, "{name}");
        }
    }
}
