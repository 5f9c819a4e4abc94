//! Keeping the work on this device, with the real store on a disk that fails.

use std::collections::{BTreeMap, BTreeSet};

use delineo::measure::Axis;

use super::command::Command;
use super::edits::Edits;
use super::effect::Effect;
use super::event::{Event, Surroundings};
use super::gestures::{Pointer, PointerPhase};
use super::ids::FileId;
use super::keeping::State;
use super::preferences::Preferences;
use super::review::Decision;
use super::rig::Rig;
use super::stage::Tool;
use super::stored::StoredDocument;
use crate::session::fake_disk::{FakeFile, Power};
use crate::session::journal::Kind;
use crate::session::messages::{Access, Fault, Found, Item, Key, Message, Order};
use crate::session::power_cuts::Random;
use crate::session::store::{FileNote, Store, read_only};

/// A device: what is on its disk, and the store that a page has started.
pub(super) struct Device {
    pub power: Power,
    pub journals: [Vec<u8>; 2],
    store: Option<Store<FakeFile>>,
    /// Copies of files, by their numbers.
    copies: BTreeMap<Key, FileId>,
    /// Which of them are copies of maps.
    maps: BTreeSet<Key>,
    /// Whether another tab writes.
    is_taken: bool,
}

impl Device {
    pub fn new() -> Self {
        Self {
            power: Power::for_bytes(usize::MAX),
            journals: [Vec::new(), Vec::new()],
            store: None,
            copies: BTreeMap::new(),
            maps: BTreeSet::new(),
            is_taken: false,
        }
    }

    /// The worker is killed.
    pub fn kill(&mut self) {
        if let Some(store) = self.store.take() {
            self.journals = store.into_files().map(|file| file.after_crash());
        }
    }

    /// The power fails: of what was not flushed any part is on the disk.
    pub fn lose_power(&mut self, random: &mut Random) {
        if let Some(store) = self.store.take() {
            let files = store.into_files();
            self.journals = files.map(|file| file.after_power_cut(|limit| random.below(limit)));
        }
        self.power = Power::for_bytes(usize::MAX);
    }

    /// All copies of maps are gone, as if none had ever been made.
    pub fn lose_maps(&mut self) {
        for key in std::mem::take(&mut self.maps) {
            self.copies.remove(&key);
        }
    }

    /// The copies of maps that the disk has, and those that its records name.
    pub fn maps(&self) -> (BTreeSet<Key>, BTreeSet<Key>) {
        let found = read_only(&self.journals).unwrap_or_default();
        let is_map = |key: &&Key| self.maps.contains(key);
        let there = found.files.keys().filter(is_map).copied().collect();
        let texts = found.documents.values();
        let records = texts.filter_map(|text| serde_json::from_str::<StoredDocument>(text).ok());
        (there, records.filter_map(|record| record.map()).collect())
    }

    fn open(&mut self) -> (Message, Vec<FileId>) {
        let files = self
            .journals
            .clone()
            .map(|bytes| FakeFile::new(&self.power, bytes));
        let (mut store, contents) = match Store::open(files) {
            Ok(opened) => opened,
            Err(fault) => return (Message::Unavailable(fault), Vec::new()),
        };
        store.set_slack(20_000);
        let access = if self.is_taken {
            Access::Reader
        } else {
            Access::Writer
        };
        self.store = (access == Access::Writer).then_some(store);
        let files: Vec<(Key, FileId)> = contents
            .files
            .keys()
            .filter_map(|key| Some((*key, *self.copies.get(key)?)))
            .collect();
        let found = Found {
            access,
            session: contents.session,
            documents: contents.documents.into_iter().collect(),
            files: files.iter().map(|(key, _)| *key).collect(),
            bytes: 1e6,
            is_last: true,
        };
        let files = files.into_iter().map(|(_, file)| file).collect();
        (Message::Found(found), files)
    }

