//! What can go wrong, each as a sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a command of `cargo xtask` could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be used.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// The verb: read, write, …
        doing: &'static str,
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program is not there or does not start.
    #[error("`{program}` does not start: {source}. {hint}")]
    Start {
        /// Its name.
        program: String,
        /// The system's reason.
        source: io::Error,
        /// What to do.
        hint: String,
    },
    /// A program failed or ran too long.
    #[error("`{command}` {how}. {hint}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        how: String,
        /// What to do.
        hint: String,
    },
    /// Something is missing that this program cannot install here.
    #[error("{what} is missing. {hint}")]
    Missing {
        /// What.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The finishing step cannot work on the built page.
    #[error("the built page cannot be finished: {0}")]
    Page(String),
    /// A document or a result that a command works on is not as it should be.
    #[error("{0}")]
    Document(String),
    /// Some tests failed; they are listed above.
    #[error("{0} failed; the reason is printed above, where each one ran")]
    Tests(String),
}

/// The result of most functions here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// For `map_err` on file operations.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }
}
