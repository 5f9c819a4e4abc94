//! Files that come in: what the shell knows of each before anything is read, and the way that they came.

use delineo::intake::Kind;

use super::folders::{Brought, join};
use super::ids::FileId;

/// Files that came together, or a batch of them.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The same number for all batches of one arrival, which come one after the other.
    pub id: u32,
    /// How they came.
    pub way: Way,
    /// What was brought.
    pub brought: Brought,
    /// In the order in which they are to stand.
    pub files: Vec<ArrivedFile>,
    /// Names of folders that the browser cannot read.
    pub folders: Vec<String>,
    /// Names of files that the browser cannot read.
    pub unreadable: Vec<String>,
    /// Whether another batch follows.
    pub more_follow: bool,
}

/// A file that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedFile {
    /// The file.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// The folders in which it came, the outermost first, joined by `/`; empty where it came alone.
    pub folder: String,
    /// What it is by its first bytes, or in a folder by its name.
    pub kind: Kind,
    /// What tells it from another one of its name, where the browser says that.
    pub stamp: Option<Stamp>,
    /// The place among the arrival's files of the image whose true mask it is by its name.
    pub image: Option<usize>,
}

impl ArrivedFile {
    /// Folder and name.
    pub fn path(&self) -> String {
        join(&self.folder, &self.name)
    }
}

/// Size and date of a file; of a file of an archive its checksum in the place of the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// In bytes.
    pub size: u64,
    /// When it was changed last, in milliseconds since 1970.
    pub modified: i64,
}

/// How files come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Chosen in a dialog, opened by the system with this app, or made here.
    #[default]
    Chosen,
    /// Dropped on the page.
    Dropped,
    /// Pasted.
    Pasted,
    /// Shared by another app; nothing arrived where there are no files.
    Shared,
    /// In an archive that came before.
    Unpacked,
}
