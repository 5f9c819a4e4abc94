//! A data set of many documents as the bytes of one archive.

use delineo::collection::{Decision, Review, SETS};
use delineo::zip::ZipReader;

use super::desk::{Attachment, Desk, STYLE, lesion, mask};
use crate::engine::*;
use crate::protocol::{GatherStep, GatheredDocument};

fn step(desk: &mut Desk, step: GatherStep) -> Result<Vec<u8>, String> {
    let file = Attachment::File(lesion(200, 150));
    match desk.ask(Request::Gather(step), file)? {
        (Answer::Gathered { bytes: count }, Payload::Bytes(bytes)) => {
            assert_eq!(count, bytes.len() as u64);
            Ok(bytes)
        }
        other => panic!("{other:?}"),
    }
}

fn add(path: &str) -> GatherStep {
    GatherStep::Add(Box::new(GatheredDocument {
        path: path.to_owned(),
        mask: mask(1),
        style: STYLE,
        lines: Vec::new(),
        scale: None,
        review: Review {
            decision: Decision::Accepted,
            ..Review::default()
        },
    }))
}

fn begin(formats: &[&str]) -> GatherStep {
    GatherStep::Begin {
        formats: formats.iter().map(|id| (*id).to_owned()).collect(),
        sets: SETS.iter().map(|set| set.id.to_owned()).collect(),
    }
}

#[test]
fn the_bytes_of_all_steps_are_one_archive_and_no_step_holds_those_of_another() {
    let mut desk = Desk::with_document(200, 150);
    let mut all = step(
        &mut desk,
        begin(&["mask", "report", "labelme", "dicom-seg"]),
    )
    .expect("begins");
    for path in ["a/lesion.jpg", "b/lesion.jpg", "a/lesion.jpg"] {
        let bytes = step(&mut desk, add(path)).expect("is added");
        assert!(bytes.starts_with(b"PK\x03\x04"));
        all.extend(bytes);
    }
    let why = "It is damaged.".to_owned();
    let fail = GatherStep::Fail {
        path: "c.jpg".to_owned(),
        why,
    };
    all.extend(step(&mut desk, fail).expect("is noted"));
    all.extend(step(&mut desk, GatherStep::Finish).expect("ends"));
    let zip = ZipReader::open(all.as_slice()).expect("an archive");
    let paths: Vec<&str> = zip.files().iter().map(|file| file.path.as_str()).collect();
    for path in [
        "a/lesion_mask.png",
        "a/lesion_jpg_mask.png",
        "a/lesion_report.html",
        "b/lesion.json",
        "b/lesion_dicom-seg.dcm",
        "coco.json",
        "measurements.csv",
        "session.json",
    ] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    // The mask in the archive is the one that is exported alone.
    let (_, alone) = desk.export(mask(1), "mask").expect("is written");
    let inside = zip
        .files()
        .iter()
        .find(|file| file.path == "a/lesion_mask.png")
        .expect("is there");
    assert_eq!(zip.read(inside).expect("intact"), alone);
}

#[test]
fn a_step_without_a_beginning_is_refused_and_so_is_a_format_that_there_is_not() {
    let mut desk = Desk::with_document(200, 150);
    let refused = step(&mut desk, add("a.jpg")).expect_err("was not begun");
    assert!(refused.contains("not begun"), "{refused}");
    let refused = step(&mut desk, begin(&["poem"])).expect_err("is no format");
    assert!(refused.contains("poem"), "{refused}");
    step(&mut desk, GatherStep::Finish).expect_err("was not begun");
}
