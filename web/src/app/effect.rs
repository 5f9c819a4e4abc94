//! What the shell is to do. An effect whose result matters comes back as an [`Event`](super::event::Event).

use std::rc::Rc;
use std::time::Duration;

use super::event::Timer;
use super::ids::{EngineId, FileId, PayloadId};
use super::importing::Whole;
use super::model_entry::OwnModel;
use super::preferences::Preferences;
use super::viewport::Size;
use crate::contents::{Member, Part};
use crate::protocol::{DocumentId, Frame, GatheredFile, Request, RequestId};
use crate::session::messages::{Key, Order};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a worker. Its words come as `Event::Engine`, its end as `Event::EngineDied`, also when it cannot be loaded.
    StartWorker {
        /// The number it gets.
        engine: EngineId,
        /// Which program it runs.
        build: EngineBuild,
    },
    /// End a worker.
    StopWorker(EngineId),
    /// Ask an engine. Where `file` was dropped meanwhile, the request goes without it and fails there.
    Ask {
        /// Which engine.
        engine: EngineId,
        /// The request's number.
        id: RequestId,
        /// The request.
        request: Request,
        /// The file that goes with it.
        file: Option<FileId>,
    },
    /// Ask the browser for a GPU: `Event::AdapterFound`.
    FindAdapter,
    /// Read the list of models: `Event::ModelsListed`.
    ListModels,
    /// Find out the digest of a person's own weights and read the text beside it: `Event::OwnModelRead`.
    ReadOwnModel {
        /// The weights.
        weights: FileId,
        /// Their name.
        name: String,
        /// A `model.json` that came with them.
        manifest: Option<FileId>,
    },
    /// Fetch the weights of a remembered model from this device: `Event::OwnModelRead`.
    RecallModel(Rc<str>),
    /// Keep a model on this device: `Event::ModelRemembered`.
    RememberModel(OwnModel),
    /// Delete a model from this device.
    ForgetModel(Rc<str>),
    /// Keep the image of a document, an `ImageBitmap`, so that it can be shown at once; in the place of an earlier one.
    KeepImage {
        /// Of this document.
        document: DocumentId,
        /// The bitmap.
        payload: PayloadId,
    },
    /// Keep the overlay with which a document comes on the stage, as [`Effect::ShowOverlay`] has it.
    KeepOverlay {
        /// Of this document.
        document: DocumentId,
        /// The pixels.
        payload: Option<PayloadId>,
        /// Left, top, width and height on the frame's canvas, in its pixels.
        bounds: [u32; 4],
        /// What it was drawn for.
        frame: Frame,
    },
    /// Let go of what is kept of a document. What is on the stage stays there.
    ForgetImage(DocumentId),
    /// Keep a document's thumbnail, an `ImageBitmap`, for the list.
    KeepThumbnail {
        /// Of this document.
        document: DocumentId,
        /// The bitmap.
        payload: PayloadId,
    },
    /// Let go of a document's thumbnail.
    ForgetThumbnail(DocumentId),
    /// Show a kept image on the stage in the place of the one before.
    ShowImage {
        /// Of this document.
        document: DocumentId,
        /// The image's own size, which may be larger than the bitmap's.
        size: Size,
    },
    /// Show a kept overlay, which is then no longer kept.
    ShowKeptOverlay {
        /// Of this document.
        document: DocumentId,
        /// When the document was asked for, in milliseconds of the page's clock, for the bench.
        asked: f64,
    },
    /// Show an overlay in the place of the one before. `payload` is an `ImageBitmap`, nothing where the overlay is empty.
    ShowOverlay {
        /// The pixels.
        payload: Option<PayloadId>,
        /// Left, top, width and height on the frame's canvas, in its pixels.
        bounds: [u32; 4],
        /// What it was drawn for.
        frame: Frame,
        /// When the frame was asked for, in milliseconds of the page's clock, for the bench.
        asked: f64,
    },
    /// Take the overlay off the stage.
    ClearOverlay,
    /// Take image and overlay off the stage.
    ClearStage,
    /// Save a file: `Event::FileSaved`.
    SaveFile {
        /// An `ArrayBuffer`.
        payload: PayloadId,
        /// Its name.
        file_name: String,
        /// Its media type.
        media_type: String,
    },
    /// Keep a buffer as the next part of a file that is made step by step.
    KeepPart(PayloadId),
    /// The parts that are kept are no longer needed.
    DropParts,
    /// Save the parts that are kept as one file: `Event::FileSaved`.
    SaveParts {
        /// Its name.
        file_name: String,
        /// Its media type.
        media_type: &'static str,
    },
    /// Let the person choose a file to be written: `Event::SaveFile`.
    PickSaveFile {
        /// What it is called unless the person says otherwise.
        file_name: String,
    },
    /// Write a buffer behind what was written to that file: `Event::SaveFile`.
    WritePart(PayloadId),
    /// What was written to that file counts no longer.
    EmptySaveFile,
    /// All is written to that file: `Event::SaveFile`.
    CloseSaveFile,
    /// Let that file be as it was before.
    AbandonSaveFile,
    /// Let the person choose a folder, and make a new one in it: `Event::SaveFile`.
    PickSaveFolder {
        /// What it is called unless there is something of that name; see [`numbered`](super::gathering::numbered).
        name: String,
    },
    /// Write files into that new folder, those below it in folders of their own: `Event::SaveFile`.
    WriteFiles {
        /// A buffer with their bytes.
        payload: PayloadId,
        /// Which files, one behind the other.
        files: Vec<GatheredFile>,
    },
    /// Delete what was written into that folder: `Event::SaveFile`, as if something were written.
    EmptySaveFolder,
    /// Nothing more is written into that folder.
    CloseSaveFolder,
    /// Promise the clipboard a file while the browser still knows that the person asked: `Event::ClipboardWritten`,
    /// once [`Effect::FillClipboard`] or [`Effect::AbandonClipboard`] has come.
    ReserveClipboard {
        /// The request that makes it.
        id: RequestId,
        /// What it is called.
        what: &'static str,
        /// Its media type.
        media_type: &'static str,
    },
    /// Keep the promise.
    FillClipboard {
        /// The request that made it.
        id: RequestId,
        /// An `ArrayBuffer`.
        payload: PayloadId,
    },
    /// Break the promise.
    AbandonClipboard(RequestId),
    /// Put a text into the clipboard: `Event::ClipboardWritten`.
    CopyText {
        /// What it is called.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// Let a buffer come in as a file: `Event::FilesArrived`.
    AdoptFile {
        /// An `ArrayBuffer`.
        payload: PayloadId,
        /// The file's name.
        name: String,
        /// Its media type.
        media_type: &'static str,
    },
    /// Let the files of an archive come in: `Event::FilesArrived` with `Way::Unpacked`. Nothing of them is read for that.
    AdoptMembers {
        /// The archive.
        archive: FileId,
        /// What is in it.
        members: Vec<Member>,
    },
    /// Make files of parts, `Event::PartsKept`, and let go of what they are parts of.
    KeepParts {
        /// Comes back with the event.
        id: u32,
        /// Of what.
        whole: Whole,
        /// Which.
        parts: Vec<Part>,
    },
    /// A file is no longer needed.
    DropFile(FileId),
    /// A payload is no longer needed.
    DropPayload(PayloadId),
    /// Set a timer, or set it anew: `Event::Timer`.
    SetTimer {
        /// Which one.
        timer: Timer,
        /// How long.
        after: Duration,
    },
    /// Keep the preferences on this device.
    StorePreferences(Box<Preferences>),
    /// Start the store and have it open the session: `Event::Session`. With `ask` the browser is asked not to delete it by
    /// itself: `Event::SessionPersistent`.
    OpenSession {
        /// Whether to ask.
        ask: bool,
    },
    /// Order something of the store: `Event::Session`.
    Store {
        /// What.
        order: Order,
        /// The file that goes with it.
        file: Option<FileId>,
    },
    /// Order the store to keep the copy of a probability map, an `ArrayBuffer`, as this file: `Event::Session`.
    StoreMap {
        /// The file's number.
        key: Key,
        /// The copy.
        payload: PayloadId,
    },
    /// End the store.
    CloseSession,
    /// Whether closing the page would lose work, so that the browser asks first.
    GuardUnload(bool),
    /// Open the file dialog.
    PickFiles,
    /// Open the dialog that chooses a folder.
    PickFolder,
    /// Give the note of the picture on the stage the keyboard's focus.
    FocusNote,
    /// Give the length of the line on the stage the keyboard's focus.
    FocusLength,
    /// Give the stage the keyboard's focus.
    FocusStage,
    /// Register the service worker: `Event::Offline`.
    RegisterServiceWorker,
    /// Have the service worker keep a file of this site for use without a network.
    KeepOffline(String),
    /// Let the new version take over and load the page anew.
    Update,
}

/// Which program an engine worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineBuild {
    /// The GPU's.
    Gpu,
    /// The CPU's.
    Cpu,
    /// The CPU's on several threads.
    CpuThreads,
}
