//! Scenarios of images that the models were not made for.

use super::command::Command;
use super::event::{Event, Surroundings};
use super::rig::{Rig, breast};
use crate::protocol::ModelKey;

fn doubt(rig: &Rig) -> Option<String> {
    let shown = rig.app.shown()?;
    rig.app.models.doubt(&shown.image)
}

fn note(rig: &Rig) -> String {
    let shown = rig.app.shown();
    shown
        .and_then(|shown| rig.app.models.note(&shown.image))
        .unwrap_or_default()
}

const WARNING: &str =
    "This does not look like dermoscopy or ultrasound. The border may mean nothing.";

#[test]
fn an_image_of_no_known_kind_is_segmented_and_the_warning_stays() {
    let mut rig = Rig::new();
    rig.open(&["screenshot.png"]);
    assert!(rig.app.shown().is_some_and(|shown| shown.area.is_some()));
    assert_eq!(doubt(&rig).as_deref(), Some(WARNING));
    assert_eq!(rig.app.mask_sentence(), WARNING);
    assert!(note(&rig).starts_with("No model here was made for images like this one."));
    rig.send(Command::ToggleFillHoles);
    rig.settle();
    assert_eq!(doubt(&rig).as_deref(), Some(WARNING));
}

#[test]
fn a_model_of_the_persons_choice_does_not_silence_the_warning() {
    let mut rig = Rig::new();
    rig.open(&["screenshot.png"]);
    rig.send(Command::ChooseModel(Some(breast())));
    rig.settle();
    assert_eq!(doubt(&rig).as_deref(), Some(WARNING));
    assert_eq!(note(&rig), WARNING);
}

#[test]
fn images_of_known_kinds_are_opened_without_a_warning() {
    for name in ["mole.png", "ultrasound.png"] {
        let mut rig = Rig::new();
        rig.open(&[name]);
        assert_eq!(doubt(&rig), None, "{name}");
        assert!(note(&rig).starts_with("Chosen for this image"), "{name}");
    }
}

#[test]
fn a_thyroid_is_shown_with_the_name_of_its_own_model_which_the_person_chooses_once() {
    let mut rig = Rig::bare(Surroundings::default());
    rig.tell(Event::AdapterFound(Err("none".to_owned())));
    rig.list(&["skin", "breast", "thyroid"]);
    rig.open(&["thyroid-ultrasound.png"]);
    let advice = "This image looks like thyroid ultrasound: choose the model “thyroid”.";
    assert_eq!(rig.shown_model(), Some(&breast()));
    assert_eq!(doubt(&rig).as_deref(), Some(advice));
    assert_eq!(note(&rig), advice);
    let thyroid = ModelKey::Published("thyroid".to_owned());
    rig.send(Command::ChooseModel(Some(thyroid.clone())));
    rig.open(&["another-thyroid-ultrasound.png"]);
    assert_eq!((rig.shown_model(), doubt(&rig)), (Some(&thyroid), None));
    rig.open(&["ultrasound.png"]);
    assert!(doubt(&rig).is_some_and(|doubt| doubt.contains("looks like breast ultrasound")));
}

#[test]
fn the_report_carries_the_warning() {
    let mut rig = Rig::new();
    rig.open(&["screenshot.png"]);
    let text = rig.app.report_text().expect("a report");
    assert!(
        text.lines()
            .next()
            .is_some_and(|line| line.ends_with(WARNING)),
        "{text}"
    );
}
