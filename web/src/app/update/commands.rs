//! Commands. A command that was accepted ends in what it says or in a sentence.

use delineo::export;
use delineo::mask::Cleaning;

use crate::app::availability::Availability;
use crate::app::command::{Command, Sheet};
use crate::app::effect::Effect;
use crate::app::engines::Purpose;
use crate::app::gathering::Target;
use crate::app::opened::{Opened, SegmentationState};
use crate::app::review::Decision;
use crate::app::stage::Tool;
use crate::app::state::App;
use crate::app::viewport::Viewport;
use crate::protocol::{DocumentId, ModelKey, Request, Settings};

/// Islands of at most this part of the image, in millionths, are removed.
pub const LARGEST_ISLANDS: u32 = 20_000;

/// Per cent of the image's width up to which the mask is shown beside the truth at first.
const MIDDLE: u8 = 50;

impl App {
    /// A command was given while `document` was on the stage.
    pub(super) fn command(&mut self, command: Command, document: Option<DocumentId>, now: f64) {
        if command.is_about_document() && document != self.documents.shown_id() {
            return;
        }
        match self.availability(&command) {
            Availability::Enabled => self.carry_out(command, now),
            Availability::Disabled => self.say_why_not(&command),
            Availability::Waits(reason) => self.fail(reason),
        }
    }

