//! What a format of a data set is called, and what it does with each image.

use std::fmt;

use super::item::{Entry, Item};
use super::places::Place;
use crate::Error;

/// One format that a collection can be saved as.
#[derive(Debug)]
pub struct SetFormat {
    /// `coco`: its name on the command line and in messages.
    pub id: &'static str,
    /// `COCO`: what sentences call it.
    pub name: &'static str,
    /// `COCO, JSON with polygons`: the menu entry.
    pub label: &'static str,
    /// What it takes at the top of the collection, which no image's files may have: `coco.json`, or a folder.
    pub root: &'static str,
}

/// What all formats are told.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// Version of the program.
    pub version: String,
    /// `2026-01-31T23:59:59`, local time.
    pub made: String,
}

/// A data set that is being written.
pub(super) trait Writer: fmt::Debug {
    /// Takes an image in.
    ///
    /// # Errors
    /// [`Error::Encode`] when a file of it cannot be encoded.
    fn push(&mut self, item: &Item, place: &Place, files: &[String]) -> Result<Vec<Entry>, Error>;

    /// Notes an image that failed, by a sentence.
    fn fail(&mut self, _path: &str, _why: &str) {}

    /// What is about all images.
    ///
    /// # Errors
    /// [`Error::Encode`] when it cannot be encoded.
    fn finish(self: Box<Self>) -> Result<Vec<Entry>, Error>;
}
