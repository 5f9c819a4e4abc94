//! Documents that are prepared while the person looks at another one: opened, segmented and summed up, the nearest first.
//!
//! Two things are prepared. Of every document the list wants a summary; once it has that, the engine closes a document
//! that is far away. The nearest ones stay open in the engine and their images are kept by the page, as many as memory
//! allows, so that a step to one of them shows it within a frame. What is near is decided here and not by the order of
//! use: a pass over thousands of documents would push the neighbours out of whatever keeps the last ones used.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use delineo::imaging::Rendering;

use super::engines::Pending;
use super::overlay::Wish;
use super::progress::{Mode, Progress};
use crate::protocol::{Area, DocumentId};

/// How many documents are ready beside the one on the stage, at most.
pub const MOST_READY: usize = 32;
/// How many pixels they have together, at most: three bytes each in the engine, four on the page.
pub const MOST_PIXELS: u64 = 24_000_000;
/// For how many of them the overlay is drawn ahead.
pub const PAINTED_AHEAD: usize = 4;
/// How long the person must do nothing before others are prepared.
pub const QUIET: Duration = Duration::from_millis(200);
/// A thumbnail's longer side in pixels, at most.
pub const THUMBNAIL: u32 = 80;
/// The time left is told from so many documents.
const TIMED: usize = 16;

/// What is prepared, and how far that is.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// Whether documents are prepared.
    pub mode: Mode,
    /// Whether the person has done nothing for a while.
    pub is_quiet: bool,
    /// The document that is being prepared.
    pub(super) at: Option<DocumentId>,
    /// Images that the page keeps, that on the stage among them.
    pub(super) images: BTreeMap<DocumentId, KeptImage>,
    /// Milliseconds that the engine spent on the document at hand.
    spent: f64,
    /// The same for the last documents that were done.
    times: VecDeque<f64>,
    pub(super) count: Count,
    pub(super) counted_at: f64,
}

/// An image that the page keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptImage {
    /// Its frame and window.
    pub rendering: Rendering,
    /// The overlay that was asked for ahead of its time, and what came.
    pub ahead: Option<(Wish, Option<Area>)>,
}

/// How many documents there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub all: usize,
    /// Segmented and summed up, or known to be impossible.
    pub done: usize,
}

impl Background {
    /// How far it is; nothing where there is nothing to do.
    pub fn progress(&self) -> Option<Progress> {
        let Count { all, done } = self.count;
        let left = all.checked_sub(done).filter(|left| *left > 0 && all > 1)?;
        let mean = self.times.iter().sum::<f64>() / self.times.len() as f64;
        let seconds = (mean * left as f64 / 1000.0).ceil();
        Some(Progress {
            done,
            all,
            seconds: seconds.is_finite().then_some(seconds as u64),
            mode: self.mode,
        })
    }

    /// Whether there is something to pause.
    pub fn can_pause(&self) -> bool {
        self.mode == Mode::Running && self.progress().is_some()
    }

    /// Whether there is something to go on with.
    pub fn can_resume(&self) -> bool {
        self.mode != Mode::Running && self.progress().is_some()
    }

    /// Whether there is something to stop.
    pub fn can_stop(&self) -> bool {
        self.mode != Mode::Stopped && self.progress().is_some()
    }

    /// Waits.
    pub fn pause(&mut self) {
        self.mode = Mode::Paused;
    }

    /// Goes on.
    pub fn resume(&mut self) {
        self.mode = Mode::Running;
    }

    /// Leaves all but the neighbours as they are.
    pub fn stop(&mut self) {
        self.mode = Mode::Stopped;
    }

    /// How many images the page keeps.
    pub fn kept(&self) -> usize {
        self.images.len()
    }

    /// An answer came for a document that is being prepared.
    pub(super) fn spend(&mut self, pending: &Pending, now: f64) {
        // A model is loaded once, not for every document.
        if pending.is_background && pending.purpose.suspect().is_some() {
            self.spent += (now - pending.asked).max(0.0);
        }
    }

    /// A document is done.
    pub(super) fn finish(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        if self.times.len() == TIMED {
            self.times.pop_front();
        }
        self.times.push_back(spent);
    }

    /// Another document is prepared.
    pub(super) fn turn_to(&mut self, id: DocumentId) {
        if self.at != Some(id) {
            self.at = Some(id);
            self.spent = 0.0;
        }
    }

    /// The page keeps an image, in the place of an earlier one of the same document.
    pub(super) fn keep(&mut self, id: DocumentId, rendering: Rendering) {
        let ahead = None;
        self.images.insert(id, KeptImage { rendering, ahead });
    }

    /// Overlays that were drawn ahead count no longer.
    pub(super) fn forget_overlays(&mut self) {
        for image in self.images.values_mut() {
            image.ahead = None;
        }
    }

    /// Documents are to be counted again at once: something else changed than one more that is done.
    pub(super) fn recount_soon(&mut self) {
        self.counted_at = f64::NEG_INFINITY;
    }
}
