//! A data set that is being made of one document after the other, as the bytes of a ZIP archive or of files.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use delineo::Error;
use delineo::collection::{self, Collection, Entry, Item, ModelInfo, Options};
use delineo::export::{self, ExportFormat, Segmentation, Stamp};
use delineo::manifest::Manifest;
use delineo::zip::ZipWriter;

use crate::engine::error::EngineError;
use crate::protocol::{GatheredDocument, GatheredFile, Packing};

/// The collection and its output.
#[derive(Debug)]
pub struct Gathering {
    formats: Vec<&'static ExportFormat>,
    collection: Collection,
    output: Output,
}

/// What a step brings forth.
#[derive(Debug, Default)]
pub struct Portion {
    /// The next bytes.
    pub bytes: Vec<u8>,
    /// The files that they are, one behind the other; none of an archive.
    pub files: Vec<GatheredFile>,
}

#[derive(Debug)]
enum Output {
    /// One archive, of which only the bytes since the last step are here.
    Archive {
        writer: Box<ZipWriter<Bytes>>,
        written: Bytes,
    },
    Files,
}

impl Output {
    fn write(&mut self, entries: Vec<Entry>) -> Result<Portion, Error> {
        let mut portion = Portion::default();
        match self {
            Self::Archive { writer, written } => {
                for Entry { path, bytes } in &entries {
                    writer.push(path, bytes)?;
                }
                portion.bytes = written.take();
            }
            Self::Files => {
                for Entry { path, bytes } in entries {
                    let size = bytes.len() as u64;
                    portion.files.push(GatheredFile { path, bytes: size });
                    portion.bytes.extend(bytes);
                }
            }
        }
        Ok(portion)
    }

    /// The last bytes.
    fn end(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Archive { writer, written } => {
                writer.finish()?;
                Ok(written.take())
            }
            Self::Files => Ok(Vec::new()),
        }
    }
}

impl Gathering {
    /// A data set of these formats, without documents.
    pub fn begin(
        packing: Packing,
        formats: &[String],
        sets: &[String],
        stamp: Stamp,
    ) -> Result<Self, EngineError> {
        let unknown = |id: &String| EngineError::NoFormat(id.clone());
        let format = |id: &String| export::by_id(id).ok_or_else(|| unknown(id));
        let set = |id: &String| collection::set_by_id(id).ok_or_else(|| unknown(id));
        let output = match packing {
            Packing::Archive => {
                let written = Bytes::default();
                let writer = Box::new(ZipWriter::new(written.clone(), &stamp));
                Output::Archive { writer, written }
            }
            Packing::Files => Output::Files,
        };
        let options = Options {
            formats: formats.iter().map(format).collect::<Result<_, _>>()?,
            sets: sets.iter().map(set).collect::<Result<_, _>>()?,
            stamp,
        };
        Ok(Self {
            collection: Collection::new(&options),
            formats: options.formats,
            output,
        })
    }

    /// The formats of each document.
    pub fn formats(&self) -> &[&'static ExportFormat] {
        &self.formats
    }

    /// Adds a document; `files` are its files of [`Self::formats`], in their order.
    pub fn add<'a>(
        &mut self,
        document: &GatheredDocument,
        mut segmentation: Segmentation<'a>,
        manifest: &'a Manifest,
        files: Vec<Vec<u8>>,
    ) -> Result<Portion, Error> {
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
        self.output.write(entries)
    }

    /// Notes an image that failed.
    pub fn fail(&mut self, path: &str, why: &str) {
        self.collection.fail(path, why);
    }

    /// The files about all documents, and the end of the archive.
    pub fn finish(mut self) -> Result<Portion, Error> {
        let mut portion = self.output.write(self.collection.finish()?)?;
        portion.bytes.extend(self.output.end()?);
        Ok(portion)
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
