//! What a file is, told by how it begins: an image, weights, the description of a model, or a helper file of the system.
//!
//! Names say little: weights come as `.ckpt`, `.bin` or `.pth.tar`, and images without an ending. A name decides only where the
//! content does not, so that a web page saved as `best.pth` is told to be no weights rather than no image.

use serde::{Deserialize, Serialize};

use crate::{imaging, text};

/// As many bytes of a file as [`kind`] asks for.
pub const HEAD: usize = 64 << 10;

/// Endings that weights have, the most usual first.
pub const WEIGHTS: [&str; 8] = [
    "pth",
    "pt",
    "safetensors",
    "ckpt",
    "bin",
    "tar",
    "pkl",
    "onnx",
];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An image, or whatever [`crate::imaging::decode`] says that it is instead.
    Image,
    /// Weights, or whatever `Checkpoint::from_bytes` says that it is instead.
    Checkpoint,
    /// A `model.json`.
    Manifest,
    /// A ZIP archive of files.
    Archive,
    /// What somebody or another program says of pictures: COCO or LabelMe JSON, or a session of Delineo.
    Annotations,
    /// What macOS and Windows put beside a person's files, such as `.DS_Store`; nobody means to open it.
    Helper,
    /// Nothing that is opened, beside the images of a folder. Of a file that came alone this is never said: whoever opens it
    /// says what is wrong with it.
    Other,
}

/// What a file in a folder is by its name alone; nothing where its beginning must be read.
pub fn kind_by_name(name: &str) -> Option<Kind> {
    if is_helper(&[], name) {
        Some(Kind::Helper)
    } else {
        is_image_name(name).then_some(Kind::Image)
    }
}

/// What a file in a folder is by its first bytes and its name. Nobody chose it, so what is not opened is [`Kind::Other`].
pub fn kind_in_folder(head: &[u8], name: &str) -> Kind {
    match kind(head, name) {
        Kind::Image if !is_image_name(name) && !may_be_an_image(head) => Kind::Other,
        kind => kind,
    }
}

fn is_image_name(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| imaging::by_extension(ending).is_some())
}

/// What a file is by its first bytes, [`HEAD`] or all of them, and its name.
pub fn kind(head: &[u8], name: &str) -> Kind {
    if is_helper(head, name) {
        Kind::Helper
    } else if is_checkpoint(head, name) {
        Kind::Checkpoint
    } else if is_manifest(head, name) {
        Kind::Manifest
    } else if is_annotations(head) {
        Kind::Annotations
    } else if is_named(name, &WEIGHTS) && !begins_like_an_image(head) {
        Kind::Checkpoint
    } else if is_archive(head) {
        Kind::Archive
    } else {
        Kind::Image
    }
}

fn is_helper(head: &[u8], name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match head {
        // AppleDouble, beside every file that macOS copies to a foreign disk.
        [0x00, 0x05, 0x16, 0x07, ..] => true,
        [0, 0, 0, 1, b'B', b'u', b'd', b'1', ..] => true,
        // The others by their names, unless they are images after all.
        _ if begins_like_an_image(head) => false,
        _ => {
            let names = [".DS_Store", "Thumbs.db", "desktop.ini"];
            name.starts_with("._") || names.iter().any(|helper| helper.eq_ignore_ascii_case(name))
        }
    }
}

/// Whether the content is that of weights: safetensors, or any that `torch.save` writes, also in an archive.
fn is_checkpoint(head: &[u8], name: &str) -> bool {
    let is_safetensors = || {
        let length = head.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        length.is_some_and(|length| length < 100_000_000) && head.get(8) == Some(&b'{')
    };
    match head {
        [b'P', b'K', 3, 4, ..] => first_member(head).is_some_and(|member| {
            let (folder, file) = member.split_once('/').unwrap_or(("", &member));
            let is_torch = !folder.is_empty()
                && (matches!(
                    file,
                    "data.pkl" | "version" | "byteorder" | ".format_version" | "constants.pkl"
                ) || file.starts_with("data/")
                    || file.starts_with("code/"));
            is_torch || is_named(&member, &WEIGHTS) || member.contains(".pth")
        }),
        // A pickle of the protocols 2 to 5 begins with a dictionary or a number, in a frame since 4.
        [0x80, 2..=5, 0x8a | 0x95 | b'}' | b'c' | b']' | b'(', ..] => true,
        [0x1f, 0x8b, ..] => {
            let name = name.to_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            is_named(name, &WEIGHTS) || name.contains(".pth")
        }
        _ if head.get(257..262) == Some(b"ustar") => true,
        _ => is_safetensors(),
    }
}

