//! Scenarios of files with several frames or more than 8 bits: what the person chooses of them, and what comes on the
//! stage.

use delineo::imaging::Window;

use super::availability::Availability;
use super::command::Command;
use super::event::Timer;
use super::gestures::PointerPhase;
use super::rig::Rig;
use super::stage::Tool;
use crate::protocol::Request;

fn frame(rig: &Rig) -> Option<u32> {
    rig.app.shown().map(|shown| shown.rendering.frame)
}

fn strokes(rig: &Rig) -> usize {
    rig.app
        .shown()
        .map_or(0, |shown| shown.edits.corrections().len())
}

fn dab(rig: &mut Rig) {
    rig.send(Command::Take(Tool::Add));
    for phase in [PointerPhase::Down, PointerPhase::Up] {
        rig.mouse(phase, (300.0, 300.0));
    }
}

fn asked_frames(rig: &Rig) -> Vec<u32> {
    let frame = |request: &&Request| match request {
        Request::Open { rendering, .. } => Some(rendering.frame),
        _ => None,
    };
    rig.asked().iter().filter_map(frame).collect()
}

#[test]
fn a_frame_that_is_chosen_comes_on_the_stage_and_gets_its_own_border() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    assert_eq!(frame(&rig), Some(0));
    rig.send(Command::SetFrame(7));
    assert_eq!(frame(&rig), Some(0), "the stage shows what is there");
    rig.settle();
    assert_eq!(frame(&rig), Some(7));
    assert!(rig.is_done());
    let maps = rig.app.shown().and_then(|shown| shown.maps().cloned());
    assert_eq!(maps.map(|maps| maps.rendering.frame), Some(7));
}

#[test]
fn who_drags_the_slider_faster_than_the_engine_decodes_waits_for_the_last_frame_only() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    for number in 1..=20 {
        rig.send(Command::SetFrame(number));
    }
    assert_eq!(asked_frames(&rig), [1]);
    rig.answer_until(|request| matches!(request, Request::Open { .. }));
    assert_eq!(asked_frames(&rig), [20]);
    rig.settle();
    assert_eq!(frame(&rig), Some(20));
}

#[test]
fn steps_end_at_the_first_and_the_last_frame() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    rig.send(Command::StepFrame(-1));
    rig.settle();
    assert_eq!(frame(&rig), Some(0));
    rig.send(Command::SetFrame(u32::MAX));
    rig.send(Command::StepFrame(1));
    rig.settle();
    assert_eq!(frame(&rig), Some(23));
}

#[test]
fn each_frame_keeps_its_own_corrections() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    dab(&mut rig);
    rig.settle();
    rig.send(Command::SetFrame(1));
    dab(&mut rig);
    assert_eq!(
        strokes(&rig),
        2,
        "until the next frame is there the first is corrected"
    );
    rig.settle();
    assert_eq!(strokes(&rig), 0);
    let has_unsaved = |rig: &Rig| {
        rig.app
            .shown()
            .is_some_and(|shown| shown.has_unsaved_edits())
    };
    assert!(has_unsaved(&rig));
    rig.send(Command::SetFrame(0));
    rig.settle();
    assert_eq!(strokes(&rig), 2);
    rig.send(Command::Export("mask"));
    rig.settle();
    assert!(!has_unsaved(&rig));
}

#[test]
fn an_export_that_ends_on_another_frame_saves_the_frame_it_is_of() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    dab(&mut rig);
    rig.settle();
    rig.send(Command::Export("mask"));
    rig.send(Command::SetFrame(1));
    rig.settle();
    let shown = rig.app.shown();
    assert!(shown.is_some_and(|shown| !shown.has_unsaved_edits()));
}

#[test]
fn a_file_plays_at_its_own_pace_without_borders_and_gets_one_where_it_stops() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    rig.send(Command::SetFrame(22));
    rig.settle();
    rig.send(Command::TogglePlay);
    let mut seen = Vec::new();
    for _ in 0..4 {
        rig.settle();
        seen.extend(frame(&rig));
        assert!(!rig.is_done());
        rig.fire(Timer::NextFrame);
    }
    assert_eq!(seen, [23, 0, 1, 2]);
    rig.send(Command::TogglePlay);
    rig.settle();
    assert_eq!(frame(&rig), Some(3));
    assert!(rig.is_done());
}

#[test]
fn the_next_image_does_not_play() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm", "mole.png"]);
    rig.send(Command::TogglePlay);
    rig.send(Command::Step(1));
    rig.settle();
    assert!(!rig.app.stage.is_playing);
    assert!(rig.is_done());
    assert_eq!(
        rig.app.availability(&Command::TogglePlay),
        Availability::Disabled
    );
}

#[test]
fn a_frame_that_cannot_be_read_leaves_the_one_before_on_the_stage() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    rig.broken_files.insert("ultrasound-cine.dcm".to_owned());
    rig.send(Command::SetFrame(5));
    rig.settle();
    assert_eq!(rig.shown_name(), Some("ultrasound-cine.dcm"));
    assert_eq!(frame(&rig), Some(0));
    assert!(rig.says("not an image"));
    assert!(rig.is_done());
}

#[test]
fn a_window_is_looked_through_and_can_be_reset_and_corrections_stay() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-deep.dcm"]);
    let reset = Command::SetWindow(None);
    assert_eq!(rig.app.availability(&reset), Availability::Disabled);
    dab(&mut rig);
    rig.settle();
    let window = Window::between(100.0, 900.0);
    rig.send(Command::SetWindow(Some(window)));
    rig.settle();
    let shown = |rig: &Rig| rig.app.shown()?.image.windowing.clone().map(|w| w.shown);
    assert_eq!(shown(&rig), Some(window));
    assert!(rig.is_done());
    assert_eq!(strokes(&rig), 1);
    rig.send(reset);
    rig.settle();
    assert_eq!(shown(&rig), Some(Window::between(0.0, 4095.0)));
}

#[test]
fn an_image_of_eight_bits_has_no_window_and_one_frame_no_slider() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let window = Command::SetWindow(Some(Window::between(0.0, 1.0)));
    for command in [window, Command::SetFrame(1), Command::StepFrame(1)] {
        assert_eq!(rig.app.availability(&command), Availability::Disabled);
    }
}

#[test]
fn a_frame_comes_back_after_the_engine_died() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    rig.send(Command::SetFrame(4));
    rig.settle();
    rig.die();
    rig.settle();
    assert_eq!(frame(&rig), Some(4));
    assert!(rig.is_done());
}
