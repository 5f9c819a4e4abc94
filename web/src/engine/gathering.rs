//! A data set that is being made of one document after the other, as the bytes of a ZIP archive.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use delineo::Error;
use delineo::collection::{self, Collection, Entry, Item, ModelInfo, Options};
use delineo::export::{self, ExportFormat, Segmentation, Stamp};
use delineo::manifest::Manifest;
use delineo::zip::ZipWriter;

use crate::engine::error::EngineError;
use crate::protocol::GatheredDocument;

/// The collection and its archive; of the archive only the bytes since the last step.
#[derive(Debug)]
pub struct Gathering {
    formats: Vec<&'static ExportFormat>,
    collection: Collection,
    archive: ZipWriter<Bytes>,
    written: Bytes,
}

impl Gathering {
    /// A data set of these formats, without documents.
    pub fn begin(formats: &[String], sets: &[String], stamp: Stamp) -> Result<Self, EngineError> {
        let unknown = |id: &String| EngineError::NoFormat(id.clone());
        let format = |id: &String| export::by_id(id).ok_or_else(|| unknown(id));
        let set = |id: &String| collection::set_by_id(id).ok_or_else(|| unknown(id));
        let written = Bytes::default();
        let archive = ZipWriter::new(written.clone(), &stamp);
        let options = Options {
            formats: formats.iter().map(format).collect::<Result<_, _>>()?,
            sets: sets.iter().map(set).collect::<Result<_, _>>()?,
            stamp,
        };
        Ok(Self {
            collection: Collection::new(&options),
            formats: options.formats,
            archive,
            written,
        })
    }

    /// The formats of each document.
    pub fn formats(&self) -> &[&'static ExportFormat] {
        &self.formats
    }

    /// Adds a document; `files` are its files of [`Self::formats`], in their order. Returns the next bytes of the archive.
    pub fn add<'a>(
        &mut self,
        document: &GatheredDocument,
        mut segmentation: Segmentation<'a>,
        manifest: &'a Manifest,
        files: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        let model = ModelInfo::of(manifest);
        if let Some(class) = manifest.classes.get(document.mask.settings.class as usize) {
            segmentation.label = class;
        }
        let item = Item {
            path: &document.path,
            segmentation: &segmentation,
            scale: document.scale.as_ref(),
            // A mask that starts from another one is no model's.
            model: (document.mask.truths == 0).then_some(&model),
            views: document.mask.segmentation.views,
            sha256: None,
            review: document.review.clone(),
        };
        let mut files = files.into_iter();
        let missing = || Error::Encode("a file of the document is missing".to_owned());
        let entries = self
            .collection
            .push_with(&item, |_| files.next().ok_or_else(missing))?;
        self.write(&entries)
    }

    /// Notes an image that failed.
    pub fn fail(&mut self, path: &str, why: &str) {
        self.collection.fail(path, why);
    }

    /// The last bytes of the archive.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        let entries = self.collection.finish()?;
        for Entry { path, bytes } in &entries {
            self.archive.push(path, bytes)?;
        }
        self.archive.finish()?;
        Ok(self.written.take())
    }

    fn write(&mut self, entries: &[Entry]) -> Result<Vec<u8>, Error> {
        for Entry { path, bytes } in entries {
            self.archive.push(path, bytes)?;
        }
        Ok(self.written.take())
    }
}

/// Bytes that are written at one end and taken away at the other.
#[derive(Clone, Debug, Default)]
struct Bytes(Rc<RefCell<Vec<u8>>>);

impl Bytes {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
