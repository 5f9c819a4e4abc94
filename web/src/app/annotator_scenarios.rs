//! A day of an annotator: thirty pictures by keyboard, ten keys a picture.

use std::time::Instant;

use super::progress::Progress;
use super::review::Decision;
use super::rig::Rig;

/// Threshold, a stroke with the brush, back to moving, a flag, and accepted: ten keys.
const KEYS: [(&str, bool); 10] = [
    (".", false),
    ("b", false),
    ("ArrowRight", false),
    ("ArrowDown", false),
    ("ArrowRight", true),
    ("ArrowDown", true),
    ("]", false),
    ("Escape", false),
    ("g", false),
    ("a", false),
];

fn press(rig: &mut Rig, (key, shift): (&str, bool)) {
    rig.press_with(key, false, shift);
}

#[test]
fn thirty_pictures_take_ten_keys_each_and_every_next_one_is_there_with_its_border_at_once() {
    let names: Vec<String> = (1..=30).map(|number| format!("{number}.png")).collect();
    let mut rig = Rig::new();
    rig.open(&names.iter().map(String::as_str).collect::<Vec<_>>());
    rig.rest();
    let mut longest = 0.0_f64;
    for name in &names {
        assert_eq!(rig.shown_name(), Some(name.as_str()));
        assert!(rig.is_done() && rig.on_stage == rig.app.documents.shown_id());
        let overlays = rig.overlays;
        for key in KEYS {
            let began = Instant::now();
            press(&mut rig, key);
            longest = longest.max(began.elapsed().as_secs_f64());
        }
        let is_last = Some(name) == names.last();
        assert!(
            is_last || rig.overlays > overlays,
            "the border after {name}"
        );
        // The person looks at the next one.
        rig.rest();
    }
    let documents = || rig.app.documents.iter();
    assert!(documents().all(|document| document.review.decision == Decision::Accepted));
    assert!(documents().all(|document| document.review.is_flagged));
    let corrected = |document: &super::documents::Document| {
        let opened = document.opened.as_ref();
        opened.is_some_and(|opened| opened.edits.corrections().len() == 1)
    };
    assert!(documents().all(corrected));
    assert!(rig.says("Every picture is decided: 30 accepted, 0 rejected."));
    let progress: Option<Progress> = rig.app.background.progress();
    assert_eq!(progress, None);
    // Of a frame's 16 ms, on a machine that is busy with other tests too.
    assert!(longest < 0.1, "a key took {longest} s");
}
