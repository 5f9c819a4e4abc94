//! Which file of a name is the true mask of which image.

use std::collections::HashMap;

/// What is put behind an image's name for its mask, in lower case, after `_`, `-`, `.` or a space.
const ENDINGS: [&str; 12] = [
    "mask",
    "masks",
    "segmentation",
    "seg",
    "lesion",
    "label",
    "labels",
    "gt",
    "ground_truth",
    "groundtruth",
    "truth",
    "annotation",
];

/// Folders in which every file is a mask.
const FOLDERS: [&str; 9] = [
    "mask",
    "masks",
    "segmentation",
    "segmentations",
    "label",
    "labels",
    "labelstr",
    "gt",
    "ground_truth",
];

/// Of a list of files, which are true masks of which: `(mask, image)`, places in the list, in the order of the masks.
///
/// `NAME_mask.png` belongs to `NAME.jpg`, and so do `NAME_segmentation.png`, `NAME-seg.nii`, `NAME_lesion.bmp`, `NAME_mask_1.png`
/// and `mask_NAME.png`; so does `masks/NAME.png` to `images/NAME.jpg`, and `masks/left/NAME.png` to `images/left/NAME.jpg`. Upper and lower case and the file's ending do not
/// matter. Of several images of a name, that in the mask's own folder or in the folder beside it is taken. A mask without its
/// image, or with several that it may belong to, is in no pair. An image may have several masks (`_mask`, `_mask_1`): its
/// lesion is all of them together.
pub fn pairs<S: AsRef<str>>(files: &[S]) -> Vec<(usize, usize)> {
    let names: Vec<Name> = files.iter().map(|file| Name::of(file.as_ref())).collect();
    let mut of_stem: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        of_stem.entry(&name.stem).or_default().push(at);
    }
    // `IMG_mask.png` is a mask only where there is an `IMG`, and `masks/left/IMG.png` where there is an `images/left/IMG`.
    let mask_of: Vec<Option<String>> = names
        .iter()
        .map(|name| {
            let is_there = |stem: &String| of_stem.contains_key(stem.as_str());
            let by_name = image_stem(&name.stem).filter(is_there);
            let is_mirrored = || {
                let of_its_name = of_stem.get(name.stem.as_str()).into_iter().flatten();
                of_its_name
                    .map(|at| &names[*at])
                    .any(|image| name.mirrors(image))
            };
            by_name.or_else(|| {
                (name.in_masks() || name.has_masks() && is_mirrored()).then(|| name.stem.clone())
            })
        })
        .collect();
    let mut pairs = Vec::new();
    for (mask, stem) in mask_of.iter().enumerate() {
        let Some(stem) = stem else { continue };
        let of_its_name = of_stem.get(stem.as_str()).into_iter().flatten().copied();
        let images: Vec<usize> = of_its_name
            .filter(|at| *at != mask && mask_of[*at].is_none())
            .collect();
        let near = |image: &&usize| {
            let (image, mask) = (&names[**image], &names[mask]);
            image.folder == mask.folder || parent(&image.folder) == parent(&mask.folder)
        };
        let mirrored = |image: &&usize| names[mask].mirrors(&names[**image]);
        let mut beside: Vec<usize> = images.iter().filter(mirrored).copied().collect();
        if beside.is_empty() {
            beside = images.iter().filter(near).copied().collect();
        }
        match (beside.as_slice(), images.as_slice()) {
            ([only], _) | ([], [only]) => pairs.push((mask, *only)),
            _ => {}
        }
    }
    pairs
}

/// Whether the first file is the true mask of the second.
pub fn is_mask_of(mask: &str, image: &str) -> bool {
    pairs(&[mask, image]) == [(0, 1)]
}

/// Whether a file is named, or lies in a folder, as true masks do. Only [`pairs`] says whether it is one.
pub fn is_named_like_a_mask(file: &str) -> bool {
    let name = Name::of(file);
    name.has_masks() || image_stem(&name.stem).is_some()
}

