//! Files that come in, and the models among them.

use delineo::intake::Kind;

use crate::app::command::Command;
use crate::app::documents::{Closed, SegmentationState};
use crate::app::effect::Effect;
use crate::app::event::{Arrival, ArrivedFile, FileId, OwnModel, PublishedModel, Way};
use crate::app::notices::Offer;
use crate::app::state::App;
use crate::app::wording;
use crate::protocol::{DocumentId, ModelKey};

impl App {
    /// Takes files in turn: weights become the model, everything else is opened as an image.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        let Arrival {
            way,
            files,
            folders,
            unreadable,
        } = arrival;
        self.notices.forget_errors();
        if files.is_empty() && folders.is_empty() && unreadable.is_empty() {
            return match way {
                Way::Chosen => {}
                Way::Dropped => {
                    self.fail("Nothing that can be opened was dropped. Drop image files.")
                }
                Way::Pasted => self.fail("The clipboard holds no image."),
                Way::Shared => {
                    self.fail("The shared image did not arrive. Share it again, or open it here.")
                }
            };
        }
        let (mut images, mut weights, mut manifests) = (Vec::new(), Vec::new(), Vec::new());
        let only_helpers = files.iter().all(|file| file.kind == Kind::Helper);
        for ArrivedFile { file, name, kind } in files {
            match kind {
                Kind::Image => images.push((file, name)),
                Kind::Checkpoint => weights.push((file, name)),
                Kind::Manifest => manifests.push((file, name)),
                Kind::Helper => {
                    // Systems put it beside files that a person means; alone it was chosen.
                    if only_helpers {
                        self.notices.refuse(format!(
                            "{name}: This is a helper file of the system, not an image."
                        ));
                    }
                    self.effects.push(Effect::DropFile(file));
                }
            }
        }
        // A description without weights, or a second one, the engine refuses like any file that is no image.
        let manifest =
            (!weights.is_empty() && !manifests.is_empty()).then(|| manifests.remove(0).0);
        images.extend(manifests);
        self.take_weights(weights, manifest);
        self.take_images(images);
        for name in unreadable {
            self.notices.refuse(format!(
                "{name}: This file cannot be read. It may be gone, or the browser may not open it."
            ));
        }
        for folder in folders {
            self.notices.refuse(format!(
                "{folder}: This is a folder. Drop the images in it instead."
            ));
        }
    }

    fn take_weights(&mut self, weights: Vec<(FileId, String)>, manifest: Option<FileId>) {
        let mut weights = weights.into_iter();
        let Some((file, name)) = weights.next() else {
            return;
        };
        for (second, other) in weights {
            self.notices.refuse(format!(
                "{other}: One model at a time: “{name}” is loaded, this is not."
            ));
            self.effects.push(Effect::DropFile(second));
        }
        self.effects.push(Effect::ReadOwnModel {
            weights: file,
            name,
            manifest,
        });
    }

    /// The lists of models are there, or what failed.
    pub(super) fn models_listed(
        &mut self,
        published: Result<Vec<PublishedModel>, String>,
        own: Vec<OwnModel>,
    ) {
        let failure = published.as_ref().err().cloned();
        self.models.list(&published.unwrap_or_default(), own);
        if let Some(failure) = failure {
            self.fail_with_retry(&failure);
        }
        let offered = |text: &Option<String>| {
            let key: ModelKey = text.as_ref()?.parse().ok()?;
            self.models.is_offered(&key).then_some(key)
        };
        let (chosen, latest) = (
            offered(&self.preferences.model),
            offered(&self.preferences.latest),
        );
        self.models.latest = latest;
        let asked = self.asked_model.take().map(ModelKey::Published);
        // The person's own may be on its way by now.
        if self.models.choice.is_some() {
            return;
        }
        self.models.choice = chosen;
        match asked {
            // A link is no choice of the person's, so it is not remembered.
            Some(asked) if self.models.is_offered(&asked) => self.models.choice = Some(asked),
            Some(ModelKey::Published(id)) => {
                self.fail(format!(
                    "There is no model “{id}” here, so the usual one is used."
                ));
            }
            _ => {}
        }
    }

    /// The person or a file of theirs asks for a model; nothing leaves the choice to the app.
    pub(super) fn choose_model(&mut self, key: Option<ModelKey>) {
        self.notices.forget_errors();
        self.models.forget_failures();
        if let Some(ModelKey::Own(digest)) = &key {
            let is_at_hand = self
                .models
                .own(digest)
                .is_some_and(|own| own.file.is_some());
            if !is_at_hand {
                self.effects
                    .push(Effect::RecallModel(digest.as_str().into()));
                return;
            }
        }
        if self.models.choice != key {
            let preference = self.preferences.model.clone();
            self.models.earlier = Some((self.models.choice.clone(), preference));
        }
        if !matches!(key, Some(ModelKey::Own(_))) {
            self.preferences.model = key.as_ref().map(ModelKey::to_string);
        }
        self.models.choice = key;
        self.segment_if_failed();
    }

    /// Another try for the images whose segmentation failed.
    pub(super) fn segment_if_failed(&mut self) {
        for opened in self.documents.all_opened_mut() {
            if opened.segmentation == SegmentationState::Failed {
                opened.segmentation = SegmentationState::Pending;
            }
        }
        self.background.recount_soon();
    }

    /// A model is on this device now, or there was no room for it.
    pub(super) fn model_remembered(&mut self, digest: &str, is_kept: bool) {
        let name = self.models.name(&ModelKey::Own(digest.to_owned()));
        self.models.set_remembered(digest, is_kept);
        if is_kept {
            self.notices
                .withdraw(&Command::RememberModel(ModelKey::Own(digest.to_owned())));
            self.news(format!("“{name}” is remembered on this device."), None);
        } else {
            self.fail(format!(
                "“{name}” could not be remembered: the browser has no room for it or does not allow it. It runs until you close the page."
            ));
        }
    }

    /// A model is on this device still, though the person wanted it deleted.
    pub(super) fn model_kept(&mut self, digest: &str) {
        self.models.set_remembered(digest, true);
        let name = self.models.name(&ModelKey::Own(digest.to_owned()));
        self.fail(format!(
            "“{name}” could not be deleted from this device. Try again."
        ));
    }

    /// Takes a document out that cannot be opened, and says why. One with corrections can be had back.
    pub(super) fn refuse_document(&mut self, id: DocumentId, message: &str) {
        let was_shown = self.documents.shown_id() == Some(id);
        let Some(closed) = self.documents.refuse(id) else {
            return;
        };
        let name = closed.document().name.clone();
        self.notices
            .refuse(format!("{name}: {}", wording::sentence(message)));
        self.keeping.leave(closed.document());
        self.put_away(closed);
        if was_shown {
            self.clear_stage();
        }
    }

    /// Closes a document at the person's word.
    pub(super) fn close_document(&mut self, id: DocumentId) {
        let was_shown = self.documents.shown_id() == Some(id);
        if let Some(closed) = self.documents.close(id) {
            self.put_away(closed);
        }
        if was_shown {
            self.clear_stage();
        }
    }

    /// A document with corrections can be opened again, until the next one is closed; of others nothing is kept.
    fn put_away(&mut self, closed: Closed) {
        let document = closed.document();
        let has_edits = document.opened.as_ref().is_some_and(|opened| {
            opened
                .all_edits()
                .any(|edits| edits.can_undo() || edits.can_redo())
        });
        if !has_edits {
            self.effects.extend(document.files().map(Effect::DropFile));
            self.effects.push(Effect::ForgetThumbnail(document.id));
            return;
        }
        let text = format!("“{}” was closed with its corrections.", document.name);
        if let Some(before) = self.documents.keep_closed(closed) {
            self.effects.extend(before.files().map(Effect::DropFile));
            self.effects.push(Effect::ForgetThumbnail(before.id));
        }
        let offer = Offer {
            label: "Undo",
            command: Command::Reopen,
        };
        self.news(text, Some(offer));
    }

    pub(super) fn clear_stage(&mut self) {
        self.effects.push(Effect::ClearStage);
        self.overlay.reset();
        self.stage.let_go();
        self.stage.is_playing = false;
    }
}
