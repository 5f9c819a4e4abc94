//! DICOM objects that are written, judged by others: `dciodvfy` (dicom3tools) on the standard, pydicom and highdicom on
//! what they read. Where one of them is absent, its part says on standard error that it was skipped.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use delineo::Error;
use delineo::RgbImage;
use delineo::export::dicom::{probability_segmentation, secondary_capture, segmentation};
use delineo::export::{SegmentationInfo, Site, Stamp};
use delineo::imaging::decode;
use delineo::mask::{Mask, ProbabilityMap};
use delineo::measure::Spacing;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

const WIDTH: u32 = 37;
const HEIGHT: u32 = 21;

fn stamp() -> Stamp {
    Stamp {
        date: "20260131".to_owned(),
        time: "235959".to_owned(),
    }
}

fn info() -> SegmentationInfo {
    SegmentationInfo {
        site: Some(Site::Breast),
        algorithm: "CMUNeXt-S".to_owned(),
        version: "0123456789ab".to_owned(),
        corrected: false,
        frame: 0,
        stamp: stamp(),
    }
}

fn picture() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| image::Rgb([x as u8, y as u8, 90]))
}

fn capture() -> Vec<u8> {
    let spacing = Some(Spacing {
        x: 0.1,
        y: 1.0 / 3.0,
    });
    secondary_capture(&picture(), None, spacing, &stamp()).expect("a picture")
}

fn on(x: u32, y: u32) -> bool {
    (5..20).contains(&x) && (3..17).contains(&y)
}

fn mask() -> Mask {
    let bits = (0..WIDTH * HEIGHT).map(|index| u8::from(on(index % WIDTH, index / WIDTH)));
    Mask::new(WIDTH, HEIGHT, bits.collect())
}

fn map() -> ProbabilityMap {
    let values = (0..WIDTH * HEIGHT).map(|index| index as f32 / (WIDTH * HEIGHT) as f32);
    ProbabilityMap::new(WIDTH as usize, HEIGHT as usize, values.collect())
}

fn skip(why: &str) {
    // Not by `eprintln!`, whose output is captured in a test that passes.
    writeln!(io::stderr(), "skipped {why}").expect("standard error");
}

fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a writable folder");
    path
}

/// The object's attributes as dicom-rs reads them.
fn attributes(bytes: &[u8]) -> InMemDicomObject {
    let file = dicom_object::from_reader(bytes).expect("a DICOM file");
    file.into_inner()
}

/// An ultrasound picture of someone, of so many frames.
fn somebodys(frames: u32) -> Vec<u8> {
    let mut object = attributes(&capture());
    let name = [b"Y", &b"amada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"[..]].concat();
    let texts = [
        (
            tags::SPECIFIC_CHARACTER_SET,
            VR::CS,
            &b"\\ISO 2022 IR 87 "[..],
        ),
        (tags::PATIENT_NAME, VR::PN, &name),
        (tags::PATIENT_ID, VR::LO, b"4711"),
        (tags::STUDY_DATE, VR::DA, b"20250101"),
    ];
    for (tag, vr, bytes) in texts {
        object.put(DataElement::new(
            tag,
            vr,
            PrimitiveValue::from(bytes.to_vec()),
        ));
    }
    object.put(DataElement::new(tags::PATIENT_WEIGHT, VR::DS, "61.5"));
    object.put(DataElement::new(
        tags::NUMBER_OF_FRAMES,
        VR::IS,
        frames.to_string(),
    ));
    let pixels = picture().into_raw().repeat(frames as usize);
    let pixels = if pixels.len() % 2 == 1 {
        [pixels, vec![0]].concat()
    } else {
        pixels
    };
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PrimitiveValue::from(pixels),
    ));
    let class = uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE;
    object.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, class));
    let meta = dicom_object::FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .transfer_syntax("1.2.840.10008.1.2.1");
    let mut bytes = Vec::new();
    let file = object.with_meta(meta).expect("meta information");
    file.write_all(&mut bytes).expect("memory");
    bytes
}

#[test]
fn a_secondary_capture_is_the_picture_again_with_its_scale_and_of_nobody() {
    let bytes = capture();
    let decoded = decode(&bytes).expect("a picture");
    assert_eq!(decoded.image, picture());
    let spacing = decoded.scale.expect("a scale").regions[0].spacing;
    assert!((spacing.y - 1.0 / 3.0).abs() < 1e-9 && spacing.x == 0.1);
    let object = attributes(&bytes);
    let name = object.element(tags::PATIENT_NAME).expect("type 2");
    assert!(name.value().to_bytes().is_ok_and(|name| name.is_empty()));
}

