//! What happens to the page, in terms of the page: the shell turns what the browser says into these.

use std::rc::Rc;

use super::arrival::Arrival;
use super::command::Command;
use super::gestures::Pointer;
use super::ids::{EngineId, FileId, PayloadId};
use super::keys::KeyPress;
use super::model_entry::{OwnModel, OwnModelFault, PublishedModel};
use super::numbers::Numbers;
use super::stage::Canvas;
use crate::protocol::{DeviceKind, DocumentId, Message};
use crate::session;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The page is there.
    Begun(Surroundings),
    /// The person gave a command, by button, menu or slider.
    Command {
        /// What is to be done.
        command: Command,
        /// The document that was on the stage when they gave it; a command about another one than is shown by now is
        /// not carried out.
        document: Option<DocumentId>,
    },
    /// A key was pressed.
    Key(KeyPress),
    /// A key that may be held was let go, or the window lost the focus.
    KeyReleased,
    /// A pointer did something on the stage.
    Pointer(Pointer),
    /// The stage has another size.
    CanvasResized(Canvas),
    /// The page has little room, as on a phone, or no longer.
    LayoutChanged {
        /// Whether nothing opens beside the stage by itself.
        is_narrow: bool,
    },
    /// Files came in.
    FilesArrived(Arrival),
    /// Parts are files now, as [`Effect::KeepParts`](super::effect::Effect::KeepParts) asked.
    PartsKept {
        /// Its number.
        id: u32,
        /// In the order of the parts; fewer where the browser has no memory for more.
        files: Vec<FileId>,
    },
    /// The adapter's name, or why the GPU cannot be used, as a sentence.
    AdapterFound(Result<String, String>),
    /// The models that this site publishes (or what failed, as a sentence) and those that this device remembers.
    ModelsListed {
        /// Folder and `model.json` of each, in the site's order.
        published: Result<Vec<PublishedModel>, String>,
        /// Remembered ones.
        own: Vec<OwnModel>,
    },
    /// A person's own weights were read as far as their identity goes, or could not be.
    OwnModelRead(Result<OwnModel, OwnModelFault>),
    /// What came of remembering a model.
    ModelRemembered {
        /// Its digest.
        digest: Rc<str>,
        /// Whether it is on this device now.
        is_kept: bool,
    },
    /// A remembered model could not be deleted from this device.
    ModelKept(Rc<str>),
    /// An engine said something.
    Engine {
        /// Which one.
        engine: EngineId,
        /// What.
        message: Message,
        /// What came with it.
        payload: Option<PayloadId>,
    },
    /// A worker could not be started, was closed or threw.
    EngineDied {
        /// Which one.
        engine: EngineId,
        /// For the diagnostics.
        reason: String,
    },
    /// A file was given to the browser to save, or refused by it.
    FileSaved {
        /// The name.
        file_name: String,
        /// Whether it was taken.
        is_saved: bool,
    },
    /// Something came of the file that the person chose to be written.
    SaveFile(SaveFileNews),
    /// The clipboard has what was promised to it, or was not allowed.
    ClipboardWritten {
        /// What it is called.
        what: &'static str,
        /// Whether it is there.
        is_written: bool,
    },
    /// A timer that [`super::effect::Effect::SetTimer`] set ran out.
    Timer(Timer),
    /// The service worker's news.
    Offline(OfflineNews),
    /// The store said something.
    Session {
        /// What.
        message: session::messages::Message,
        /// Files that came with it.
        files: Vec<FileId>,
    },
    /// The store could not be started, was closed or threw: why, for the diagnostics.
    SessionEnded(String),
    /// Whether the browser promised not to delete by itself what is kept.
    SessionPersistent(bool),
}

/// What the page finds when it begins.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The folder of the model that the address asks for.
    pub model: Option<String>,
    /// The device that the address asks for.
    pub device: Option<DeviceKind>,
    /// Whether workers may share memory, so that the CPU has threads.
    pub may_share_memory: bool,
    /// Whether the browser lets a person choose a folder.
    pub has_folder_picker: bool,
    /// Whether the browser lets a person choose a file that the page writes part by part.
    pub has_save_picker: bool,
    /// How the person writes numbers.
    pub numbers: Numbers,
}

/// What a timer was set for. Setting one again replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A new engine may be started after one died.
    Relaunch,
    /// A worker should be listening by now.
    Launch(EngineId),
    /// Nothing changed for a while: the mask can be measured.
    Measure,
    /// The person has done nothing for a while: other documents can be prepared.
    Background,
    /// The next frame of a playing file is due.
    NextFrame,
    /// A notice has been there long enough.
    Notice(u32),
}

/// What came of a file that is written at a place of the person's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveFileNews {
    /// It was chosen and can be written.
    Opened,
    /// The person chose none.
    Dismissed,
    /// A part is written.
    Written,
    /// All is written, under this name.
    Saved(String),
    /// It cannot be written, for this reason, as a sentence of the browser's; what stood there before is untouched.
    Failed(String),
}

/// The service worker's news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineNews {
    /// All that is needed without a network is on this device and verified, for the first time if `is_new`.
    Ready {
        /// Whether this is the first visit.
        is_new: bool,
    },
    /// A new version is there and waits for the person's word.
    UpdateFound,
    /// A new version has taken over, accepted in another tab: what this page still needs is kept.
    UpdatedElsewhere,
}

/// Where events go.
pub type EventSink = Rc<dyn Fn(Event)>;
