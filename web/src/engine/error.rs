//! The engine's one error type.

use delineo_web::adapter::words;
use wasm_bindgen::JsValue;

/// What can go wrong in the worker, as a sentence that a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The library's own.
    #[error(transparent)]
    Library(#[from] delineo::Error),
    /// A file of this site could not be fetched.
    #[error("{file} could not be loaded ({reason}). Check the connection and try again.")]
    Download {
        /// File name relative to the site.
        file: String,
        /// Status or the browser's own words.
        reason: String,
    },
    /// A dropped file could not be read.
    #[error("{name} cannot be read. Is it a folder, or was it moved or deleted?")]
    Unreadable {
        /// Its name.
        name: String,
    },
    /// A dropped file is too large to hold.
    #[error("{name} has {megabytes} MB; Delineo reads files up to {limit} MB.")]
    TooLarge {
        /// Its name.
        name: String,
        /// Size in millions of bytes.
        megabytes: u64,
        /// Limit in millions of bytes.
        limit: u64,
    },
    /// There is nothing to run on the image.
    #[error("No model is loaded, so the image cannot be segmented. Choose a model.")]
    NoModel,
    /// The request is about an image that is not open.
    #[error("This image is no longer open.")]
    NoImage,
    /// The browser refused something that it should be able to do.
    #[error("The browser refused: {0}.")]
    Browser(String),
}

impl EngineError {
    /// The same, where it is about a file, with what the person knows that by.
    pub fn about(self, name: &str) -> Self {
        match self {
            Self::Download { reason, .. } => Self::Download {
                file: format!("“{name}”"),
                reason,
            },
            other => other,
        }
    }
}

impl From<JsValue> for EngineError {
    fn from(value: JsValue) -> Self {
        Self::Browser(words(&value))
    }
}