    pub fn carry_out(&mut self, order: Order, file: Option<FileId>) -> Message {
        let Some(item) = order.item() else {
            self.store = None;
            self.journals = [Vec::new(), Vec::new()];
            self.copies.clear();
            return Message::Deleted;
        };
        let Some(store) = &mut self.store else {
            let fault = Fault::Disk("the store is not open".to_owned());
            return Message::NotKept { item, fault };
        };
        let done = match order {
            Order::PutSession(text) => store.put(Kind::Session, 0, text.as_bytes()),
            Order::PutDocument { key, text } => store.put(Kind::Document, key.0, text.as_bytes()),
            Order::RemoveDocument(key) => store.remove(Kind::Document, key.0),
            Order::PutFile(key) => {
                self.copies.extend(file.map(|file| (key, file)));
                let note = FileNote {
                    size: 1.0,
                    media_type: String::new(),
                };
                let note = serde_json::to_vec(&note).unwrap_or_default();
                store.put(Kind::File, key.0, &note)
            }
            Order::RemoveFile(key) => store.remove(Kind::File, key.0),
            Order::Open | Order::Delete => Ok(()),
        };
        match done {
            Ok(()) => Message::Kept { item, bytes: 1e6 },
            Err(fault) => Message::NotKept { item, fault },
        }
    }

    /// Carries out what the page orders, until it orders nothing more.
    pub fn serve(&mut self, rig: &mut Rig) {
        while let Some(order) = take_order(rig) {
            match order {
                Effect::OpenSession { .. } => {
                    let (message, files) = self.open();
                    rig.tell(Event::Session { message, files });
                }
                Effect::Store { order, file } => {
                    let message = self.carry_out(order, file);
                    let files = Vec::new();
                    rig.tell(Event::Session { message, files });
                }
                Effect::StoreMap { key, .. } => {
                    let message = self.keep_map(key);
                    let files = Vec::new();
                    rig.tell(Event::Session { message, files });
                }
                _ => {}
            }
        }
    }

    pub fn keep_map(&mut self, key: Key) -> Message {
        self.maps.insert(key);
        self.carry_out(Order::PutFile(key), Some(FileId(1_000_000 + key.0)))
    }
}

/// The oldest order that the store has not got.
pub(super) fn take_order(rig: &mut Rig) -> Option<Effect> {
    let is_order = |effect: &Effect| {
        matches!(
            effect,
            Effect::OpenSession { .. }
                | Effect::Store { .. }
                | Effect::StoreMap { .. }
                | Effect::CloseSession
        )
    };
    let place = rig.seen.iter().position(is_order)?;
    Some(rig.seen.remove(place))
}

/// A page of a person who said yes, with what the device has.
pub(super) fn page(device: &mut Device) -> Rig {
    page_with_version(device, 1)
}

/// The same with models of this version.
pub(super) fn page_with_version(device: &mut Device, version: u8) -> Rig {
    let mut rig = page_before_the_network(device, version);
    rig.settle();
    device.serve(&mut rig);
    rig
}

/// The same before any engine has answered.
pub(super) fn page_before_the_network(device: &mut Device, version: u8) -> Rig {
    let preferences = Preferences {
        keep_session: Some(true),
        ..Preferences::default()
    };
    let mut rig = Rig::with(preferences, Surroundings::default());
    rig.model_version = version;
    rig.tell(Event::AdapterFound(Err("none".to_owned())));
    rig.list_models();
    device.serve(&mut rig);
    rig
}

fn pointer(rig: &mut Rig, phase: PointerPhase, at: (f64, f64)) {
    rig.tell(Event::Pointer(Pointer {
        phase,
        id: 1,
        at,
        is_main: true,
        is_finger: false,
    }));
}

pub(super) fn draw(rig: &mut Rig, at: (f64, f64)) {
    rig.send(Command::Take(Tool::Add));
    pointer(rig, PointerPhase::Down, at);
    pointer(rig, PointerPhase::Moved, (at.0 + 40.0, at.1 + 10.0));
    pointer(rig, PointerPhase::Up, (at.0 + 40.0, at.1 + 10.0));
}