/// Of a list of files, the places of those that are masks because they lie in a folder for masks and an image of the same name, or
/// of the same but for a mask's ending, lies beside that folder: `masks/NAME.png` with `images/NAME.jpg` or `NAME.jpg`.
pub fn in_mask_folders<S: AsRef<str>>(files: &[S]) -> Vec<usize> {
    let names: Vec<Name> = files.iter().map(|file| Name::of(file.as_ref())).collect();
    let mut of_stem: HashMap<&str, Vec<&Name>> = HashMap::new();
    for name in &names {
        of_stem.entry(&name.stem).or_default().push(name);
    }
    let is_mask = |name: &&Name| {
        let stems = [Some(name.stem.clone()), image_stem(&name.stem)];
        let images = stems
            .iter()
            .flatten()
            .filter_map(|stem| of_stem.get(stem.as_str()));
        images.flatten().any(|image| name.mirrors(image))
    };
    let masks = names.iter().enumerate();
    let masks = masks.filter(|(_, name)| name.has_masks() && is_mask(name));
    masks.map(|(at, _)| at).collect()
}

/// What a file and those that it may be paired with have in common: of files that differ in it none is a mask of another.
pub fn group(file: &str) -> String {
    let mut stem = Name::of(file).stem;
    while let Some(shorter) = image_stem(&stem) {
        stem = shorter;
    }
    stem
}

/// The name of the image whose mask a file of this name (without its ending, in lower case) is.
fn image_stem(stem: &str) -> Option<String> {
    let separator = |at: char| matches!(at, '_' | '-' | '.' | ' ');
    // `_mask_1`: one of several masks.
    let digits = stem.trim_end_matches(|at: char| at.is_ascii_digit());
    let numbered = (digits.len() < stem.len())
        .then(|| digits.strip_suffix(separator))
        .flatten();
    let ending = |stem: &str| {
        ENDINGS.iter().find_map(|ending| {
            let name = stem.strip_suffix(ending)?.strip_suffix(separator)?;
            (!name.is_empty()).then(|| name.to_owned())
        })
    };
    let leading = || {
        let name = stem.strip_prefix("mask")?.strip_prefix(separator)?;
        (!name.is_empty()).then(|| name.to_owned())
    };
    ending(stem).or_else(|| ending(numbered?)).or_else(leading)
}

/// A file's place and name, in lower case.
struct Name {
    folder: String,
    stem: String,
}

impl Name {
    fn of(file: &str) -> Self {
        let lower = file.to_lowercase().replace('\\', "/");
        let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let stem = match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        };
        Self {
            folder: folder.to_owned(),
            stem: stem.to_owned(),
        }
    }

    fn in_masks(&self) -> bool {
        let folder = self.folder.rsplit('/').next().unwrap_or_default();
        FOLDERS.contains(&folder)
    }

    /// Whether one of its folders is for masks.
    fn has_masks(&self) -> bool {
        self.folder.split('/').any(|part| FOLDERS.contains(&part))
    }

    /// Whether it lies below a folder for masks, and an image of this place at the same place below the folder that holds that
    /// one, or below another one in it that is not for masks: `x/masks/left` mirrors `x/images/left` and `x/left`.
    fn mirrors(&self, image: &Self) -> bool {
        let parts: Vec<&str> = self.folder.split('/').collect();
        let of: Vec<&str> = match image.folder.as_str() {
            "" => Vec::new(),
            folder => folder.split('/').collect(),
        };
        let masks = parts.iter().rposition(|part| FOLDERS.contains(part));
        masks.is_some_and(|at| {
            let (before, after) = (&parts[..at], &parts[at + 1..]);
            let rest = of.strip_prefix(before);
            rest.is_some_and(|rest| match rest {
                rest if rest == after => true,
                [beside, rest @ ..] => rest == after && !FOLDERS.contains(beside),
                [] => false,
            })
        })
    }
}

