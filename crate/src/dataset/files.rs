//! Folders and files of a data set. A fault is one line that begins with the file it is in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::mask::Mask;
use crate::names::{self, PictureName};
use crate::{Error, imaging, text};

/// What JPEG may change in a grey level, and between the channels of one.
const JPEG_ERROR: usize = 48;
const JPEG_COLOUR: u8 = 16;

/// What values a mask's pixels have.
pub(super) struct Levels {
    /// How many pixels have each brightness.
    counts: [usize; 256],
    coloured: bool,
    /// Whether the format keeps levels only nearly.
    lossy: bool,
}

impl Levels {
    /// Refuses everything but 0 and 255, or 0 and 1; of a JPEG what is not black and white but for a border.
    pub fn check(&self, path: &Path) -> Result<(), String> {
        if self.coloured {
            return Err(at(path, "the mask is coloured; it must be grey, 0 or 255"));
        }
        if self.lossy {
            let between: usize = self.counts[JPEG_ERROR..256 - JPEG_ERROR].iter().sum();
            let all: usize = self.counts.iter().sum();
            if 5 * between <= all {
                return Ok(());
            }
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
    let lossy = decoded.format == "JPEG";
    let mut levels = Levels {
        counts: [0; 256],
        coloured: false,
        lossy,
    };
    let grey = if lossy { JPEG_COLOUR } else { 0 };
    let mut bits = Vec::with_capacity(image.len() / 3);
    for pixel in image.as_chunks::<3>().0 {
        let [r, g, b] = *pixel;
        let level = r.max(g).max(b);
        levels.coloured |= level - r.min(g).min(b) > grey;
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

/// The error of one fault.
pub(super) fn fault(fault: String) -> Error {
    Error::Data(vec![fault])
}

pub(super) fn text(path: &Path) -> Result<String, Error> {
    let fault = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(fault)?;
    Ok(text::decode(&bytes).into_owned())
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

/// The images in a folder by name. Hidden files and other kinds of files are passed over, and so are masks of images in the same
/// folder and pictures that go with one.
pub(super) fn images_in(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut files = pictures_in(folder)?;
    let is_of_image = |name: &String| match names::by_ending(name) {
        PictureName::Mask { of, .. } | PictureName::Companion(of) => files.contains_key(of),
        PictureName::Plain => false,
    };
    let others: Vec<_> = files
        .keys()
        .filter(|name| is_of_image(name))
        .cloned()
        .collect();
    for name in others {
        files.remove(&name);
    }
    Ok(files)
}

fn pictures_in(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut files = BTreeMap::<_, Vec<_>>::new();
    for path in entries(folder)? {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if imaging::by_extension(&ending).is_some() && !file_name(&path).starts_with('.') {
            let name = names::stem(&path).to_string_lossy();
            files.entry(name.into_owned()).or_default().push(path);
        }
    }
    Ok(files)
}

/// The masks in a folder by the name of their image. Each mask is the union of its files: BUSI has one for each lesion. An image
/// with two masks has two entries. Where the images lie in the same folder, only an ending makes a mask of a picture.
pub(super) fn masks_in(
    folder: &Path,
    is_beside: bool,
) -> Result<BTreeMap<String, Vec<Vec<PathBuf>>>, Error> {
    let mut masks = BTreeMap::<String, BTreeMap<Option<u32>, Vec<PathBuf>>>::new();
    for (name, paths) in pictures_in(folder)? {
        let (image, part) = match names::by_ending(&name) {
            PictureName::Mask { of, part } => (of, part),
            PictureName::Companion(_) => continue,
            PictureName::Plain if is_beside => continue,
            PictureName::Plain => (name.as_str(), None),
        };
        let parts = masks.entry(image.to_owned()).or_default();
        parts.entry(part).or_default().extend(paths);
    }
    let joined = |parts: BTreeMap<_, Vec<PathBuf>>| {
        if parts.values().all(|files| files.len() == 1) {
            vec![parts.into_values().flatten().collect()]
        } else {
            let files = parts.into_values().flatten();
            files.map(|file| vec![file]).collect()
        }
    };
    let masks = masks.into_iter();
    Ok(masks.map(|(name, parts)| (name, joined(parts))).collect())
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