#[test]
fn a_segmentation_takes_over_the_patient_to_the_byte_and_refers_to_its_frame() {
    let source = somebodys(3);
    let mut info = info();
    info.frame = 2;
    let bytes = segmentation(&source, &mask(), &info).expect("a segmentation");
    let name = b"amada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";
    assert!(bytes.windows(name.len()).any(|window| window == name));
    let (of, seg) = (attributes(&source), attributes(&bytes));
    for tag in [
        tags::STUDY_INSTANCE_UID,
        tags::PATIENT_ID,
        tags::PATIENT_WEIGHT,
        tags::STUDY_DATE,
    ] {
        let text = |object: &InMemDicomObject| {
            object
                .element(tag)
                .expect("there")
                .to_str()
                .expect("text")
                .into_owned()
        };
        assert_eq!(text(&of), text(&seg));
    }
    let items = |object: &InMemDicomObject, tag| {
        object.element(tag).expect("there").items().expect("items")[0].clone()
    };
    let frame = items(&seg, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    let derivation = items(&frame, tags::DERIVATION_IMAGE_SEQUENCE);
    let image = items(&derivation, tags::SOURCE_IMAGE_SEQUENCE);
    let number = image.element(tags::REFERENCED_FRAME_NUMBER).expect("there");
    assert_eq!(number.to_int::<u32>().expect("a number"), 3);
    // Exported twice, it is one object.
    assert_eq!(segmentation(&source, &mask(), &info).expect("again"), bytes);
}

#[test]
fn a_mask_of_another_size_or_frame_is_refused() {
    let source = capture();
    let other = Mask::new(WIDTH, HEIGHT - 1, vec![0; (WIDTH * (HEIGHT - 1)) as usize]);
    assert!(matches!(
        segmentation(&source, &other, &info()),
        Err(Error::Encode(_))
    ));
    let mut late = info();
    late.frame = 1;
    assert!(matches!(
        segmentation(&source, &mask(), &late),
        Err(Error::Encode(_))
    ));
    let mut wrong = info();
    wrong.stamp.date = "31.1.2026".to_owned();
    assert!(matches!(
        segmentation(&source, &mask(), &wrong),
        Err(Error::Encode(_))
    ));
    assert!(segmentation(b"no DICOM", &mask(), &info()).is_err());
}

/// Every kind of object that is written, by name.
fn objects() -> Vec<(&'static str, Vec<u8>)> {
    let (source, cine) = (capture(), somebodys(3));
    let overlay = secondary_capture(&picture(), Some(&cine), None, &stamp()).expect("an overlay");
    vec![
        (
            "binary.dcm",
            segmentation(&source, &mask(), &info()).expect("binary"),
        ),
        (
            "frame.dcm",
            segmentation(&cine, &mask(), &info()).expect("of a frame"),
        ),
        (
            "fractional.dcm",
            probability_segmentation(&source, &map(), &info()).expect("fractional"),
        ),
        ("capture.dcm", source),
        ("overlay.dcm", overlay),
    ]
}

#[test]
fn dciodvfy_finds_no_error_in_any_object() {
    if Command::new("dciodvfy").arg("-help").output().is_err() {
        skip("dciodvfy: dicom3tools is not installed");
        return;
    }
    for (name, bytes) in objects() {
        let path = write(name, &bytes);
        let output = Command::new("dciodvfy")
            .arg(&path)
            .output()
            .expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> = words
            .lines()
            .filter(|line| line.starts_with("Error"))
            .collect();
        assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    }
}

#[test]
fn pydicom_and_highdicom_read_the_mask_and_the_probabilities_back() {
    let script = r#"
import sys, numpy as np, pydicom
folder = sys.argv[1]
try:
    import highdicom as hd
    read = hd.seg.segread
except ImportError:
    print("no highdicom")
    read = pydicom.dcmread
for name in ("binary", "frame", "fractional"):
    seg = read(f"{folder}/{name}.dcm")
    if read is not pydicom.dcmread:
        assert seg.number_of_segments == 1
        print(seg.get_segment_description(1).segmented_property_type.meaning)
    pydicom.dcmread(f"{folder}/{name}.dcm").pixel_array.reshape(-1).astype(np.uint8).tofile(f"{folder}/{name}.raw")
"#;
    let python = std::env::var("DELINEO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python)
        .args(["-c", "import pydicom, numpy"])
        .output();
    if !found.is_ok_and(|output| output.status.success()) {
        skip("the round trip through pydicom: it is not installed");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for (name, bytes) in objects() {
        write(name, &bytes);
    }
    let output = Command::new(&python)
        .args(["-c", script])
        .arg(&folder)
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    if output.stdout.starts_with(b"no highdicom") {
        skip("the reading by highdicom: it is not installed");
    }
    for name in ["binary.raw", "frame.raw"] {
        assert_eq!(fs::read(folder.join(name)).expect("written"), mask().bits());
    }
    let levels = fs::read(folder.join("fractional.raw")).expect("written");
    let expected = map()
        .resample(WIDTH, HEIGHT)
        .into_iter()
        .map(|p| (p * 255.0).round() as u8);
    assert_eq!(levels, expected.collect::<Vec<u8>>());
}
