//! Every request, asked of an engine on this machine's CPU with the models that the site publishes.

mod desk;
mod folder;
mod gathering;
mod kept_maps;
mod measures;

use delineo::export::REPORT;
use delineo::manifest::{Manifest, sha256};
use delineo::mask::StrokeKind;

use crate::engine::*;
use crate::protocol::{MaskSpec, Modality, Views};
use desk::{Attachment, Desk, RARE, STYLE, dot, frame, lesion, manifest, mask, skin, weights};

#[test]
fn the_device_that_was_asked_for_starts_or_the_answer_says_why_not() {
    let mut desk = Desk::new(false);
    let refused = desk.start(DeviceKind::Gpu).expect_err("there is none");
    assert_eq!(refused, "This browser has no WebGPU.");
    for _ in 0..2 {
        let (answer, _) = desk.start(DeviceKind::Cpu).expect("is there");
        let Answer::Started(report) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(report.kind, DeviceKind::Cpu);
    }
    desk.start(DeviceKind::Gpu).expect_err("it has another one");
}

#[test]
fn nothing_is_loaded_before_there_is_a_device() {
    let mut desk = Desk::new(false);
    desk.load(skin()).expect_err("there is no device");
    desk.start(DeviceKind::Cpu).expect("is there");
    desk.load(skin()).expect("loads");
}

#[test]
fn a_published_model_is_fetched_once_and_says_what_it_is_each_time() {
    let mut desk = Desk::with_model();
    let fetched = desk.machine.fetched.get();
    let manifest = desk.load(skin()).expect("is there");
    assert_eq!(manifest.id, "dermoscopy-s");
    assert_eq!(desk.machine.fetched.get(), fetched);
    let model = skin();
    desk.ask(Request::UnloadModel { model }, Attachment::None)
        .expect("goes");
    desk.ask(Request::TimeModel { model: skin() }, Attachment::None)
        .expect_err("is gone");
    desk.load(skin()).expect("loads again");
    assert_eq!(desk.machine.fetched.get(), fetched + 2);
}

#[test]
fn progress_of_a_model_never_goes_back_and_ends_with_the_self_test() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    desk.load(skin()).expect("loads");
    let sent = desk.letters.sent.borrow();
    let steps: Vec<_> = sent
        .iter()
        .filter_map(|(message, _)| match message {
            Message::Progress { task, fraction, .. } => Some((*task, *fraction)),
            _ => None,
        })
        .collect();
    assert_eq!(steps.first(), Some(&(Task::Model, Some(0.0))));
    assert_eq!(steps.last(), Some(&(Task::SelfTest, None)));
    assert!(steps[..steps.len() - 1].is_sorted_by_key(|(_, fraction)| fraction.unwrap_or(2.0)));
}

#[test]
fn a_published_model_that_cannot_be_used_says_what_is_wrong_with_it() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let absent = ModelKey::Published("absent".to_owned());
    let message = desk.load(absent).expect_err("is not there");
    assert!(message.contains("models/absent/model.json"), "{message}");

    let put = |file: &str, bytes: Vec<u8>| {
        let file = format!("models/dermoscopy-s/{file}");
        desk.machine.site.borrow_mut().insert(file, bytes);
    };
    put("weights.safetensors", vec![1, 2, 3]);
    let damaged = desk.load(skin()).expect_err("is damaged");
    assert!(damaged.contains("SHA-256"), "{damaged}");
    let put = |file: &str, bytes: Vec<u8>| {
        let file = format!("models/dermoscopy-s/{file}");
        desk.machine.site.borrow_mut().insert(file, bytes);
    };
    put("model.json", b"\n<!doctype html>".to_vec());
    let page = desk.load(skin()).expect_err("is no model.json");
    assert!(page.contains("web page"), "{page}");
    desk.machine.site.borrow_mut().clear();
    desk.load(skin()).expect("is whole again");
}

