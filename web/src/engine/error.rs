//! The engine's one error type.

/// What is said of the GPU after it failed at work.
pub(super) const GPU_STOPPED: &str = "the GPU stopped working";
/// What is said of the GPU after a wrong answer.
pub(super) const GPU_WRONG: &str = "the GPU failed its self-test";

/// What can go wrong in the worker, as a sentence that a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The library's own.
    #[error(transparent)]
    Library(#[from] delineo::Error),
    /// A file of this site could not be fetched.
    #[error("{file} could not be loaded ({reason}). Check the connection and try again.")]
    Download {
        /// File name relative to the site, or what the person knows it by.
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
    /// A person's own weights are not those that were named.
    #[error("{name} has changed since it was chosen. Choose it again.")]
    OtherWeights {
        /// The file's name.
        name: String,
    },
    /// A model does not give its known answer on a device that is sound.
    #[error(
        "{name} failed its self-test: it does not give its known answer. It or its model.json is damaged."
    )]
    WrongAnswer {
        /// The model's name.
        name: String,
    },
    /// There is no device of the kind that was asked for.
    #[error("{0}")]
    NoDevice(String),
    /// The engine was asked for something before it had a device.
    #[error("The engine has no device yet.")]
    NotStarted,
    /// The engine was started on another device.
    #[error("The engine runs on another device.")]
    OtherDevice,
    /// The model that a request names is not loaded.
    #[error("This model is not loaded. Choose it again.")]
    ModelNotLoaded,
    /// The request is about an image that is not open.
    #[error("This image is no longer open.")]
    DocumentNotOpen,
    /// The request is about probability maps that were not computed.
    #[error("This image has not been segmented by this model yet.")]
    NotSegmented,
    /// A copy of probability maps of another model or other views than the request names.
    #[error("The copy of the probability map is another one.")]
    OtherMaps,
    /// The request is about a class that the model does not have.
    #[error("This model has no class {0}.")]
    NoClass(u32),
    /// The request is about other corrections than the engine has.
    #[error("The corrections have changed meanwhile. Try again.")]
    OtherEdits,
    /// A file that should be the true mask is something else.
    #[error("{name}: {reason}")]
    Truth {
        /// Its name.
        name: String,
        /// What the library says of it.
        reason: String,
    },
    /// A true mask of another size than its image.
    #[error(
        "{name} is {}×{} pixels and its image {}×{}, so they cannot be compared.", mask.0, mask.1, image.0, image.1
    )]
    TruthSize {
        /// Its name.
        name: String,
        /// Width and height in pixels.
        mask: (u32, u32),
        /// Width and height of the image in pixels.
        image: (u32, u32),
    },
    /// The request is about another true mask than the engine has.
    #[error("The mask to compare with has changed meanwhile. Try again.")]
    OtherTruth,
    /// There is no such file format.
    #[error("Delineo cannot write “{0}” files.")]
    NoFormat(String),
    /// A step of a data set that was not begun, or is at its end.
    #[error("The data set was not begun. Export it again.")]
    NothingGathered,
    /// What the decoder for rare formats said, or why it said nothing.
    #[error("{0}")]
    Decoder(String),
    /// The attachment of a request is not what belongs to it.
    #[error("The request lacks its numbers.")]
    NoNumbers,
    /// The browser refused something that it should be able to do.
    #[error("The browser refused: {0}.")]
    Browser(String),
}

/// Why a request was not met.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine goes on as before.
    Failed(EngineError),
    /// The engine cannot go on.
    Fatal {
        /// What happened.
        message: String,
        /// What the GPU did, if it is to blame.
        gpu_fault: Option<String>,
    },
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        Self::Failed(error)
    }
}

impl From<delineo::Error> for Fault {
    fn from(error: delineo::Error) -> Self {
        Self::Failed(error.into())
    }
}
