//! The steps of the export of all documents. Each document is opened and segmented as those that are prepared are, and then
//! added to the archive.

use super::background::Step;
use crate::app::documents::Document;
use crate::app::effect::Effect;
use crate::app::engines::Engine;
use crate::app::event::SaveFileNews;
use crate::app::gathering::{self, Gathering, Target};
use crate::app::ids::PayloadId;
use crate::app::opened::SegmentationState;
use crate::app::state::App;
use crate::protocol::{DocumentId, GatherStep, GatheredDocument, MaskSpec};

impl App {
    /// Exports all documents.
    pub(super) fn gather(&mut self, target: Target) {
        self.notices.forget_errors();
        self.gathering = Some(Gathering::to(target));
        self.background.resume();
        self.background.is_quiet = true;
    }

    /// Asks the person where the archive is to be written.
    pub(super) fn choose_save_file(&mut self) {
        self.effects.push(Effect::PickSaveFile {
            file_name: Gathering::proposed_name(),
        });
    }

    /// A format comes into the next archive, or no longer.
    pub(super) fn toggle_export_format(&mut self, id: &str) {
        let chosen = &mut self.preferences.export_all;
        match chosen.iter().position(|other| other == id) {
            Some(place) => drop(chosen.remove(place)),
            None => chosen.push(id.to_owned()),
        }
    }

    /// What is to be done next for the archive, and with which document.
    pub(super) fn next_gathering(&self) -> Option<(Option<DocumentId>, Step)> {
        let gathering = self.gathering.as_ref()?;
        let engine = self.engines.serving.as_ref()?;
        if gathering.is_writing || gathering.is_closing {
            return None;
        }
        if gathering.engine != Some(engine.id) {
            let chosen = &self.preferences.export_all;
            let begin = GatherStep::Begin {
                formats: gathering::formats(chosen),
                sets: gathering::sets(chosen),
            };
            return Some((None, Step::Gather(begin)));
        }
        if let Some((id, why)) = &gathering.refused {
            let path = self.documents.get(*id).map(Document::path);
            let fail = GatherStep::Fail {
                path: path.unwrap_or_default(),
                why: why.clone(),
            };
            return Some((Some(*id), Step::Gather(fail)));
        }
        if gathering.is_full() {
            return Some((None, Step::Gather(GatherStep::Finish)));
        }
        let mut waiting = gathering.waiting.iter();
        let Some(document) = waiting.find_map(|id| self.documents.get(*id)) else {
            return Some((None, Step::Gather(GatherStep::Finish)));
        };
        Some((Some(document.id), self.gathering_of(document, engine)))
    }

    fn gathering_of(&self, document: &Document, engine: &Engine) -> Step {
        let fail = |why: &str| {
            Step::Gather(GatherStep::Fail {
                path: document.path(),
                why: why.to_owned(),
            })
        };
        if let Some(why) = &document.failure {
            return fail(why);
        }
        let shown = self
            .mask()
            .filter(|mask| mask.segmentation.document == document.id);
        let Some(opened) = &document.opened else {
            return Step::Open {
                with_picture: false,
            };
        };
        if opened.segmentation == SegmentationState::Failed {
            return fail("no border was found");
        }
        if let Some(mask) = shown {
            if self.awaits_truth(document, opened) {
                return Step::AttachTruth;
            }
            return self.adding(document, mask);
        }
        match self.preparation_of(document, engine, false, false, true) {
            Some(step) => step,
            None => match self.mask_for(document, opened) {
                Some(mask) => self.adding(document, mask),
                None => fail("there is no model for it"),
            },
        }
    }

    fn adding(&self, document: &Document, mask: MaskSpec) -> Step {
        let scale = document.opened.as_ref().and_then(|opened| opened.scale());
        Step::Gather(GatherStep::Add(Box::new(GatheredDocument {
            path: document.path(),
            mask,
            style: self.style(),
            lines: Vec::new(),
            scale,
            review: document.review.clone(),
        })))
    }

