//! The collection itself: images in, files out.

use super::item::{Entry, Item};
use super::places::Places;
use super::set_format::{About, SetFormat, Writer};
use super::table::begin;
use crate::Error;
use crate::export::{ExportFormat, Stamp};

/// What a collection holds.
#[derive(Clone, Debug)]
pub struct Options {
    /// The files of each image.
    pub formats: Vec<&'static ExportFormat>,
    /// The files about all images.
    pub sets: Vec<&'static SetFormat>,
    /// When it is made.
    pub stamp: Stamp,
}

/// A data set that is being written: nothing of an image is kept but what the files about all images say.
#[derive(Debug)]
pub struct Collection {
    formats: Vec<&'static ExportFormat>,
    places: Places,
    sets: Vec<Box<dyn Writer + Send>>,
}

impl Collection {
    /// A collection without images.
    pub fn new(options: &Options) -> Self {
        let about = About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made: time(&options.stamp),
        };
        let sets = options.sets.iter();
        Self {
            formats: options.formats.clone(),
            places: Places::without(sets.clone().map(|set| set.root)),
            sets: sets.filter_map(|set| begin(set, &about)).collect(),
        }
    }

    /// Takes an image in; what is returned is to be written. Names mirror the folders of [`Item::path`] and never collide.
    ///
    /// # Errors
    /// [`Error::Encode`] when a file cannot be encoded; [`Self::fail`] notes it.
    pub fn push(&mut self, item: &Item) -> Result<Vec<Entry>, Error> {
        let encode = |format: &ExportFormat| format.encode(item.segmentation);
        self.push_with(item, encode)
    }

    /// As [`Self::push`], where another program encodes some of the files of the image.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_with(
        &mut self,
        item: &Item,
        mut encode: impl FnMut(&ExportFormat) -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<Entry>, Error> {
        let place = self.places.take(item.path);
        let mut entries = Vec::new();
        for format in &self.formats {
            entries.push(Entry {
                path: place.file(format),
                bytes: encode(format)?,
            });
        }
        let files: Vec<String> = entries.iter().map(|entry| entry.path.clone()).collect();
        for set in &mut self.sets {
            entries.extend(set.push(item, &place, &files)?);
        }
        Ok(entries)
    }

    /// As [`Self::push`], where the caller writes the files of the image itself: `files`, by their paths in the collection.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_beside(&mut self, item: &Item, files: &[String]) -> Result<Vec<Entry>, Error> {
        let place = self.places.take(item.path);
        let mut entries = Vec::new();
        for set in &mut self.sets {
            entries.extend(set.push(item, &place, files)?);
        }
        Ok(entries)
    }

    /// Notes an image that failed, by a sentence, so that the tables tell it.
    pub fn fail(&mut self, path: &str, why: &str) {
        for set in &mut self.sets {
            set.fail(path, why);
        }
    }

    /// The files about all images.
    ///
    /// # Errors
    /// [`Error::Encode`] when one cannot be encoded.
    pub fn finish(self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for set in self.sets {
            entries.extend(set.finish()?);
        }
        Ok(entries)
    }
}

/// `2026-01-31T23:59:59` (ISO 8601); the stamp as it is where it is none.
fn time(Stamp { date, time }: &Stamp) -> String {
    let parts = |text: &str, cuts: [usize; 3]| -> Option<[String; 3]> {
        let part = |from, to| text.get(from..to).map(str::to_owned);
        let [first, second, last] = cuts;
        let found = [part(0, first)?, part(first, second)?, part(second, last)?];
        (text.len() == last).then_some(found)
    };
    match (parts(date, [4, 6, 8]), parts(time, [2, 4, 6])) {
        (Some(date), Some(time)) => format!("{}T{}", date.join("-"), time.join(":")),
        _ => format!("{date} {time}"),
    }
}