#[test]
fn own_weights_run_with_and_without_a_description_and_only_if_they_are_those_that_were_named() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let key = ModelKey::Own(sha256(&weights()));
    let file = || Attachment::File(weights());
    let assumed = desk.load_with(key.clone(), None, file()).expect("loads");
    assert_eq!(assumed.name, "mine.pth");
    assert_eq!(assumed.weights.sha256, sha256(&weights()));
    let described = desk.load_with(key.clone(), Some(manifest()), file());
    assert_eq!(described.expect("loads").id, "dermoscopy-s");

    let other = ModelKey::Own(sha256(b"other"));
    let message = desk.load_with(other, None, file()).expect_err("differs");
    assert!(message.contains("mine.pth has changed"), "{message}");
    let gone = ModelKey::Own(sha256(b"gone"));
    let message = desk.load_with(gone, None, Attachment::None);
    assert!(message.expect_err("is gone").contains("cannot be read"));
    let text = b"not a checkpoint".to_vec();
    let key = ModelKey::Own(sha256(&text));
    let message = desk.load_with(key, None, Attachment::File(text));
    assert!(
        message
            .expect_err("is text")
            .contains("not a CMUNeXt checkpoint")
    );
}

#[test]
fn the_same_weights_with_another_description_are_another_model() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let key = ModelKey::Own(sha256(&weights()));
    let file = || Attachment::File(weights());
    desk.load_with(key.clone(), Some(manifest()), file())
        .expect("loads");
    desk.open(1, lesion(200, 150)).expect("opens");
    let mut mask = mask(1);
    mask.segmentation.model = key.clone();
    desk.ask(
        Request::Segment(mask.segmentation.clone()),
        Attachment::None,
    )
    .expect("is segmented");
    desk.measure(mask.clone()).expect("is segmented");
    desk.load_with(key, None, file()).expect("loads");
    desk.measure(mask).expect_err("the other one has not run");
}

#[test]
fn a_model_that_fails_its_self_test_on_the_cpu_too_is_to_blame_itself_and_not_the_gpu() {
    for device in [DeviceKind::Cpu, DeviceKind::Gpu] {
        let mut desk = Desk::new(true);
        desk.start(device).expect("is there");
        let mut manifest = Manifest::from_json(manifest().as_bytes()).expect("is sound");
        let test = manifest.self_test.as_mut().expect("has a known answer");
        test.logits[0] += 1000.0;
        let json = manifest.to_json(None).expect("is sound");
        let json = String::from_utf8(json).expect("is text");
        let key = ModelKey::Own(sha256(&weights()));
        let message = desk
            .load_with(key, Some(json), Attachment::File(weights()))
            .expect_err("the answer is another");
        assert!(message.contains("failed its self-test"), "{message}");
    }
}

#[test]
fn a_file_of_a_rare_format_is_decoded_elsewhere_and_then_like_any_other() {
    let mut desk = Desk::with_model();
    let file = [RARE, &lesion(200, 150)].concat();
    let (answer, payload) = desk.open(1, file).expect("opens");
    let Answer::Opened(image) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((image.width, image.height, image.frames), (200, 150, 2));
    assert!(matches!(payload, Payload::Image { width: 200, .. }));
    desk.segment(1).expect("is segmented");
    let damaged = [&RARE[..2], b"nothing"].concat();
    let message = desk.open(2, damaged).expect_err("is damaged");
    assert!(!message.is_empty());
}

#[test]
fn a_file_of_a_rare_format_is_read_once_for_all_its_frames() {
    let mut desk = Desk::with_model();
    let file = [RARE, &lesion(200, 150)].concat();
    for frame in 0..2 {
        let request = Request::Open {
            document: DocumentId(1),
            name: "frames.jp2".to_owned(),
            rendering: Rendering {
                frame,
                ..Rendering::default()
            },
            with_picture: true,
        };
        let opened = desk.ask(request, Attachment::File(file.clone()));
        opened.expect("opens");
        assert_eq!(desk.machine.read.get(), 1);
    }
    desk.ask(
        Request::Close {
            document: DocumentId(1),
        },
        Attachment::None,
    )
    .expect("closes");
    desk.open(1, file).expect("opens anew");
    assert_eq!(desk.machine.read.get(), 1, "nor after it was closed");
}

