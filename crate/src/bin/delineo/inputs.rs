//! Which files a call is about: paths as they are, folders with all below them, ZIP archives with all in them, patterns, and lists.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use delineo::imaging;
use delineo::intake::{self, Kind};
use walkdir::WalkDir;

use crate::archives::Archives;

/// The files of a call, in the order in which they were named; those of a folder in the order of their names.
#[derive(Debug, Default)]
pub struct Inputs {
    pub files: Vec<PathBuf>,
    /// The archives among them.
    pub archives: Archives,
    /// Files in folders and archives that are no images by content and name.
    pub passed_over: usize,
}

impl Inputs {
    /// What `paths` name, and after them the lines of the list `from` (`-` for standard input).
    ///
    /// # Errors
    /// A sentence when a folder or the list cannot be read, a pattern fits nothing, or there is nothing at all.
    pub fn gather(paths: &[PathBuf], from: Option<&Path>) -> Result<Self, String> {
        let listed = match from {
            Some(list) => lines(list)?,
            None => Vec::new(),
        };
        let mut inputs = Self::default();
        for path in paths.iter().chain(&listed) {
            inputs.add(path)?;
        }
        if inputs.files.is_empty() {
            return Err("there is no image among these files.".to_owned());
        }
        Ok(inputs)
    }

    fn add(&mut self, path: &Path) -> Result<(), String> {
        if path.is_dir() {
            return self.add_folder(path);
        }
        if path.exists() || !is_pattern(path) {
            // What is not there is named when it is its turn.
            self.add_file(path.to_owned());
            return Ok(());
        }
        let text = path.to_string_lossy();
        let found = glob::glob(&text)
            .map_err(|error| format!("“{text}” is no pattern that can be used: {error}."))?;
        let mut is_empty = true;
        for path in found {
            let path =
                path.map_err(|error| unreadable(error.path(), &error.error().to_string()))?;
            is_empty = false;
            if path.is_dir() {
                self.add_folder(&path)?;
            } else {
                self.add_file(path);
            }
        }
        if is_empty {
            return Err(format!("no file fits the pattern “{text}”."));
        }
        Ok(())
    }

    /// A file that was named; of an archive the images in it.
    fn add_file(&mut self, path: PathBuf) {
        if Archives::is_archive(&path) {
            let (images, others) = self.archives.add(&path);
            self.files.extend(images);
            self.passed_over += others;
        } else {
            self.files.push(path);
        }
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), String> {
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(folder).to_owned();
                unreadable(&path, &error.to_string())
            })?;
            if !entry.file_type().is_file() {
                continue;
            }
            match is_image(entry.path()) {
                Some(true) => self.files.push(entry.into_path()),
                Some(false) => self.passed_over += 1,
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether a file in a folder is meant: by its content or its name an image. None for the system's helper files.
fn is_image(path: &Path) -> Option<bool> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut head = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(intake::HEAD as u64).read_to_end(&mut head));
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let is_named = || {
        let mut endings = imaging::FORMATS.iter().flat_map(|format| format.extensions);
        ending.is_some_and(|ending| endings.any(|known| *known == ending))
    };
    if read.is_err() {
        return Some(is_named());
    }
    match intake::kind(&head, &name) {
        Kind::Helper => None,
        Kind::Image => Some(imaging::format_of(&head).is_some() || is_named()),
        Kind::Checkpoint | Kind::Manifest | Kind::Archive | Kind::Annotations | Kind::Other => {
            Some(is_named())
        }
    }
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

fn unreadable(path: &Path, why: &str) -> String {
    format!("{} cannot be read: {why}.", path.display())
}

/// The paths of a list, one a line; empty lines are left out.
fn lines(list: &Path) -> Result<Vec<PathBuf>, String> {
    let mut bytes = Vec::new();
    let read = if list == Path::new("-") {
        io::stdin().read_to_end(&mut bytes).map(|_| ())
    } else {
        fs::read(list).map(|read| bytes = read)
    };
    read.map_err(|error| unreadable(list, &error.to_string()))?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .map(|line| PathBuf::from(name(line)))
        .collect())
}

/// A name as the system has it: bytes where names are bytes.
#[cfg(unix)]
fn name(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn name(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