/// The name of the first file in a ZIP archive.
fn first_member(head: &[u8]) -> Option<String> {
    let length = u16::from_le_bytes(*head.get(26..)?.first_chunk()?);
    let name = head.get(30..30 + usize::from(length))?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// Whether the text has fields that only the description of a model has. Annotations are JSON too.
fn is_manifest(head: &[u8], name: &str) -> bool {
    if name.eq_ignore_ascii_case("model.json") {
        return true;
    }
    let text = text::decode(head);
    if !text.trim_start().starts_with('{') {
        return false;
    }
    let fields = ["\"variant\"", "\"weights\"", "\"input\"", "\"classes\""];
    let found = fields.iter().filter(|field| text.contains(**field)).count();
    found >= 2
}

/// Whether the text has fields that COCO, LabelMe or a session of Delineo has.
fn is_annotations(head: &[u8]) -> bool {
    let text = text::decode(head);
    if !text.trim_start().starts_with('{') {
        return false;
    }
    let has = |field: &str| text.contains(field);
    has("\"delineo-session\"")
        || has("\"shapes\"") && (has("\"imagePath\"") || has("\"shape_type\"") || has("\"flags\""))
        || has("\"images\"")
            && ["\"annotations\"", "\"file_name\"", "\"categories\""]
                .iter()
                .any(|field| has(field))
        || has("\"annotations\"") && has("\"image_id\"")
}

/// Whether it is a ZIP archive, be it an empty one.
fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

fn is_named(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| endings.iter().any(|one| one.eq_ignore_ascii_case(ending)))
}

/// Any image by its first bytes, also where these are too few to tell it from weights.
fn may_be_an_image(head: &[u8]) -> bool {
    begins_like_an_image(head)
        || matches!(
            head,
            [b'B', b'M', ..]
                | [0xff, 0x0a, ..]
                | [0, 0, 0, 12, b'J' | b'j', ..]
                | [0xff, 0x4f, 0xff, 0x51, ..]
                // DICOM without a preamble begins with its group 2 or 8.
                | [2 | 8, 0, _, 0, ..]
        )
}

