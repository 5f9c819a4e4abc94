//! True masks: which of the files that come in belong to which image, and getting them into the engine.

use delineo::pairing;

use crate::app::effect::Effect;
use crate::app::engines::Purpose;
use crate::app::event::{EngineId, FileId};
use crate::app::state::App;
use crate::app::wording;
use crate::protocol::{DocumentId, Request};

/// Files that came in as images, and those among them that are true masks.
#[derive(Default)]
pub(super) struct Sorted {
    /// Each becomes a document.
    pub images: Vec<(FileId, String)>,
    /// Each with the place in `images` of the image that it belongs to.
    of_new: Vec<(usize, FileId, String)>,
    /// Each with the open document that it belongs to.
    of_open: Vec<(DocumentId, FileId, String)>,
}

impl App {
    /// Tells true masks from images by their names: an image that came with them counts before one that is open.
    pub(super) fn sort_truths(&self, files: Vec<(FileId, String)>) -> Sorted {
        let names: Vec<&str> = files.iter().map(|(_, name)| name.as_str()).collect();
        let pairs = pairing::pairs(&names);
        let image_of = |mask: usize| pairs.iter().find(|(of, _)| *of == mask).map(|pair| pair.1);
        let open_image = |mask: &str| {
            let mut latest: Vec<_> = self.documents.iter().collect();
            latest.reverse();
            let found = latest
                .into_iter()
                .find(|document| pairing::is_mask_of(mask, &document.name));
            found.map(|document| document.id)
        };
        let kinds: Vec<_> = (0..files.len())
            .map(|at| match image_of(at) {
                Some(image) => (Some(image), None),
                None => (None, open_image(names[at])),
            })
            .collect();
        let is_image = |at: usize| kinds[at] == (None, None);
        let place = |image: usize| (0..image).filter(|at| is_image(*at)).count();
        let mut sorted = Sorted::default();
        for (at, (file, name)) in files.into_iter().enumerate() {
            match kinds[at] {
                (Some(image), _) => sorted.of_new.push((place(image), file, name)),
                (None, Some(document)) => sorted.of_open.push((document, file, name)),
                (None, None) => sorted.images.push((file, name)),
            }
        }
        sorted
    }

    /// Takes images and true masks in; `first` of the new images is to be shown.
    pub(super) fn take_images(&mut self, files: Vec<(FileId, String)>) {
        let Sorted {
            images,
            of_new,
            of_open,
        } = self.sort_truths(files);
        let first = self.documents.append(images);
        let new: Vec<DocumentId> = match first.and_then(|first| self.documents.position(first)) {
            Some(place) => self
                .documents
                .iter()
                .skip(place)
                .map(|new| new.id)
                .collect(),
            None => Vec::new(),
        };
        let mut replaced: Vec<DocumentId> =
            of_open.iter().map(|(document, ..)| *document).collect();
        replaced.dedup();
        for document in replaced {
            self.drop_truths(document);
        }
        let of_new = of_new
            .into_iter()
            .filter_map(|(place, file, name)| Some((*new.get(place)?, file, name)));
        let truths: Vec<_> = of_new.chain(of_open).collect();
        match truths.as_slice() {
            [] => {}
            [(document, _, mask)] => {
                let image = self
                    .documents
                    .get(*document)
                    .map(|image| image.name.clone());
                let image = image.unwrap_or_default();
                self.news(
                    format!("“{mask}” is taken for the true mask of “{image}”."),
                    None,
                );
            }
            many => {
                let count = many.len();
                self.news(
                    format!("{count} files are taken for the true masks of their images."),
                    None,
                );
            }
        }
        for (document, file, name) in truths {
            self.documents.add_truth(document, file, name);
        }
        if let Some(first) = first {
            self.documents.open(first);
        }
    }

    /// Compares the image on the stage with nothing any more.
    pub(super) fn remove_truths(&mut self) {
        if let Some(shown) = self.documents.shown_id() {
            self.drop_truths(shown);
        }
    }

    fn drop_truths(&mut self, id: DocumentId) {
        if let Some(document) = self.documents.get_mut(id) {
            let truths = std::mem::take(&mut document.truths);
            let dropped = truths.into_iter().map(|truth| Effect::DropFile(truth.file));
            self.effects.extend(dropped);
        }
    }

    /// Gives the engine the next file of the true mask that it lacks. Says whether it lacked one.
    pub(super) fn attach_truth(&mut self, engine: EngineId, now: f64) -> bool {
        let (Some((document, _)), Some(serving)) = (self.documents.shown(), &self.engines.serving)
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
        self.ask(engine, purpose, request, Some(blob), now);
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
