//! A data set of many documents as the bytes of one archive.

use delineo::collection::{Decision, Review, SETS};
use delineo::mask::{Cleaning, StrokeKind};
use delineo::zip::ZipReader;

use super::desk::{Attachment, Desk, STYLE, dot, lesion, mask};
use crate::contents::Described;
use crate::engine::*;
use crate::packed;
use crate::protocol::{GatherStep, GatheredDocument, GatheredFile, Packing};

fn portion(desk: &mut Desk, step: GatherStep) -> Result<(Vec<u8>, Vec<GatheredFile>), String> {
    let file = Attachment::File(lesion(200, 150));
    match desk.ask(Request::Gather(step), file)? {
        (
            Answer::Gathered {
                bytes: count,
                files,
            },
            Payload::Bytes(bytes),
        ) => {
            assert_eq!(count, bytes.len() as u64);
            Ok((bytes, files))
        }
        other => panic!("{other:?}"),
    }
}

/// The next bytes of an archive.
fn step(desk: &mut Desk, step: GatherStep) -> Result<Vec<u8>, String> {
    let (bytes, files) = portion(desk, step)?;
    assert_eq!(files, []);
    Ok(bytes)
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
        packing: Packing::Archive,
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
fn loose_files_are_those_of_the_archive() {
    let mut desk = Desk::with_document(200, 150);
    let steps = |packing| {
        let mut first = begin(&["mask", "svg"]);
        if let GatherStep::Begin { packing: of, .. } = &mut first {
            *of = packing;
        }
        [
            first,
            add("a/lesion.jpg"),
            add("b/lesion.jpg"),
            GatherStep::Finish,
        ]
    };
    let mut archive = Vec::new();
    for of_archive in steps(Packing::Archive) {
        archive.extend(step(&mut desk, of_archive).expect("is taken"));
    }
    let zip = ZipReader::open(archive.as_slice()).expect("an archive");
    let mut loose = Vec::new();
    for of_files in steps(Packing::Files) {
        let (mut bytes, files) = portion(&mut desk, of_files).expect("is taken");
        for GatheredFile { path, bytes: size } in files {
            let rest = bytes.split_off(size as usize);
            loose.push((path, std::mem::replace(&mut bytes, rest)));
        }
        assert!(bytes.is_empty(), "all bytes are some file's");
    }
    assert_eq!(loose.len(), zip.files().len());
    for (file, (path, bytes)) in zip.files().iter().zip(loose) {
        assert_eq!(file.path, path);
        assert_eq!(zip.read(file).expect("intact"), bytes, "{path}");
    }
}

/// All bytes of an archive of one document with this mask.
fn exported(desk: &mut Desk, mask: MaskSpec) -> Vec<u8> {
    let mut all = step(desk, begin(&["mask"])).expect("begins");
    let GatherStep::Add(mut document) = add("a/lesion.jpg") else {
        unreachable!();
    };
    document.mask = mask;
    document.review = Review::default();
    all.extend(step(desk, GatherStep::Add(document)).expect("is added"));
    all.extend(step(desk, GatherStep::Finish).expect("ends"));
    all
}

fn described(desk: &mut Desk, archive: &[u8]) -> Described {
    let request = Request::Unpack {
        path: "delineo-export.zip".to_owned(),
    };
    let unpacked = desk.ask(request, Attachment::File(archive.to_vec()));
    let Ok((Answer::Unpacked(contents), Payload::Bytes(_))) = unpacked else {
        panic!("{unpacked:?}");
    };
    assert!(contents.members.is_empty() && contents.refused.is_empty());
    let [described] = &contents.described[..] else {
        panic!("{contents:?}");
    };
    described.clone()
}

#[test]
fn a_corrected_mask_comes_back_equal_to_the_pixel_and_goes_round_again() {
    let mut desk = Desk::with_document(200, 150);
    let plain = exported(&mut desk, mask(1));
    let of_model = described(&mut desk, &plain);
    assert!(!of_model.is_start && of_model.mask.is_none());
    let settings = mask(1).settings;
    assert_eq!(
        of_model.settings,
        Some((settings.threshold, settings.cleaning))
    );

    desk.edit(7, dot(StrokeKind::Add));
    let corrected = MaskSpec {
        edits: 7,
        ..mask(1)
    };
    let before = desk.mask(corrected.clone());
    let archive = exported(&mut desk, corrected);
    let start = described(&mut desk, &archive);
    assert!(start.is_start);
    let part = start.mask.expect("a mask");
    let packed = &archive[part.start as usize..part.end as usize];
    let bytes = match packed::deflated(&part.media_type) {
        Some(deflated) => deflated.unpack("mask", packed).expect("intact"),
        None => packed.to_vec(),
    };
    desk.attach_truth(0, bytes).expect("fits");
    let mut from_truth = mask(1);
    from_truth.truths = 1;
    from_truth.settings.cleaning = Cleaning::NONE;
    assert_eq!(desk.mask(from_truth.clone()), before);
    // What starts from a mask is no model's, whatever was corrected since.
    let archive = exported(&mut desk, from_truth);
    let again = described(&mut desk, &archive);
    assert!(again.is_start && again.settings.is_none());
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