/// The usual images, under the name of weights.
fn begins_like_an_image(head: &[u8]) -> bool {
    matches!(
        head,
        [0x89, b'P', b'N', b'G', ..]
            | [0xff, 0xd8, 0xff, ..]
            | [b'G', b'I', b'F', b'8', ..]
            | [b'R', b'I', b'F', b'F', ..]
            | [b'I', b'I', b'*', 0, ..]
            | [b'M', b'M', 0, b'*', ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', ..]
    ) || head.get(128..132) == Some(b"DICM")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of a ZIP archive whose first file has this name.
    fn zip(member: &str) -> Vec<u8> {
        let length = (member.len() as u16).to_le_bytes();
        [
            b"PK\x03\x04",
            [0; 22].as_slice(),
            &length,
            &[0, 0],
            member.as_bytes(),
        ]
        .concat()
    }

    fn tar() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[257..262].copy_from_slice(b"ustar");
        bytes
    }

    #[test]
    fn weights_are_told_by_their_content_whatever_they_are_called() {
        let safetensors = b"\x10\0\0\0\0\0\0\0{\"a\":1}".to_vec();
        for head in [
            zip("archive/data.pkl"),
            zip("epoch_10/.format_version"),
            zip("best.pth"),
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
            b"\x80\x05\x95\x10".to_vec(),
            tar(),
            safetensors,
        ] {
            for name in ["epoch_10.ckpt", "pytorch_model.bin", "best", "lesion.png"] {
                assert_eq!(kind(&head, name), Kind::Checkpoint, "{name}");
            }
        }
    }

    #[test]
    fn where_the_content_says_nothing_the_name_does() {
        let page = b"<!DOCTYPE html><title>Quota exceeded</title>";
        assert_eq!(kind(page, "best.pth"), Kind::Checkpoint);
        assert_eq!(kind(page, "lesion.jpg"), Kind::Image);
        assert_eq!(kind(b"", "best.pth"), Kind::Checkpoint);
        assert_eq!(kind(b"\x1f\x8b\x08", "best.pth.gz"), Kind::Checkpoint);
        assert_eq!(kind(b"\x1f\x8b\x08", "volume.nii.gz"), Kind::Image);
        assert_eq!(kind(&zip("pictures/1.png"), "pictures.zip"), Kind::Archive);
        assert_eq!(kind(b"PK\x05\x06", "empty.zip"), Kind::Archive);
        assert_eq!(kind(&zip("best.pth"), "best.zip"), Kind::Checkpoint);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n", "best.pth"), Kind::Image);
        assert_eq!(kind(b"\xff\xd8\xff\xe0", "US.0001"), Kind::Image);
    }

    #[test]
    fn a_description_of_a_model_is_told_from_other_json() {
        let model = "{\"format\": 1, \"variant\": \"S\", \"weights\": {}}";
        let units: Vec<u8> = model.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xef\xbb\xbf", model.as_bytes()].concat();
        for head in [model.as_bytes(), &marked, &units] {
            assert_eq!(kind(head, "my model.json"), Kind::Manifest);
        }
        assert_eq!(kind(b"{\"format\": 2", "model.json"), Kind::Manifest);
        let labels =
            br#"{"version": "5.4.1", "shapes": [{"label": "lesion"}], "imagePath": "a.jpg"}"#;
        assert_eq!(kind(labels, "a.json"), Kind::Annotations);
        assert_eq!(kind(b"[1, 2]", "a.json"), Kind::Image);
        assert_eq!(kind(b"", "model.json"), Kind::Manifest);
    }

    #[test]
    fn annotations_are_told_by_their_fields_and_other_json_is_not_taken_for_them() {
        for head in [
            r#"{"info": {}, "images": [{"id": 1, "file_name": "a.png"}], "annotations": []}"#,
            r#"{"annotations": [{"image_id": 1, "segmentation": [[0, 0"#,
            r#"{"flags": {}, "shapes": [], "imagePath": "a.jpg"}"#,
            "\u{feff}{\"format\":\"delineo-session\",\"version\":1,",
        ] {
            assert_eq!(kind(head.as_bytes(), "a.json"), Kind::Annotations, "{head}");
            assert_eq!(kind_in_folder(head.as_bytes(), "a.json"), Kind::Annotations);
        }
        for head in [
            r#"{"images": ["a.png"]}"#,
            r#"{"type": "FeatureCollection", "features": []}"#,
            r#"[{"shapes": [], "imagePath": ""}]"#,
        ] {
            assert_eq!(kind(head.as_bytes(), "a.json"), Kind::Image, "{head}");
        }
    }

    #[test]
    fn of_a_folder_only_images_are_opened_and_their_names_are_enough() {
        assert_eq!(kind_by_name("1.JPG"), Some(Kind::Image));
        assert_eq!(kind_by_name("._1.jpg"), Some(Kind::Helper));
        assert_eq!(kind_by_name(".DS_Store"), Some(Kind::Helper));
        for name in ["table.csv", "IM000001", "US.0001", "best.pth"] {
            assert_eq!(kind_by_name(name), None, "{name}");
        }
        assert_eq!(kind_in_folder(b"name,area\n", "table.csv"), Kind::Other);
        assert_eq!(kind_in_folder(b"", "README"), Kind::Other);
        assert_eq!(
            kind_in_folder(b"\x89PNG\r\n\x1a\n", "IM000001"),
            Kind::Image
        );
        assert_eq!(
            kind_in_folder(b"\x08\0\x05\0\x0a\0", "IM000001"),
            Kind::Image
        );
        assert_eq!(kind_in_folder(b"Not an image.", "1.jpg"), Kind::Image);
        assert_eq!(kind_in_folder(b"", "best.pth"), Kind::Checkpoint);
    }

    #[test]
    fn what_the_system_puts_beside_files_is_a_helper() {
        assert_eq!(
            kind(b"\0\x05\x16\x07\0\x02\0\0", "._IMG_0001.jpg"),
            Kind::Helper
        );
        assert_eq!(kind(b"\0\0\0\x01Bud1", ".DS_Store"), Kind::Helper);
        assert_eq!(kind(b"\xd0\xcf\x11\xe0\xa1", "Thumbs.db"), Kind::Helper);
        assert_eq!(kind(b"[.ShellClassInfo]", "desktop.ini"), Kind::Helper);
        assert_eq!(kind(b"\xff\xd8\xff\xe0", "._mine.jpg"), Kind::Image);
    }
}
