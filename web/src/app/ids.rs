//! The numbers of what belongs to JavaScript: the shell keeps files, bitmaps and workers; only their numbers come in here.

/// A file or blob that the shell keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// The payload of an engine's answer (a bitmap or a buffer) that the shell keeps until it is used or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId(pub u32);

/// An engine worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EngineId(pub u32);