    /// A step for the archive was done; `payload` are its next bytes, so many.
    pub(super) fn gathered(&mut self, step: &GatherStep, payload: PayloadId, bytes: u64) {
        let engine = self.engines.serving.as_ref().map(|engine| engine.id);
        let documents = &self.documents;
        let (Some(gathering), Some(engine)) = (&mut self.gathering, engine) else {
            self.effects.push(Effect::DropPayload(payload));
            return;
        };
        match step {
            GatherStep::Begin { .. } => {
                self.effects.push(match gathering.target {
                    Target::Download => Effect::DropParts,
                    Target::File => Effect::EmptySaveFile,
                });
                gathering.begin(engine, documents.iter().map(|document| document.id));
            }
            GatherStep::Add(document) => {
                let id = document.mask.segmentation.document;
                gathering.waiting.retain(|waiting| *waiting != id);
                gathering.added.push((id, document.mask.edits));
            }
            GatherStep::Fail { path, .. } => {
                let is_it = |id: &DocumentId| {
                    documents
                        .get(*id)
                        .is_some_and(|document| document.path() == *path)
                };
                let refused = gathering.refused.take().map(|(id, _)| id);
                let found = refused.or_else(|| gathering.waiting.iter().copied().find(is_it));
                if let Some(id) = found {
                    gathering.waiting.retain(|waiting| *waiting != id);
                    gathering.failed.insert(id);
                }
            }
            GatherStep::Finish => {}
        }
        gathering.bytes += bytes;
        match gathering.target {
            Target::Download => self.effects.push(Effect::KeepPart(payload)),
            Target::File => {
                gathering.is_writing = true;
                self.effects.push(Effect::WritePart(payload));
            }
        }
        if *step == GatherStep::Finish {
            self.archive_is_whole();
        }
    }

    fn archive_is_whole(&mut self) {
        let Some(gathering) = &mut self.gathering else {
            return;
        };
        match gathering.target {
            Target::File => {
                gathering.is_closing = true;
                self.effects.push(Effect::CloseSaveFile);
            }
            Target::Download => {
                self.effects.push(Effect::SaveParts {
                    file_name: gathering.file_name(),
                    media_type: "application/zip",
                });
                self.archive_is_saved();
            }
        }
    }

    /// The archive is where it is to be.
    fn archive_is_saved(&mut self) {
        let Some(mut gathering) = self.gathering.take() else {
            return;
        };
        for (id, version) in std::mem::take(&mut gathering.added) {
            gathering.saved.insert(id);
            let document = self.documents.get_mut(id);
            if let Some(opened) = document.and_then(|document| document.opened.as_mut()) {
                opened.edits.mark_exported(version);
            }
        }
        gathering.saved.extend(&gathering.failed);
        gathering.archives += 1;
        if !gathering.waiting.is_empty() {
            // The rest comes into another archive.
            gathering.engine = None;
            self.gathering = Some(gathering);
            return;
        }
        match gathering.failed.len() {
            0 => {}
            1 => self
                .fail("One picture could not be exported; session.json in the archive says why."),
            failed => self.fail(format!(
                "{failed} pictures could not be exported; session.json in the archive says why."
            )),
        }
    }

    /// The engine could not take a step: a picture that cannot be added is noted, and the others go on; all else ends it.
    pub(super) fn not_gathered(&mut self, step: &GatherStep, message: &str) {
        if let GatherStep::Add(document) = step
            && let Some(gathering) = &mut self.gathering
        {
            let id = document.mask.segmentation.document;
            gathering.refused = Some((id, message.to_owned()));
            return;
        }
        self.give_gathering_up();
        self.fail(message);
    }

    fn give_gathering_up(&mut self) {
        let target = self.gathering.take().map(|gathering| gathering.target);
        self.effects.push(match target {
            Some(Target::File) => Effect::AbandonSaveFile,
            _ => Effect::DropParts,
        });
    }

    /// Something came of the file that the person chose for the archive.
    pub(super) fn save_file_news(&mut self, news: SaveFileNews) {
        let is_written_there = |gathering: &Gathering| gathering.target == Target::File;
        let has_one = self.gathering.as_ref().is_some_and(is_written_there);
        match news {
            SaveFileNews::Opened if self.gathering.is_some() => {
                self.effects.push(Effect::AbandonSaveFile);
            }
            SaveFileNews::Opened => self.gather(Target::File),
            SaveFileNews::Dismissed => {}
            SaveFileNews::Written => {
                if let Some(gathering) = &mut self.gathering {
                    gathering.is_writing = false;
                }
            }
            SaveFileNews::Saved(name) => {
                self.archive_is_saved();
                self.news(format!("Saved as {name}."), None);
            }
            SaveFileNews::Failed(reason) => {
                if has_one {
                    self.give_gathering_up();
                }
                self.fail(format!(
                    "The archive could not be written there. {reason} Choose another place, or export it as a download."
                ));
            }
        }
    }
}
