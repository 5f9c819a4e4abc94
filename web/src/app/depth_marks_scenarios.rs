//! Scenarios of depth marks: what is proposed by them, and when not. The rig's marks are 25 pixels apart.

use delineo::measure::ScaleSource;

use super::availability::Availability;
use super::command::Command;
use super::effect::Effect;
use super::rig::Rig;
use super::stage::{Ruler, Tool};

/// A page with one picture.
fn with(name: &str) -> Rig {
    let mut rig = Rig::new();
    rig.open(&[name]);
    rig
}

fn apply(rig: &mut Rig, millimetres: f64, for_size: bool) {
    rig.send(Command::ApplyScale {
        millimetres,
        for_size,
    });
    rig.settle();
}

fn is_proposed(rig: &Rig) -> bool {
    let commands = [Command::UseDepthMarks, Command::IgnoreDepthMarks];
    let available = commands.map(|command| rig.app.availability(&command).is_enabled());
    let said = rig.app.depth_marks_sentence().is_some();
    assert_eq!(available, [said; 2]);
    said
}

/// Millimetres per pixel across and down.
fn spacing(rig: &Rig) -> Option<(f64, f64)> {
    let scale = rig.app.shown()?.scale()?;
    assert_eq!(scale.source, ScaleSource::ByHand);
    let spacing = scale.uniform()?;
    Some((spacing.x, spacing.y))
}

#[test]
fn depth_marks_are_proposed_and_set_no_scale_by_themselves() {
    let rig = with("ultrasound-marks.png");
    let sentence = rig.app.depth_marks_sentence().unwrap_or_default();
    assert!(
        sentence.contains("7 depth marks") && sentence.contains("left"),
        "{sentence}"
    );
    assert!(sentence.contains("25.0 pixels"), "{sentence}");
    assert_eq!(spacing(&rig), None);
    assert!(!is_proposed(&with("ultrasound.png")));
}

#[test]
fn marks_that_are_used_become_the_line_whose_length_the_person_says() {
    let mut rig = with("ultrasound-marks.png");
    rig.send(Command::UseDepthMarks);
    assert_eq!(rig.app.stage.tool, Tool::Scale);
    let line = Ruler {
        from: [10.5, 70.5],
        to: Some([10.5, 95.5]),
    };
    assert_eq!(rig.app.stage.ruler, Some(line));
    assert!(rig.saw(|effect| *effect == Effect::FocusLength));
    assert!(rig.app.preferences.controls, "there the length is typed");
    assert_eq!((rig.app.likely_length(), spacing(&rig)), (None, None));
    assert!(!is_proposed(&rig), "it is being set");
    apply(&mut rig, 5.0, false);
    assert_eq!(spacing(&rig), Some((0.2, 0.2)));
    assert!(!is_proposed(&rig));
    rig.send(Command::Undo);
    assert_eq!(spacing(&rig), None);
    assert!(is_proposed(&rig));
    rig.send(Command::Redo);
    assert!(!is_proposed(&rig));
}

#[test]
fn the_length_is_filled_in_only_where_the_numbers_tell_and_only_for_that_line() {
    let mut rig = with("ultrasound-marks-numbered.png");
    let sentence = rig.app.depth_marks_sentence().unwrap_or_default();
    assert!(sentence.contains("5.00 mm"), "{sentence}");
    rig.send(Command::Take(Tool::Scale));
    assert_eq!(rig.app.likely_length(), None, "no line is drawn");
    rig.send(Command::Take(Tool::Move));
    rig.send(Command::UseDepthMarks);
    assert_eq!(rig.app.likely_length(), Some(5.0));
    assert_eq!(spacing(&rig), None, "the person has to say so");
}

#[test]
fn pixels_that_are_not_square_are_scaled_in_both_directions_by_the_marks() {
    let mut rig = with("ultrasound-tall-marks.png");
    rig.send(Command::UseDepthMarks);
    apply(&mut rig, 5.0, false);
    let (x, y) = spacing(&rig).unwrap_or_default();
    assert!((y - 0.2).abs() < 1e-9 && (x - 0.1).abs() < 1e-9, "{x} {y}");
}

#[test]
fn marks_that_were_ignored_are_not_proposed_again_for_that_picture() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-marks-1.png", "ultrasound-marks-2.png"]);
    rig.send(Command::IgnoreDepthMarks);
    assert!(!is_proposed(&rig));
    rig.send(Command::Step(1));
    rig.settle();
    assert!(is_proposed(&rig), "another picture has its own");
    rig.send(Command::Step(-1));
    rig.settle();
    rig.die();
    rig.settle();
    assert!(!is_proposed(&rig));
}

#[test]
fn nothing_is_proposed_where_the_person_set_a_scale_or_took_it_off() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-marks-1.png", "ultrasound-marks-2.png"]);
    rig.send(Command::UseDepthMarks);
    apply(&mut rig, 10.0, true);
    rig.send(Command::Step(1));
    rig.settle();
    assert!(!is_proposed(&rig), "the scale is for all of this size");
    rig.send(Command::Step(-1));
    rig.settle();
    rig.send(Command::RemoveScale);
    assert!(!is_proposed(&rig) && spacing(&rig).is_none());
}

#[test]
fn a_line_that_was_put_down_again_leaves_the_proposal() {
    let mut rig = with("ultrasound-marks.png");
    rig.send(Command::UseDepthMarks);
    rig.send(Command::Take(Tool::Move));
    assert_eq!(rig.app.stage.ruler, None);
    assert!(is_proposed(&rig));
    assert_eq!(
        with("mole.png").app.availability(&Command::UseDepthMarks),
        Availability::Disabled
    );
}
