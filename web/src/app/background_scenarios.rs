//! What is prepared while the person looks at one of many documents.

use std::time::Instant;

use super::background::{MOST_READY, PAINTED_AHEAD};
use super::command::Command;
use super::event::Timer;
use super::gestures::PointerPhase;
use super::opened::SegmentationState;
use super::progress::Progress;
use super::rig::{Rig, breast, skin};
use super::stage::Tool;
use crate::protocol::{DocumentId, Request};

/// A page with so many files, the first on the stage.
fn folder(count: usize) -> Rig {
    let mut rig = Rig::new();
    drop_folder(&mut rig, count);
    rig
}

fn drop_folder(rig: &mut Rig, count: usize) {
    let names: Vec<String> = (1..=count).map(|number| format!("{number}.png")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    rig.open(&names);
}

fn show(rig: &mut Rig, number: u32) {
    rig.send(Command::Show(DocumentId(number)));
    rig.settle();
}

fn is_open(request: &Request) -> bool {
    matches!(request, Request::Open { .. })
}

fn is_segment(request: &Request) -> bool {
    matches!(request, Request::Segment(_))
}

fn asks_to_open(rig: &Rig) -> bool {
    rig.asked().into_iter().any(is_open)
}

/// The person rests: the document on the stage is summed up, and the next one is about to be opened.
fn begin(rig: &mut Rig) {
    rig.fire(Timer::Background);
    rig.answer_until(|request| matches!(request, Request::Summarise { .. }));
}

fn summed_up(rig: &Rig) -> usize {
    let has_summary = |document: &&super::documents::Document| document.summary.is_some();
    rig.app.documents.iter().filter(has_summary).count()
}

/// Lets the engine answer so many requests.
fn answer(rig: &mut Rig, count: usize) {
    for _ in 0..count {
        rig.answer_until(|_| true);
    }
}

fn progress(rig: &Rig) -> Option<Progress> {
    rig.app.background.progress()
}

#[test]
fn the_nearest_documents_are_prepared_first_and_the_later_of_two_before_the_earlier() {
    let mut rig = folder(7);
    show(&mut rig, 4);
    rig.segmented.clear();
    rig.rest();
    let order: Vec<u32> = rig.segmented.iter().map(|document| document.0).collect();
    // The first was on the stage before and is there still.
    assert_eq!(order, [5, 3, 6, 2, 7]);
    assert_eq!(summed_up(&rig), 7);
    assert_eq!(rig.thumbnails.len(), 7);
    assert_eq!(progress(&rig), None);
}

#[test]
fn nothing_is_prepared_before_the_person_has_done_nothing_for_a_while() {
    let mut rig = folder(3);
    assert!(rig.timers.contains(&Timer::Background));
    assert_eq!(rig.segmented, [DocumentId(1)]);
    begin(&mut rig);
    assert!(asks_to_open(&rig));
    rig.send(Command::SetThreshold(0.6));
    answer(&mut rig, 10);
    assert!(!asks_to_open(&rig));
    rig.rest();
    assert_eq!(summed_up(&rig), 3);
}

#[test]
fn nothing_is_prepared_while_something_is_pressed() {
    let mut rig = folder(3);
    rig.mouse(PointerPhase::Down, (300.0, 300.0));
    rig.rest();
    assert_eq!(summed_up(&rig), 0);
    rig.mouse(PointerPhase::Up, (300.0, 300.0));
    rig.rest();
    assert_eq!(summed_up(&rig), 3);
}

#[test]
fn a_step_to_a_prepared_neighbour_shows_image_and_border_at_once() {
    let mut rig = folder(5);
    rig.rest();
    for (step, name) in [(1, "2.png"), (1, "3.png"), (-1, "2.png")] {
        let (segmented, overlays) = (rig.segmented.len(), rig.overlays);
        rig.send(Command::Step(step));
        assert_eq!(rig.shown_name(), Some(name));
        assert_eq!(rig.on_stage, rig.app.documents.shown_id());
        assert!(rig.app.has_mask() && rig.is_done());
        assert_eq!(rig.overlays, overlays + 1, "its border came with it");
        assert!(!asks_to_open(&rig));
        assert_eq!(
            rig.app.shown().map(|shown| shown.settings.threshold),
            Some(0.4)
        );
        rig.rest();
        assert_eq!(rig.segmented.len(), segmented);
    }
}

#[test]
fn the_overlay_ahead_is_drawn_again_where_the_person_changed_how_it_looks() {
    let mut rig = folder(5);
    rig.rest();
    assert_eq!(rig.kept_overlays.len(), PAINTED_AHEAD);
    rig.send(Command::SetOpacity(77));
    rig.settle();
    let overlays = rig.overlays;
    rig.send(Command::Step(1));
    assert_eq!(rig.overlays, overlays, "the old one is not shown");
    rig.settle();
    assert_eq!(rig.overlays, overlays + 1);
}

#[test]
fn a_step_to_an_unprepared_document_comes_before_what_is_prepared() {
    let mut rig = folder(100);
    rig.fire(Timer::Background);
    answer(&mut rig, 4);
    show_next_unprepared(&mut rig);
    rig.answer_until(is_open);
    rig.answer_until(is_open);
    assert_eq!(rig.shown_name(), Some("90.png"));
    rig.answer_until(is_segment);
    assert!(rig.is_done());
}

fn show_next_unprepared(rig: &mut Rig) {
    rig.send(Command::Show(DocumentId(90)));
    assert!(rig.asked().len() <= 2, "one thing at a time is prepared");
}

#[test]
fn a_document_that_is_just_being_prepared_is_not_opened_twice() {
    let mut rig = folder(3);
    begin(&mut rig);
    assert!(asks_to_open(&rig));
    rig.send(Command::Step(1));
    assert_eq!(rig.asked().len(), 1);
    rig.settle();
    assert_eq!(rig.shown_name(), Some("2.png"));
    assert!(rig.is_done());
}

#[test]
fn preparing_pauses_and_goes_on() {
    let mut rig = folder(50);
    rig.fire(Timer::Background);
    answer(&mut rig, 30);
    rig.send(Command::PauseProcessing);
    rig.rest();
    let paused = summed_up(&rig);
    assert!((1..20).contains(&paused), "{paused}");
    let told = progress(&rig);
    assert_eq!(told.map(|told| told.all), Some(50));
    assert!(told.is_some_and(|told| told.seconds.is_some()));
    rig.send(Command::ResumeProcessing);
    rig.rest();
    assert_eq!(summed_up(&rig), 50);
    assert_eq!(progress(&rig), None);
}

#[test]
fn what_is_stopped_prepares_the_neighbours_alone() {
    let mut rig = folder(100);
    rig.send(Command::StopProcessing);
    rig.rest();
    assert_eq!(summed_up(&rig), MOST_READY + 1);
    show(&mut rig, 90);
    rig.rest();
    assert!(summed_up(&rig) > MOST_READY + 1 && summed_up(&rig) < 100);
    rig.send(Command::ResumeProcessing);
    rig.rest();
    assert_eq!(summed_up(&rig), 100);
}

#[test]
fn a_file_that_cannot_be_opened_stays_in_the_list_with_the_reason_and_is_stepped_over() {
    let mut rig = Rig::new();
    rig.broken_files.insert("2.png".to_owned());
    drop_folder(&mut rig, 4);
    rig.rest();
    assert_eq!(rig.app.documents.len(), 4);
    assert!(rig.sentences().is_empty(), "nothing covers the picture");
    let failed = rig.app.documents.get(DocumentId(2));
    let reason = failed.and_then(|document| document.failure.clone());
    assert_eq!(reason.as_deref(), Some("This is not an image."));
    assert_eq!(progress(&rig), None);
    rig.send(Command::Step(1));
    assert_eq!(rig.shown_name(), Some("3.png"));
    // Asked for by the person it is tried once more, and then they are told.
    show(&mut rig, 2);
    assert_eq!(rig.shown_name(), Some("3.png"));
    assert!(rig.says("2.png: This is not an image."));
    assert_eq!(rig.app.documents.len(), 4);
}

#[test]
fn memory_is_bounded_whatever_the_number_of_files() {
    let mut rig = folder(10_000);
    for place in [1, 9000, 5000, 10_000] {
        show(&mut rig, place);
        rig.fire(Timer::Background);
        answer(&mut rig, 1000);
    }
    assert!(summed_up(&rig) > 500, "{}", summed_up(&rig));
    assert!(rig.most_held <= MOST_READY + 3, "{}", rig.most_held);
    assert!(rig.most_images <= MOST_READY + 2, "{}", rig.most_images);
}

#[test]
fn a_folder_is_done_to_the_last_file() {
    let mut rig = folder(1000);
    rig.rest();
    assert_eq!(summed_up(&rig), 1000);
    assert_eq!(progress(&rig), None);
    assert!(rig.most_held <= MOST_READY + 3, "{}", rig.most_held);
}

#[test]
fn an_event_costs_less_than_a_millisecond_with_ten_thousand_documents() {
    let mut rig = folder(10_000);
    show(&mut rig, 5000);
    rig.fire(Timer::Background);
    answer(&mut rig, 600);
    // The best of several: the machine may be busy with other things.
    let events = 100;
    let best = (0..6)
        .map(|_| {
            let began = Instant::now();
            answer(&mut rig, events);
            began.elapsed().as_secs_f64() * 1e3 / events as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!("{best:.3} ms an event, the engine's stand-in included");
    assert!(best < 1.0, "{best} ms");
}

#[test]
fn after_a_crash_all_that_was_there_is_prepared_again_and_what_is_kept_is_shown_at_once() {
    let mut rig = folder(6);
    rig.rest();
    rig.die();
    rig.send(Command::Step(1));
    assert_eq!(rig.shown_name(), Some("2.png"), "no engine is needed");
    rig.rest();
    assert!(rig.is_done() && rig.app.has_mask());
    let held = rig.serving().and_then(|id| rig.engines.get(&id));
    assert_eq!(held.map(|engine| engine.documents.len()), Some(6));
}

#[test]
fn a_document_over_which_the_engine_dies_in_the_background_is_left_to_the_person() {
    let mut rig = folder(3);
    begin(&mut rig);
    assert!(asks_to_open(&rig));
    rig.die();
    rig.rest();
    assert_eq!(summed_up(&rig), 2);
    let blamed = rig.app.documents.get(DocumentId(2));
    assert!(blamed.is_some_and(|document| document.failure.is_some()));
    show(&mut rig, 2);
    assert!(rig.is_done());
    let cleared = rig.app.documents.get(DocumentId(2));
    assert!(cleared.is_some_and(|document| document.failure.is_none()));
}

#[test]
fn another_model_segments_all_of_them_again() {
    let mut rig = folder(4);
    rig.rest();
    rig.send(Command::ChooseModel(Some(breast())));
    rig.rest();
    let by = |rig: &Rig| -> Vec<_> {
        let opened = rig.app.documents.iter().filter_map(|it| it.opened.as_ref());
        opened
            .filter_map(|opened| Some(opened.maps()?.model.clone()))
            .collect()
    };
    assert_eq!(by(&rig), vec![breast(); 4]);
    rig.send(Command::ChooseModel(Some(skin())));
    rig.rest();
    assert_eq!(by(&rig), vec![skin(); 4]);
}

#[test]
fn a_model_for_other_images_is_loaded_without_a_word_and_the_shown_one_stays_the_active() {
    let mut rig = Rig::new();
    rig.open(&["mole.png", "ultrasound.png"]);
    rig.rest();
    assert_eq!(summed_up(&rig), 2);
    assert_eq!(rig.app.models.active().map(|(key, _)| key), Some(&skin()));
    assert!(rig.sentences().is_empty());
    rig.send(Command::Step(1));
    assert_eq!(rig.shown_model(), Some(&breast()));
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.55)
    );
}

#[test]
fn corrections_are_in_the_summary_of_a_document_that_was_left() {
    let mut rig = folder(3);
    rig.rest();
    rig.send(Command::Take(Tool::Add));
    for phase in [PointerPhase::Down, PointerPhase::Up] {
        rig.mouse(phase, (300.0, 300.0));
    }
    rig.send(Command::Step(1));
    rig.rest();
    let left = rig.app.documents.get(DocumentId(1));
    let opened = left.and_then(|document| document.opened.as_ref());
    let edits = opened.map(|opened| opened.edits.version());
    let summarised = opened.and_then(|opened| Some(opened.summarised.as_ref()?.edits));
    assert!(edits.is_some_and(|edits| edits > 0));
    assert_eq!(summarised, edits);
}

#[test]
fn a_model_that_cannot_be_loaded_leaves_the_rest_of_the_folder_alone() {
    let mut rig = Rig::new();
    rig.broken_models.insert("breast".to_owned());
    rig.open(&["mole.png", "ultrasound.png", "mole-2.png"]);
    rig.rest();
    assert_eq!(summed_up(&rig), 2);
    assert_eq!(progress(&rig), None);
    rig.broken_models.clear();
    rig.send(Command::Step(1));
    rig.settle();
    let shown = rig.app.shown().map(|shown| shown.segmentation.clone());
    assert_ne!(
        shown,
        Some(SegmentationState::Pending),
        "no wait without end"
    );
    rig.send(Command::Retry);
    rig.rest();
    assert_eq!(summed_up(&rig), 3);
}

#[test]
fn files_that_are_closed_leave_nothing_behind() {
    let mut rig = folder(3);
    rig.rest();
    for number in 1..=3 {
        rig.send(Command::Close(DocumentId(number)));
        rig.settle();
    }
    assert!(rig.images.is_empty() && rig.thumbnails.is_empty());
    let engine = rig.serving().and_then(|id| rig.engines.get(&id));
    assert!(engine.is_some_and(|engine| engine.documents.is_empty()));
}
