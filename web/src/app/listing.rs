//! The list of open documents: what a row says, which rows there are and in which order.
//!
//! Ten thousand documents are sorted once. After each event only those that may have changed are looked at again, so that
//! an event costs as little with many documents as with one.

use std::cmp::Ordering;
use std::iter;
use std::ops::Range;
use std::rc::Rc;

use delineo::mask::Confidence;
use delineo::natural;

use super::documents::{Document, Documents};
use super::filter::{Filter, Sort};
use super::review::{Decision, Review};
use super::row::{Row, State, area, dice, is_corrected, is_empty};
use crate::protocol::{DocumentId, Summary};

/// An empty mask is doubtful where some place is likelier to be lesion than this.
const HIDDEN: f32 = 0.2;
/// More changes than these are sorted in together.
const FEW: usize = 8;

/// What the order and the filters depend on.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    rank: f64,
    key: Rc<str>,
    id: DocumentId,
    /// A bit for each filter that it passes, and [`UNSAVED`].
    traits: u16,
}

/// The bit of documents whose file could not be opened: no step leads to them, unless they are what is listed.
const UNREADABLE: u16 = 1 << 14;

/// The bit of documents that hold work which closing the page would lose.
const UNSAVED: u16 = 1 << 15;

impl Entry {
    fn of(document: &Document, sort: Sort) -> Self {
        // What has no figure comes last.
        let last = f64::INFINITY;
        let rank = match sort {
            Sort::Arrival | Sort::Name => 0.0,
            Sort::Area => area(document).map_or(last, |area| -area.fraction),
            Sort::Confidence => document
                .summary
                .map_or(last, |summary| f64::from(summary.confidence)),
            Sort::Truth => dice(document).unwrap_or(last),
        };
        let key = match sort {
            Sort::Name => natural::key(&document.path()).into(),
            _ => Rc::from(""),
        };
        Self {
            rank,
            key,
            id: document.id,
            traits: traits(document),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        self.rank
            .total_cmp(&other.rank)
            .then_with(|| self.key.cmp(&other.key))
            .then_with(|| self.id.cmp(&other.id))
    }

    fn passes(&self, filter: Filter) -> bool {
        self.traits & filter.bit() != 0
    }
}

fn traits(document: &Document) -> u16 {
    let review = &document.review;
    let opened = document.opened.as_ref();
    let is_unsure = |summary: Summary| match is_empty(document) {
        true => summary.confidence < 1.0 - HIDDEN,
        false => Confidence::of(summary.confidence) != Confidence::LikelyGood,
    };
    let has = [
        (Filter::All, true),
        (Filter::Unseen, !document.is_seen),
        (Filter::Undecided, review.decision == Decision::Undecided),
        (Filter::Corrected, is_corrected(document)),
        (Filter::Empty, is_empty(document)),
        (Filter::Doubtful, document.summary.is_some_and(is_unsure)),
        (Filter::Failed, State::of(document) == State::Failed),
        (Filter::Accepted, review.decision == Decision::Accepted),
        (Filter::Rejected, review.decision == Decision::Rejected),
        (Filter::Flagged, review.is_flagged),
    ];
    let bits = has
        .iter()
        .filter(|(_, has)| *has)
        .map(|(filter, _)| filter.bit());
    let is_unsaved =
        *review != Review::default() || opened.is_some_and(|opened| opened.has_unsaved_edits());
    let is_unreadable = document.failure.is_some();
    bits.sum::<u16>()
        | if is_unsaved { UNSAVED } else { 0 }
        | if is_unreadable { UNREADABLE } else { 0 }
}

/// The list as the person sees it. It is brought up to date after each event, by [`Listing::follow`].
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Which documents.
    filter: Filter,
    /// In which order.
    sort: Sort,
    /// Whether the list was opened by hand where it does not open by itself: over a narrow page, and for one picture.
    pub is_open: bool,
    /// Whether filter or order are others than the entries were made for.
    is_stale: bool,
    /// All documents, in order.
    entries: Vec<Entry>,
    /// Those that pass the filter.
    rows: Vec<DocumentId>,
    /// How many pass each filter.
    counts: [usize; Filter::ALL.len()],
    unsaved: usize,
}

