//! Folders and files of a data set. A fault is one line that begins with the file it is in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::mask::Mask;
use crate::{Error, imaging};

/// What values a mask's pixels have.
pub(super) struct Levels {
    /// How many pixels have each brightness.
    counts: [usize; 256],
    coloured: bool,
}

impl Levels {
    /// Refuses everything but 0 and 255, or 0 and 1.
    pub fn check(&self, path: &Path) -> Result<(), String> {
        if self.coloured {
            return Err(at(path, "the mask is coloured; it must be grey, 0 or 255"));
        }
        let found: Vec<_> = (0..256).filter(|level| self.counts[*level] > 0).collect();
        if found.iter().all(|level| matches!(level, 0 | 255))
            || found.iter().all(|level| *level <= 1)
        {
            return Ok(());
        }
        let shown: Vec<_> = found.iter().take(6).map(usize::to_string).collect();
        let more = if found.len() > shown.len() {
            ", …"
        } else {
            ""
        };
        Err(at(
            path,
            format!(
                "the mask has the values {}{more}; it must be 0 and 255, or 0 and 1",
                shown.join(", ")
            ),
        ))
    }
}

/// Reads a mask: the lesion is where the brightest channel is at least 128, or above 0 in a file of zeros and ones.
pub(super) fn read_mask(path: &Path) -> Result<(Mask, Levels), String> {
    let decoded = imaging::decode(&read(path)?).map_err(|error| at(path, error))?;
    let image = decoded.image;
    let mut levels = Levels {
        counts: [0; 256],
        coloured: false,
    };
    let mut bits = Vec::with_capacity(image.len() / 3);
    for pixel in image.as_chunks::<3>().0 {
        let [r, g, b] = *pixel;
        let level = r.max(g).max(b);
        levels.coloured |= r.min(g).min(b) != level;
        levels.counts[usize::from(level)] += 1;
        bits.push(level);
    }
    let ones = levels.counts[2..].iter().all(|count| *count == 0);
    let least = if ones { 1 } else { 128 };
    bits.iter_mut()
        .for_each(|bit| *bit = u8::from(*bit >= least));
    Ok((Mask::new(image.width(), image.height(), bits), levels))
}

pub(super) fn same_size(
    path: &Path,
    mask: &Mask,
    (width, height): (u32, u32),
) -> Result<(), String> {
    if (mask.width(), mask.height()) == (width, height) {
        return Ok(());
    }
    Err(at(
        path,
        format!(
            "the mask is {}×{} pixels and its image {width}×{height}",
            mask.width(),
            mask.height()
        ),
    ))
}

/// A fault of a file, as one line.
pub(super) fn at(path: &Path, fault: impl fmt::Display) -> String {
    let fault = fault.to_string();
    format!("{}: {}", path.display(), fault.trim_end_matches('.'))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => at(path, "the file is missing"),
        _ => at(path, error),
    })
}

pub(super) fn text(path: &Path) -> Result<String, Error> {
    let fault = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(fault)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// The paths in a folder, sorted.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fault = |source| Error::File {
        path: folder.to_owned(),
        source,
    };
    let mut paths = fs::read_dir(folder)
        .map_err(fault)?
        .map(|entry| Ok(entry.map_err(fault)?.path()))
        .collect::<Result<Vec<_>, Error>>()?;
    paths.sort();
    Ok(paths)
}

/// The images in a folder by name; hidden files and other kinds of files are passed over.
pub(super) fn images_in(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut files = BTreeMap::<_, Vec<_>>::new();
    for path in entries(folder)? {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if imaging::by_extension(&ending).is_some() && !file_name(&path).starts_with('.') {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            files.entry(name.into_owned()).or_default().push(path);
        }
    }
    Ok(files)
}

/// The masks in a folder by the name of their image.
pub(super) fn masks_in(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut masks = BTreeMap::<_, Vec<_>>::new();
    for (name, paths) in images_in(folder)? {
        let endings = ["_mask", "_segmentation", "_Segmentation"];
        let image = endings.iter().find_map(|ending| name.strip_suffix(ending));
        let image = image.unwrap_or(&name).to_owned();
        masks.entry(image).or_default().extend(paths);
    }
    Ok(masks)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
