//! The open documents: images with what the person did to them, in the order in which they came. One is shown at a
//! time; each keeps its own settings, edits and viewport.

use std::collections::HashMap;

use delineo::imaging::Rendering;

use super::arrival::Stamp;
use super::folders::join;
use super::ids::FileId;
use super::importing::Beginning;
use super::opened::Opened;
use super::review::Review;
use crate::protocol::{DocumentId, Summary};

/// A document. Its file is never read into the page's memory.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its number, which no other document ever gets.
    pub id: DocumentId,
    /// The file's name.
    pub name: String,
    /// The folders in which it came, the outermost first, joined by `/`; empty for a file that came alone.
    pub folder: String,
    /// The file, so that an engine can be given it again.
    pub file: FileId,
    /// What tells the file from another one of its name; nothing for what was made or pasted here.
    pub stamp: Option<Stamp>,
    /// Files that hold its true mask; their lesions count together.
    pub truths: Vec<Truth>,
    /// How often an engine died over it.
    pub crashes: u32,
    /// Why it could not be opened while it was prepared in the background, as a sentence.
    pub failure: Option<String>,
    /// Whether it was on the stage.
    pub is_seen: bool,
    /// What the person decided about it.
    pub review: Review,
    /// What the list says of its mask, once it was segmented.
    pub summary: Option<Summary>,
    /// How it is to begin once it was segmented first.
    pub beginning: Option<Beginning>,
    /// What is known since it was opened first.
    pub opened: Option<Opened>,
}

/// A file with a true mask, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Its number, which no document and no other file has.
    pub id: DocumentId,
    /// Its name.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// What tells the file from another one of its name.
    pub stamp: Option<Stamp>,
}

impl Document {
    fn opened_mut(&mut self) -> Option<&mut Opened> {
        self.opened.as_mut()
    }

    /// Folder and name.
    pub fn path(&self) -> String {
        join(&self.folder, &self.name)
    }

    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        let opened = self.opened.as_ref();
        let map = opened.and_then(|opened| opened.kept_map.as_ref()?.file);
        let truths = self.truths.iter().map(|truth| truth.file);
        std::iter::once(self.file).chain(truths).chain(map)
    }

    /// The frame and the window that are wanted of it: the file's own first, until the person chooses.
    pub fn wanted(&self) -> Rendering {
        self.opened
            .as_ref()
            .map_or_else(Rendering::default, |opened| opened.wanted)
    }
}

/// A document that was closed.
#[derive(Clone, Debug)]
pub struct Closed {
    document: Document,
}

/// A file that is to become a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDocument {
    /// The file.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// The folders in which it came.
    pub folder: String,
    /// What tells it from another one of its name.
    pub stamp: Option<Stamp>,
}

/// Folder, name and stamp: what makes a file the same as one that is open.
type Identity = (String, String, Stamp);

/// All open documents.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// By their numbers, which is also the order in which they came.
    list: Vec<Document>,
    /// Those whose files can be told from others of their names.
    known: HashMap<Identity, DocumentId>,
    /// Those that may have changed since they were asked for last, or were added or taken out.
    touched: Vec<DocumentId>,
    last_id: u32,
    shown: Option<DocumentId>,
    opening: Option<DocumentId>,
    closed: Option<Closed>,
}

impl Documents {
    /// Appends files and returns the first of them.
    pub fn append(
        &mut self,
        files: impl IntoIterator<Item = (FileId, String)>,
    ) -> Option<DocumentId> {
        let files = files.into_iter().map(|(file, name)| {
            self.admit(NewDocument {
                file,
                name,
                ..NewDocument::default()
            })
        });
        let ids: Vec<DocumentId> = files.collect();
        ids.first().copied()
    }

    /// Appends a file.
    pub fn admit(&mut self, new: NewDocument) -> DocumentId {
        self.last_id += 1;
        let id = DocumentId(self.last_id);
        let NewDocument {
            file,
            name,
            folder,
            stamp,
        } = new;
        self.enter(Document {
            id,
            name,
            folder,
            file,
            stamp,
            truths: Vec::new(),
            crashes: 0,
            failure: None,
            is_seen: false,
            review: Review::default(),
            summary: None,
            beginning: None,
            opened: None,
        });
        id
    }

    /// Puts a document where its number belongs.
    fn enter(&mut self, document: Document) {
        let id = document.id;
        if let Some(stamp) = document.stamp {
            let identity = (document.folder.clone(), document.name.clone(), stamp);
            self.known.insert(identity, id);
        }
        let place = self.list.partition_point(|other| other.id < id);
        self.list.insert(place, document);
        self.touched.push(id);
    }

