//! The steps of the export of all documents. Each document is opened and segmented as those that are prepared are, and then
//! added to the archive.

use super::background::Step;
use crate::app::documents::{Document, SegmentationState};
use crate::app::effect::Effect;
use crate::app::engines::Engine;
use crate::app::event::PayloadId;
use crate::app::gathering::{FILE_NAME, FORMATS, Gathering, SETS};
use crate::app::state::App;
use crate::protocol::{DocumentId, GatherStep, GatheredDocument, MaskSpec};

impl App {
    /// Exports all documents.
    pub(super) fn gather(&mut self) {
        self.notices.forget_errors();
        self.gathering = Some(Gathering::default());
        self.background.resume();
        self.background.is_quiet = true;
    }

    /// What is to be done next for the archive, and with which document.
    pub(super) fn next_gathering(&self) -> Option<(Option<DocumentId>, Step)> {
        let gathering = self.gathering.as_ref()?;
        let engine = self.engines.serving.as_ref()?;
        if gathering.engine != Some(engine.id) {
            let names = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let begin = GatherStep::Begin {
                formats: names(&FORMATS),
                sets: names(&SETS),
            };
            return Some((None, Step::Gather(begin)));
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

    /// A step for the archive was done; `payload` are its next bytes.
    pub(super) fn gathered(&mut self, step: &GatherStep, payload: PayloadId) {
        let Some(gathering) = &mut self.gathering else {
            self.effects.push(Effect::DropPayload(payload));
            return;
        };
        match step {
            GatherStep::Begin { .. } => {
                self.effects.push(Effect::DropParts);
                let engine = self.engines.serving.as_ref().map(|engine| engine.id);
                let listed = self.documents.iter().map(|document| document.id).collect();
                if let Some(engine) = engine {
                    gathering.begin(engine, listed);
                }
            }
            GatherStep::Add(document) => {
                let id = document.mask.segmentation.document;
                gathering.waiting.retain(|waiting| *waiting != id);
                gathering.added.push((id, document.mask.edits));
            }
            GatherStep::Fail { path, .. } => {
                let documents = &self.documents;
                let is_it = |id: &DocumentId| {
                    documents
                        .get(*id)
                        .is_some_and(|document| document.path() == *path)
                };
                if let Some(place) = gathering.waiting.iter().position(is_it) {
                    gathering.waiting.remove(place);
                    gathering.failed += 1;
                }
            }
            GatherStep::Finish => return self.gathering_is_whole(payload),
        }
        self.effects.push(Effect::KeepPart(payload));
    }

    fn gathering_is_whole(&mut self, payload: PayloadId) {
        let Some(gathering) = self.gathering.take() else {
            return;
        };
        self.effects.push(Effect::KeepPart(payload));
        self.effects.push(Effect::SaveParts {
            file_name: FILE_NAME.to_owned(),
            media_type: "application/zip",
        });
        for (id, version) in gathering.added {
            let document = self.documents.get_mut(id);
            if let Some(opened) = document.and_then(|document| document.opened.as_mut()) {
                opened.edits.mark_exported(version);
            }
        }
        match gathering.failed {
            0 => {}
            1 => self
                .fail("One picture could not be exported; session.json in the archive says why."),
            failed => self.fail(format!(
                "{failed} pictures could not be exported; session.json in the archive says why."
            )),
        }
    }

    /// The archive cannot be made.
    pub(super) fn not_gathered(&mut self, message: &str) {
        self.gathering = None;
        self.effects.push(Effect::DropParts);
        self.fail(message);
    }
}