    fn carry_out(&mut self, command: Command, now: f64) {
        match command {
            Command::OpenFiles => self.effects.push(Effect::PickFiles),
            Command::OpenFolder => self.effects.push(Effect::PickFolder),
            Command::MakeSample(modality) => {
                self.notices.forget_errors();
                self.sample_count += 1;
                self.samples.push((modality, self.sample_count));
            }
            Command::Show(id) => {
                self.go_to(id);
                // On a phone the list lies over the picture.
                self.listing.is_open &= !self.is_narrow;
            }
            Command::Step(step) => {
                if let Some(to) = self.beside(step) {
                    self.go_to(to);
                }
            }
            Command::PauseProcessing => self.background.pause(),
            Command::ResumeProcessing => self.background.resume(),
            Command::StopProcessing => self.background.stop(),
            Command::ToggleList => self.toggle_list(),
            Command::SetFilter(filter) => self.listing.set_filter(filter),
            Command::SetSort(sort) => self.listing.set_sort(sort),
            Command::Accept => self.decide(Decision::Accepted),
            Command::Reject => self.decide(Decision::Rejected),
            Command::Flag => self.flag(),
            Command::WriteNote => self.write_note(),
            Command::SetNote(id, note) => self.set_note(id, note),
            Command::NextUndecided => self.next_undecided(),
            Command::ExportAll => self.gather(Target::Download),
            Command::ExportAllToFile => self.choose_save_file(),
            Command::ExportAllToFolder => self.choose_save_folder(),
            Command::ToggleExportFormat(id) => self.toggle_export_format(id),
            Command::UndoReview => self.undo_review(),
            Command::Close(id) => self.close_document(id),
            Command::Reopen => {
                self.notices.withdraw(&Command::Reopen);
                self.documents.reopen();
            }
            Command::Export(format) => self.export(format, false, now),
            Command::Copy(format) => self.export(format, true, now),
            Command::SetThreshold(value) => self.set_threshold(|_| value),
            Command::ShowLikeliest => {
                if let Some(threshold) = self.likeliest() {
                    self.set_threshold(|_| threshold);
                }
            }
            Command::StepThreshold(step) => self.step_threshold(step),
            Command::SetBoxThreshold(value) => self.set_box_threshold(value),
            Command::SetClass(class) => self.set(|settings| settings.class = class),
            Command::ToggleLargestRegion => self.set(|settings| {
                settings.cleaning.largest_region = !settings.cleaning.largest_region;
            }),
            Command::ToggleFillHoles => self.set(|settings| {
                settings.cleaning.fill_holes = !settings.cleaning.fill_holes;
            }),
            Command::ToggleIslands => self.toggle_islands(),
            Command::SetIslands(below) => self.set_islands(below),
            Command::Undo => {
                if !self.take_corner_back() {
                    self.change(Opened::undo);
                }
            }
            Command::Redo => self.change(Opened::redo),
            Command::ClearEdits => self.change(|shown| shown.edits.clear()),
            Command::Take(tool) => self.take_tool(tool),
            Command::PutDown => self.put_down(),
            Command::SetBrush(diameter) => self.set_brush(diameter),
            Command::ScaleBrush(factor) => self.set_brush(self.brush() * factor),
            Command::TurnAside(turn) => self.turn_aside(turn),
            Command::Dab => self.dab(),
            Command::Arrow(across, down, draws) => self.arrow(across, down, draws),
            Command::Zoom(factor, at) => {
                let at = at.unwrap_or_else(|| self.stage.canvas.middle());
                self.move_viewport(|viewport, size, canvas| {
                    viewport.zoom(factor, at, size, canvas)
                });
            }
            Command::Pan(dx, dy) => {
                self.move_viewport(|viewport, size, canvas| viewport.pan(dx, dy, size, canvas));
            }
            Command::Fit => self.move_viewport(Viewport::fit),
            Command::ActualSize => self.actual_size(),
            Command::ToggleFit => {
                if self.shown().is_some_and(|shown| shown.viewport.fitted) {
                    self.actual_size();
                } else {
                    self.move_viewport(Viewport::fit);
                }
            }
            Command::SetFrame(frame) => self.set_frame(|_| frame),
            Command::StepFrame(step) => self.set_frame(|frame| frame.saturating_add_signed(step)),
            Command::TogglePlay => self.toggle_play(),
            Command::SetWindow(window) => self.change(|shown| shown.wanted.window = window),
            Command::ApplyScale {
                millimetres,
                for_size,
            } => self.apply_scale(millimetres, for_size),
            Command::RemoveScale => self.remove_scale(),
            Command::UseDepthMarks => self.use_depth_marks(),
            Command::IgnoreDepthMarks => self.change(|shown| shown.ignores_depth_marks = true),
            Command::ToggleDiameters => self.preferences.diameters = !self.preferences.diameters,
            Command::ToggleBox => self.preferences.bounding_box = !self.preferences.bounding_box,
            Command::MoveEnd {
                axis,
                end,
                across,
                down,
            } => self.move_end(axis, end, across, down),
            Command::ResetDiameters => self.change(|shown| shown.edits.reset_diameters()),
            Command::CopyReport => self.copy_report(),
            Command::RemoveTruth => self.remove_truths(),
            Command::StartFromTruth => self.change(|shown| shown.edits.start_from_truth()),
            Command::ToggleWipe => {
                self.stage.wipe = match self.stage.wipe {
                    Some(_) => None,
                    None => Some(MIDDLE),
                };
            }
            Command::SetWipe(percent) => self.stage.wipe = Some(percent.min(100)),
            Command::Compare(is_on) => self.stage.is_comparing = is_on,
            Command::AverageViews(is_on) => {
                self.preferences.views = is_on;
                self.leave_kept_maps();
                self.segment_if_failed();
            }
            Command::SetMode(mode) => self.preferences.mode = mode,
            Command::NextMode => {
                let can_compare = self.can_show_difference();
                self.preferences.mode = self.preferences.mode.next(can_compare);
            }
            Command::SetOpacity(opacity) => self.preferences.opacity = opacity.min(100),
            Command::SetColour(colour) => self.preferences.colour = colour,
            Command::ToggleControls => self.preferences.controls = !self.preferences.controls,
            Command::NextTheme => self.preferences.theme = self.preferences.theme.next(),
            Command::SetSingleKeys(is_on) => self.preferences.single_keys = is_on,
            Command::ChooseNetwork(key, network) => self.choose_network(&key, network),
            Command::ChooseModel(key) => self.choose_model(key),
            Command::RememberModel(key) => self.remember_model(&key),
            Command::ForgetModel(key) => self.forget_model(&key),
            Command::KeepSession(is_on) => self.keep_session(is_on),
            Command::DeleteSession => self.delete_session(),
            Command::Retry => self.retry(),
            Command::SegmentAgain => self.segment_again(),
            Command::RestartEngine => self.restart(now),
            Command::Update => self.effects.push(Effect::Update),
            Command::Dismiss(id) => self.notices.dismiss(id),
            Command::OpenSheet(sheet) => self.open_sheet(Some(sheet)),
            Command::CloseSheet => self.open_sheet(None),
        }
    }

    fn open_sheet(&mut self, sheet: Option<Sheet>) {
        self.sheet = sheet;
        self.stage.is_comparing = false;
    }