#[test]
fn what_a_first_visit_does_not_need_is_decoded_elsewhere() {
    let mut desk = Desk::with_model();
    let png = lesion(200, 150);
    // Right behind the header: Display P3 with the curve of sRGB (ITU-T H.273), without a checksum, which nobody reads.
    let colours = b"\0\0\0\x04cICP\x0c\x0d\0\x01\0\0\0\0".as_slice();
    let display_p3 = [&png[..33], colours, &png[33..]].concat();
    for rare in [
        display_p3.as_slice(),
        // A frame of arithmetic coding, and one of four inks.
        b"\xff\xd8\xff\xc9\0\x0b\x08\0\x20\0\x20\x01\x01\x11\0\xff\xda\0\x02\0\xff\xd9",
        b"\xff\xd8\xff\xc0\0\x14\x08\0\x20\0\x20\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0\xff\xda\0\x02\0\xff\xd9",
        b"II*\0\x08\0\0\0",
        b"GIF89a\x20\0\x20\0",
        b"RIFF\x04\0\0\0WEBP",
        b"BM\0\0\0\0",
    ] {
        let message = desk.open(2, rare.to_vec()).expect_err("is not decoded here");
        // What this desk's decoder says of all files but its own.
        assert!(message.contains("It is damaged."), "{message}");
    }
}

#[test]
fn a_border_belongs_to_one_frame_and_one_window() {
    let mut desk = Desk::with_model();
    desk.open(1, lesion(200, 150)).expect("opens");
    desk.segment(1).expect("is segmented");
    let mut other = mask(1);
    other.segmentation.rendering.frame = 1;
    let message = desk.measure(other).expect_err("is of another frame");
    assert!(message.contains("not been segmented"), "{message}");
}

#[test]
fn an_image_opens_with_its_size_its_kind_and_its_pixels() {
    let mut desk = Desk::with_model();
    let (answer, payload) = desk.open(1, lesion(200, 150)).expect("opens");
    let Answer::Opened(image) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((image.width, image.height), (200, 150));
    assert_eq!(image.modality, Modality::Dermoscopy);
    assert!(image.remarks.is_empty() && image.frames == 1 && image.windowing.is_none());
    assert!(matches!(
        payload,
        Payload::Image { width: 200, height: 150, rgba } if rgba.len() == 200 * 150 * 4
    ));
}

#[test]
fn what_cannot_be_opened_leaves_the_earlier_image_in_place() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    desk.open(2, b"text".to_vec()).expect_err("is no image");
    let request = Request::Open {
        document: DocumentId(3),
        name: "gone.png".to_owned(),
        rendering: Rendering::default(),
        with_picture: true,
    };
    let message = desk.ask(request, Attachment::None).expect_err("is gone");
    assert!(message.contains("gone.png cannot be read"), "{message}");
    desk.letters.refuses_images.set(true);
    desk.open(4, lesion(90, 80)).expect_err("has no bitmap");
    desk.letters.refuses_images.set(false);
    assert_eq!(desk.mask(mask(1)), before);
    for document in 2..5 {
        desk.segment(document).expect_err("is not open");
    }
}

#[test]
fn a_request_about_what_is_not_there_fails_and_changes_nothing() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    let wrong = |change: fn(&mut MaskSpec)| {
        let mut mask = mask(1);
        change(&mut mask);
        mask
    };
    let masks = [
        wrong(|mask| mask.segmentation.document = DocumentId(2)),
        wrong(|mask| mask.segmentation.model = ModelKey::Published("ultrasound-s".to_owned())),
        wrong(|mask| mask.segmentation.views = Some(Views::Mirror)),
        wrong(|mask| mask.settings.class = 1),
        wrong(|mask| mask.edits = 7),
    ];
    for mask in masks {
        let frame = frame(200, 150);
        desk.paint(mask.clone(), frame)
            .expect_err("cannot be drawn");
        desk.measure(mask.clone()).expect_err("cannot be counted");
        desk.export(mask.clone(), "mask")
            .expect_err("cannot be written");
        let segmentation = mask.segmentation;
        if segmentation != self::mask(1).segmentation && segmentation.views.is_none() {
            desk.ask(Request::Segment(segmentation), Attachment::None)
                .expect_err("cannot be computed");
        }
    }
    let request = Request::Edit {
        document: DocumentId(2),
        version: 1,
        corrections: dot(StrokeKind::Add),
    };
    desk.ask(request, Attachment::None)
        .expect_err("is not open");
    assert_eq!(desk.mask(mask(1)), before);
}

