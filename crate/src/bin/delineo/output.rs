//! Where the files of `delineo segment` go: below a folder, or into one ZIP archive.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use delineo::Error;
use delineo::collection::{Collection, Entry, Item};
use delineo::export::{ExportFormat, Stamp};
use delineo::zip::ZipWriter;

use crate::{make_folder, replace};

/// Where files go.
pub enum Target {
    /// Below a folder.
    Folder(PathBuf),
    /// Into an archive, which gets its name once it is whole.
    Zip {
        /// What it will be called.
        file: PathBuf,
        /// What it is called while it is written.
        part: PathBuf,
        archive: ZipWriter<BufWriter<File>>,
    },
}

impl Target {
    /// Below a folder, which is made where it is missing.
    pub fn folder(out: &Path) -> Result<Self, Error> {
        make_folder(out)?;
        Ok(Self::Folder(out.to_owned()))
    }

    /// Into an archive of this name.
    pub fn zip(file: &Path, stamp: &Stamp) -> Result<Self, Error> {
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let opened = File::create(&part).map_err(|source| Error::File {
            path: part.clone(),
            source,
        })?;
        Ok(Self::Zip {
            file: file.to_owned(),
            archive: ZipWriter::new(BufWriter::new(opened), stamp),
            part,
        })
    }

    fn put(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for Entry { path, bytes } in entries {
            match self {
                Self::Zip { archive, .. } => archive.push(path, bytes)?,
                Self::Folder(out) => {
                    let file = out.join(path);
                    if let Some(folder) = file.parent() {
                        make_folder(folder)?;
                    }
                    replace(&file, bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// A target, and the collection whose files go there.
pub struct Output {
    pub target: Target,
    pub collection: Collection,
}

impl Output {
    /// Writes the files of an image: below a folder those of the plan, with the names that it gave them.
    pub fn push(
        &mut self,
        item: &Item,
        files: &[(&'static ExportFormat, PathBuf)],
    ) -> Result<(), Error> {
        let entries = match &self.target {
            Target::Zip { .. } => self.collection.push(item)?,
            Target::Folder(out) => {
                let mut names = Vec::new();
                for (format, file) in files {
                    let bytes = format.encode(item.segmentation)?;
                    if let Some(folder) = file.parent() {
                        make_folder(folder)?;
                    }
                    // Whole or not at all, so that a call that goes on can tell.
                    replace(file, &bytes)?;
                    names.push(slashed(file.strip_prefix(out).unwrap_or(file)));
                }
                self.collection.push_beside(item, &names)?
            }
        };
        self.target.put(&entries)
    }

    /// Notes an image that failed.
    pub fn fail(&mut self, path: &str, why: &str) {
        self.collection.fail(path, why);
    }

    /// Writes what is about all images.
    pub fn finish(self) -> Result<(), Error> {
        let Self {
            mut target,
            collection,
        } = self;
        target.put(&collection.finish()?)?;
        let Target::Zip {
            file,
            part,
            archive,
        } = target
        else {
            return Ok(());
        };
        let fault = |source| Error::File {
            path: file.clone(),
            source,
        };
        archive.finish()?.flush().map_err(fault)?;
        fs::rename(&part, &file).map_err(fault)
    }
}

/// A path with `/` between its parts, as text.
pub fn slashed(path: &Path) -> String {
    let parts = path.components();
    let parts = parts.map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
