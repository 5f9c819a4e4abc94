//! Whether a command can be carried out now, and why not.

use delineo::export;

use super::command::Command;
use super::filter::Filter;
use super::preferences::Mode;
use super::stage::{Ruler, Tool};
use super::state::App;

/// Why a document cannot be changed here.
const READ_ONLY: &str =
    "Nothing was changed: your work is open in another tab. Go on there, or close that tab.";

/// Whether a command can be carried out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Enabled,
    /// It cannot, and everybody sees why.
    Disabled,
    /// It cannot for now, for this reason, as a sentence.
    Waits(&'static str),
}

impl Availability {
    /// Enabled where a condition holds.
    pub fn when(condition: bool) -> Self {
        if condition {
            Self::Enabled
        } else {
            Self::Disabled
        }
    }

    /// Whether it can be carried out.
    pub fn is_enabled(self) -> bool {
        self == Self::Enabled
    }
}

impl App {
    /// Whether a command can be carried out now. A button of a command that cannot is disabled; a key says the reason.
    pub fn availability(&self, command: &Command) -> Availability {
        let shown = self.shown();
        if changes_document(command) && self.is_read_only() {
            return Availability::Waits(READ_ONLY);
        }
        match command {
            Command::Export(format) | Command::Copy(format) => {
                if export::by_id(format).is_none() || shown.is_none() {
                    Availability::Disabled
                } else if self.documents.opening_id().is_some() {
                    Availability::Waits("Nothing was exported: another image is being opened.")
                } else if !self.has_mask() {
                    Availability::Waits("Nothing was exported: there is no mask yet.")
                } else if self.started_from() == 0
                    && shown.is_some_and(|shown| shown.edits.starts_from_truth())
                    && self.can_show_difference()
                {
                    Availability::Waits("Nothing was exported: the true mask is still being read.")
                } else if *format == export::REPORT && self.measured().is_none() {
                    Availability::Waits("Nothing was exported: the mask was not measured yet.")
                } else {
                    Availability::Enabled
                }
            }
            Command::Dab if self.stage.tool == Tool::Scale => Availability::when(shown.is_some()),
            Command::Take(Tool::Scale) => Availability::when(shown.is_some()),
            Command::ApplyScale { .. } => {
                let is_drawn = matches!(self.stage.ruler, Some(Ruler { to: Some(_), .. }));
                Availability::when(shown.is_some() && is_drawn)
            }
            Command::RemoveScale => Availability::when(shown.is_some_and(|shown| {
                let set = shown.calibration().map(|last| last.spacing.is_some());
                set.unwrap_or(shown.image.scale.is_none() && shown.inherited.is_some())
            })),
            Command::UseDepthMarks | Command::IgnoreDepthMarks => {
                Availability::when(self.depth_marks().is_some())
            }
            Command::ResetDiameters => {
                Availability::when(shown.is_some_and(|shown| shown.edits.has_diameters()))
            }
            Command::CopyReport if shown.is_none() => Availability::Disabled,
            Command::CopyReport if self.measured().is_none() => {
                Availability::Waits("Nothing was copied: the mask was not measured yet.")
            }
            Command::ToggleWipe | Command::SetWipe(_) => {
                Availability::when(self.mode() == Mode::Difference)
            }
            Command::ShowLikeliest => Availability::when(self.likeliest().is_some()),
            Command::StartFromTruth => Availability::when(
                self.can_show_difference()
                    && self.has_mask()
                    && shown.is_some_and(|shown| !shown.edits.starts_from_truth()),
            ),
            Command::RemoveTruth if shown.is_some_and(|shown| shown.edits.starts_from_truth()) => {
                Availability::Waits(
                    "The mask starts from this one. Undo that, or clear the corrections, first.",
                )
            }
            Command::RemoveTruth | Command::SetMode(Mode::Difference) => {
                Availability::when(self.can_show_difference())
            }
            Command::SetBoxThreshold(_) => Availability::when(self.drawn_box().is_some()),
            Command::SetThreshold(_)
            | Command::StepThreshold(_)
            | Command::SetClass(_)
            | Command::ToggleLargestRegion
            | Command::ToggleFillHoles
            | Command::ToggleIslands
            | Command::SetIslands(_)
            | Command::Dab => Availability::when(shown.is_some_and(|shown| shown.maps().is_some())),
            Command::Undo => Availability::when(
                self.stage.outline.is_some() || shown.is_some_and(|shown| shown.edits.can_undo()),
            ),
            Command::Redo => Availability::when(shown.is_some_and(|shown| shown.edits.can_redo())),
            Command::ClearEdits => {
                Availability::when(shown.is_some_and(|shown| !shown.edits.is_empty()))
            }
            Command::SetFrame(_) | Command::StepFrame(_) | Command::TogglePlay => {
                Availability::when(shown.is_some_and(|shown| shown.image.frames > 1))
            }
            Command::SetWindow(None) => Availability::when(shown.is_some_and(|shown| {
                shown.image.windowing.is_some() && shown.wanted.window.is_some()
            })),
            Command::SetWindow(Some(_)) => {
                Availability::when(shown.is_some_and(|shown| shown.image.windowing.is_some()))
            }
            Command::PauseProcessing => Availability::when(self.background.can_pause()),
            Command::ResumeProcessing => Availability::when(self.background.can_resume()),
            Command::StopProcessing => Availability::when(self.background.can_stop()),
            Command::Step(step) => Availability::when(self.beside(*step).is_some()),
            Command::ExportAll | Command::ExportAllToFile => {
                let can = !self.documents.is_empty() && self.gathering.is_none();
                let has_way = self.has_save_picker || *command == Command::ExportAll;
                Availability::when(can && has_way)
            }
            Command::OpenFolder => Availability::when(self.has_folder_picker),
            Command::ToggleList => Availability::when(!self.documents.is_empty()),
            Command::Accept if shown.is_none() => Availability::Disabled,
            Command::Accept if shown.is_some_and(|shown| shown.maps().is_none()) => {
                Availability::Waits("Nothing was accepted: there is no mask yet.")
            }
            Command::Reject | Command::Flag | Command::WriteNote => {
                Availability::when(shown.is_some())
            }
            Command::NextUndecided => Availability::when(self.listing.count(Filter::Undecided) > 0),
            Command::UndoReview => Availability::when(!self.review_log.is_empty()),
            Command::SetBrush(_) | Command::ScaleBrush(_) => {
                Availability::when(self.stage.tool.stroke_kind().is_some())
            }
            Command::Zoom(..)
            | Command::Pan(..)
            | Command::TurnAside(_)
            | Command::Fit
            | Command::ActualSize
            | Command::ToggleFit
            | Command::Arrow(..)
            | Command::Compare(true) => Availability::when(shown.is_some()),
            _ => Availability::Enabled,
        }
    }
}

/// Whether a command changes what is kept of the document on the stage.
fn changes_document(command: &Command) -> bool {
    use Command::*;
    match command {
        Take(tool) => *tool != Tool::Move,
        SetThreshold(_)
        | ShowLikeliest
        | StepThreshold(_)
        | SetClass(_)
        | ToggleLargestRegion
        | ToggleFillHoles
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
        | RemoveTruth => true,
        _ => false,
    }
}
