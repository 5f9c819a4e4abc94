//! The files of the app in memory, by their path with forward slashes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// The service worker that browsers run.
pub const SERVICE_WORKER: &str = "service-worker.js";
/// What a host should send with each file.
pub const HEADERS: &str = "_headers";
/// Tells GitHub Pages to serve files whose name begins with an underscore.
pub const NO_JEKYLL: &str = ".nojekyll";

/// Whether a file is one that a host reads and no browser asks for.
pub fn is_for_the_host(name: &str) -> bool {
    [HEADERS, NO_JEKYLL].contains(&name)
}

/// All files of the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// Reads a folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut site = Self::default();
        site.read_folder(folder, "")?;
        Ok(site)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
            let path = entry.map_err(Error::file("read", folder))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                self.read_folder(&path, &format!("{prefix}{name}/"))?;
            } else {
                let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
                self.files.insert(format!("{prefix}{name}"), bytes);
            }
        }
        Ok(())
    }

    /// Replaces a folder by this one. It is written beside its place first, so that a server never sees half of it for long.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let new = folder.with_file_name(format!(".{name}.new"));
        remove(&new)?;
        for (name, bytes) in &self.files {
            let path = new.join(name);
            let parent = path.parent().unwrap_or(&new);
            fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
            fs::write(&path, bytes).map_err(Error::file("write", &path))?;
        }
        remove(folder)?;
        fs::rename(&new, folder).map_err(Error::file("write", folder))
    }

    /// All files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// One file.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// One file that must be there and be text.
    ///
    /// # Errors
    /// When it is not.
    pub fn text(&self, name: &str) -> Result<&str> {
        let bytes = self
            .get(name)
            .ok_or_else(|| Error::Page(format!("there is no {name}")))?;
        std::str::from_utf8(bytes).map_err(|_| Error::Page(format!("{name} is not UTF-8 text")))
    }

    /// Adds or replaces a file.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    /// Takes a file out.
    pub fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        self.files.remove(name)
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file("remove", folder))
    } else {
        Ok(())
    }
}