impl Listing {
    /// Which documents are listed.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// In which order.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Lists others; counts with the next [`Listing::follow`].
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.is_stale = true;
    }

    /// Lists them in another order; counts with the next [`Listing::follow`].
    pub fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
        self.is_stale = true;
    }

    /// Takes in what changed since the last time.
    pub fn follow(&mut self, documents: &mut Documents) {
        let touched = documents.take_touched();
        let has_changed = if self.is_stale {
            self.is_stale = false;
            let entries = documents
                .iter()
                .map(|document| Entry::of(document, self.sort));
            self.entries = entries.collect();
            self.entries.sort_by(Entry::order);
            true
        } else if touched.len() > FEW {
            self.take_in_many(&touched, documents);
            true
        } else {
            // Each is taken in, also after one that has changed.
            let mut has_changed = false;
            for id in &touched {
                has_changed |= self.take_in(*id, documents);
            }
            has_changed
        };
        if has_changed {
            let passing = self
                .entries
                .iter()
                .filter(|entry| entry.passes(self.filter));
            self.rows = passing.map(|entry| entry.id).collect();
            for (count, (filter, _)) in self.counts.iter_mut().zip(Filter::ALL) {
                *count = self
                    .entries
                    .iter()
                    .filter(|entry| entry.passes(filter))
                    .count();
            }
            let is_unsaved = |entry: &&Entry| entry.traits & UNSAVED != 0;
            self.unsaved = self.entries.iter().filter(is_unsaved).count();
        }
    }

    /// Says whether anything changed.
    fn take_in(&mut self, id: DocumentId, documents: &Documents) -> bool {
        let now = documents
            .get(id)
            .map(|document| Entry::of(document, self.sort));
        let place = self.entries.iter().position(|entry| entry.id == id);
        if place.map(|place| &self.entries[place]) == now.as_ref() {
            return false;
        }
        if let Some(place) = place {
            self.entries.remove(place);
        }
        if let Some(now) = now {
            let place = self
                .entries
                .partition_point(|entry| entry.order(&now).is_lt());
            self.entries.insert(place, now);
        }
        true
    }

    fn take_in_many(&mut self, touched: &[DocumentId], documents: &Documents) {
        self.entries
            .retain(|entry| touched.binary_search(&entry.id).is_err());
        let new = touched.iter().filter_map(|id| documents.get(*id));
        self.entries
            .extend(new.map(|document| Entry::of(document, self.sort)));
        // Two sorted runs are merged.
        self.entries.sort_by(Entry::order);
    }

    /// The documents that are listed, in order.
    pub fn ids(&self) -> &[DocumentId] {
        &self.rows
    }

    /// How many documents pass a filter.
    pub fn count(&self, filter: Filter) -> usize {
        let place = Filter::ALL.iter().position(|(other, _)| *other == filter);
        place.map_or(0, |place| self.counts[place])
    }

    /// Whether closing the page would lose work.
    pub fn has_unsaved(&self) -> bool {
        self.unsaved > 0
    }

    /// Where a document is listed, from 0.
    pub fn place(&self, id: DocumentId) -> Option<usize> {
        self.rows.iter().position(|row| *row == id)
    }

    /// The document so many rows after another one (before it where negative), which itself need not be listed.
    pub fn beside(&self, id: DocumentId, step: isize) -> Option<DocumentId> {
        let place = self.entries.iter().position(|entry| entry.id == id)?;
        let (before, after) = (&self.entries[..place], self.entries.get(place + 1..)?);
        let passes = |entry: &&Entry| {
            entry.passes(self.filter)
                && (self.filter == Filter::Failed || entry.traits & UNREADABLE == 0)
        };
        let distance = step.unsigned_abs().checked_sub(1)?;
        let found = if step > 0 {
            after.iter().filter(passes).nth(distance)
        } else {
            before.iter().rev().filter(passes).nth(distance)
        };
        found.map(|entry| entry.id)
    }

    /// All other documents: those that are listed first, of them the nearest to a document, and of two at the same distance
    /// the later one; then the others likewise.
    pub fn around(&self, id: DocumentId) -> impl Iterator<Item = DocumentId> {
        let place = self.entries.iter().position(|entry| entry.id == id);
        let place = place.unwrap_or_default();
        [true, false].into_iter().flat_map(move |is_listed| {
            let is_it =
                move |entry: &&Entry| entry.id != id && entry.passes(self.filter) == is_listed;
            let mut after = self.entries[place.min(self.entries.len())..]
                .iter()
                .filter(is_it);
            let mut before = self.entries[..place].iter().rev().filter(is_it);
            let mut is_later = false;
            iter::from_fn(move || {
                is_later = !is_later;
                let entry = if is_later {
                    after.next().or_else(|| before.next())
                } else {
                    before.next().or_else(|| after.next())
                };
                Some(entry?.id)
            })
        })
    }

    /// The next listed document without a decision after another one; from the end the search goes on at the beginning.
    pub fn next_undecided(&self, after: Option<DocumentId>) -> Option<DocumentId> {
        let place = after.and_then(|id| self.entries.iter().position(|entry| entry.id == id));
        let next = place.map_or(0, |place| place + 1);
        let (before, after) = self.entries.split_at(next.min(self.entries.len()));
        let is_it = |entry: &&Entry| entry.passes(self.filter) && entry.passes(Filter::Undecided);
        after.iter().chain(before).find(is_it).map(|entry| entry.id)
    }

    /// What the rows of a part of the list say.
    pub fn rows(&self, part: Range<usize>, documents: &Documents) -> Vec<Row> {
        let end = part.end.min(self.rows.len());
        let ids = self.rows.get(part.start.min(end)..end).unwrap_or_default();
        ids.iter()
            .filter_map(|id| Some(Row::of(documents.get(*id)?)))
            .collect()
    }
}

