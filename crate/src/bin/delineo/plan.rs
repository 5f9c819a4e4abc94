//! Where the files of `delineo segment` go, and which inputs are images: decided before anything is computed or written, so that
//! nothing is lost on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use delineo::export::ExportFormat;
use delineo::imaging;
use delineo::intake::{self, Kind};
use delineo::names::{self, PictureName};
use delineo::pairing;

use crate::archives::Archives;
use crate::inputs::Inputs;
use crate::output::slashed;
use crate::shard::Shard;

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
    /// What is to be done.
    pub jobs: Vec<Job<'a>>,
    /// Masks of images beside them, and pictures that go with one.
    pub left_out: usize,
    /// Images whose files are all there already, from a call that was stopped.
    pub finished: usize,
}

/// What becomes of files that exist already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing is done.
    Refuse,
    /// They are replaced.
    Overwrite,
    /// An image whose files are all there is not done again.
    Resume,
}

impl<'a> Plan<'a> {
    /// The files below `out` mirror the folders of the images below the folder that all of them share; an archive is a folder of its
    /// name. Which jobs are those of
    /// `shard` is counted over all images, so that every part of an array writes what one call would have written. `is_known` says
    /// of which images nothing else than their files is wanted. `others` are files and folders that are made besides.
    ///
    /// # Errors
    /// A sentence when two images would share a file, one exists already and `existing` does not allow that, or would be one of
    /// the images.
    pub fn new(
        inputs: &'a Inputs,
        out: &Path,
        formats: &[&'static ExportFormat],
        others: &[PathBuf],
        existing: Existing,
        shard: Shard,
        is_known: impl Fn(&Path) -> bool,
    ) -> Result<Self, String> {
        let mut folders = Folders::default();
        let mut seen = BTreeSet::new();
        let several = inputs.files.len() > 1;
        let mut once: Vec<Place> = Vec::new();
        for image in &inputs.files {
            let place = folders.place(image, &inputs.archives);
            if seen.insert(place.key.clone()) && !(several && is_helper(image)) {
                once.push(place);
            }
        }
        let stems: BTreeSet<_> = once.iter().map(Place::stem).collect();
        let paths: Vec<String> = once.iter().map(Place::path).collect();
        let masks: BTreeSet<usize> = pairing::in_mask_folders(&paths).into_iter().collect();
        let kept: Vec<&Place> = once
            .iter()
            .enumerate()
            .filter(|(at, place)| !masks.contains(at) && !belongs_to_another(place, &stems))
            .map(|(_, place)| place)
            .collect();
        let root = common(kept.iter().map(|place| place.folder.to_path_buf()));
        let jobs = kept.iter().map(|place| {
            let below = place.folder.strip_prefix(&root).unwrap_or(Path::new(""));
            let folder = out.join(below);
            let files = formats.iter().map(|format| {
                let name = format.file_name_of(place.image);
                (*format, folder.join(name))
            });
            Job {
                image: place.image,
                below: below.join(place.image.file_name().unwrap_or_default()),
                files: files.collect(),
            }
        });
        let mut plan = Self {
            jobs: jobs.collect(),
            left_out: once.len() - kept.len(),
            finished: 0,
        };
        let images: BTreeSet<_> = kept.iter().map(|place| place.key.clone()).collect();
        plan.check_names(&images, others, &mut folders)?;
        let mut place = 0..;
        plan.jobs
            .retain(|_| place.next().is_some_and(|at| shard.has(at)));
        match existing {
            Existing::Overwrite => {}
            Existing::Refuse => plan.check_existing(others)?,
            Existing::Resume => {
                let all = plan.jobs.len();
                plan.jobs
                    .retain(|job| !(job.is_finished() && is_known(job.image)));
                plan.finished = all - plan.jobs.len();
            }
        }
        Ok(plan)
    }

    /// No file is made twice or is an image itself.
    fn check_names(
        &self,
        images: &BTreeSet<PathBuf>,
        others: &[PathBuf],
        folders: &mut Folders,
    ) -> Result<(), String> {
        let mut made = BTreeMap::new();
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
                let folder = folders.of(file);
                if images.contains(&folders.resolved(file, &folder)) {
                    return Err(format!(
                        "{} is one of the images and would be overwritten. Nothing was written; choose another folder.",
                        file.display()
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_existing(&self, others: &[PathBuf]) -> Result<(), String> {
        let files = self.jobs.iter().flat_map(|job| &job.files);
        let files = files.map(|(_, file)| file).chain(others);
        let mut existing: Vec<String> = files
            .filter(|file| fs::symlink_metadata(file).is_ok())
            .map(|file| file.display().to_string())
            .collect();
        if existing.is_empty() {
            return Ok(());
        }
        let more = match existing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        existing.truncate(NAMED);
        Err(format!(
            "{}{more} would be overwritten. Nothing was written; choose another folder, go on with --resume, or allow it with --overwrite.",
            existing.join(", ")
        ))
    }
}

impl Job<'_> {
    /// Whether all its files are there. Each is written whole or not at all.
    fn is_finished(&self) -> bool {
        self.files.iter().all(|(_, file)| file.is_file())
    }
}

/// An image and the folder that it is in.
struct Place<'a> {
    image: &'a Path,
    /// In an archive: the archive as a folder, and those in it.
    folder: Rc<Path>,
    is_in_archive: bool,
    /// What no other file has.
    key: PathBuf,
}

impl Place<'_> {
    fn stem(&self) -> (Rc<Path>, OsString) {
        (Rc::clone(&self.folder), names::stem(self.image).to_owned())
    }

    /// Folders and name.
    fn path(&self) -> String {
        slashed(&self.folder.join(self.image.file_name().unwrap_or_default()))
    }
}

/// Folders without links and relative parts; asking the system once for each is enough.
#[derive(Default)]
struct Folders(HashMap<PathBuf, Rc<Path>>);

impl Folders {
    /// The folder that a file is in.
    fn of(&mut self, file: &Path) -> Rc<Path> {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if let Some(known) = self.0.get(folder) {
            return Rc::clone(known);
        }
        let resolved = fs::canonicalize(folder)
            .or_else(|_| std::path::absolute(folder))
            .unwrap_or_else(|_| folder.to_owned());
        let resolved: Rc<Path> = resolved.into();
        self.0.insert(folder.to_owned(), Rc::clone(&resolved));
        resolved
    }

    /// Where an image is.
    fn place<'a>(&mut self, image: &'a Path, archives: &Archives) -> Place<'a> {
        let Some((archive, inner)) = archives.place_of(image) else {
            let folder = self.of(image);
            return Place {
                image,
                key: self.resolved(image, &folder),
                folder,
                is_in_archive: false,
            };
        };
        let beside = self.of(archive);
        let key = self.resolved(archive, &beside).join(inner);
        // The folder in the archive has a path of its own: that through the archive.
        let through = image.parent().unwrap_or(image);
        let known = self.0.get(through).cloned();
        let folder = known.unwrap_or_else(|| {
            let name = archive.file_stem().unwrap_or_default();
            let inside = inner.parent().unwrap_or(Path::new(""));
            let folder: Rc<Path> = beside.join(name).join(inside).into();
            self.0.insert(through.to_owned(), Rc::clone(&folder));
            folder
        });
        Place {
            image,
            folder,
            is_in_archive: true,
            key,
        }
    }

    /// A file by its folder; one that is a link itself by where it leads to.
    fn resolved(&self, file: &Path, folder: &Path) -> PathBuf {
        let is_link = fs::symlink_metadata(file).is_ok_and(|found| found.is_symlink());
        let real = is_link.then(|| fs::canonicalize(file).ok()).flatten();
        real.unwrap_or_else(|| folder.join(file.file_name().unwrap_or_default()))
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
fn belongs_to_another(place: &Place, images: &BTreeSet<(Rc<Path>, OsString)>) -> bool {
    let stem = names::stem(place.image).to_string_lossy();
    let (PictureName::Mask { of, .. } | PictureName::Companion(of)) = names::by_ending(&stem)
    else {
        return false;
    };
    let folder = &place.folder;
    if images.contains(&(Rc::clone(folder), of.into())) {
        return true;
    }
    if place.is_in_archive {
        return false;
    }
    let mut endings = imaging::FORMATS.iter().flat_map(|format| format.extensions);
    endings.any(|ending| {
        let is_there = |ending: &str| folder.join(format!("{of}.{ending}")).is_file();
        is_there(ending) || is_there(&ending.to_ascii_uppercase())
    })
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