#[test]
fn the_painted_pixels_are_those_of_the_exported_mask_and_no_others_travel() {
    let mut desk = Desk::with_document(200, 150);
    let expected = desk.mask(mask(1));
    let (painted, area) = desk.paint(mask(1), frame(200, 150)).expect("is drawn");
    assert!(
        painted
            .iter()
            .zip(&expected)
            .all(|(a, b)| (*a > 0) == (*b > 0))
    );
    let on = expected.iter().filter(|on| **on > 0).count();
    assert_eq!((area.pixels, area.exact), (on as f64, true));
    assert!(on > 100, "there is a lesion");
    let last = desk.letters.sent.borrow().last().cloned();
    let Some((_, Payload::Overlay { width, height, .. })) = last else {
        panic!("{last:?}");
    };
    assert!(width < 200 && height < 150, "{width}×{height}");
}

#[test]
fn an_empty_mask_has_an_answer_without_pixels() {
    let mut desk = Desk::with_document(200, 150);
    let mut nothing = mask(1);
    nothing.settings.threshold = 1.1;
    let (painted, area) = desk.paint(nothing, frame(200, 150)).expect("is drawn");
    assert!(painted.iter().all(|alpha| *alpha == 0));
    assert_eq!(area.pixels, 0.0);
    let mut aside = frame(200, 150);
    aside.view.left = 5000.0;
    let (painted, area) = desk.paint(mask(1), aside).expect("is drawn");
    assert!(painted.iter().all(|alpha| *alpha == 0));
    assert!(area.pixels > 0.0, "the mask is there, out of sight");
}

#[test]
fn corrections_count_where_their_version_is_named_and_only_there() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    assert_eq!(before[10 * 200 + 10], 0);
    desk.edit(3, dot(StrokeKind::Add));
    let mut corrected = mask(1);
    corrected.edits = 3;
    assert_eq!(desk.mask(corrected.clone())[10 * 200 + 10], 255);
    let (painted, _) = desk
        .paint(corrected.clone(), frame(200, 150))
        .expect("is drawn");
    assert!(painted[10 * 200 + 10] > 0);
    assert_eq!(desk.mask(mask(1)), before);
    desk.edit(4, dot(StrokeKind::Erase));
    desk.measure(corrected).expect_err("they have changed");
    desk.open(1, lesion(200, 150)).expect("opens");
    desk.segment(1).expect("is segmented");
    let mut earlier = mask(1);
    earlier.edits = 4;
    desk.measure(earlier)
        .expect_err("they were another image's");
}

#[test]
fn the_measured_area_is_that_of_the_exported_mask_where_the_painted_one_is_a_guess() {
    let mut desk = Desk::with_document(1400, 1100);
    let (_, guess) = desk.paint(mask(1), frame(700, 500)).expect("is drawn");
    let area = desk.measure(mask(1)).expect("is counted");
    let on = desk.mask(mask(1)).iter().filter(|on| **on == 255).count() as f64;
    assert!(!guess.exact && area.exact);
    assert_eq!(area.pixels, on);
    assert_eq!(area.fraction, on / (1400.0 * 1100.0));
    assert!((guess.pixels / on - 1.0).abs() < 0.01);
}