fn parent(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_known_by_the_ending_of_its_name() {
        for mask in [
            "ISIC_0000001_segmentation.png",
            "ISIC_0000001_Segmentation.png",
            "isic_0000001_mask.PNG",
            "ISIC_0000001-mask.bmp",
            "ISIC_0000001 mask.png",
            "ISIC_0000001_lesion.bmp",
            "ISIC_0000001_mask_1.png",
            "ISIC_0000001.seg.nii.gz",
            "ISIC_0000001_GT.tif",
            "mask_ISIC_0000001.png",
        ] {
            assert!(is_mask_of(mask, "ISIC_0000001.jpg"), "{mask}");
            assert!(!is_mask_of(mask, "ISIC_0000002.jpg"), "{mask}");
            assert!(!is_mask_of("ISIC_0000001.jpg", mask), "{mask}");
        }
        assert!(is_mask_of("benign (1)_mask.png", "benign (1).png"));
        assert!(!is_mask_of("ISIC_0000001.png", "ISIC_0000001.jpg"));
        assert!(!is_mask_of("unmask.png", "un.png"));
        assert!(!is_mask_of("a_mask.png", "a_mask.png"));
    }

    #[test]
    fn a_mask_may_be_known_by_its_folder() {
        assert!(is_mask_of("set/masks/7.png", "set/images/7.jpg"));
        assert!(is_mask_of("set/masks/7_mask.png", "set/images/7.jpg"));
        assert!(is_mask_of("masks/7.png", "7.jpg"));
        assert!(!is_mask_of("set/images/7.png", "set/photos/7.jpg"));
    }

    #[test]
    fn folders_of_masks_mirror_those_of_the_images() {
        let files = [
            "set/images/a/1.png",
            "set/images/b/1.png",
            "set/masks/a/1.png",
            "set/masks/b/1_mask.png",
            "x/2.jpg",
            "x/masks/2.png",
            "x/labels/2.png",
        ];
        assert_eq!(pairs(&files), [(2, 0), (3, 1), (5, 4), (6, 4)]);
        assert_eq!(in_mask_folders(&files), [2, 3, 5, 6]);
        assert!(files[2..4].iter().all(|file| is_named_like_a_mask(file)));
    }

    #[test]
    fn a_folder_of_images_may_lie_in_one_that_is_called_like_masks() {
        let files = ["segmentation/images/1.png", "segmentation/masks/1.png"];
        assert_eq!(pairs(&files), [(1, 0)]);
        assert_eq!(in_mask_folders(&files), [1]);
        let alone = ["labels/1.png", "labels/2.png"];
        assert_eq!(pairs(&alone), []);
        assert_eq!(in_mask_folders(&alone), [0_usize; 0]);
        let other = ["photos/1.png", "masks/2.png"];
        assert_eq!(in_mask_folders(&other), [0_usize; 0]);
    }

    #[test]
    fn every_mask_of_a_list_finds_its_image() {
        let files = [
            "b_mask.png",
            "a.jpg",
            "a_mask.png",
            "b.png",
            "a_mask_1.png",
            "c.png",
            "d_mask.png",
        ];
        assert_eq!(pairs(&files), [(0, 3), (2, 1), (4, 1)]);
    }

    #[test]
    fn of_images_of_one_name_that_beside_the_mask_is_taken_and_none_where_two_are() {
        let files = ["x/images/1.png", "y/images/1.png", "y/masks/1.png"];
        assert_eq!(pairs(&files), [(2, 1)]);
        assert_eq!(pairs(&["1.png", "1.jpg", "1_mask.png"]), []);
        assert_eq!(pairs::<&str>(&[]), []);
    }

    #[test]
    fn files_that_may_be_paired_are_of_one_group() {
        let images = ["set/images/7.jpg", "7.png", "x/ISIC_1.jpg"];
        let masks = [
            "set/masks/7_mask.png",
            "7_seg_1.png",
            "x/ISIC_1_Segmentation_mask.png",
        ];
        for (image, mask) in images.iter().zip(masks) {
            assert_eq!(group(image), group(mask), "{mask}");
            assert!(is_named_like_a_mask(mask) && !is_named_like_a_mask(image));
        }
        assert_ne!(group("7.png"), group("17_mask.png"));
    }

    #[test]
    fn a_picture_named_like_a_mask_without_its_image_is_no_mask() {
        assert_eq!(pairs(&["red_lesion.png", "blue_lesion.png"]), []);
    }
}
