//! What is written is read back, equal to the pixel; and what others write, well or not.

use serde_json::{Value, json};

use super::*;
use crate::export::{self, Segmentation, Stamp};
use crate::manifest::Manifest;
use crate::mask::{Cleaning, Correction, Mask, ProbabilityMap, Stroke, StrokeKind, Style};
use crate::{Error, RgbImage};

/// Regions with holes, islands in them, and pixels that touch at corners.
fn noise(width: u32, height: u32, seed: u32, density: u32) -> Mask {
    let mut state = seed;
    let bits = (0..width * height).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::from((state >> 24) < density)
    });
    Mask::new(width, height, bits.collect())
}

fn map_of(mask: &Mask) -> ProbabilityMap {
    let values = mask.bits().iter().map(|bit| f32::from(*bit)).collect();
    ProbabilityMap::new(mask.width() as usize, mask.height() as usize, values)
}

/// The files of a collection of these masks, by their paths.
fn written(sets: &[&str], masks: &[(&str, Mask, Review, Vec<Correction>)]) -> Vec<Entry> {
    let options = Options {
        formats: vec![export::by_id("mask").expect("a format")],
        sets: sets.iter().filter_map(|id| set_by_id(id)).collect(),
        stamp: Stamp {
            date: "20260131".to_owned(),
            time: "235959".to_owned(),
        },
    };
    let mut collection = Collection::new(&options);
    let mut entries = Vec::new();
    let model = ModelInfo::of(&Manifest::assumed("skin", "S", 3, 1, b""));
    for (path, mask, review, corrections) in masks {
        let image = RgbImage::new(mask.width(), mask.height());
        let map = map_of(mask);
        let segmentation = Segmentation::new(
            &image,
            &map,
            0.37,
            Cleaning::NONE,
            corrections,
            Style::default(),
        );
        let item = Item {
            path,
            segmentation: &segmentation,
            scale: None,
            model: Some(&model),
            views: None,
            sha256: None,
            review: review.clone(),
        };
        entries.extend(collection.push(&item).expect("encoded"));
    }
    collection.fail("broken.png", "it is broken");
    entries.extend(collection.finish().expect("encoded"));
    entries
}

fn entry<'a>(entries: &'a [Entry], path: &str) -> &'a [u8] {
    let found = entries.iter().find(|entry| entry.path == path);
    &found.unwrap_or_else(|| panic!("no {path}")).bytes
}

fn annotated(bytes: &[u8], path: &str) -> Result<(Vec<(String, Mask)>, LeftOut), Error> {
    let mut found = Vec::new();
    let left_out = read_annotations(bytes, path, |path, mask| {
        found.push((path.to_owned(), mask));
        Ok(())
    })?;
    Ok((found, left_out))
}

fn unreviewed(path: &'static str, mask: Mask) -> (&'static str, Mask, Review, Vec<Correction>) {
    (path, mask, Review::default(), Vec::new())
}

#[test]
fn masks_that_are_written_as_coco_are_read_back_equal_to_the_pixel() {
    let masks = [
        unreviewed("set/a/1.png", noise(37, 29, 3, 90)),
        unreviewed("set/b/1.png", noise(64, 17, 4, 200)),
        unreviewed("2.png", noise(16, 40, 5, 20)),
    ];
    let entries = written(&["coco", "coco-rle"], &masks);
    for file in ["coco.json", "coco-rle.json"] {
        let (found, left_out) = annotated(entry(&entries, file), file).expect("COCO");
        assert_eq!(left_out, LeftOut::default());
        assert_eq!(found.len(), masks.len());
        for ((path, mask), (of, expected, ..)) in found.iter().zip(&masks) {
            assert!(path == of && mask == expected, "{path} in {file}");
        }
    }
}

#[test]
fn a_mask_that_is_written_as_labelme_is_read_back_equal_to_the_pixel() {
    for seed in 0..8 {
        let mask = noise(40, 33, seed, 40 + 25 * seed);
        let image = RgbImage::new(40, 33);
        let map = map_of(&mask);
        let (cleaning, style) = (Cleaning::NONE, Style::default());
        let mut segmentation = Segmentation::new(&image, &map, 0.5, cleaning, &[], style);
        segmentation.name = "lesion.jpg";
        let labelme = export::by_id("labelme").expect("a format");
        let bytes = labelme.encode(&segmentation).expect("encoded");
        let (found, left_out) = annotated(&bytes, "set/lesion.json").expect("LabelMe");
        assert_eq!(left_out, LeftOut::default());
        assert_eq!(found, [("set/lesion.jpg".to_owned(), mask)], "{seed}");
    }
}

