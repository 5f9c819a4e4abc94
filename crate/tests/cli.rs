//! The command line as a script uses it: files, JSON and exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::export::Stamp;
use delineo::export::dicom::secondary_capture;
use delineo::export::{self, png};
use delineo::measure::Spacing;
use delineo::phantom;

use phantoms::{folder, model};

mod phantoms;

fn delineo(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_delineo"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn path(text: &str) -> &Path {
    Path::new(text)
}

/// Segments on the CPU, with what the program says as JSON.
fn segment(images: &[&Path], model: &Path, out: &Path) -> Output {
    let mut arguments = vec![path("segment")];
    arguments.extend(images);
    arguments.extend([path("--model"), model, path("--out"), out]);
    arguments.extend(["--device", "cpu", "--json"].map(path));
    delineo(&arguments)
}

fn phantom_in(folder: &Path) -> PathBuf {
    let file = folder.join("lesion.png");
    let phantom = phantom::dermoscopy(1, 200, 150);
    fs::write(&file, png(&phantom.image).expect("encodable")).expect("writable");
    file
}

#[test]
fn segment_writes_a_mask_of_the_images_own_size_and_says_so_in_json() {
    let folder = folder("segment");
    let image = phantom_in(&folder);
    let out = folder.join("masks");
    let output = segment(&[&image], &model(), &out);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(
        (&line["width"], &line["height"]),
        (&200.into(), &150.into())
    );

    let mask = image::open(out.join("lesion_mask.png")).expect("a PNG");
    assert_eq!(mask.color(), image::ColorType::L8);
    let mask = mask.into_luma8();
    assert_eq!(mask.dimensions(), (200, 150));
    assert!(
        mask.pixels()
            .all(|pixel| pixel.0 == [0] || pixel.0 == [255])
    );
    let area = mask.pixels().filter(|pixel| pixel.0 == [255]).count();
    assert_eq!(line["area"], area);
    assert!(area > 0, "the phantom's lesion is found");
}

#[test]
fn segment_writes_every_format_that_is_asked_for_and_no_other() {
    let folder = folder("formats");
    let image = phantom_in(&folder);
    let (model, out) = (model(), folder.join("out"));
    let run = |formats: &str| {
        let arguments = ["segment", "--device", "cpu", "--json", "--format", formats];
        let mut arguments = arguments.map(path).to_vec();
        arguments.extend([&image, path("--model"), &model, path("--out"), &out]);
        delineo(&arguments)
    };
    let two = &export::FORMATS[1..3];
    let output = run(&format!("{},{1},{1}", two[0].id, two[1].id));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    for format in export::FORMATS {
        let asked = two.iter().any(|asked| asked.id == format.id);
        let file = out.join(format.file_name("lesion.png"));
        assert_eq!(file.exists(), asked, "{}", format.id);
        assert_eq!(line[format.id] == serde_json::json!(file), asked);
    }

    let output = run("mask,drawing");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("drawing") && said.contains(&export::list()),
        "{said}"
    );
}

#[test]
fn one_bad_image_is_named_and_does_not_stop_the_others() {
    let folder = folder("bad-image");
    let image = phantom_in(&folder);
    let bad = folder.join("notes.txt");
    fs::write(&bad, "no image").expect("writable");
    let out = folder.join("masks");
    let output = segment(&[&bad, &image], &model(), &out);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("notes.txt") && said.contains("not an image"),
        "{said}"
    );
    assert!(out.join("lesion_mask.png").exists());
}