    /// The document of the same file: of its folder, name, size and date.
    pub fn same_file(&self, folder: &str, name: &str, stamp: Stamp) -> Option<DocumentId> {
        let identity = (folder.to_owned(), name.to_owned(), stamp);
        self.known.get(&identity).copied()
    }

    /// Those that may have changed since the last call, were added or taken out; each once.
    pub fn take_touched(&mut self) -> Vec<DocumentId> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Gives a document a file with its true mask.
    pub fn add_truth(&mut self, to: DocumentId, file: FileId, name: String, stamp: Option<Stamp>) {
        self.last_id += 1;
        let id = DocumentId(self.last_id);
        if let Some(document) = self.get_mut(to) {
            document.truths.push(Truth {
                id,
                name,
                file,
                stamp,
            });
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.list.iter()
    }

    /// What is known of all that were opened.
    pub fn all_opened_mut(&mut self) -> impl Iterator<Item = &mut Opened> {
        let opened = self
            .list
            .iter()
            .filter(|document| document.opened.is_some());
        self.touched.extend(opened.map(|document| document.id));
        self.list.iter_mut().filter_map(Document::opened_mut)
    }

    /// Where a document stands, from 0.
    pub fn position(&self, id: DocumentId) -> Option<usize> {
        self.list
            .binary_search_by_key(&id, |document| document.id)
            .ok()
    }

    /// A document.
    pub fn get(&self, id: DocumentId) -> Option<&Document> {
        self.list.get(self.position(id)?)
    }

    /// A document.
    pub fn get_mut(&mut self, id: DocumentId) -> Option<&mut Document> {
        let place = self.position(id)?;
        if self.touched.last() != Some(&id) {
            self.touched.push(id);
        }
        self.list.get_mut(place)
    }

    /// The document on the stage.
    pub fn shown_id(&self) -> Option<DocumentId> {
        self.shown
    }

    /// The document on the stage.
    pub fn shown(&self) -> Option<(&Document, &Opened)> {
        let document = self.get(self.shown?)?;
        Some((document, document.opened.as_ref()?))
    }

    /// The document on the stage.
    pub fn shown_mut(&mut self) -> Option<&mut Opened> {
        let shown = self.shown?;
        self.get_mut(shown)?.opened.as_mut()
    }

    /// The document that is to be shown and is not yet.
    pub fn opening_id(&self) -> Option<DocumentId> {
        self.opening
    }

    /// The document that is to be shown and is not yet.
    pub fn opening(&self) -> Option<&Document> {
        self.get(self.opening?)
    }

    /// Has a document shown as soon as it can be; the one on the stage needs nothing for that.
    pub fn open(&mut self, id: DocumentId) {
        let is_there = self.position(id).is_some();
        self.opening = (is_there && self.shown != Some(id)).then_some(id);
    }

    /// A document is on the stage now.
    pub fn show(&mut self, id: DocumentId) {
        self.shown = Some(id);
        if let Some(document) = self.get_mut(id) {
            document.is_seen = true;
        }
        if self.opening == Some(id) {
            self.opening = None;
        }
    }

    /// A document is not to be shown after all; the one on the stage stays.
    pub fn give_up_opening(&mut self) {
        self.opening = None;
    }

    /// The document that the person is at: the one that is to be shown, else the one on the stage.
    pub fn current_id(&self) -> Option<DocumentId> {
        self.opening.or(self.shown)
    }

    fn neighbour(&self, id: DocumentId, step: isize) -> Option<DocumentId> {
        let place = self.position(id)?;
        let nth = step.unsigned_abs().checked_sub(1)?;
        let can_be_opened = |document: &&Document| document.failure.is_none();
        let found = if step > 0 {
            self.list[place + 1..].iter().filter(can_be_opened).nth(nth)
        } else {
            self.list[..place]
                .iter()
                .rev()
                .filter(can_be_opened)
                .nth(nth)
        };
        found.map(|document| document.id)
    }

    /// Takes a document out; its neighbour is to be shown in its place if it was on the stage.
    pub fn close(&mut self, id: DocumentId) -> Option<Closed> {
        let neighbour = self.neighbour(id, 1).or_else(|| self.neighbour(id, -1));
        self.remove(id, neighbour)
    }

    /// Takes a document out that cannot be opened; the next one that was not seen yet is to be shown.
    pub fn refuse(&mut self, id: DocumentId) -> Option<Closed> {
        let place = self.position(id)?;
        let unseen = self.list[place + 1..]
            .iter()
            .find(|document| !document.is_seen && document.failure.is_none())
            .map(|document| document.id);
        let was_opening = self.opening == Some(id);
        let closed = self.remove(id, unseen);
        if was_opening {
            self.opening = unseen;
        }
        closed
    }

    fn remove(&mut self, id: DocumentId, successor: Option<DocumentId>) -> Option<Closed> {
        let place = self.position(id)?;
        let document = self.list.remove(place);
        self.touched.push(id);
        if let Some(stamp) = document.stamp {
            let identity = (document.folder.clone(), document.name.clone(), stamp);
            self.known.remove(&identity);
        }
        if self.opening == Some(id) {
            self.opening = None;
        }
        if self.shown == Some(id) {
            self.shown = None;
            self.opening = self.opening.or(successor);
        }
        Some(Closed { document })
    }

    /// Keeps a closed document so that it can be opened again, and returns the one that was kept before.
    pub fn keep_closed(&mut self, closed: Closed) -> Option<Document> {
        self.closed.replace(closed).map(|closed| closed.document)
    }

    /// The document that can be opened again.
    pub fn closed(&self) -> Option<&Document> {
        self.closed.as_ref().map(|closed| &closed.document)
    }

    /// Puts the document that was closed last back in its place, and has it shown.
    pub fn reopen(&mut self) -> Option<DocumentId> {
        let Closed { document } = self.closed.take()?;
        let id = document.id;
        self.enter(document);
        self.open(id);
        Some(id)
    }
}

impl Closed {
    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Documents {
        let mut documents = Documents::default();
        let files = ["a.png", "b.png", "c.png"];
        let first = documents.append(
            files
                .iter()
                .zip(1..)
                .map(|(name, file)| (FileId(file), (*name).to_owned())),
        );
        assert_eq!(first, Some(DocumentId(1)));
        documents
    }