/// Corrections as text, without the last digits of a double, which reading JSON may change.
fn in_json(edits: &BTreeMap<u32, Edits>) -> String {
    let text = serde_json::to_string(edits).unwrap_or_default();
    let numbers = |part: &str| match part.parse::<f64>() {
        Ok(number) => format!("{number:.6}"),
        Err(_) => part.to_owned(),
    };
    text.split_inclusive([',', ':', '[', ']', '{', '}'])
        .map(|part| {
            let (number, end) = part.split_at(part.len().saturating_sub(1));
            numbers(number) + end
        })
        .collect()
}

/// All that is to survive, of every document that was opened or decided on.
pub(super) fn work(rig: &Rig) -> Vec<String> {
    let documents = rig.app.documents.iter();
    documents
        .map(|document| {
            let opened = document.opened.as_ref().map(|opened| {
                (
                    opened.settings,
                    opened.wanted,
                    in_json(&opened.edits_by_frame()),
                )
            });
            format!(
                "{} {:?} {opened:?} {}",
                document.name,
                document.review,
                document.truths.len()
            )
        })
        .collect()
}

#[test]
fn nothing_is_kept_before_the_person_was_asked_and_said_yes() {
    let mut device = Device::new();
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    assert!(!rig.app.asks_to_keep());
    draw(&mut rig, (300.0, 200.0));
    assert!(rig.app.asks_to_keep());
    assert!(take_order(&mut rig).is_none());
    assert!(rig.saw(|effect| *effect == Effect::GuardUnload(true)));
    rig.send(Command::KeepSession(false));
    assert!(!rig.app.asks_to_keep() && take_order(&mut rig).is_none());
    rig.send(Command::KeepSession(true));
    assert!(rig.saw(|effect| *effect == Effect::OpenSession { ask: true }));
    device.serve(&mut rig);
    // All is on the disk, so that the page may be closed.
    assert_eq!(
        rig.seen
            .iter()
            .rfind(|effect| matches!(effect, Effect::GuardUnload(_))),
        Some(&Effect::GuardUnload(false))
    );
    assert_eq!((rig.app.keeping.count(), device.copies.len()), (1, 1));
}

#[test]
fn after_a_reload_everything_is_there_and_can_be_undone() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png", "b.png", "c.png"]);
    device.serve(&mut rig);
    rig.send(Command::Step(1));
    rig.settle();
    draw(&mut rig, (300.0, 200.0));
    draw(&mut rig, (350.0, 250.0));
    rig.send(Command::Undo);
    rig.send(Command::SetThreshold(0.7));
    device.serve(&mut rig);
    let before = work(&rig);
    drop(rig);
    device.kill();

    let mut rig = page(&mut device);
    assert_eq!(work(&rig), before);
    assert_eq!(rig.shown_name(), Some("b.png"));
    assert!(rig.is_done());
    rig.send(Command::Redo);
    rig.send(Command::Undo);
    rig.send(Command::Undo);
    let strokes = rig.app.shown().map(|shown| shown.edits.corrections().len());
    assert_eq!(strokes, Some(0));
    assert!(rig.saw(|effect| matches!(effect, Effect::Store { .. })));
}

#[test]
fn depth_marks_that_were_ignored_stay_so_after_a_reload() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["ultrasound-marks.png"]);
    device.serve(&mut rig);
    assert!(rig.app.depth_marks().is_some());
    rig.send(Command::IgnoreDepthMarks);
    device.serve(&mut rig);
    drop(rig);
    device.kill();
    let rig = page(&mut device);
    assert_eq!(rig.shown_name(), Some("ultrasound-marks.png"));
    assert_eq!(rig.app.depth_marks(), None);
}

