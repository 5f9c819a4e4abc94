//! True masks: which of the files that come in belong to which image, and getting them into the engine.

use std::collections::{BTreeMap, HashMap};

use delineo::pairing;

use crate::app::arrival::ArrivedFile;
use crate::app::documents::{Document, NewDocument};
use crate::app::effect::Effect;
use crate::app::engines::Purpose;
use crate::app::ids::EngineId;
use crate::app::state::App;
use crate::app::tally::Tally;
use crate::app::wording;
use crate::protocol::{DocumentId, Request};

impl App {
    /// Takes images and true masks in, each at its place in the arrival; the first new image is to be shown.
    pub(super) fn take_images(&mut self, files: Vec<Option<ArrivedFile>>, tally: &mut Tally) {
        let open_images = self.open_images(&files);
        let mut documents: Vec<Option<DocumentId>> = vec![None; files.len()];
        let mut masks = Vec::new();
        for (place, file) in files.into_iter().enumerate() {
            let Some(file) = file else { continue };
            if file.image.is_some() || open_images.contains_key(&place) {
                masks.push((place, file));
            } else {
                documents[place] = Some(self.take_image(file, tally));
            }
        }
        let mut truths: BTreeMap<DocumentId, Vec<ArrivedFile>> = BTreeMap::new();
        for (place, mask) in masks {
            let came_with = mask.image.and_then(|image| *documents.get(image)?);
            match came_with.or_else(|| open_images.get(&place).copied()) {
                Some(document) => truths.entry(document).or_default().push(mask),
                // Its image turned out to be none.
                None => {
                    self.take_image(mask, tally);
                }
            }
        }
        for (document, masks) in truths {
            self.take_truths(document, masks, tally);
        }
    }

    /// Opens an image, unless the same file is open.
    fn take_image(&mut self, file: ArrivedFile, tally: &mut Tally) -> DocumentId {
        let ArrivedFile {
            file,
            name,
            folder,
            stamp,
            ..
        } = file;
        let open = stamp.and_then(|stamp| self.documents.same_file(&folder, &name, stamp));
        if let Some(open) = open {
            tally.open_already += 1;
            tally.first_open.get_or_insert((open, name));
            self.effects.push(Effect::DropFile(file));
            return open;
        }
        let id = self.documents.admit(NewDocument {
            file,
            name,
            folder,
            stamp,
        });
        tally.opened += 1;
        if !tally.is_shown {
            tally.is_shown = true;
            self.documents.open(id);
        }
        id
    }

    /// Takes masks for the truth about a document, in the place of those that it had.
    fn take_truths(&mut self, id: DocumentId, masks: Vec<ArrivedFile>, tally: &mut Tally) {
        let Some(document) = self.documents.get(id) else {
            return;
        };
        let is_there = |mask: &ArrivedFile| {
            mask.stamp.is_some()
                && document
                    .truths
                    .iter()
                    .any(|truth| truth.name == mask.name && truth.stamp == mask.stamp)
        };
        if masks.iter().all(is_there) {
            // The same files again.
            let dropped = masks.iter().map(|mask| Effect::DropFile(mask.file));
            self.effects.extend(dropped);
            return;
        }
        let image = document.name.clone();
        self.drop_truths(id);
        for mask in masks {
            tally.count_truth(&mask.name, &image);
            self.documents
                .add_truth(id, mask.file, mask.name, mask.stamp);
        }
    }

    /// The open documents of files that are named like their true masks, by the files' places. Of several, the latest.
    fn open_images(&self, files: &[Option<ArrivedFile>]) -> BTreeMap<usize, DocumentId> {
        let files = || {
            let there = files.iter().enumerate();
            there.filter_map(|(place, file)| Some((place, file.as_ref()?)))
        };
        // To look for images is worth it only where there is a mask without one.
        let masks: Vec<(usize, String)> = files()
            .filter(|(_, file)| file.image.is_none())
            .map(|(place, file)| (place, file.path()))
            .filter(|(_, path)| pairing::is_named_like_a_mask(path))
            .collect();
        if masks.is_empty() || self.documents.is_empty() {
            return BTreeMap::new();
        }
        let mut of_group: HashMap<String, Vec<&Document>> = HashMap::new();
        for document in self.documents.iter() {
            let group = pairing::group(&document.name);
            of_group.entry(group).or_default().push(document);
        }
        let image_of = |mask: &str| {
            let images = of_group.get(&pairing::group(mask))?;
            let is_it = |image: &&&Document| {
                pairing::is_mask_of(mask, &image.path()) || pairing::is_mask_of(mask, &image.name)
            };
            images.iter().rev().find(is_it).map(|image| image.id)
        };
        let found = masks
            .iter()
            .filter_map(|(place, mask)| Some((*place, image_of(mask)?)));
        found.collect()
    }

    /// Compares the image on the stage with nothing any more.
    pub(super) fn remove_truths(&mut self) {
        if let Some(shown) = self.documents.shown_id() {
            self.drop_truths(shown);
        }
    }

    pub(super) fn drop_truths(&mut self, id: DocumentId) {
        if let Some(document) = self.documents.get_mut(id) {
            let truths = std::mem::take(&mut document.truths);
            let dropped = truths.into_iter().map(|truth| Effect::DropFile(truth.file));
            self.effects.extend(dropped);
        }
    }

    /// Gives the engine the next file of the true mask on the stage that it lacks. Says whether it lacked one.
    pub(super) fn attach_truth(&mut self, engine: EngineId, now: f64) -> bool {
        let shown = self.documents.shown_id();
        shown.is_some_and(|shown| self.attach_truth_of(shown, engine, false, now))
    }

    /// The same of a document that the engine has open.
    pub(super) fn attach_truth_of(
        &mut self,
        id: DocumentId,
        engine: EngineId,
        is_background: bool,
        now: f64,
    ) -> bool {
        let (Some(document), Some(serving)) = (self.documents.get(id), &self.engines.serving)
        else {
            return false;
        };
        let ids: Vec<DocumentId> = document.truths.iter().map(|truth| truth.id).collect();
        let Some(held) = serving.held.get(&document.id) else {
            return false;
        };
        // The first file replaces all that the engine has.
        let place = if ids.starts_with(&held.truths) {
            held.truths.len()
        } else {
            0
        };
        let Some(truth) = document.truths.get(place) else {
            return false;
        };
        let (of, file, name, blob) = (document.id, truth.id, truth.name.clone(), truth.file);
        let purpose = Purpose::AttachTruth {
            document: of,
            file,
            place,
        };
        let request = Request::AttachTruth {
            document: of,
            file,
            name,
            place: place as u32,
        };
        self.ask_for(engine, purpose, request, Some(blob), is_background, now);
        true
    }

    pub(super) fn truth_attached(
        &mut self,
        engine: EngineId,
        document: DocumentId,
        file: DocumentId,
        place: usize,
    ) {
        let engine = self.engines.get_mut(engine);
        if let Some(held) = engine.and_then(|engine| engine.held.get_mut(&document)) {
            held.truths.truncate(place);
            held.truths.push(file);
        }
    }

    /// A file is no mask of its image: it is put aside, and the person told why.
    pub(super) fn refuse_truth(&mut self, of: DocumentId, file: DocumentId, message: &str) {
        let Some(document) = self.documents.get_mut(of) else {
            return;
        };
        let is_it = |truth: &crate::app::documents::Truth| truth.id == file;
        if let Some(place) = document.truths.iter().position(is_it) {
            let truth = document.truths.remove(place);
            self.effects.push(Effect::DropFile(truth.file));
            self.notices.refuse(wording::sentence(message));
        }
    }
}
