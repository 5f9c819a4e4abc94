//! Where the files of `delineo segment` go, and which inputs are images: decided before anything is computed or written, so that
//! nothing is lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use delineo::export::ExportFormat;
use delineo::imaging;
use delineo::intake::{self, Kind};
use delineo::names::{self, PictureName};

/// Files that a message names before it only counts them.
const NAMED: usize = 5;

/// One image and the files that are made of it.
pub struct Job<'a> {
    pub image: &'a Path,
    /// Its path below the folder that all images share.
    pub below: PathBuf,
    pub files: Vec<(&'static ExportFormat, PathBuf)>,
}

/// All images of a call.
pub struct Plan<'a> {
    pub jobs: Vec<Job<'a>>,
    /// Masks of images beside them, and pictures that go with one.
    pub left_out: usize,
}

impl<'a> Plan<'a> {
    /// The files below `out` mirror the folders of the images below the folder that all of them share. `others` are files and
    /// folders that are made besides.
    ///
    /// # Errors
    /// A sentence when two images would share a file, one exists already and `overwrite` does not allow that, or would be one of the
    /// images.
    pub fn new(
        images: &'a [PathBuf],
        out: &Path,
        formats: &[&'static ExportFormat],
        others: &[PathBuf],
        overwrite: bool,
    ) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        let once = images.iter().filter(|image| seen.insert(resolved(image)));
        let several = images.len() > 1;
        let once: Vec<&Path> = once
            .map(PathBuf::as_path)
            .filter(|image| !(several && is_helper(image)))
            .collect();
        let kept: Vec<&Path> = once
            .iter()
            .filter(|image| !belongs_to_another(image, &once))
            .copied()
            .collect();
        let root = common(kept.iter().map(|image| folder_of(image)));
        let jobs = kept.iter().map(|image| {
            let folder = folder_of(image);
            let below = folder.strip_prefix(&root).unwrap_or(Path::new(""));
            let folder = out.join(below);
            let files = formats.iter().map(|format| {
                let name = format.file_name_of(image);
                (*format, folder.join(name))
            });
            Job {
                image,
                below: below.join(image.file_name().unwrap_or_default()),
                files: files.collect(),
            }
        });
        let plan = Self {
            jobs: jobs.collect(),
            left_out: once.len() - kept.len(),
        };
        plan.check(others, overwrite)?;
        Ok(plan)
    }

    fn check(&self, others: &[PathBuf], overwrite: bool) -> Result<(), String> {
        let images: BTreeSet<_> = self.jobs.iter().map(|job| resolved(job.image)).collect();
        let mut made = BTreeMap::new();
        let is_there = |file: &PathBuf| fs::symlink_metadata(file).is_ok();
        let mut existing: Vec<String> = others
            .iter()
            .filter(|file| is_there(file))
            .map(|file| file.display().to_string())
            .collect();
        let others: BTreeSet<PathBuf> = others.iter().map(|file| key(file)).collect();
        for job in &self.jobs {
            for (_, file) in &job.files {
                if let Some(other) = made.insert(key(file), job.image) {
                    return Err(format!(
                        "{} and {} would both become {}. Nothing was written; segment them into different folders.",
                        other.display(),
                        job.image.display(),
                        file.display()
                    ));
                }
                if others.contains(&key(file)) {
                    return Err(format!(
                        "{} would be the file of {} and one about all images. Nothing was written; rename the image.",
                        file.display(),
                        job.image.display()
                    ));
                }
                if images.contains(&resolved(file)) {
                    return Err(format!(
                        "{} is one of the images and would be overwritten. Nothing was written; choose another folder.",
                        file.display()
                    ));
                }
                if is_there(file) {
                    existing.push(file.display().to_string());
                }
            }
        }
        if existing.is_empty() || overwrite {
            return Ok(());
        }
        let more = match existing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        existing.truncate(NAMED);
        Err(format!(
            "{}{more} would be overwritten. Nothing was written; choose another folder, or allow it with --overwrite.",
            existing.join(", ")
        ))
    }
}

/// Whether a file is what macOS or Windows puts beside others.
fn is_helper(image: &Path) -> bool {
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    if !name.starts_with('.') && !matches!(&*name, "Thumbs.db" | "desktop.ini") {
        return false;
    }
    let mut head = Vec::new();
    let file = fs::File::open(image);
    let read = file.and_then(|file| file.take(64).read_to_end(&mut head));
    read.is_ok() && intake::kind(&head, &name) == Kind::Helper
}

/// Whether a picture is the mask of an image beside it, or goes with one, as its name says.
fn belongs_to_another(image: &Path, images: &[&Path]) -> bool {
    let stem = names::stem(image).to_string_lossy();
    let (PictureName::Mask { of, .. } | PictureName::Companion(of)) = names::by_ending(&stem)
    else {
        return false;
    };
    let folder = folder_of(image);
    let is_it = |other: &&&Path| names::stem(other).to_string_lossy() == of;
    if images
        .iter()
        .filter(is_it)
        .any(|other| folder_of(other) == folder)
    {
        return true;
    }
    let mut endings = imaging::FORMATS.iter().flat_map(|format| format.extensions);
    endings.any(|ending| {
        let is_there = |ending: &str| folder.join(format!("{of}.{ending}")).is_file();
        is_there(ending) || is_there(&ending.to_ascii_uppercase())
    })
}

fn resolved(path: &Path) -> PathBuf {
    match fs::canonicalize(path) {
        Ok(path) => path,
        Err(_) => folder_of(path).join(path.file_name().unwrap_or_default()),
    }
}

/// The folder that a file is in, without links and relative parts.
fn folder_of(file: &Path) -> PathBuf {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::canonicalize(folder)
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_owned())
}

/// What file systems take for one file.
fn key(file: &Path) -> PathBuf {
    if cfg!(any(windows, target_os = "macos")) {
        return file.to_string_lossy().to_lowercase().into();
    }
    file.to_owned()
}

/// The deepest folder that all of these lie in.
fn common(folders: impl Iterator<Item = PathBuf>) -> PathBuf {
    let shared = |one: PathBuf, other: PathBuf| {
        let pairs = one.components().zip(other.components());
        let equal = pairs.take_while(|(a, b)| a == b);
        equal.map(|(part, _)| part).collect()
    };
    folders.reduce(shared).unwrap_or_default()
}