#[test]
fn the_end_of_the_page_at_a_hundred_random_moments_of_a_day_loses_at_most_the_stroke_that_is_drawn()
{
    for seed in 0..100 {
        let mut random = Random(seed);
        let mut device = Device::new();
        let mut rig = page(&mut device);
        rig.open(&["a.png", "b-cine.png", "c.png", "d-ultrasound.png"]);
        device.serve(&mut rig);
        for _ in 0..10 + random.below(60) {
            let at = (
                200.0 + random.below(400) as f64,
                150.0 + random.below(300) as f64,
            );
            match random.below(14) {
                0..=3 => draw(&mut rig, at),
                4 => rig.send(Command::Undo),
                5 => rig.send(Command::Redo),
                6 => rig.send(Command::SetThreshold(0.01 * random.below(90) as f32)),
                7 => rig.send(Command::ToggleFillHoles),
                8 => {
                    rig.send(Command::Step([-1, 1][random.below(2)]));
                    rig.settle();
                }
                9 => {
                    rig.send(Command::SetFrame(random.below(24) as u32));
                    rig.settle();
                }
                10 => {
                    let end = random.below(2);
                    let axis = Axis::Longest;
                    rig.send(Command::MoveEnd {
                        axis,
                        end,
                        across: 1.0,
                        down: 2.0,
                    });
                }
                11 => {
                    // Another part of the app decides about a document; the next event keeps that.
                    let id = rig.app.documents.shown_id();
                    if let Some(document) = id.and_then(|id| rig.app.documents.get_mut(id)) {
                        document.review.decision = Decision::Accepted;
                        document.review.is_flagged = !document.review.is_flagged;
                    }
                    rig.send(Command::Compare(false));
                }
                12 => {
                    let id = rig.app.documents.shown_id();
                    if let Some(id) = id.filter(|_| rig.app.documents.len() > 2) {
                        rig.send(Command::Close(id));
                        rig.settle();
                    }
                }
                _ => {
                    rig.send(Command::ClearEdits);
                    if random.below(3) == 0 {
                        rig.drop_files(&["e.png"]);
                        rig.settle();
                    }
                }
            }
            device.serve(&mut rig);
        }
        rig.settle();
        device.serve(&mut rig);
        let before = work(&rig);
        // The stroke that is being drawn.
        if random.below(2) == 0 {
            rig.send(Command::Take(Tool::Erase));
            pointer(&mut rig, PointerPhase::Down, (300.0, 200.0));
            pointer(&mut rig, PointerPhase::Moved, (320.0, 240.0));
        }
        drop(rig);
        device.kill();
        let rig = page(&mut device);
        assert_eq!(work(&rig), before, "seed {seed}");
    }
}

#[test]
fn the_end_of_the_store_at_any_moment_costs_nothing_while_the_page_is_open() {
    for bytes in (0..6000).step_by(60) {
        let mut device = Device::new();
        let mut rig = page(&mut device);
        rig.open(&["a.png", "b.png"]);
        device.serve(&mut rig);
        device.kill();
        device.power = Power::for_bytes(bytes);
        let message = device.open().0;
        drop(message);
        draw(&mut rig, (300.0, 200.0));
        // Some of the orders are carried out, of one perhaps a half, and the worker is gone.
        while let Some(Effect::Store { order, file }) = take_order(&mut rig) {
            match device.carry_out(order, file) {
                Message::NotKept { .. } => break,
                message => rig.tell(Event::Session {
                    message,
                    files: Vec::new(),
                }),
            }
        }
        device.kill();
        device.power = Power::for_bytes(usize::MAX);
        rig.seen.clear();
        rig.tell(Event::SessionEnded("test".to_owned()));
        device.serve(&mut rig);
        assert_eq!(rig.app.keeping.state(), &State::Writer);
        let before = work(&rig);
        drop(rig);
        device.kill();
        assert_eq!(work(&page(&mut device)), before, "after {bytes} bytes");
    }
}

#[test]
fn a_second_tab_shows_the_work_and_changes_nothing_until_the_first_is_closed() {
    let mut device = Device::new();
    let mut first = page(&mut device);
    first.open(&["a.png"]);
    draw(&mut first, (300.0, 200.0));
    device.serve(&mut first);
    let before = work(&first);
    device.kill();
    device.is_taken = true;

    let mut second = page(&mut device);
    assert_eq!(work(&second), before);
    assert!(second.says("open in another tab"));
    draw(&mut second, (350.0, 250.0));
    second.send(Command::Undo);
    second.send(Command::SetThreshold(0.9));
    second.send(Command::DeleteSession);
    assert!(second.says("Nothing was changed") && second.says("Nothing was deleted"));
    assert_eq!(work(&second), before);
    assert!(!second.saw(|effect| matches!(effect, Effect::Store { .. })));

    device.is_taken = false;
    let (message, files) = device.open();
    second.tell(Event::Session { message, files });
    second.settle();
    device.serve(&mut second);
    assert_eq!(work(&second), before);
    second.send(Command::Undo);
    assert_ne!(work(&second), before);
    device.serve(&mut second);
}