#[test]
fn every_format_is_written_under_the_name_of_the_image() {
    let mut desk = Desk::with_document(200, 150);
    for format in delineo::export::FORMATS {
        let style = STYLE;
        let request = Request::Export {
            mask: mask(1),
            format: format.id.to_owned(),
            style,
            lines: Vec::new(),
            scale: None,
            report: (format.id == REPORT).then(Box::default),
        };
        let file = Attachment::File(lesion(200, 150));
        let (answer, payload) = desk.ask(request, file).expect("is written");
        let Answer::Exported {
            file_name,
            media_type,
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert_eq!(file_name, format.file_name("lesion.1.jpg"));
        assert_eq!(media_type, format.media_type);
        assert!(matches!(payload, Payload::Bytes(bytes) if !bytes.is_empty()));
    }
    let message = desk.export(mask(1), REPORT).expect_err("says nothing");
    assert!(message.contains("not measured"), "{message}");
    let message = desk.export(mask(1), "poem").expect_err("is no format");
    assert!(message.contains("poem"), "{message}");
}

#[test]
fn views_are_segmentations_of_their_own_and_all_that_were_computed_can_be_shown() {
    let mut desk = Desk::with_document(200, 150);
    let mut mirrored = mask(1);
    mirrored.segmentation.views = Some(Views::Mirror);
    desk.ask(
        Request::Segment(mirrored.segmentation.clone()),
        Attachment::None,
    )
    .expect("is segmented");
    let plain = desk.export(mask(1), "probability").expect("is written");
    let mean = desk.export(mirrored, "probability").expect("is written");
    assert_ne!(plain.1, mean.1);
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_looks_like_its_kind() {
    let mut desk = Desk::with_model();
    for modality in [Modality::Dermoscopy, Modality::Ultrasound] {
        let mut make = |seed| {
            let request = Request::MakeSample { modality, seed };
            match desk.ask(request, Attachment::None).expect("is made") {
                (Answer::SampleMade { file_name }, Payload::Bytes(bytes)) => (file_name, bytes),
                other => panic!("{other:?}"),
            }
        };
        let (name, bytes) = make(5);
        assert_eq!(name, format!("synthetic-{modality}-5.png"));
        assert_eq!(make(5).1, bytes);
        assert_ne!(make(6).1, bytes);
        let (answer, _) = desk.open(1, bytes).expect("opens");
        assert!(matches!(answer, Answer::Opened(image) if image.modality == modality));
    }
}

#[test]
fn logits_come_from_the_model_that_was_named_and_need_numbers_that_fit() {
    let mut desk = Desk::with_model();
    let numbers = vec![0.25; 3 * 32 * 48];
    let ask = |model, shape| Request::Logits { model, shape };
    let request = ask(skin(), [1, 3, 32, 48]);
    let (answer, payload) = desk
        .ask(request, Attachment::Numbers(numbers.clone()))
        .expect("runs");
    assert!(matches!(answer, Answer::Logits { .. }));
    assert!(matches!(payload, Payload::Floats(logits) if logits.len() == 32 * 48));
    let other = ModelKey::Published("ultrasound-s".to_owned());
    for (model, shape, attachment) in [
        (other, [1, 3, 32, 48], Attachment::Numbers(numbers.clone())),
        (skin(), [1, 3, 32, 49], Attachment::Numbers(numbers)),
        (skin(), [1, 3, 32, 48], Attachment::None),
    ] {
        desk.ask(ask(model, shape), attachment)
            .expect_err("does not fit");
    }
}

#[test]
fn a_model_is_timed_on_an_image_of_its_own() {
    let mut desk = Desk::with_model();
    let request = Request::TimeModel { model: skin() };
    let (answer, _) = desk.ask(request, Attachment::None).expect("runs");
    assert!(matches!(answer, Answer::Timed { milliseconds } if milliseconds > 0.0));
}

#[test]
fn a_closed_image_is_gone_and_closing_another_one_closes_nothing() {
    let mut desk = Desk::with_document(200, 150);
    let close = |desk: &mut Desk, document| {
        let document = DocumentId(document);
        desk.ask(Request::Close { document }, Attachment::None)
            .expect("is closed");
    };
    close(&mut desk, 2);
    desk.measure(mask(1)).expect("is still there");
    close(&mut desk, 1);
    let message = desk.measure(mask(1)).expect_err("is gone");
    assert!(message.contains("no longer open"), "{message}");
    close(&mut desk, 1);
}