#[test]
fn a_model_that_cannot_be_used_ends_with_code_3_and_wrong_usage_with_2() {
    let folder = folder("bad-model");
    let image = phantom_in(&folder);
    let output = delineo(&[
        path("segment"),
        &image,
        path("--model"),
        &folder,
        path("--out"),
        &folder,
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("model.json"),
        "{output:?}"
    );

    let copy = folder.join("tampered");
    fs::create_dir_all(&copy).expect("the folder can be made");
    fs::copy(model().join("model.json"), copy.join("model.json")).expect("copyable");
    let mut weights = fs::read(model().join("weights.safetensors")).expect("readable");
    *weights.last_mut().expect("not empty") ^= 1;
    fs::write(copy.join("weights.safetensors"), weights).expect("writable");
    let output = delineo(&[
        path("segment"),
        &image,
        path("--model"),
        &copy,
        path("--out"),
        &folder,
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("SHA-256"),
        "{output:?}"
    );

    assert_eq!(delineo(&[path("segment")]).status.code(), Some(2));
}

#[test]
fn the_size_of_islands_is_a_part_of_the_image_in_per_cent() {
    for wrong in ["101", "-1", "small"] {
        let output = delineo(&[
            path("segment"),
            path("image.png"),
            path("--model"),
            path("model"),
            path("--out"),
            path("out"),
            path(&format!("--islands-below={wrong}")),
        ]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("from 0 to 100, in per cent"), "{said}");
    }
}

#[test]
fn convert_makes_a_model_folder_that_segment_and_inspect_can_use() {
    let folder = folder("convert");
    let image = phantom_in(&folder);
    let weights = model().join("weights.safetensors");
    let made = folder.join("mine");
    let output = delineo(&[path("convert"), &weights, path("--out"), &made]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = delineo(&[
        path("inspect"),
        &made.join("weights.safetensors"),
        path("--json"),
    ]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["variant"], "S");
    assert_eq!(report["parameters"], 417_505);
    let output = segment(&[&image], &made, &folder);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(folder.join("lesion_mask.png").exists());
}

#[test]
fn phantom_writes_the_same_picture_and_mask_for_a_seed_as_the_library_makes() {
    let folder = folder("phantom");
    let arguments = [
        "phantom",
        "--kind",
        "ultrasound",
        "--seed",
        "9",
        "--size",
        "90x70",
        "--out",
    ];
    let mut arguments = arguments.map(path).to_vec();
    arguments.push(&folder);
    let output = delineo(&arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let phantom = phantom::ultrasound(9, 90, 70);
    let image = image::open(folder.join("ultrasound_9.png")).expect("a PNG");
    assert_eq!(image.into_rgb8(), phantom.image);
    let mask = image::open(folder.join("ultrasound_9_mask.png")).expect("a PNG");
    let expected: Vec<u8> = phantom.mask.bits().iter().map(|bit| bit * 255).collect();
    assert_eq!(mask.into_luma8().into_raw(), expected);

    for wrong in ["90", "90x", "8x90", "100000x100000"] {
        let arguments = ["phantom", "--kind", "dermoscopy", "--size", wrong, "--out"];
        let mut arguments = arguments.map(path).to_vec();
        arguments.push(&folder);
        assert_eq!(delineo(&arguments).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn inspect_says_what_an_image_of_any_format_holds() {
    let folder = folder("inspect");
    let image = phantom_in(&folder);
    let report = |file: &Path| -> serde_json::Value {
        let output = delineo(&[path("inspect"), file, path("--json")]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    };
    let png = report(&image);
    assert_eq!((&png["format"], &png["frames"]), (&"PNG".into(), &1.into()));
    assert_eq!((&png["width"], &png["height"]), (&200.into(), &150.into()));
    assert!(png["scale"].is_null());

    let file = folder.join("IM000001");
    let picture = phantom::dermoscopy(1, 200, 150).image;
    let stamp = Stamp {
        date: "20260131".to_owned(),
        time: "120000".to_owned(),
    };
    let spacing = Some(Spacing { x: 0.2, y: 0.1 });
    let bytes = secondary_capture(&picture, None, spacing, &stamp).expect("encodable");
    fs::write(&file, bytes).expect("writable");
    let dicom = report(&file);
    assert_eq!(dicom["format"], "DICOM");
    let scale = &dicom["scale"];
    assert_eq!((&scale["mm_x"], &scale["mm_y"]), (&0.2.into(), &0.1.into()));
    assert_eq!(scale["source"], "pixel-spacing");
    let region = serde_json::json!(
        { "left": 0, "top": 0, "right": 200, "bottom": 150, "mm_x": 0.2, "mm_y": 0.1 }
    );
    assert_eq!(scale["regions"], serde_json::json!([region]));
}