    #[test]
    fn numbers_are_never_used_twice() {
        let mut documents = three();
        documents.close(DocumentId(3));
        let next = documents.append([(FileId(9), "d.png".to_owned())]);
        assert_eq!(next, Some(DocumentId(4)));
    }

    #[test]
    fn the_neighbour_follows_a_document_that_is_closed() {
        let mut documents = three();
        documents.show(DocumentId(3));
        documents.close(DocumentId(3));
        assert_eq!(
            (documents.shown_id(), documents.opening_id()),
            (None, Some(DocumentId(2)))
        );
    }

    #[test]
    fn after_a_refusal_the_next_unseen_document_follows_and_the_shown_one_stays_meanwhile() {
        let mut documents = three();
        documents.show(DocumentId(1));
        documents.open(DocumentId(2));
        documents.refuse(DocumentId(2));
        assert_eq!(
            (documents.shown_id(), documents.opening_id()),
            (Some(DocumentId(1)), Some(DocumentId(3)))
        );
    }

    #[test]
    fn a_file_is_the_same_by_folder_name_size_and_date() {
        let mut documents = Documents::default();
        let stamp = Stamp {
            size: 1000,
            modified: 1_700_000_000_000,
        };
        let new = NewDocument {
            file: FileId(1),
            name: "1.png".to_owned(),
            folder: "set/images".to_owned(),
            stamp: Some(stamp),
        };
        let id = documents.admit(new);
        let later = Stamp {
            modified: stamp.modified + 1,
            ..stamp
        };
        assert_eq!(documents.same_file("set/images", "1.png", stamp), Some(id));
        assert_eq!(documents.same_file("set/images", "1.png", later), None);
        assert_eq!(documents.same_file("set", "1.png", stamp), None);
        documents.close(id);
        assert_eq!(documents.same_file("set/images", "1.png", stamp), None);
    }

    #[test]
    fn a_closed_document_comes_back_where_it_was() {
        let mut documents = three();
        documents.show(DocumentId(2));
        let closed = documents.close(DocumentId(2));
        documents.show(DocumentId(3));
        if let Some(closed) = closed {
            documents.keep_closed(closed);
        }
        assert_eq!(documents.reopen(), Some(DocumentId(2)));
        assert_eq!(documents.position(DocumentId(2)), Some(1));
        assert_eq!(documents.opening_id(), Some(DocumentId(2)));
        assert_eq!(documents.reopen(), None);
    }
}