#[test]
fn a_session_says_which_mask_is_whose_and_what_was_decided() {
    let stroke = Correction::Stroke(Stroke {
        kind: StrokeKind::Add,
        radius: 3.0,
        points: vec![[8.0, 8.0]],
    });
    let review = Review {
        decision: Decision::Accepted,
        is_flagged: true,
        note: "hair".to_owned(),
    };
    let masks = [
        (
            "set/a_mask/1.png",
            noise(20, 20, 1, 99),
            review.clone(),
            vec![stroke],
        ),
        unreviewed("2.png", noise(20, 20, 2, 99)),
    ];
    let entries = written(&["session"], &masks);
    let session = entry(&entries, "session.json");
    assert!(is_session(&String::from_utf8_lossy(session)));
    let images = read_session(session).expect("a session");
    assert_eq!(images.len(), 2, "the one that failed is left out");
    let [first, second] = &images[..] else {
        panic!("{images:?}")
    };
    assert_eq!(first.path, "set/a_mask/1.png");
    assert_eq!(first.mask.as_deref(), Some("set/a_mask/1_mask.png"));
    assert_eq!(first.files, ["set/a_mask/1_mask.png"]);
    assert_eq!(first.settings, Some((0.37, Cleaning::NONE)));
    assert_eq!(first.review, review);
    assert!(first.is_corrected && !second.is_corrected);
    assert_eq!(second.review, Review::default());
}

#[test]
fn sessions_of_later_versions_and_other_files_are_refused_in_a_sentence() {
    let later = json!({ "format": "delineo-session", "version": 2, "images": [] });
    let error = read_session(later.to_string().as_bytes()).expect_err("later");
    assert!(error.to_string().contains("update it"), "{error}");
    for other in [&b""[..], b"{", b"[]", b"{\"format\": 3}", b"\xff\xfe"] {
        assert!(matches!(read_session(other), Err(Error::Annotations(_))));
    }
    let other = json!({ "format": "x", "version": 1 });
    assert!(read_session(other.to_string().as_bytes()).is_err());
}

#[test]
fn run_lengths_as_pycocotools_writes_them_and_lists_of_counts_are_read() {
    // pycocotools.mask.encode of a 20×30 array (rows, columns) that is 1 in rows 5 to 9 of columns 3 to 7.
    let packed = json!({ "size": [20, 30], "counts": "Q25?0000000c=" });
    let plain = json!({ "size": [20, 30], "counts": [65, 5, 15, 5, 15, 5, 15, 5, 15, 5, 450] });
    let polygon = json!([[3, 5, 8, 5, 8, 10, 3, 10]]);
    for segmentation in [packed, plain, polygon] {
        let (found, _) =
            annotated(&coco(std::slice::from_ref(&segmentation)), "a.json").expect("COCO");
        let mask = &found[0].1;
        assert_eq!((mask.width(), mask.height()), (30, 20));
        for y in 0..20_usize {
            for x in 0..30 {
                let on = (5..10).contains(&y) && (3..8).contains(&x);
                assert_eq!(mask.bits()[y * 30 + x], u8::from(on), "{segmentation}");
            }
        }
    }
}

/// A COCO file of one image of 30×20 pixels with these segmentations.
fn coco(segmentations: &[Value]) -> Vec<u8> {
    let annotations: Vec<Value> = segmentations
        .iter()
        .map(|segmentation| json!({ "image_id": 7, "segmentation": segmentation, "iscrowd": 0 }))
        .collect();
    let image = json!({ "id": 7, "file_name": "images/a.png", "width": 30, "height": 20 });
    let other = json!({ "id": 8, "file_name": "b.png", "width": 30, "height": 20 });
    json!({ "images": [image, other], "annotations": annotations, "categories": [] })
        .to_string()
        .into_bytes()
}

