//! The image formats that are read. Adding one is a file beside this one and its name in the table.

use super::format::{ImageFormat, Reader};

macro_rules! table {
    ($($format:ident,)+) => {
        /// Every format that is read, the most usual first.
        pub static FORMATS: &[&ImageFormat] = &[$(&super::$format::FORMAT),+];
        /// How each of them is read. The first that recognises a file reads it.
        pub(super) static READERS: &[&Reader] = &[$(&super::$format::READER),+];
    };
}

// DICOM stands before TIFF because its preamble may begin like one.
table! {
    png,
    jpeg,
    webp,
    bmp,
    gif,
    dicom,
    tiff,
    heif,
    avif,
    jxl,
    jpeg2000,
}

/// The names of all formats as part of a sentence: `PNG, JPEG and WebP`.
pub fn list() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

/// What a file picker takes, as in the attribute `accept` of HTML: every media type and every ending with its dot,
/// since systems know some formats by only one of the two.
pub fn accept() -> String {
    let each = FORMATS.iter().flat_map(|format| {
        let types = format.media_types.iter().map(|&kind| kind.to_owned());
        let endings = format.extensions.iter().map(|ending| format!(".{ending}"));
        types.chain(endings)
    });
    each.collect::<Vec<_>>().join(",")
}

/// The format whose files have this ending, in whatever case, without the dot.
pub fn by_extension(extension: &str) -> Option<&'static ImageFormat> {
    let has = |format: &&&ImageFormat| {
        let mut endings = format.extensions.iter();
        endings.any(|ending| ending.eq_ignore_ascii_case(extension))
    };
    FORMATS.iter().find(has).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_listed_for_sentences_and_for_file_pickers() {
        assert_eq!(
            list(),
            "PNG, JPEG, WebP, BMP, GIF, DICOM, TIFF, HEIC, AVIF, JPEG XL and JPEG 2000"
        );
        let accept = accept();
        assert!(accept.starts_with("image/png,.png,image/jpeg,.jpg,.jpeg,"));
        assert!(accept.contains(",image/heic,image/heif,.heic,.heif,.hif,"));
    }

    #[test]
    fn an_ending_means_one_format_whatever_its_case() {
        for format in FORMATS {
            for ending in format.extensions {
                assert_eq!(*ending, ending.to_ascii_lowercase());
                let found = by_extension(&ending.to_ascii_uppercase()).expect("listed");
                assert_eq!(found.name, format.name);
            }
        }
        assert!(by_extension("txt").is_none() && by_extension("").is_none());
    }
}
