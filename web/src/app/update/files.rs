//! Files that come in, and the models among them.

use delineo::intake::Kind;

use crate::app::arrival::{Arrival, ArrivedFile, Way};
use crate::app::command::Command;
use crate::app::documents::Closed;
use crate::app::effect::Effect;
use crate::app::folders::Brought;
use crate::app::ids::FileId;
use crate::app::model_entry::{OwnModel, PublishedModel};
use crate::app::notices::Offer;
use crate::app::opened::SegmentationState;
use crate::app::review::Review;
use crate::app::state::App;
use crate::app::tally::Tally;
use crate::app::wording;
use crate::protocol::{DocumentId, ModelKey};

impl App {
    /// Takes a batch of files: weights become the model, everything else is opened as an image. Of a folder only the images
    /// are taken.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        let Arrival {
            id,
            way,
            brought,
            files,
            folders,
            unreadable,
            more_follow,
        } = arrival;
        let begun = self.tallies.remove(&id);
        // What was said of an archive is about these files too.
        if begun.is_none() && way != Way::Unpacked {
            self.notices.forget_errors();
        }
        let is_first = begun.is_none();
        let mut tally = begun.unwrap_or_default();
        let brings_nothing = files.is_empty() && folders.is_empty() && unreadable.is_empty();
        if is_first && brings_nothing && !more_follow {
            if way == Way::Unpacked {
                self.importing.coming = self.importing.coming.saturating_sub(1);
            }
            if let Some(sentence) = wording::nothing_came(way, &brought) {
                self.fail(sentence);
            }
            return;
        }
        tally.has_folder |= brought == Brought::Folder;
        tally.refused += folders.len() + unreadable.len();
        self.take_files(files, &mut tally);
        for name in unreadable {
            self.notices.refuse(format!(
                "{name}: This file cannot be read. It may be gone, or the browser may not open it."
            ));
        }
        for folder in folders {
            self.notices.refuse(format!(
                "{folder}: This folder cannot be read. Drop the images in it instead."
            ));
        }
        if more_follow {
            self.tallies.insert(id, tally);
        } else {
            if way == Way::Unpacked {
                self.importing.coming = self.importing.coming.saturating_sub(1);
            }
            self.finish_arrival(&tally);
        }
    }

    fn take_files(&mut self, files: Vec<ArrivedFile>, tally: &mut Tally) {
        let only_helpers = files.iter().all(|file| file.kind == Kind::Helper);
        // The places of images count, so each file keeps its own.
        let mut images: Vec<Option<ArrivedFile>> = Vec::with_capacity(files.len());
        let (mut weights, mut manifests) = (Vec::new(), Vec::new());
        for arrived in files {
            let is_in_folder = !arrived.folder.is_empty();
            tally.has_folder |= is_in_folder;
            let file = arrived.file;
            let mut image = None;
            match arrived.kind {
                Kind::Image => image = Some(arrived),
                Kind::Checkpoint if !is_in_folder => weights.push((file, arrived.name)),
                Kind::Manifest if !is_in_folder => manifests.push((images.len(), arrived)),
                Kind::Annotations => {
                    tally.imports += 1;
                    self.take_for_import(&arrived);
                }
                Kind::Archive if !is_in_folder => {
                    tally.imports += 1;
                    self.take_for_import(&arrived);
                }
                Kind::Helper if !is_in_folder => {
                    // Systems put it beside files that a person means; alone it was chosen.
                    if only_helpers {
                        let name = arrived.name;
                        self.notices.refuse(format!(
                            "{name}: This is a helper file of the system, not an image."
                        ));
                    }
                    self.effects.push(Effect::DropFile(file));
                }
                kind => {
                    tally.passed_over += 1;
                    tally.weights += usize::from(kind == Kind::Checkpoint);
                    tally.archives += usize::from(kind == Kind::Archive);
                    self.effects.push(Effect::DropFile(file));
                }
            }
            images.push(image);
        }
        // A description without weights, or a second one, the engine refuses like any file that is no image.
        let manifest =
            (!weights.is_empty() && !manifests.is_empty()).then(|| manifests.remove(0).1.file);
        for (place, manifest) in manifests {
            images[place] = Some(manifest);
        }
        self.take_weights(weights, manifest);
        self.take_images(images, tally);
    }

    /// All batches are there: what is worth knowing is said once.
    fn finish_arrival(&mut self, tally: &Tally) {
        if let Some((open, _)) = &tally.first_open
            && !tally.is_shown
        {
            self.documents.open(*open);
        }
        let sentence = tally.sentence();
        if tally.is_empty_folder() {
            self.fail(format!("There is no image in this folder. {sentence}").trim());
        } else if !sentence.is_empty() {
            self.news(sentence, None);
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
        self.leave_kept_maps();
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
        let neighbour = self
            .listing
            .beside(id, 1)
            .or_else(|| self.listing.beside(id, -1));
        let opening = self.documents.opening_id().filter(|opening| *opening != id);
        if let Some(closed) = self.documents.close(id) {
            // Its neighbour in the list follows, whatever the order is.
            if let (true, None, Some(neighbour)) = (was_shown, opening, neighbour) {
                self.documents.open(neighbour);
            }
            self.put_away(closed);
        }
        if was_shown {
            self.clear_stage();
        }
    }

    /// A document with corrections or a review can be opened again, until the next one is closed; of others nothing is kept.
    fn put_away(&mut self, closed: Closed) {
        let document = closed.document();
        let has_edits = document.opened.as_ref().is_some_and(|opened| {
            opened
                .all_edits()
                .any(|edits| edits.can_undo() || edits.can_redo())
        });
        let has_review = document.review != Review::default();
        if !has_edits && !has_review {
            self.review_log.forget(document.id);
            self.effects.extend(document.files().map(Effect::DropFile));
            self.effects.push(Effect::ForgetThumbnail(document.id));
            return;
        }
        let with = if has_edits { "corrections" } else { "review" };
        let text = format!("“{}” was closed with its {with}.", document.name);
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
