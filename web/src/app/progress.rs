//! How far the preparing of documents is, and whether it goes on.

/// Whether documents are prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All of them.
    #[default]
    Running,
    /// None, until the person lets it go on.
    Paused,
    /// Those next to the one on the stage alone.
    Stopped,
}

/// How far the preparing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Documents that are done.
    pub done: usize,
    /// All documents.
    pub all: usize,
    /// Seconds that are left, once that can be told.
    pub seconds: Option<u64>,
    /// Whether it goes on, waits or was stopped.
    pub mode: Mode,
}
