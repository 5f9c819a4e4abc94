//! Probability maps that are kept: pictures come back with the border that the person left.

use super::command::Command;
use super::effect::Effect;
use super::event::{Event, Timer};
use super::keeping_scenarios::{
    Device, draw, page, page_before_the_network, page_with_version, work,
};
use super::rig::{Rig, skin};
use crate::protocol::{DocumentId, Request};
use crate::session::messages::{Fault, Item, Message};

/// A device with these pictures, segmented by models of the first version, whose maps are kept. There is work on the first.
fn device_with(names: &[&str]) -> Device {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(names);
    draw(&mut rig, (300.0, 200.0));
    rest(&mut rig, &mut device);
    assert_eq!(device_maps(&mut device), names.len());
    device
}

/// Everything is prepared and kept.
fn rest(rig: &mut Rig, device: &mut Device) {
    for _ in 0..3 {
        rig.rest();
        device.serve(rig);
    }
}

/// How many documents have a copy; the store is ended.
fn device_maps(device: &mut Device) -> usize {
    device.kill();
    let (there, named) = device.maps();
    assert_eq!(there, named, "each copy is named, and none besides");
    named.len()
}

/// By weights that are no longer the model's, where there are any.
fn weights(rig: &Rig) -> Option<&String> {
    rig.app.shown()?.maps()?.weights.as_ref()
}

#[test]
fn a_picture_comes_back_with_its_border_before_a_model_is_loaded() {
    let mut device = device_with(&["a.png", "b.png", "c-ultrasound.png"]);
    let mut rig = page(&mut device);
    assert!(rig.is_done() && rig.overlays > 0);
    assert!(rig.app.status().starts_with("Border found before"));
    assert_eq!((weights(&rig), rig.shown_model()), (None, Some(&skin())));
    assert_eq!(rig.restored.len(), 1);
    assert!(rig.segmented.is_empty() && rig.app.models.active().is_none());
    assert_eq!(rig.app.classes().len(), 1);
    // Once the page rests the others follow, and the model for what comes next.
    rest(&mut rig, &mut device);
    assert_eq!(rig.restored.len(), 3);
    assert!(rig.segmented.is_empty());
    assert!(rig.app.models.active().is_some() && !rig.says("another"));
    rig.open(&["d.png"]);
    rest(&mut rig, &mut device);
    assert_eq!(rig.segmented.len(), 1);
    drop(rig);
    assert_eq!(device_maps(&mut device), 4);
}

#[test]
fn a_border_of_another_version_stays_as_it_was_and_can_be_made_again() {
    let mut device = device_with(&["a.png", "b.png"]);
    let mut rig = page_with_version(&mut device, 2);
    let before = format!("{:064x}", 1);
    assert_eq!(weights(&rig), Some(&before));
    assert!(rig.says("“a.png”, “b.png” are shown as you left them"));
    let note = rig.app.model_note().unwrap_or_default();
    assert!(note.contains("drawn by skin, an earlier version"), "{note}");
    // Files that are exported name it too: the request is for the maps that it made.
    rig.send(Command::Export("mask"));
    let is_by_it = |request: &&Request| match request {
        Request::Export { mask, .. } => mask.segmentation.weights.as_ref() == Some(&before),
        _ => false,
    };
    assert!(rig.asked().iter().any(is_by_it));
    rest(&mut rig, &mut device);
    assert!(rig.segmented.is_empty(), "no border changes by itself");
    device.kill();
    drop(rig);

    // It is so at the next visit too.
    let mut rig = page_with_version(&mut device, 2);
    rest(&mut rig, &mut device);
    assert_eq!(weights(&rig), Some(&before));
    rig.send(Command::SegmentAgain);
    rest(&mut rig, &mut device);
    assert_eq!((weights(&rig), rig.segmented.len()), (None, 2));
    assert!(rig.says("under your work on “a.png”."));
    assert!(!rig.says("as you left"));
    drop(rig);
    assert_eq!(device_maps(&mut device), 2);

    // The new copies count from now on.
    let mut rig = page_with_version(&mut device, 2);
    rest(&mut rig, &mut device);
    assert!(rig.segmented.is_empty() && !rig.says("as you left"));
    assert_eq!((weights(&rig), rig.restored.len()), (None, 2));
}

