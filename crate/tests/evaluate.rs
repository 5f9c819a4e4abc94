//! `delineo evaluate` and `delineo calibrate` on folders of phantoms.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use delineo::evaluation::Report;
use delineo::export::{mask_png, png};
use delineo::mask::Mask;
use delineo::metrics::{Confusion, SurfaceDistance};
use delineo::phantom;
use delineo::tta::Views;
use phantoms::{dataset, folder, model, write};

mod phantoms;

fn delineo(arguments: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delineo"));
    command.args(arguments);
    for (name, path) in paths {
        command.arg(name).arg(path);
    }
    if matches!(
        arguments.first(),
        Some(&("evaluate" | "calibrate" | "segment"))
    ) {
        command.args(["--device", "cpu"]);
    }
    command.output().expect("the program starts")
}

fn report(output: &Output) -> Report {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// Equal but for the last digit, which reading JSON may change.
fn close(a: impl Into<Option<f64>>, b: impl Into<Option<f64>>) -> bool {
    match (a.into(), b.into()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(1.0),
        (a, b) => a == b,
    }
}

/// A copy of the model whose model.json may be written to.
fn copied_model(folder: &Path) -> std::path::PathBuf {
    let copy = folder.join("model");
    for file in ["model.json", "weights.safetensors"] {
        write(
            &copy.join(file),
            &fs::read(model().join(file)).expect("readable"),
        );
    }
    copy
}

fn mask(path: &Path) -> Mask {
    let image = image::open(path).expect("a PNG").into_luma8();
    Mask::new(image.width(), image.height(), image.into_raw())
}

#[test]
fn the_figures_are_those_of_the_masks_that_segment_writes() {
    let folder = folder("evaluate-figures");
    let data = folder.join("data");
    dataset(&data, 3);
    let found = report(&delineo(
        &["evaluate", "--json"],
        &[("--model", &model()), ("--data", &data)],
    ));
    assert_eq!((found.images, found.cases.len()), (3, 3));
    let out = folder.join("masks");
    for case in &found.cases {
        let file = format!("{}.png", case.name);
        let image = data.join("images").join(&file);
        let mut command = vec!["segment"];
        let image = image.to_str().expect("UTF-8");
        command.push(image);
        let output = delineo(&command, &[("--model", &model()), ("--out", &out)]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let prediction = mask(&out.join(format!("{}_mask.png", case.name)));
        let truth = mask(&data.join("masks").join(&file));
        let counts = Confusion::of(&prediction, &truth).expect("equal sizes");
        let distance = SurfaceDistance::between(&prediction, &truth).expect("equal sizes");
        assert!(close(case.iou, counts.iou()) && close(case.dice, counts.dice()));
        assert!(close(case.hd95, distance.map(|distance| distance.hd95)));
        assert!(close(case.area_error, counts.area_error()));
        assert!(case.iou > 0.5, "{} is found: {}", case.name, case.iou);
    }
    let mean = found.cases.iter().map(|case| case.iou).sum::<f64>() / 3.0;
    let iou = found.summary.iou.expect("images");
    assert!(close(iou.mean, mean));
    assert!(iou.interval[0] <= mean && mean <= iou.interval[1]);
    assert_eq!(found.calibration.reliability.pixels(), 3 * 200 * 150);
}

#[test]
fn the_report_goes_to_a_folder_as_json_table_and_pictures() {
    let folder = folder("evaluate-out");
    let (data, out) = (folder.join("data"), folder.join("out"));
    dataset(&data, 2);
    let output = delineo(
        &["evaluate", "--tta"],
        &[
            ("--model", &model()),
            ("--images", &data.join("images")),
            ("--masks", &data.join("masks")),
            ("--out", &out),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("IoU") && said.contains("averaged over views: all"),
        "{said}"
    );
    let json = fs::read(out.join("report.json")).expect("written");
    let found: Report = serde_json::from_slice(&json).expect("a report");
    assert_eq!(found.test_time_augmentation, Some(Views::All));
    let csv = fs::read_to_string(out.join("cases.csv")).expect("written");
    assert_eq!(csv.lines().count(), 3);
    let columns = csv.lines().map(|line| line.split(',').count());
    assert!(columns.clone().all(|count| count == 16), "{csv}");
    image::open(out.join("worst.png")).expect("a PNG");
    let diagram = fs::read_to_string(out.join("reliability.svg")).expect("written");
    assert!(diagram.starts_with("<svg ") && diagram.contains("ECE"));
}

#[test]
fn normal_images_are_counted_by_what_is_found_on_them() {
    let folder = folder("evaluate-normal");
    let data = folder.join("data");
    dataset(&data, 1);
    // Skin without anything, and a lesion that is passed off as normal.
    let plain = image::RgbImage::from_pixel(200, 150, image::Rgb([205, 170, 150]));
    let lesion = phantom::dermoscopy(0, 200, 150);
    let normal = folder.join("normal");
    write(&normal.join("plain.png"), &png(&plain).expect("encodable"));
    write(
        &normal.join("lesion.png"),
        &png(&lesion.image).expect("encodable"),
    );
    let found = report(&delineo(
        &["evaluate", "--json"],
        &[
            ("--model", &model()),
            ("--data", &data),
            ("--normal", &normal),
        ],
    ));
    let normals = found.normals.expect("normal images were given");
    assert_eq!(normals.images, 2);
    let out = folder.join("masks");
    let mut over = 0.0;
    for case in &normals.cases {
        let image = normal.join(format!("{}.png", case.name));
        let command = ["segment", image.to_str().expect("UTF-8")];
        let output = delineo(&command, &[("--model", &model()), ("--out", &out)]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let drawn = mask(&out.join(format!("{}_mask.png", case.name)));
        let area = drawn.area() as f64 / (200.0 * 150.0);
        assert!(close(case.false_positive_area, area), "{case:?}");
        over += f64::from(u8::from(area > 0.01));
    }
    assert!(close(normals.share_over_one_percent.mean, over / 2.0));
    let lesion_found = normals.cases.iter().find(|case| case.name == "lesion");
    let area = lesion_found.expect("listed").false_positive_area;
    let part = lesion.mask.area() as f64 / (200.0 * 150.0);
    assert!((area / part - 1.0).abs() < 0.5, "{area}");
}

#[test]
fn bad_data_are_named_file_by_file_before_the_model_is_opened() {
    let folder = folder("evaluate-bad");
    let data = folder.join("data");
    dataset(&data, 3);
    fs::remove_file(data.join("masks/p0.png")).expect("removable");
    let small = mask_png(&Mask::new(20, 20, vec![0; 400])).expect("encodable");
    write(&data.join("masks/p1.png"), &small);
    let output = delineo(
        &["evaluate"],
        &[("--model", &folder.join("nowhere")), ("--data", &data)],
    );
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("p0.png: the file is missing"), "{said}");
    assert!(said.contains("p1.png: the mask is 20×20"), "{said}");
    assert!(
        !said.contains("p2.png") && !said.contains("model.json"),
        "{said}"
    );

    let output = delineo(&["evaluate"], &[("--model", &model())]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn only_the_asked_part_is_evaluated() {
    let folder = folder("evaluate-part");
    let data = folder.join("data");
    dataset(&data, 3);
    write(&data.join("split.tsv"), b"p0\ttrain\np1\tval\np2\ttest\n");
    let found = report(&delineo(
        &["evaluate", "--json", "--part", "val"],
        &[("--model", &model()), ("--data", &data)],
    ));
    let names: Vec<_> = found.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["p1"]);
}

#[test]
fn calibration_writes_temperature_and_threshold_and_does_not_lose_accuracy() {
    let folder = folder("calibrate");
    let data = folder.join("data");
    dataset(&data, 3);
    let model = copied_model(&folder);
    let json = fs::read_to_string(model.join("model.json")).expect("readable");
    let marked = json.replacen('{', "{\n  \"note\": \"keep me\",", 1);
    write(&model.join("model.json"), marked.as_bytes());

    let paths = [("--model", model.as_path()), ("--data", data.as_path())];
    let dry = delineo(&["calibrate", "--json", "--dry-run"], &paths);
    assert_eq!(dry.status.code(), Some(0), "{dry:?}");
    assert_eq!(
        fs::read_to_string(model.join("model.json")).expect("readable"),
        marked
    );

    let output = delineo(&["calibrate", "--json"], &paths);
    assert_eq!(output.stdout, dry.stdout);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let chosen = |name: &str| said["chosen"][name].as_f64().expect("a number");
    assert!(chosen("iou") >= chosen("iou_at_half"));
    let written = fs::read_to_string(model.join("model.json")).expect("readable");
    assert!(written.contains("\"note\": \"keep me\""), "{written}");

    let after = report(&delineo(&["evaluate", "--json", "--part", "val"], &paths));
    assert!(close(f64::from(after.threshold), chosen("threshold")));
    // What was chosen by a sweep over histograms is what the masks give.
    let iou = after.summary.iou.expect("images").mean;
    assert!(
        (iou - chosen("iou")).abs() < 1e-9,
        "{iou} and {}",
        chosen("iou")
    );
    assert!((after.calibration.ece - chosen("ece")).abs() < 1e-6);
}

#[test]
fn scores_are_recorded_with_their_intervals_and_replace_older_ones() {
    let folder = folder("evaluate-record");
    let data = folder.join("data");
    dataset(&data, 2);
    let model = copied_model(&folder);
    let scores = || {
        let json = fs::read(model.join("model.json")).expect("readable");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        json["scores"].as_array().expect("a list").clone()
    };
    let before = scores().len();
    let arguments = ["evaluate", "--json", "--record", "Phantoms"];
    for _ in 0..2 {
        let paths = [("--model", model.as_path()), ("--data", data.as_path())];
        let output = delineo(&arguments, &paths);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let scores = scores();
    let ours: Vec<_> = scores
        .iter()
        .filter(|score| score["data"] == "Phantoms, test part, 2 images")
        .collect();
    assert_eq!((ours.len(), scores.len()), (1, before + 1));
    assert_eq!(ours[0]["images"], 2);
    assert_eq!(ours[0]["iou_interval"].as_array().map(Vec::len), Some(2));
}
