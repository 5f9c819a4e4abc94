//! Which image a path in a file of annotations means.

use std::collections::HashMap;
use std::path::Path;

use crate::names;

/// Images by their names.
#[derive(Clone, Debug)]
pub struct ImageNames<T> {
    /// By their stems, in lower case: their paths, in lower case, and the images.
    by_stem: HashMap<String, Vec<(String, T)>>,
}

impl<T: Copy> ImageNames<T> {
    /// Of these paths, with `/` between folders and name.
    pub fn new<'a>(images: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut by_stem: HashMap<String, Vec<(String, T)>> = HashMap::new();
        for (path, image) in images {
            let path = path.to_lowercase();
            by_stem.entry(stem(&path)).or_default().push((path, image));
        }
        Self { by_stem }
    }

    /// The image that a path means: the one that has most of its folders in common with it from the name on, if that is one; the
    /// only one of its name in any case. Where none has the name, another ending will do: data sets are converted. Upper and
    /// lower case do not matter.
    pub fn find(&self, path: &str) -> Option<T> {
        let path = path.replace('\\', "/").to_lowercase();
        let of_stem = self.by_stem.get(&stem(&path))?;
        let has_name = |image: &str| name(image) == name(&path);
        let is_named = of_stem.iter().any(|(image, _)| has_name(image));
        let fits = of_stem
            .iter()
            .filter(|(image, _)| !is_named || has_name(image));
        let mut best: Option<(usize, T)> = None;
        let mut is_tied = false;
        for (image, of) in fits {
            let common = folders_in_common(image, &path);
            match best {
                Some((most, _)) if common < most => {}
                Some((most, _)) if common == most => is_tied = true,
                _ => {
                    best = Some((common, *of));
                    is_tied = false;
                }
            }
        }
        best.filter(|_| !is_tied).map(|(_, image)| image)
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(path: &str) -> String {
    names::stem(Path::new(name(path)))
        .to_string_lossy()
        .into_owned()
}

/// How many folders before the names are the same. A path that is the whole of the other counts one more.
fn folders_in_common(one: &str, other: &str) -> usize {
    let mut folders = one.rsplit('/').skip(1);
    let mut others = other.rsplit('/').skip(1);
    let mut common = 0;
    loop {
        match (folders.next(), others.next()) {
            (Some(folder), Some(other)) if folder == other => common += 1,
            (None, None) => return common + 1,
            _ => return common,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_name_count_first_and_then_the_name_if_there_is_one() {
        let names = ImageNames::new([
            ("set/a/1.png", 1),
            ("set/b/1.png", 2),
            ("set/a/2.JPG", 3),
            ("3.png", 4),
            ("deep/3.png", 5),
        ]);
        for (path, image) in [
            ("set/a/1.png", Some(1)),
            ("b/1.png", Some(2)),
            ("elsewhere/b\\1.PNG", Some(2)),
            ("1.png", None),
            ("c/1.png", None),
            ("2.jpg", Some(3)),
            ("images/2.jpg", Some(3)),
            ("2.png", Some(3)),
            ("3.png", Some(4)),
            ("4.png", None),
            ("", None),
        ] {
            assert_eq!(names.find(path), image, "{path}");
        }
    }
}