#[test]
fn choosing_a_model_or_views_is_the_person_s_word_for_all_pictures() {
    for choice in [
        Command::ChooseModel(Some(skin())),
        Command::AverageViews(true),
    ] {
        let mut device = device_with(&["a.png", "b.png"]);
        let mut rig = page_with_version(&mut device, 2);
        rig.send(choice);
        rest(&mut rig, &mut device);
        assert_eq!((weights(&rig), rig.segmented.len()), (None, 2));
    }
}

#[test]
fn a_damaged_copy_costs_a_segmentation_and_nothing_else() {
    let mut device = device_with(&["a.png", "b.png"]);
    let before = work(&page(&mut device));
    device.kill();
    let mut rig = page_before_the_network(&mut device, 1);
    rig.are_maps_damaged = true;
    rest(&mut rig, &mut device);
    assert_eq!(work(&rig), before);
    assert!(rig.is_done() && rig.restored.is_empty());
    assert_eq!(rig.segmented.len(), 2);
    drop(rig);
    // They were replaced.
    assert_eq!(device_maps(&mut device), 2);
    let rig = page(&mut device);
    assert_eq!((rig.restored.len(), rig.segmented.len()), (1, 0));
}

#[test]
fn an_engine_that_ends_over_a_copy_twice_does_without_it() {
    let mut device = device_with(&["a.png"]);
    let mut rig = page(&mut device);
    rig.send(Command::RestartEngine);
    for _ in 0..2 {
        rig.answer_until(|request| matches!(request, Request::Open { .. }));
        rig.die();
        rig.fire(Timer::Relaunch);
    }
    rest(&mut rig, &mut device);
    assert!(rig.is_done());
    assert_eq!((rig.restored.len(), rig.segmented.len()), (1, 1));
    assert_eq!(rig.app.documents.len(), 1);
}

#[test]
fn a_map_that_cannot_be_kept_is_no_work_at_risk() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    rig.open(&["a.png"]);
    device.serve(&mut rig);
    rig.rest();
    let orders = rig.seen.iter();
    let mut keys = orders.filter_map(|effect| match effect {
        Effect::StoreMap { key, .. } => Some(*key),
        _ => None,
    });
    let key = keys.next().expect("a map is to be kept");
    rig.seen
        .retain(|effect| !matches!(effect, Effect::StoreMap { .. }));
    let message = Message::NotKept {
        item: Item::File(key),
        fault: Fault::NoRoom,
    };
    let files = Vec::new();
    rig.tell(Event::Session { message, files });
    rest(&mut rig, &mut device);
    assert!(!rig.says("not kept"));
    assert!(
        rig.app
            .session_sentence()
            .starts_with("Kept on this device")
    );
    drop(rig);
    assert_eq!(device_maps(&mut device), 0);
    let mut rig = page(&mut device);
    rest(&mut rig, &mut device);
    assert_eq!((rig.restored.len(), rig.segmented.len()), (0, 1));
}

#[test]
fn the_copy_goes_with_its_document() {
    let mut device = device_with(&["a.png", "b.png"]);
    let mut rig = page(&mut device);
    rest(&mut rig, &mut device);
    let id = rig.app.documents.shown_id().unwrap_or(DocumentId(0));
    rig.send(Command::Close(id));
    rest(&mut rig, &mut device);
    // The one that was closed before can no longer be opened again.
    let id = rig.app.documents.shown_id().unwrap_or(DocumentId(0));
    draw(&mut rig, (300.0, 200.0));
    rig.send(Command::Close(id));
    rest(&mut rig, &mut device);
    rig.open(&["c.png"]);
    draw(&mut rig, (300.0, 200.0));
    rest(&mut rig, &mut device);
    let id = rig.app.documents.shown_id().unwrap_or(DocumentId(0));
    rig.send(Command::Close(id));
    rest(&mut rig, &mut device);
    device.kill();
    let (there, named) = device.maps();
    assert!(named.is_empty() && there.len() <= 1, "{there:?}");
}

#[test]
fn the_record_of_a_map_is_small_whatever_the_number_of_pictures() {
    let mut device = Device::new();
    let mut rig = page(&mut device);
    let names: Vec<String> = (0..1000).map(|number| format!("{number}.png")).collect();
    rig.drop_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
    rest(&mut rig, &mut device);
    device.kill();
    let (there, named) = device.maps();
    assert_eq!((there.len(), named.len()), (1000, 1000));
    let journal: usize = device.journals.iter().map(Vec::len).sum();
    // 1.1 kB a document, of which its map is 0.25 kB; the copies themselves are files: see the engine's tests.
    assert!(journal < 4_000_000, "{journal} bytes");
    println!("1,000 documents: {} bytes of journal", journal);
}
