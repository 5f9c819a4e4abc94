//! Scenarios of what is said of a mask before the truth is known.

use super::command::Command;
use super::expectation::Expectation;
use super::rig::Rig;

fn said(rig: &Rig) -> Option<String> {
    rig.app
        .expectation()
        .map(|expectation| expectation.sentence())
}

#[test]
fn a_mask_is_told_what_to_expect_of_it_once_it_is_summed_up() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    assert_eq!(said(&rig), None);
    rig.rest();
    let sentence = "Likely good: an IoU of about 0.9 is expected.";
    assert_eq!(said(&rig).as_deref(), Some(sentence));
}

#[test]
fn nothing_is_expected_of_a_mask_that_was_changed_until_it_is_summed_up_again() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.rest();
    rig.send(Command::SetThreshold(0.7));
    assert_eq!(said(&rig), None);
    rig.rest();
    assert!(said(&rig).is_some());
}

#[test]
fn an_image_that_the_models_were_not_made_for_gets_no_promise() {
    let mut rig = Rig::new();
    rig.open(&["screenshot.png"]);
    rig.rest();
    assert_eq!(said(&rig), None);
}

#[test]
fn an_empty_mask_says_what_it_hides_and_shows_it_on_demand() {
    let mut rig = Rig::new();
    rig.peak = 0.31;
    rig.open(&["ultrasound.png"]);
    rig.rest();
    let nothing = Expectation::Nothing {
        threshold: 0.55,
        peak: 0.31,
    };
    assert_eq!(
        rig.app.expectation().map(|said| said.sentence()),
        Some(nothing.sentence())
    );
    rig.send(Command::ShowLikeliest);
    rig.rest();
    let threshold = |rig: &Rig| rig.app.shown().map(|shown| shown.settings.threshold);
    assert_eq!(threshold(&rig), Some(0.23));
    assert!(matches!(
        rig.app.expectation(),
        Some(Expectation::Mask { .. })
    ));
    rig.send(Command::Undo);
    assert_eq!(threshold(&rig), Some(0.55));
}

#[test]
fn an_empty_mask_of_an_even_map_hides_nothing() {
    let mut rig = Rig::new();
    rig.peak = 0.04;
    rig.open(&["ultrasound.png"]);
    rig.rest();
    assert_eq!(said(&rig), None);
    rig.send(Command::ShowLikeliest);
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.55)
    );
}
