//! Images in ZIP archives, by paths that lead through the archive: `scans.zip/left/1.png`. They are read one by one, when it is
//! their turn.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use delineo::intake::{self, Kind};
use delineo::zip::{FileBytes, ZipFile, ZipReader};
use delineo::{Error, imaging};

use crate::read;

/// The archives of a call.
#[derive(Debug, Default)]
pub struct Archives {
    open: Vec<(PathBuf, ZipReader<FileBytes>)>,
    /// The images in them, by their paths: which archive, and which of its files.
    images: HashMap<PathBuf, (usize, usize)>,
    /// Archives that cannot be used, and why.
    broken: HashMap<PathBuf, String>,
}

impl Archives {
    /// Whether a file is an archive by its content, and not weights.
    pub fn is_archive(path: &Path) -> bool {
        let mut head = Vec::new();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = File::open(path);
        let read = file.and_then(|file| file.take(intake::HEAD as u64).read_to_end(&mut head));
        read.is_ok() && intake::kind(&head, &name) == Kind::Archive
    }

    /// Opens an archive. Returns the paths of its images in the order of their names, and how many other files there are; of one
    /// that cannot be used its own path, so that it is named as a failure when it is its turn.
    pub fn add(&mut self, path: &Path) -> (Vec<PathBuf>, usize) {
        let opened = FileBytes::open(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        });
        let archive = match opened.and_then(ZipReader::open) {
            Ok(archive) => archive,
            Err(error) => {
                self.broken.insert(path.to_owned(), error.to_string());
                return (vec![path.to_owned()], 0);
            }
        };
        let number = self.open.len();
        let mut images = Vec::new();
        let mut others = 0;
        for (place, file) in archive.files().iter().enumerate() {
            if !is_image(&archive, file) {
                others += 1;
                continue;
            }
            let image = path.join(&file.path);
            // Of two files of one name the later one counts, as it does when the archive is unpacked.
            if self.images.insert(image.clone(), (number, place)).is_none() {
                images.push(image);
            }
        }
        images.sort();
        self.open.push((path.to_owned(), archive));
        (images, others)
    }

    /// The archive that an image is in, and its path there.
    pub fn place_of<'a>(&'a self, image: &'a Path) -> Option<(&'a Path, &'a Path)> {
        let (number, _) = self.images.get(image)?;
        let (archive, _) = self.open.get(*number)?;
        Some((archive, image.strip_prefix(archive).ok()?))
    }

    /// The content of an image, in an archive or not.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Archive`], which names the file.
    pub fn read(&self, image: &Path) -> Result<Vec<u8>, Error> {
        if let Some(why) = self.broken.get(image) {
            return Err(Error::UnsupportedImage(why.clone()));
        }
        let found = self.images.get(image).and_then(|(number, place)| {
            let (_, archive) = self.open.get(*number)?;
            Some((archive, archive.files().get(*place)?))
        });
        match found {
            Some((archive, file)) => archive.read(file),
            None => read(image),
        }
    }
}

/// Whether a file of an archive is meant: by its name an image, or without such a name by its content.
fn is_image(archive: &ZipReader<FileBytes>, file: &ZipFile) -> bool {
    let path = Path::new(&file.path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match intake::kind_by_name(&name) {
        Some(kind) => kind == Kind::Image,
        None => {
            let head = archive.head(file, intake::HEAD as u64).unwrap_or_default();
            imaging::format_of(&head).is_some() && intake::kind(&head, &name) == Kind::Image
        }
    }
}
