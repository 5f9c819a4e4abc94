//! The messages between the page and the store worker.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A document or a file of the session. Numbers are never used twice in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub u32);

/// What the page asks of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Find the session, or begin one. Answered by [`Message::Found`], once more when the tab that wrote it is gone.
    Open,
    /// Keep what is known of the session as a whole: [`crate::app::stored::StoredSession`] as JSON.
    PutSession(String),
    /// Keep a document in the place of its last state.
    PutDocument {
        /// Which one.
        key: Key,
        /// [`crate::app::stored::StoredDocument`] as JSON.
        text: String,
    },
    /// Forget a document.
    RemoveDocument(Key),
    /// Copy the payload, a `Blob`.
    PutFile(Key),
    /// Delete the copy of a file.
    RemoveFile(Key),
    /// Delete everything.
    Delete,
}

impl Order {
    /// What it is about; nothing for [`Order::Open`] and [`Order::Delete`].
    pub fn item(&self) -> Option<Item> {
        match self {
            Self::PutSession(_) => Some(Item::Session),
            Self::PutDocument { key, .. } | Self::RemoveDocument(key) => Some(Item::Document(*key)),
            Self::PutFile(key) | Self::RemoveFile(key) => Some(Item::File(*key)),
            Self::Open | Self::Delete => None,
        }
    }
}

/// Something that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Item {
    /// What is known of the session as a whole.
    Session,
    /// A document.
    Document(Key),
    /// A source file.
    File(Key),
}

/// What the store tells the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// It can be asked.
    Listening,
    /// A part of the session. The payload is an array of `File`s, one for each of `files`.
    Found(Found),
    /// An order was carried out, and what it wrote is on the disk.
    Kept {
        /// About what.
        item: Item,
        /// How much room the session takes, in bytes.
        bytes: f64,
    },
    /// An order was not carried out; what was kept before is kept still.
    NotKept {
        /// About what.
        item: Item,
        /// Why.
        fault: Fault,
    },
    /// Nothing of the session is on this device any more.
    Deleted,
    /// The session could not be deleted.
    NotDeleted(Fault),
    /// The session cannot be opened. Nothing was changed.
    Unavailable(Fault),
}

/// A part of what was found. A large session comes in several parts, files before the documents that need them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Whether this page may write.
    pub access: Access,
    /// What is known of the session as a whole, as JSON.
    pub session: Option<String>,
    /// Documents, as JSON.
    pub documents: Vec<(Key, String)>,
    /// Files whose copies are complete.
    pub files: Vec<Key>,
    /// How much room the session takes, in bytes.
    pub bytes: f64,
    /// Whether this is the last part.
    pub is_last: bool,
}

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// This page.
    Writer,
    /// Another tab; this page reads.
    Reader,
}

/// Why something is not kept, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Fault {
    /// The quota or the disk is used up.
    #[error("There is no more room for Delineo on this device.")]
    NoRoom,
    /// The browser has no place to keep files, or does not allow it.
    #[error("This browser does not let Delineo keep files here, as in some private windows. ({0})")]
    NotAllowed(String),
    /// A later version of the app wrote it.
    #[error(
        "The work kept on this device was written by a newer version of Delineo. Reload the page to get that version."
    )]
    TooNew,
    /// A source file is gone.
    #[error("The file cannot be read any more. Was it moved or deleted?")]
    Unreadable,
    /// The disk or the browser failed.
    #[error("The browser could not write to this device. ({0})")]
    Disk(String),
}
