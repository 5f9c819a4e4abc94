//! Copies of probability maps, with the models that the site publishes.

use super::desk::*;
use crate::engine::*;
use crate::protocol::{Modality, Request, Segmentation, Views};

/// The copy of a document's map.
fn packed(desk: &mut Desk, maps: Segmentation) -> Vec<u8> {
    match desk.ask(Request::PackMaps(maps), Attachment::None) {
        Ok((Answer::MapsPacked, Payload::Bytes(bytes))) => bytes,
        other => panic!("{other:?}"),
    }
}

/// What the model of a copy is called, once an engine has taken it.
fn restored(desk: &mut Desk, maps: Segmentation, bytes: &[u8]) -> Result<String, String> {
    let sha256 = weights_of(bytes);
    let request = Request::RestoreMaps { maps, sha256 };
    match desk.ask(request, Attachment::File(bytes.to_vec()))? {
        (Answer::MapsRestored { manifest }, Payload::None) => Ok(manifest.name),
        other => panic!("{other:?}"),
    }
}

fn weights_of(bytes: &[u8]) -> String {
    let copy = delineo::MapCopy::unpack(bytes).expect("unpacks");
    copy.manifest.weights.sha256
}

#[test]
fn an_engine_without_the_model_makes_the_same_files_of_a_copy_that_name_the_model() {
    let image = lesion(767, 576);
    let mut first = Desk::with_model();
    first.open(1, image.clone()).expect("opens");
    first.segment(1).expect("is segmented");
    let bytes = packed(&mut first, mask(1).segmentation);
    assert!((10_000..40_000).contains(&bytes.len()), "{}", bytes.len());

    let mut second = Desk::new(false);
    second.start(DeviceKind::Cpu).expect("is there");
    second.open(1, image).expect("opens");
    let mut kept = mask(1);
    kept.segmentation.weights = Some(weights_of(&bytes));
    let name = restored(&mut second, kept.segmentation.clone(), &bytes).expect("is taken");
    assert_eq!(second.machine.fetched.get(), 0, "no model was fetched");
    for threshold in [0.01, 0.35, 0.5, 0.99] {
        let with = |mask: &MaskSpec| {
            let mut mask = mask.clone();
            mask.settings.threshold = threshold;
            mask
        };
        let expected = first.mask(with(&mask(1)));
        assert_eq!(second.mask(with(&kept)), expected, "at {threshold}");
        let area = second.measure(with(&kept)).expect("is measured");
        assert_eq!(area, first.measure(with(&mask(1))).expect("is measured"));
    }
    for format in ["probability", "svg", "labelme"] {
        let expected = first.export(mask(1), format).expect("is written");
        assert_eq!(second.export(kept.clone(), format), Ok(expected));
    }
    // This desk's decoder says by which model.
    let request = Request::Export {
        mask: kept.clone(),
        format: "dicom-seg".to_owned(),
        style: STYLE,
        lines: Vec::new(),
        scale: None,
        report: None,
    };
    let written = second.ask(request, Attachment::File(Vec::new()));
    let Ok((_, Payload::Bytes(seg))) = written else {
        panic!("{written:?}");
    };
    let seg = String::from_utf8_lossy(&seg).into_owned();
    assert!(seg.ends_with(&format!("by {name}")), "{seg}");
    // Under the name of the model as it is now there is nothing.
    second
        .measure(mask(1))
        .expect_err("it was not segmented by that");
}

#[test]
fn a_copy_that_is_damaged_or_another_one_is_refused_and_the_picture_can_be_segmented() {
    let mut desk = Desk::with_document(160, 120);
    let bytes = packed(&mut desk, mask(1).segmentation);
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    let ask = |desk: &mut Desk, views, sha256: &str, bytes: &[u8]| {
        let mut maps = mask(1).segmentation;
        maps.views = views;
        let sha256 = sha256.to_owned();
        let request = Request::RestoreMaps { maps, sha256 };
        desk.ask(request, Attachment::File(bytes.to_vec()))
    };
    let right = weights_of(&bytes);
    let said = ask(&mut desk, None, &right, &damaged).expect_err("is damaged");
    assert!(said.contains("damaged"), "{said}");
    ask(&mut desk, None, &"0".repeat(64), &bytes).expect_err("is by another model");
    ask(&mut desk, Some(Views::Mirror), &right, &bytes).expect_err("is of other views");
    ask(&mut desk, None, &right, b"").expect_err("is empty");
    desk.segment(1).expect("is segmented");
    ask(&mut desk, None, &right, &bytes).expect("is taken");
    let mut closed = mask(2).segmentation;
    closed.document = DocumentId(2);
    desk.ask(Request::PackMaps(closed), Attachment::None)
        .expect_err("is not open");
}

#[test]
fn a_thousand_copies_take_less_than_forty_megabytes() {
    let mut sizes = Vec::new();
    let mut desk = Desk::with_model();
    let breast = ModelKey::Published("ultrasound-s".to_owned());
    desk.load(breast.clone()).expect("loads");
    for (modality, model) in [
        (Modality::Dermoscopy, skin()),
        (Modality::Ultrasound, breast),
    ] {
        for seed in 0..6 {
            let (_, picture) = sample::make(modality, seed).expect("is made");
            desk.open(1, picture).expect("opens");
            let mut maps = mask(1).segmentation;
            maps.model = model.clone();
            desk.ask(Request::Segment(maps.clone()), Attachment::None)
                .expect("is segmented");
            sizes.push(packed(&mut desk, maps).len());
        }
    }
    let thousand = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64 * 1e3;
    println!(
        "copies of {sizes:?} bytes: {:.1} MB a thousand",
        thousand / 1e6
    );
    assert!(thousand < 40e6, "{thousand}");
}
