//! Archives, and what is said of pictures: sessions, COCO and LabelMe.

use delineo::collection::Review;
use delineo::intake::Kind;
use delineo::mask::Cleaning;

use super::command::Command;
use super::documents::Document;
use super::effect::Effect;
use super::event::Timer;
use super::folders::Brought;
use super::review::Decision;
use super::rig::Rig;
use crate::contents::{Contents, Described, Member, Part};
use crate::protocol::{GatherStep, Request};

const ZIP: &[u8] = b"PK\x03\x04";
const COCO: &[u8] = b"{\"images\": [], \"annotations\": []}";
const LABELME: &[u8] = b"{\"shapes\": [], \"imagePath\": \"\"}";

fn member(path: &str, kind: Kind, crc: u32) -> Member {
    Member {
        path: path.to_owned(),
        kind,
        size: 100,
        crc,
        part: Part::default(),
    }
}

fn images(paths: &[&str]) -> Contents {
    let members = paths.iter().zip(1..);
    Contents {
        members: members
            .map(|(path, crc)| member(path, Kind::Image, crc))
            .collect(),
        ..Contents::default()
    }
}

fn masks(paths: &[&str]) -> Contents {
    Contents {
        described: paths
            .iter()
            .map(|path| Described {
                image: (*path).to_owned(),
                mask: Some(Part::default()),
                ..Described::default()
            })
            .collect(),
        ..Contents::default()
    }
}

/// What Delineo exported: the first corrected and accepted, the second with another threshold.
fn session(first: &str, second: &str) -> Contents {
    let first = Described {
        image: first.to_owned(),
        mask: Some(Part::default()),
        is_start: true,
        settings: Some((0.3, Cleaning::NONE)),
        review: Review {
            decision: Decision::Accepted,
            is_flagged: true,
            note: "hair".to_owned(),
        },
    };
    let second = Described {
        image: second.to_owned(),
        settings: Some((0.7, Cleaning::NONE)),
        ..Described::default()
    };
    Contents {
        described: vec![first, second],
        ..Contents::default()
    }
}

fn rig_with(contents: &[(&str, Contents)]) -> Rig {
    let mut rig = Rig::new();
    for (name, contents) in contents {
        rig.contents.insert((*name).to_owned(), contents.clone());
    }
    rig
}

fn paths(rig: &Rig) -> Vec<String> {
    rig.app.documents.iter().map(Document::path).collect()
}

fn document<'a>(rig: &'a Rig, name: &str) -> &'a Document {
    let mut all = rig.app.documents.iter();
    all.find(|document| document.name == name).expect("is open")
}

fn steps(rig: &Rig) -> Vec<String> {
    let step = |step: &GatherStep| match step {
        GatherStep::Add(document) => format!("{} {}", document.path, document.mask.truths),
        GatherStep::Fail { path, .. } => format!("{path} failed"),
        _ => String::new(),
    };
    let steps = rig.gathered.iter().map(step);
    steps.filter(|step| !step.is_empty()).collect()
}

#[test]
fn an_archive_is_opened_like_a_folder_of_its_name() {
    let mut scans = images(&[
        "scans/10.png",
        "scans/9.png",
        "scans/left/images/1.png",
        "scans/left/masks/1.png",
    ]);
    scans
        .members
        .push(member("scans/notes.txt", Kind::Other, 9));
    scans
        .members
        .push(member("scans/more.zip", Kind::Archive, 9));
    let mut rig = rig_with(&[("scans.zip", scans)]);
    rig.drop_contents(&[("scans.zip", ZIP)]);
    rig.settle();
    assert_eq!(
        paths(&rig),
        ["scans/9.png", "scans/10.png", "scans/left/images/1.png"]
    );
    assert_eq!(rig.shown_name(), Some("9.png"));
    assert_eq!(document(&rig, "1.png").truths.len(), 1);
    assert!(rig.says("“1.png” is taken for the true mask of “1.png”. 2 files were passed over"));
    assert!(rig.says("An archive is opened where it is dropped by itself."));
    // The same archive again brings nothing new.
    rig.drop_contents(&[("scans.zip", ZIP)]);
    rig.settle();
    assert_eq!(rig.app.documents.len(), 3);
    assert!(rig.says("3 pictures are open already."));
}

