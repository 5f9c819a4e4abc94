//! Going through many pictures by keyboard: decisions, flags, notes, and the list beside them.

use super::availability::Availability;
use super::command::Command;
use super::effect::Effect;
use super::event::Event;
use super::filter::{Filter, Sort};
use super::review::Decision;
use super::rig::Rig;
use crate::protocol::{DocumentId, Request};

fn press(rig: &mut Rig, key: &str) {
    rig.press(key);
    rig.settle();
}

fn decisions(rig: &Rig) -> Vec<Decision> {
    rig.app
        .documents
        .iter()
        .map(|document| document.review.decision)
        .collect()
}

#[test]
fn accepting_and_rejecting_go_on_to_the_next_picture_without_a_decision() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "2.png", "3.png"]);
    press(&mut rig, "n");
    press(&mut rig, "a");
    assert_eq!(rig.shown_name(), Some("3.png"));
    press(&mut rig, "x");
    assert_eq!(rig.shown_name(), Some("1.png"));
    press(&mut rig, "a");
    assert_eq!(
        decisions(&rig),
        [Decision::Accepted, Decision::Accepted, Decision::Rejected]
    );
    assert!(rig.says("Every picture is decided: 2 accepted, 1 rejected."));
    assert_eq!(rig.shown_name(), Some("1.png"));
}

#[test]
fn a_picture_is_not_accepted_before_its_mask_is_there() {
    let mut rig = Rig::new();
    rig.drop_files(&["1.png", "2.png"]);
    rig.answer_until(|request| matches!(request, Request::Open { .. }));
    rig.send(Command::Accept);
    assert!(rig.says("Nothing was accepted: there is no mask yet."));
    assert_eq!(decisions(&rig)[0], Decision::Undecided);
    rig.settle();
}

#[test]
fn a_picture_that_is_not_on_the_stage_yet_is_never_accepted() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "2.png", "3.png"]);
    // Two presses before the second picture is there.
    rig.send(Command::Accept);
    rig.send(Command::Accept);
    rig.settle();
    assert_eq!(
        decisions(&rig),
        [Decision::Accepted, Decision::Undecided, Decision::Undecided]
    );
    assert_eq!(rig.shown_name(), Some("2.png"));
}

#[test]
fn decisions_flags_and_notes_can_be_taken_back_one_by_one() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "2.png"]);
    press(&mut rig, "g");
    for note in ["a", "ai", "air"] {
        rig.send(Command::SetNote(DocumentId(1), note.to_owned()));
    }
    press(&mut rig, "a");
    assert_eq!(rig.shown_name(), Some("2.png"));
    let review = |rig: &Rig| {
        rig.app
            .documents
            .get(DocumentId(1))
            .map(|of| of.review.clone())
    };
    press(&mut rig, "z");
    assert_eq!(rig.shown_name(), Some("1.png"));
    assert!(
        review(&rig).is_some_and(|review| review.decision == Decision::Undecided
            && review.note == "air"
            && review.is_flagged)
    );
    press(&mut rig, "z");
    assert!(review(&rig).is_some_and(|review| review.note.is_empty() && review.is_flagged));
    press(&mut rig, "z");
    assert_eq!(review(&rig), Some(Default::default()));
    assert_eq!(
        rig.app.availability(&Command::UndoReview),
        Availability::Disabled
    );
}

#[test]
fn the_last_and_the_first_picture_are_said() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "2.png"]);
    press(&mut rig, "p");
    assert!(rig.says("This is the first picture."));
    press(&mut rig, "n");
    assert!(!rig.says("This is the last picture."));
    press(&mut rig, "n");
    assert!(rig.says("This is the last picture."));
    assert_eq!(rig.shown_name(), Some("2.png"));
}

#[test]
fn next_follows_the_list_as_it_is_sorted_and_filtered() {
    let mut rig = Rig::new();
    rig.open(&["3.png", "1.png", "2.png"]);
    rig.send(Command::SetSort(Sort::Name));
    assert_eq!(
        rig.app.availability(&Command::Step(1)),
        Availability::Disabled
    );
    press(&mut rig, "p");
    assert_eq!(rig.shown_name(), Some("2.png"));
    press(&mut rig, "a");
    assert_eq!(rig.shown_name(), Some("3.png"));
    rig.send(Command::SetFilter(Filter::Undecided));
    press(&mut rig, "p");
    assert_eq!(rig.shown_name(), Some("1.png"));
    press(&mut rig, "p");
    assert!(rig.says("This is the first picture of the list."));
}

#[test]
fn the_neighbour_in_the_list_follows_a_picture_that_is_closed() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "3.png", "2.png"]);
    rig.send(Command::SetSort(Sort::Name));
    rig.send(Command::Close(DocumentId(1)));
    rig.settle();
    assert_eq!(rig.shown_name(), Some("2.png"));
}

#[test]
fn a_decision_guards_the_page_and_a_closed_picture_comes_back_with_it() {
    let mut rig = Rig::new();
    rig.open(&["1.png", "2.png"]);
    press(&mut rig, "x");
    assert!(rig.saw(|effect| *effect == Effect::GuardUnload(true)));
    rig.send(Command::Close(DocumentId(1)));
    assert!(rig.says("“1.png” was closed with its review."));
    rig.send(Command::Reopen);
    rig.settle();
    assert_eq!(decisions(&rig), [Decision::Rejected, Decision::Undecided]);
    assert_eq!(rig.shown_name(), Some("1.png"));
}

#[test]
fn a_note_is_written_in_the_controls() {
    let mut rig = Rig::new();
    rig.open(&["1.png"]);
    rig.send(Command::ToggleControls);
    press(&mut rig, "w");
    assert!(rig.app.preferences.controls);
    assert!(rig.saw(|effect| *effect == Effect::FocusNote));
}

#[test]
fn the_list_opens_by_itself_beside_several_pictures_and_over_a_phone_by_hand() {
    let mut rig = Rig::new();
    assert!(!rig.app.is_list_open());
    rig.open(&["1.png"]);
    assert!(!rig.app.is_list_open());
    press(&mut rig, "i");
    assert!(rig.app.is_list_open());
    press(&mut rig, "i");
    rig.open(&["2.png"]);
    assert!(rig.app.is_list_open());
    press(&mut rig, "i");
    assert!(!rig.app.is_list_open() && !rig.app.preferences.list);
    rig.tell(Event::LayoutChanged { is_narrow: true });
    rig.send(Command::ToggleList);
    assert!(rig.app.is_list_open());
    // Who chose a picture wants to see it.
    rig.send(Command::Show(DocumentId(1)));
    assert!(!rig.app.is_list_open());
    rig.settle();
}
