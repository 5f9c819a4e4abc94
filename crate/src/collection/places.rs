//! Where the files of each image go: names mirror the folders and never collide.

use std::collections::HashSet;
use std::path::Path;

use crate::export::ExportFormat;
use crate::names;

/// Where the files of one image go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The image's path, with `/`.
    pub path: String,
    /// The folders, each with a `/` behind it; empty for none.
    pub folder: String,
    /// What the names of its files begin with: the image's stem, with more where another image has it.
    pub stem: String,
}

impl Place {
    /// The path of the image's file of a format.
    pub fn file(&self, format: &ExportFormat) -> String {
        // Any ending of an image, so that no part of the stem is taken for one.
        let name = format!("{}.png", self.stem);
        format!(
            "{}{}",
            self.folder,
            format.file_name_of(Path::new(&name)).to_string_lossy()
        )
    }

    /// A name for folders that hold no folders.
    pub fn flat(&self) -> String {
        format!("{}{}", self.folder.replace('/', "__"), self.stem)
    }
}

/// The places that are taken.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Folder and stem, in lower case: some file systems take them for the same.
    taken: HashSet<String>,
}

impl Places {
    /// None but those at the top that are kept for other files.
    pub fn without(reserved: impl Iterator<Item = &'static str>) -> Self {
        let stem = |name: &'static str| name.split('.').next().unwrap_or(name).to_lowercase();
        Self {
            taken: reserved.map(stem).collect(),
        }
    }

    /// A place for the image of this path.
    pub fn take(&mut self, path: &str) -> Place {
        let parts: Vec<String> = path.split(['/', '\\']).filter_map(safe).collect();
        let (name, folders) = match parts.split_last() {
            Some((name, folders)) => (name.as_str(), folders),
            None => ("image", [].as_slice()),
        };
        let folder: String = folders
            .iter()
            .enumerate()
            .map(|(depth, part)| {
                // A folder at the top must not be one that a data set has.
                let is_kept = depth == 0 && self.taken.contains(&part.to_lowercase());
                if is_kept {
                    format!("{part}_/")
                } else {
                    format!("{part}/")
                }
            })
            .collect();
        let stem = names::stem(Path::new(name)).to_string_lossy().into_owned();
        let ending = name
            .strip_prefix(&stem)
            .unwrap_or_default()
            .trim_start_matches('.');
        // `lesion`, then `lesion_jpg`, then `lesion_jpg~2`.
        let second = match ending {
            "" => format!("{stem}~1"),
            ending => format!("{stem}_{ending}"),
        };
        let others = (2_u64..).map(|number| format!("{second}~{number}"));
        let mut stems = [stem.clone(), second.clone()].into_iter().chain(others);
        let mut is_free = |stem: &String| self.taken.insert(key(&folder, stem));
        let stem = stems.find(|stem| is_free(stem)).unwrap_or(stem);
        Place {
            path: parts.join("/"),
            folder,
            stem,
        }
    }
}

/// In a folder of data sets that hold no folders, `a__b` of one image must not be `a/b` of another.
fn key(folder: &str, stem: &str) -> String {
    format!("{folder}{stem}").replace('/', "__").to_lowercase()
}

/// A part of a path as every file system has it; none for one that leads nowhere or out of the folder.
fn safe(part: &str) -> Option<String> {
    let part = part.trim_end_matches(['.', ' ']);
    if part.is_empty() {
        return None;
    }
    let safe = |at: char| match at {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        at if at.is_control() => '_',
        at => at,
    };
    Some(part.chars().map(safe).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export;

    fn file(places: &mut Places, path: &str) -> String {
        places.take(path).file(export::FORMATS[0])
    }

    #[test]
    fn files_mirror_the_folders_of_their_images() {
        let mut places = Places::default();
        assert_eq!(
            file(&mut places, "clinic/ä/lesion.jpg"),
            "clinic/ä/lesion_mask.png"
        );
        assert_eq!(file(&mut places, "US.0001"), "US.0001_mask.png");
        assert_eq!(
            file(&mut places, "..\\..\\C:\\x/./y?.png"),
            "C_/x/y__mask.png"
        );
        assert_eq!(file(&mut places, ""), "image_mask.png");
    }

    #[test]
    fn images_of_one_name_never_share_a_file_also_where_case_is_not_told_apart() {
        let mut places = Places::without(["coco.json", "Dataset001_Delineo"].into_iter());
        let paths = [
            "a.jpg",
            "a.png",
            "A.JPG",
            "a.jpg",
            "a.jpg",
            "b/a.jpg",
            "b__a.png",
            "coco.jpg",
            "a_jpg.png",
            "a",
            "a",
            "dataset001_delineo/imagesTr/a.png",
        ];
        let mut files: Vec<_> = paths.iter().map(|path| places.take(path)).collect();
        let flat: HashSet<String> = files
            .iter()
            .map(|place| place.flat().to_lowercase())
            .collect();
        assert_eq!(flat.len(), paths.len());
        assert_eq!(files[1].stem, "a_png");
        assert_eq!(files[7].stem, "coco_jpg");
        assert!(
            files
                .pop()
                .is_some_and(|place| place.folder == "dataset001_delineo_/imagesTr/")
        );
    }
}