    fn change(&mut self, change: impl FnOnce(&mut Opened)) {
        if let Some(shown) = self.documents.shown_mut() {
            change(shown);
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        self.change(|shown| shown.set(change));
    }

    /// Within its limits and in hundredths.
    fn set_threshold(&mut self, value: impl FnOnce(f32) -> f32) {
        self.set(|settings| {
            let value = value(settings.threshold).clamp(0.01, 0.99);
            settings.threshold = (value * 100.0).round() / 100.0;
        });
    }

    /// Of the box that was just drawn, while its tool is in hand; else of the image.
    fn step_threshold(&mut self, step: f32) {
        let of_box = self.shown().and_then(|shown| {
            let last = shown.edits.last_box()?;
            Some(last.threshold.unwrap_or(shown.settings.threshold))
        });
        match of_box.filter(|_| self.stage.tool == Tool::Box) {
            Some(threshold) => self.set_box_threshold(Some(threshold + step)),
            None => self.set_threshold(|threshold| threshold + step),
        }
    }

    /// For this image, and for those that are opened from now on.
    fn set_islands(&mut self, below: u32) {
        let below = below.min(LARGEST_ISLANDS);
        self.preferences.islands_below = below;
        self.set(|settings| settings.cleaning.islands_below = below);
    }

    fn toggle_islands(&mut self) {
        let cleaning = self.shown().map(|shown| shown.settings.cleaning);
        let is_on = cleaning.is_some_and(|cleaning| cleaning.islands_below > 0);
        self.set_islands(if is_on {
            0
        } else {
            Cleaning::PROPOSED.islands_below
        });
    }

    pub(super) fn take_tool(&mut self, tool: Tool) {
        let outline = self.stage.outline.take();
        self.stage.tool = tool;
        self.stage.hover = None;
        self.stage.let_go();
        if matches!(tool, Tool::Lasso(_)) {
            // Whether it adds or erases counts when it is closed.
            self.stage.outline = outline;
        }
        if tool == Tool::Scale {
            // There the length is typed.
            self.preferences.controls = true;
        }
        if tool != Tool::Move {
            // A slider that keeps the focus would keep the arrows from the brush.
            self.effects.push(Effect::FocusStage);
        } else {
            self.fit_again();
        }
    }

    fn actual_size(&mut self) {
        let at = self.stage.canvas.middle();
        self.move_viewport(|viewport, size, canvas| viewport.zoom_to(1.0, at, size, canvas));
    }

    fn export(&mut self, format: &'static str, to_clipboard: bool, now: f64) {
        let (Some(format), Some(mask)) = (export::by_id(format), self.mask()) else {
            return;
        };
        let Some(engine) = self.engines.serving.as_ref().map(|engine| engine.id) else {
            return;
        };
        self.notices.forget_errors();
        let mask_document = mask.segmentation.document;
        self.send_edits(mask_document, false, now);
        let purpose = Purpose::Export {
            document: mask_document,
            frame: mask.segmentation.rendering.frame,
            format: format.id,
            edits: mask.edits,
            to_clipboard,
        };
        let request = Request::Export {
            mask,
            format: format.id.to_owned(),
            style: self.style(),
            lines: self.exported_lines(),
            scale: self
                .documents
                .shown()
                .and_then(|(_, opened)| opened.scale()),
            report: (format.id == export::REPORT)
                .then(|| self.report_page().map(Box::new))
                .flatten(),
        };
        // Some formats take over whose picture it is from the file.
        let document = self.documents.get(mask_document);
        let file = document.map(|document| document.file);
        let id = self.ask(engine, purpose, request, file, now);
        if to_clipboard {
            self.effects.push(Effect::ReserveClipboard {
                id,
                what: format.name,
                media_type: format.media_type,
            });
        }
    }

    /// What the network before it said counts no longer; both engines load the file anew.
    fn choose_network(&mut self, key: &ModelKey, network: String) {
        self.models.choose_network(key, network);
        self.leave_kept_maps();
        self.models.forget_failures();
        self.engines.forget_model(key);
        if let Some(shown) = self.documents.shown_mut()
            && shown.maps().is_some_and(|maps| maps.model == *key)
        {
            shown.segmentation = SegmentationState::Pending;
        }
    }

    fn remember_model(&mut self, key: &ModelKey) {
        let ModelKey::Own(digest) = key else { return };
        let Some(mut own) = self.models.own(digest).cloned() else {
            return;
        };
        // With the digest in the manifest, a file that was damaged on the disk is noticed.
        let manifest = self
            .models
            .info(key)
            .and_then(|info| serde_json::to_string(&*info.manifest).ok());
        own.manifest = own.manifest.or(manifest);
        self.effects.push(Effect::RememberModel(own));
    }

    /// If it runs, it runs on until the page is closed.
    fn forget_model(&mut self, key: &ModelKey) {
        let ModelKey::Own(digest) = key else { return };
        let name = self.models.name(key);
        self.models.set_remembered(digest, false);
        self.effects
            .push(Effect::ForgetModel(digest.as_str().into()));
        self.news(format!("“{name}” is no longer remembered."), None);
    }
}