#[test]
fn an_image_of_which_a_part_cannot_be_read_is_left_out_with_the_reason() {
    let good = json!([[3, 5, 8, 5, 8, 10, 3, 10]]);
    for (bad, why) in [
        (json!({ "size": [20, 31], "counts": [620] }), "another size"),
        (json!({ "size": [20, 30], "counts": [5, 3] }), "smaller"),
        (json!({ "size": [20, 30], "counts": [5, 999] }), "larger"),
        (json!({ "size": [20, 30], "counts": "\u{7f}" }), "damaged"),
        (json!("outline"), "not known"),
    ] {
        let (found, left_out) = annotated(&coco(&[good.clone(), bad]), "a.json").expect("COCO");
        assert!(found.is_empty() && left_out.count == 1);
        let sentence = left_out.why.unwrap_or_default();
        assert!(sentence.contains(why), "{why}: {sentence}");
    }
    let (_, boxes) = annotated(&coco(&[json!([])]), "a.json").expect("COCO");
    assert!(boxes.why.unwrap_or_default().contains("boxes"));
}

#[test]
fn an_image_of_an_absurd_size_is_left_out_and_the_others_are_read() {
    let outline = json!([[0, 0, 20, 0, 20, 20]]);
    for size in [json!(4e9), json!(1e300), json!(-5), json!(null), json!(3)] {
        let file = json!({
            "images": [
                { "id": "x", "file_name": "x.png", "width": size, "height": 4_000_000_000_u32 },
                { "id": 1, "file_name": "a.png", "width": 20, "height": 20 },
            ],
            "annotations": [
                { "image_id": "x", "segmentation": outline },
                { "image_id": 1, "segmentation": outline },
            ],
        });
        let (found, left_out) = annotated(file.to_string().as_bytes(), "a.json").expect("COCO");
        assert_eq!((found.len(), left_out.count), (1, 1), "{size}");
        assert_eq!(found[0].0, "a.png");
    }
}

#[test]
fn shapes_of_labelme_are_one_mask_and_lines_hold_no_pixels() {
    let file = json!({
        "shapes": [
            { "shape_type": "rectangle", "points": [[8, 9], [2, 4]] },
            { "shape_type": "circle", "points": [[20, 10], [23, 10]] },
            { "points": [[30, 0], [35, 0], [35, 5], [30, 5]] },
            { "shape_type": "linestrip", "points": [[0, 0], [39, 0], [39, 29]] },
        ],
        "imagePath": "a.png", "imageData": "…", "imageWidth": 40, "imageHeight": 30,
    });
    let (found, _) = annotated(file.to_string().as_bytes(), "a.json").expect("LabelMe");
    let mask = &found[0].1;
    let on = |x: usize, y: usize| mask.bits()[y * 40 + x] == 1;
    assert!(on(2, 4) && on(7, 8) && !on(8, 9) && on(20, 10) && !on(20, 14));
    assert!(on(30, 0) && on(34, 4) && !on(39, 20));
    for shape in [
        json!({ "shape_type": "heart", "points": [] }),
        json!({ "shape_type": "mask", "points": [[0, 0], [3, 3]], "mask": "AAAA" }),
        json!({ "shape_type": "mask", "points": [[-1, 0], [3, 3]], "mask": "AAAA" }),
        json!({ "points": [[1]] }),
        json!(5),
    ] {
        let file = json!({ "shapes": [shape], "imageWidth": 40, "imageHeight": 30 });
        let (found, left_out) = annotated(file.to_string().as_bytes(), "a.json").expect("LabelMe");
        assert!(found.is_empty() && left_out.count == 1, "{file}");
    }
}

#[test]
fn garbage_is_refused_in_a_sentence_and_never_panics() {
    let good = coco(&[json!([[3, 5, 8, 5, 8, 10, 3, 10]])]);
    for end in 0..good.len() {
        assert!(annotated(&good[..end], "a.json").is_err());
    }
    let deep = format!("{{\"shapes\": {}", "[".repeat(100_000));
    for bytes in [
        &b""[..],
        b"null",
        b"{}",
        b"[]",
        b"\xff\xfe",
        deep.as_bytes(),
    ] {
        let error = annotated(bytes, "a.json").expect_err("garbage");
        let sentence = error.to_string();
        assert!(sentence.starts_with("These annotations cannot be used"));
    }
    for at in 0..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 0x15;
        let _ = annotated(&damaged, "a.json");
    }
}