#[test]
fn thousands_of_files_of_an_archive_come_in_batches_and_pictures_beside_it_first() {
    let many: Vec<String> = (1..=3000).map(|at| format!("set/{at}.png")).collect();
    let set = images(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let mut rig = rig_with(&[("set.zip", set), ("two.zip", images(&["two/2.png"]))]);
    rig.drop_contents(&[("set.zip", ZIP), ("mine.png", b""), ("two.zip", ZIP)]);
    rig.settle();
    assert_eq!(rig.app.documents.len(), 3002);
    assert_eq!(rig.shown_name(), Some("2.png"));
    assert_eq!(paths(&rig)[0], "mine.png");
    let is_dropped = |effect: &&Effect| matches!(effect, Effect::DropFile(_));
    // The archives, whose parts go on.
    assert_eq!(rig.seen.iter().filter(is_dropped).count(), 2);
}

#[test]
fn an_archive_without_images_a_damaged_one_and_encrypted_files_are_each_one_sentence() {
    let encrypted = Contents {
        refused: vec!["a.png is encrypted; unpack it first".to_owned()],
        more_refused: 4,
        ..Contents::default()
    };
    let mut rig = rig_with(&[("empty.zip", Contents::default()), ("safe.zip", encrypted)]);
    rig.drop_contents(&[("empty.zip", ZIP)]);
    rig.settle();
    assert!(rig.says("There is no image in “empty.zip”."));
    rig.drop_contents(&[("broken.zip", ZIP)]);
    rig.settle();
    assert!(rig.says("broken.zip: It is damaged."));
    rig.drop_contents(&[("safe.zip", ZIP)]);
    rig.settle();
    assert!(rig.says("safe.zip: a.png is encrypted; unpack it first."));
    assert!(rig.says("safe.zip: 4 more files in it cannot be opened."));
    assert!(rig.app.documents.is_empty());
}

#[test]
fn an_archive_that_ends_the_engine_twice_is_refused_and_the_next_one_is_opened() {
    let good = images(&["good/1.png"]);
    let mut rig = rig_with(&[("good.zip", good)]);
    rig.settle();
    rig.drop_contents(&[("bad.zip", ZIP), ("good.zip", ZIP)]);
    let is_asked = |rig: &Rig| {
        let asked = rig.asked();
        let mut asked = asked.iter();
        asked.any(|request| matches!(request, Request::Unpack { path } if path == "bad.zip"))
    };
    for _ in 0..2 {
        while !is_asked(&rig) {
            let engine = rig.serving().expect("one serves");
            rig.listen(engine);
            assert!(rig.answer(engine), "it is asked after a while");
        }
        rig.die();
        rig.fire(Timer::Relaunch);
    }
    rig.settle();
    assert!(rig.says("bad.zip: This file stopped the engine twice"));
    assert_eq!(paths(&rig), ["good/1.png"]);
}

#[test]
fn what_was_exported_comes_back_with_its_images_and_can_be_exported_again() {
    let export = session("set/1.png", "set/2.png");
    let mut rig = rig_with(&[("delineo-export.zip", export)]);
    let files = [
        ("delineo-export.zip", ZIP, None),
        ("set/1.png", b"".as_slice(), None),
        ("set/2.png", b"".as_slice(), None),
        ("set/3.png", b"".as_slice(), None),
    ];
    rig.drop_listed(&files, Brought::Folder);
    rig.settle();
    assert_eq!(paths(&rig), ["set/1.png", "set/2.png", "set/3.png"]);
    let first = document(&rig, "1.png");
    assert_eq!(first.review.decision, Decision::Accepted);
    assert_eq!(
        (first.review.note.as_str(), first.truths.len()),
        ("hair", 1)
    );
    assert!(
        rig.says("“delineo-export.zip”: One mask is back, to go on with. One decision is back.")
    );
    // It is on the stage: its mask is the one that was exported, and nothing of it would be lost.
    let mask = rig.app.mask().expect("a mask");
    assert_eq!((mask.truths, mask.settings.threshold), (1, 0.5));
    let shown = rig.app.shown().expect("is on the stage");
    assert!(!shown.has_unsaved_edits());
    rig.rest();
    let second = document(&rig, "2.png").opened.as_ref().expect("prepared");
    assert_eq!(second.settings.threshold, 0.7);
    assert!(!second.edits.starts_from_truth());
    // From another picture, its mask is attached for the archive.
    rig.send(Command::Step(2));
    rig.settle();
    rig.send(Command::ExportAll);
    rig.rest();
    assert_eq!(steps(&rig), ["set/1.png 1", "set/2.png 0", "set/3.png 0"]);
    // All of it can be undone.
    rig.send(Command::Step(-2));
    rig.settle();
    rig.send(Command::Undo);
    rig.settle();
    assert_eq!(rig.app.mask().map(|mask| mask.truths), Some(0));
    let threshold = rig.app.shown().map(|shown| shown.settings.threshold);
    assert_eq!(threshold, Some(0.3));
    rig.send(Command::UndoReview);
    assert_eq!(document(&rig, "1.png").review, Review::default());
}

#[test]
fn what_was_exported_comes_back_after_its_images_and_work_that_is_there_stays() {
    let export = session("set/1.png", "set/2.png");
    let mut rig = rig_with(&[("delineo-export.zip", export)]);
    rig.drop_folder(&["set/1.png", "set/2.png"]);
    rig.settle();
    rig.send(Command::Step(1));
    rig.settle();
    rig.send(Command::SetThreshold(0.2));
    rig.send(Command::Reject);
    rig.settle();
    rig.drop_contents(&[("delineo-export.zip", ZIP)]);
    rig.settle();
    let opened = |name| document(&rig, name).opened.clone().expect("was opened");
    assert!(opened("1.png").edits.starts_from_truth());
    assert_eq!(opened("2.png").settings.threshold, 0.2);
    assert_eq!(document(&rig, "2.png").review.decision, Decision::Rejected);
    assert!(rig.says("One picture has work of its own, which stays."));
}

#[test]
fn masks_of_coco_become_the_truth_about_their_pictures_and_the_others_are_counted() {
    let coco = masks(&["a/1.png", "b/1.png", "2.png", "9.png", "8.png"]);
    let mut rig = rig_with(&[("coco.json", coco)]);
    let files = [
        ("coco.json", COCO, None),
        ("set/a/1.png", b"".as_slice(), None),
        ("set/b/1.png", b"".as_slice(), None),
        ("set/c/2.jpg", b"".as_slice(), None),
    ];
    rig.drop_listed(&files, Brought::Files);
    rig.rest();
    let truths = rig
        .app
        .documents
        .iter()
        .map(|document| document.truths.len());
    assert_eq!(truths.collect::<Vec<_>>(), [1, 1, 1]);
    assert!(rig.says("“coco.json”: 3 masks are taken for the true masks of their pictures; “Start from this mask” corrects them. 2 pictures that are named there are not open"));
    assert_eq!(rig.app.mask().map(|mask| mask.truths), Some(0));
    rig.send(Command::StartFromTruth);
    rig.settle();
    assert_eq!(rig.app.mask().map(|mask| mask.truths), Some(1));
}

#[test]
fn labelme_files_beside_the_pictures_of_a_folder_are_their_truths() {
    let mut rig = Rig::new();
    let mut files = Vec::new();
    let names: Vec<[String; 2]> = (1..=100)
        .map(|at| [format!("set/{at}.png"), format!("set/{at}.json")])
        .collect();
    for [image, json] in &names {
        let name = json.trim_start_matches("set/");
        rig.contents
            .insert(name.to_owned(), masks(&[image.as_str()]));
        files.push((image.as_str(), b"".as_slice(), None));
        files.push((json.as_str(), LABELME, None));
    }
    files.push(("set/package.json", b"{\"shapes\": [], \"flags\": []}", None));
    rig.drop_listed(&files, Brought::Folder);
    rig.settle();
    assert_eq!(rig.app.documents.len(), 100);
    let mut all = rig.app.documents.iter();
    assert!(all.all(|document| document.truths.len() == 1));
    assert!(rig.says("100 masks are taken for the true masks"));
    assert!(rig.says("One picture was left out. package.json: It is damaged."));
}

#[test]
fn annotations_whose_pictures_are_not_open_are_told_to_be_so() {
    let mut rig = rig_with(&[("1.json", masks(&["1.png"]))]);
    rig.drop_contents(&[("1.json", LABELME)]);
    rig.settle();
    assert_eq!(
        rig.sentences(),
        [
            "“1.json”: One picture that is named there is not open: open it first, or drop both together."
        ]
    );
    assert!(rig.app.documents.is_empty());
    assert!(rig.saw(|effect| matches!(effect, Effect::DropPayload(_))));
    rig.drop_contents(&[("1.png", b""), ("1.json", LABELME)]);
    rig.settle();
    assert_eq!(document(&rig, "1.png").truths.len(), 1);
}

#[test]
fn a_session_without_its_archive_brings_decisions_to_masks_that_lie_beside_their_images() {
    let mut export = session("set/1.png", "set/2.png");
    export.described[0].mask = None;
    let mut rig = rig_with(&[("session.json", export)]);
    let files = [
        ("set/1.png", b"".as_slice(), None),
        ("set/1_mask.png", b"".as_slice(), None),
        (
            "set/session.json",
            b"{\"format\":\"delineo-session\"".as_slice(),
            None,
        ),
    ];
    rig.drop_listed(&files, Brought::Folder);
    rig.settle();
    assert_eq!(rig.app.mask().map(|mask| mask.truths), Some(1));
    assert_eq!(document(&rig, "1.png").review.decision, Decision::Accepted);
}

#[test]
fn a_mask_that_does_not_fit_is_refused_and_the_models_stays() {
    let mut rig = rig_with(&[("coco.json", masks(&["1.png"]))]);
    rig.broken_files.insert("coco.json".to_owned());
    rig.drop_contents(&[("1.png", b""), ("coco.json", COCO)]);
    rig.settle();
    assert!(rig.says("coco.json: this is not a mask"));
    assert!(rig.is_done() && document(&rig, "1.png").truths.is_empty());
}
