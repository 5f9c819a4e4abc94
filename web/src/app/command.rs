//! Commands: what a key, a button or a menu entry does.

use delineo::imaging::Window;
use delineo::measure::Axis;
use delineo::modality::Modality;

use super::filter::{Filter, Sort};
use super::preferences::Mode;
use super::stage::Tool;
use crate::protocol::{DocumentId, ModelKey};

/// What the person wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Choose files.
    OpenFiles,
    /// Choose a folder.
    OpenFolder,
    /// Make a synthetic image.
    MakeSample(Modality),
    /// Show a document.
    Show(DocumentId),
    /// Show the document so many places further.
    Step(isize),
    /// Prepare no further documents for now.
    PauseProcessing,
    /// Go on preparing documents.
    ResumeProcessing,
    /// Prepare no more than the neighbours of the document on the stage.
    StopProcessing,
    /// Close a document.
    Close(DocumentId),
    /// Show or hide the list of documents.
    ToggleList,
    /// List these documents only.
    SetFilter(Filter),
    /// List the documents in this order.
    SetSort(Sort),
    /// The mask may be used; on to the next document without a decision.
    Accept,
    /// The mask must not be used; likewise.
    Reject,
    /// Flag the document, or no longer.
    Flag,
    /// Write a note.
    WriteNote,
    /// What is in the note of a document.
    SetNote(DocumentId, String),
    /// The next document without a decision.
    NextUndecided,
    /// Take the last decision, flag or note back.
    UndoReview,
    /// Save the files of all documents as one archive.
    ExportAll,
    /// Export all documents into a file that the person chooses, written as it is made.
    ExportAllToFile,
    /// Export the files of all documents into a new folder where the person chooses.
    ExportAllToFolder,
    /// Let a format, by its id, come into the archive of all documents, or no longer.
    ToggleExportFormat(&'static str),
    /// Save a file of the document: the id of one of the library's export formats.
    Export(&'static str),
    /// Copy a file of the document, likewise.
    Copy(&'static str),
    /// Show a frame of the file, from 0.
    SetFrame(u32),
    /// Show the frame so many places further.
    StepFrame(i32),
    /// Let the frames follow one another, or stop them.
    TogglePlay,
    /// Look through a window, or the one that the file proposes.
    SetWindow(Option<Window>),
    /// Set the threshold, 0.01 to 0.99.
    SetThreshold(f32),
    /// Change it by so much.
    StepThreshold(f32),
    /// Lower the threshold until the likeliest region of an empty mask shows.
    ShowLikeliest,
    /// Choose the class by its index.
    SetClass(u32),
    /// Run another one of the networks in a file of weights, by its name.
    ChooseNetwork(ModelKey, String),
    /// Keep the largest region only, or no longer.
    ToggleLargestRegion,
    /// Fill holes, or no longer.
    ToggleFillHoles,
    /// Take a tool.
    Take(Tool),
    /// Escape: abandon what is being drawn, or put the tool down.
    PutDown,
    /// Set the threshold of the box that was drawn last; none for the one that its probabilities propose.
    SetBoxThreshold(Option<f32>),
    /// Remove islands below this part of the image, in millionths; 0 for none.
    SetIslands(u32),
    /// Remove small islands, or no longer.
    ToggleIslands,
    /// Set the brush's diameter in image pixels.
    SetBrush(f64),
    /// Multiply it.
    ScaleBrush(f64),
    /// Take the last correction back.
    Undo,
    /// Repeat the correction that was taken back last.
    Redo,
    /// Remove all corrections.
    ClearEdits,
    /// Zoom by a factor, about a canvas point or the middle.
    Zoom(f64, Option<(f64, f64)>),
    /// Move the image by so many canvas pixels.
    Pan(f64, f64),
    /// The wheel with Alt or Shift, turned by so many CSS pixels: the brush's size, or with no brush in hand sideways.
    TurnAside(f64),
    /// Show the whole image.
    Fit,
    /// Show an image pixel as a device pixel.
    ActualSize,
    /// Fit, or actual size where it is fitted.
    ToggleFit,
    /// An arrow key: across and down, and whether the brush draws.
    Arrow(f64, f64, bool),
    /// Put the brush down once, or set an end of the line of known length.
    Dab,
    /// Take the line on the stage for so many millimetres.
    ApplyScale {
        /// Its length.
        millimetres: f64,
        /// Whether this scale is for all images of this size that follow.
        for_size: bool,
    },
    /// Forget the scale that was set by hand.
    RemoveScale,
    /// Draw the line of known length between two depth marks that were found.
    UseDepthMarks,
    /// Propose no scale by the depth marks of this document any more.
    IgnoreDepthMarks,
    /// Draw the diameters on the image, or no longer.
    ToggleDiameters,
    /// Draw the bounding box on the image, or no longer.
    ToggleBox,
    /// Move an end of a diameter.
    MoveEnd {
        /// The diameter.
        axis: Axis,
        /// Which end, 0 or 1.
        end: usize,
        /// CSS pixels to the right.
        across: f64,
        /// CSS pixels down.
        down: f64,
    },
    /// Let the computed diameters count again.
    ResetDiameters,
    /// Copy the report.
    CopyReport,
    /// Compare with the true mask no longer.
    RemoveTruth,
    /// Let the true mask take the place of the model's, to be corrected.
    StartFromTruth,
    /// Show mask and truth beside each other in the place of their difference, or the difference again.
    ToggleWipe,
    /// Up to which per cent of the image's width the mask is shown; behind it is the truth.
    SetWipe(u8),
    /// Show the plain image, or the mask again.
    Compare(bool),
    /// How the mask is drawn.
    SetMode(Mode),
    /// The next way to draw it.
    NextMode,
    /// Opacity of the tint in per cent.
    SetOpacity(u8),
    /// Index into the colours.
    SetColour(usize),
    /// Show or hide the controls.
    ToggleControls,
    /// The next theme.
    NextTheme,
    /// Whether single keys are shortcuts.
    SetSingleKeys(bool),
    /// Leave the choice of the model to the app, or choose one.
    ChooseModel(Option<ModelKey>),
    /// Average flipped and turned views.
    AverageViews(bool),
    /// Keep a person's own model on this device.
    RememberModel(ModelKey),
    /// Delete it from this device.
    ForgetModel(ModelKey),
    /// Keep the work on this device until the person deletes it; or no longer, and delete it.
    KeepSession(bool),
    /// Delete the work that is kept on this device.
    DeleteSession,
    /// Try again what failed: model or segmentation.
    Retry,
    /// Segment the pictures that came back with the border of another model with the present one.
    SegmentAgain,
    /// Start the engine again.
    RestartEngine,
    /// Open the document that was closed last.
    Reopen,
    /// Let the new version take over.
    Update,
    /// Take a notice off the screen.
    Dismiss(u32),
    /// Show a sheet.
    OpenSheet(Sheet),
    /// Close the sheet.
    CloseSheet,
}

impl Command {
    /// Whether it is about the document on the stage, and so void when another one is there by now.
    pub fn is_about_document(&self) -> bool {
        use Command::*;
        matches!(
            self,
            Export(_)
                | Copy(_)
                | SetThreshold(_)
                | StepThreshold(_)
                | ShowLikeliest
                | SetClass(_)
                | ToggleLargestRegion
                | ToggleFillHoles
                | ToggleIslands
                | SetIslands(_)
                | SetBoxThreshold(_)
                | Undo
                | Redo
                | ClearEdits
                | Dab
                | ApplyScale { .. }
                | RemoveScale
                | UseDepthMarks
                | IgnoreDepthMarks
                | MoveEnd { .. }
                | ResetDiameters
                | CopyReport
                | Accept
                | Reject
                | Flag
                | RemoveTruth
                | StartFromTruth
                | SetFrame(_)
                | StepFrame(_)
                | TogglePlay
                | SetWindow(_)
        )
    }
}

/// The sheets that cover the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Model, device, privacy.
    About,
    /// Keys.
    Shortcuts,
}