#[test]
fn deleting_leaves_nothing_on_the_device_and_closes_what_came_from_it() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png"]);
    draw(&mut rig, (300.0, 200.0));
    device.serve(&mut rig);
    drop(rig);
    device.kill();
    let mut rig = page(&mut device);
    rig.open(&["b.png"]);
    device.serve(&mut rig);
    rig.send(Command::DeleteSession);
    device.serve(&mut rig);
    assert!(device.copies.is_empty() && device.journals.concat().is_empty());
    assert_eq!(rig.app.preferences.keep_session, Some(false));
    assert!(rig.says("Deleted from this device: 2 pictures"));
    let names: Vec<_> = rig
        .app
        .documents
        .iter()
        .map(|document| document.name.as_str())
        .collect();
    assert_eq!(names, ["b.png"]);
    rig.settle();
    draw(&mut rig, (300.0, 200.0));
    assert!(take_order(&mut rig).is_none());
    drop(rig);
    assert_eq!(page(&mut device).app.documents.len(), 0);
}

#[test]
fn a_full_disk_is_said_with_the_name_of_the_picture_and_the_page_is_guarded() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png"]);
    device.serve(&mut rig);
    draw(&mut rig, (300.0, 200.0));
    while let Some(order) = take_order(&mut rig) {
        if let Effect::Store { order, .. } = order
            && let Some(item @ Item::Document(_)) = order.item()
        {
            let message = Message::NotKept {
                item,
                fault: Fault::NoRoom,
            };
            rig.tell(Event::Session {
                message,
                files: Vec::new(),
            });
        }
    }
    assert!(rig.says("“a.png” is not kept") && rig.says("no more room"));
    assert!(
        rig.app
            .session_sentence()
            .contains("Not everything could be kept")
    );
    assert!(
        rig.app
            .documents
            .iter()
            .any(|document| rig.app.is_at_risk(document))
    );
    rig.send(Command::KeepSession(true));
    device.serve(&mut rig);
    assert!(
        !rig.app
            .documents
            .iter()
            .any(|document| rig.app.is_at_risk(document))
    );
    assert!(
        rig.app
            .session_sentence()
            .starts_with("Kept on this device: 1 picture")
    );
}

#[test]
fn work_on_a_file_that_was_not_copied_in_time_comes_back_with_the_file() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png"]);
    draw(&mut rig, (300.0, 200.0));
    device.serve(&mut rig);
    let before = work(&rig);
    drop(rig);
    device.kill();
    device.copies.clear();
    let mut rig = page(&mut device);
    assert!(rig.says("a.png") && rig.app.documents.is_empty());
    rig.drop_files(&["a.png"]);
    rig.settle();
    device.serve(&mut rig);
    assert_eq!(work(&rig), before);
    drop(rig);
    device.kill();
    assert_eq!(work(&page(&mut device)), before);
}

#[test]
fn the_picture_on_the_stage_is_kept_before_the_rest_of_a_folder() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    let names: Vec<String> = (0..100).map(|number| format!("{number}.png")).collect();
    rig.drop_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
    rig.settle();
    let orders = rig
        .seen
        .iter()
        .filter(|effect| matches!(effect, Effect::Store { .. }));
    assert!(orders.count() < 40);
    device.serve(&mut rig);
    assert_eq!((rig.app.keeping.count(), device.copies.len()), (100, 100));
    draw(&mut rig, (300.0, 200.0));
    let due = take_order(&mut rig);
    assert!(
        matches!(
            due,
            Some(Effect::Store {
                order: Order::PutDocument { .. },
                ..
            })
        ),
        "{due:?}"
    );
}
