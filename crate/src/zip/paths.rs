//! Where the files of an archive are when it is taken for a folder.

/// The path of a file when its archive, which has this name, is taken for a folder: `scans.zip` and `left/1.png` are
/// `scans/left/1.png`. Where all files of the archive are in one folder of its name already (`is_own_folder`), that is the folder.
pub fn below(archive: &str, is_own_folder: bool, file: &str) -> String {
    if is_own_folder {
        file.to_owned()
    } else {
        format!("{}/{file}", stem(archive))
    }
}

/// Whether all files of an archive of this name are in one folder of its name.
pub fn is_own_folder<'a>(archive: &str, mut files: impl Iterator<Item = &'a str>) -> bool {
    let stem = stem(archive);
    files.all(|file| {
        let rest = file.strip_prefix(stem);
        rest.is_some_and(|rest| rest.starts_with('/'))
    })
}

/// The name without `.zip`.
fn stem(archive: &str) -> &str {
    let name = archive.rsplit(['/', '\\']).next().unwrap_or(archive);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.eq_ignore_ascii_case("zip") => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_a_folder_of_its_name_and_never_two() {
        let path = |archive: &str, files: &[&str]| {
            let is_own = is_own_folder(archive, files.iter().copied());
            below(archive, is_own, files[0])
        };
        assert_eq!(path("scans.ZIP", &["a/1.png"]), "scans/a/1.png");
        assert_eq!(path("on/disk/scans.zip", &["1.png"]), "scans/1.png");
        assert_eq!(path("scans.zip", &["scans/1.png"]), "scans/1.png");
        assert_eq!(
            path("scans.zip", &["scans/1.png", "2.png"]),
            "scans/scans/1.png"
        );
        assert_eq!(
            path("scans.zip", &["scansets/1.png"]),
            "scans/scansets/1.png"
        );
        assert_eq!(path(".zip", &["1.png"]), ".zip/1.png");
    }
}