#[cfg(test)]
impl Listing {
    /// Whether it says of all documents what a list made anew would say.
    pub fn agrees_with(&self, documents: &Documents) -> bool {
        let entries = documents
            .iter()
            .map(|document| Entry::of(document, self.sort));
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort_by(Entry::order);
        let passing = entries.iter().filter(|entry| entry.passes(self.filter));
        let rows: Vec<DocumentId> = passing.map(|entry| entry.id).collect();
        entries == self.entries && rows == self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::NewDocument;
    use crate::app::ids::FileId;
    use crate::protocol::{Area, Summary};

    fn documents(names: &[&str]) -> (Documents, Listing) {
        let mut documents = Documents::default();
        for (name, file) in names.iter().zip(1..) {
            documents.admit(NewDocument {
                file: FileId(file),
                name: (*name).to_owned(),
                ..NewDocument::default()
            });
        }
        let mut listing = Listing::default();
        listing.follow(&mut documents);
        (documents, listing)
    }

    fn summarize(documents: &mut Documents, id: u32, fraction: f64, confidence: f32) {
        if let Some(document) = documents.get_mut(DocumentId(id)) {
            document.summary = Some(Summary {
                area: Area {
                    pixels: fraction * 1000.0,
                    fraction,
                    exact: true,
                },
                confidence,
            });
        }
    }

    fn decide(documents: &mut Documents, id: u32, decision: Decision) {
        if let Some(document) = documents.get_mut(DocumentId(id)) {
            document.review.decision = decision;
        }
    }

    fn ids(listing: &Listing) -> Vec<u32> {
        listing.ids().iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_list_is_sorted_by_arrival_name_area_and_confidence_and_what_has_no_figure_comes_last() {
        let (mut documents, mut listing) = documents(&["10.png", "9.png", "b.png", "A.png"]);
        summarize(&mut documents, 1, 0.1, 0.95);
        summarize(&mut documents, 3, 0.4, 0.85);
        summarize(&mut documents, 4, 0.0, 0.99);
        for (sort, expected) in [
            (Sort::Arrival, [1, 2, 3, 4]),
            (Sort::Name, [2, 1, 4, 3]),
            (Sort::Area, [3, 1, 4, 2]),
            (Sort::Confidence, [3, 1, 4, 2]),
            (Sort::Truth, [1, 2, 3, 4]),
        ] {
            listing.set_sort(sort);
            listing.follow(&mut documents);
            assert_eq!(ids(&listing), expected, "{sort:?}");
        }
    }

    #[test]
    fn a_change_moves_a_row_to_its_place() {
        let (mut documents, mut listing) = documents(&["1", "2", "3"]);
        listing.set_sort(Sort::Confidence);
        for (id, confidence) in [(1, 0.5), (2, 0.9), (3, 0.7)] {
            summarize(&mut documents, id, 0.1, confidence);
        }
        listing.follow(&mut documents);
        assert_eq!(ids(&listing), [1, 3, 2]);
        summarize(&mut documents, 1, 0.1, 0.8);
        listing.follow(&mut documents);
        assert_eq!(ids(&listing), [3, 1, 2]);
        documents.close(DocumentId(3));
        listing.follow(&mut documents);
        assert_eq!(ids(&listing), [1, 2]);
    }

    #[test]
    fn filters_count_and_show_what_passes_them() {
        let (mut documents, mut listing) = documents(&["1", "2", "3", "4"]);
        decide(&mut documents, 1, Decision::Accepted);
        decide(&mut documents, 2, Decision::Rejected);
        if let Some(document) = documents.get_mut(DocumentId(3)) {
            document.review.is_flagged = true;
        }
        summarize(&mut documents, 3, 0.0, 0.9);
        summarize(&mut documents, 4, 0.1, 0.5);
        for (filter, expected) in [
            (Filter::All, vec![1, 2, 3, 4]),
            (Filter::Unseen, vec![1, 2, 3, 4]),
            (Filter::Undecided, vec![3, 4]),
            (Filter::Corrected, vec![]),
            (Filter::Empty, vec![3]),
            (Filter::Doubtful, vec![4]),
            (Filter::Failed, vec![]),
            (Filter::Accepted, vec![1]),
            (Filter::Rejected, vec![2]),
            (Filter::Flagged, vec![3]),
        ] {
            listing.set_filter(filter);
            listing.follow(&mut documents);
            assert_eq!(ids(&listing), expected, "{filter:?}");
            assert_eq!(listing.count(filter), expected.len(), "{filter:?}");
        }
        assert!(listing.has_unsaved());
    }

    #[test]
    fn the_neighbours_of_a_document_that_is_not_listed_are_those_around_it() {
        let (mut documents, mut listing) = documents(&["1", "2", "3", "4", "5"]);
        decide(&mut documents, 3, Decision::Accepted);
        listing.set_filter(Filter::Undecided);
        listing.follow(&mut documents);
        assert_eq!(listing.beside(DocumentId(3), 1), Some(DocumentId(4)));
        assert_eq!(listing.beside(DocumentId(3), -1), Some(DocumentId(2)));
        assert_eq!(listing.beside(DocumentId(1), 2), Some(DocumentId(4)));
        assert_eq!(listing.beside(DocumentId(5), 1), None);
        assert_eq!(listing.beside(DocumentId(1), -1), None);
        assert_eq!(
            (listing.place(DocumentId(3)), listing.place(DocumentId(4))),
            (None, Some(2))
        );
    }

    #[test]
    fn the_search_for_an_undecided_document_goes_round() {
        let (mut documents, mut listing) = documents(&["1", "2", "3"]);
        decide(&mut documents, 3, Decision::Accepted);
        listing.follow(&mut documents);
        assert_eq!(
            listing.next_undecided(Some(DocumentId(2))),
            Some(DocumentId(1))
        );
        assert_eq!(listing.next_undecided(None), Some(DocumentId(1)));
        decide(&mut documents, 1, Decision::Rejected);
        decide(&mut documents, 2, Decision::Accepted);
        listing.follow(&mut documents);
        assert_eq!(listing.next_undecided(Some(DocumentId(2))), None);
    }

    #[test]
    fn a_row_says_what_became_of_its_picture() {
        let (mut documents, _) = documents(&["1.png"]);
        summarize(&mut documents, 1, 0.123, 0.914);
        decide(&mut documents, 1, Decision::Accepted);
        let row = documents.get(DocumentId(1)).map(Row::of);
        let description = row.map(|row| row.description());
        assert_eq!(
            description.as_deref(),
            Some("not seen yet, accepted, 12.3 %, likely good")
        );
    }

    #[test]
    fn many_that_come_at_once_are_sorted_in() {
        let (mut documents, mut listing) = documents(&["5.png"]);
        listing.set_sort(Sort::Name);
        listing.follow(&mut documents);
        for number in (0..100).rev() {
            documents.admit(NewDocument {
                name: format!("{number}.png"),
                ..NewDocument::default()
            });
            if number % 20 == 0 {
                listing.follow(&mut documents);
            }
        }
        listing.follow(&mut documents);
        let rows = listing.rows(0..200, &documents);
        let names: Vec<_> = rows.iter().map(|row| row.name.clone()).collect();
        let mut sorted = names.clone();
        sorted.sort_by(|first, second| natural::compare(first, second));
        assert_eq!((names.len(), names), (101, sorted));
    }
}
