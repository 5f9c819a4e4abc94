//! `delineo measure` as a script uses it: JSON, tables and exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::export::{mask_png, png};
use delineo::mask::Mask;
use delineo::measure::{Measurements, Scale, ScaleSource, Spacing, columns};
use delineo::phantom;
use serde_json::Value;

use phantoms::{folder, model};

mod phantoms;

fn measure(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_delineo"))
        .arg("measure")
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// An oblong blob and a box.
fn shapes() -> Mask {
    let bits = (0..90 * 70_u32).map(|at| {
        let (x, y) = (f64::from(at % 90), f64::from(at / 90));
        let blob = ((x - 30.0) / 22.0).powi(2) + ((y - 35.0 - 0.3 * x) / 9.0).powi(2) <= 1.0;
        u8::from(blob || (70.0..75.0).contains(&x) && y < 20.0)
    });
    Mask::new(90, 70, bits.collect())
}

fn saved(folder: &Path, name: &str, mask: &Mask) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, mask_png(mask).expect("encodable")).expect("writable");
    file
}

#[test]
fn the_figures_are_those_of_the_library_to_the_last_digit() {
    let folder = folder("measure-digits");
    let mask = shapes();
    let file = saved(&folder, "shapes_mask.png", &mask);
    let output = measure(&[text(&file), "--spacing", "0.08,0.05", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let [line] = &lines(&output)[..] else {
        panic!("one line")
    };

    let spacing = Spacing { x: 0.08, y: 0.05 };
    let scale = Scale::everywhere(spacing, ScaleSource::ByHand);
    let found = Measurements::of(&mask, Some(&scale));
    for (name, figure) in columns(&found, found.whole.as_ref(), None) {
        assert_eq!(line[name].as_f64(), figure, "{name}");
    }
    for name in [
        "area_px",
        "perimeter_px",
        "longest_diameter_px",
        "perpendicular_diameter_px",
        "feret_min_px",
        "equivalent_diameter_px",
        "solidity",
        "circularity",
        "eccentricity",
        "regions",
        "area_mm2",
        "perimeter_mm",
        "longest_diameter_mm",
        "perpendicular_diameter_mm",
        "feret_min_mm",
        "equivalent_diameter_mm",
    ] {
        assert!(line[name].is_number(), "{name}");
    }
    assert_eq!(line["regions"], 2);
    assert_eq!(line["lesions"].as_array().map(Vec::len), Some(2));
    assert_eq!(line["lesions"][1]["area_px"], 100);
    assert_eq!(line["lesions"][1]["width_mm"], 0.4);
    assert!(lines(&measure(&[text(&file), "--json"]))[0]["area_mm2"].is_null());
}

#[test]
fn a_bad_file_is_named_in_the_table_and_does_not_stop_the_others() {
    let folder = folder("measure-table");
    let good = saved(&folder, "good, mask.png", &shapes());
    let empty = saved(&folder, "empty_mask.png", &Mask::new(20, 20, vec![0; 400]));
    let bad = folder.join("notes.txt");
    fs::write(&bad, "no mask").expect("writable");
    let picture = folder.join("picture.png");
    let phantom = phantom::dermoscopy(1, 64, 64);
    fs::write(&picture, png(&phantom.image).expect("encodable")).expect("writable");
    let files = [&bad, &good, &picture, &empty].map(|path| text(path));
    let output = measure(&files);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("notes.txt: This is not an image"), "{said}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("empty_mask.png: no lesion") && said.contains("longest diameter"),
        "{said}"
    );
    for ending in ["csv", "json", "parquet"] {
        let out = folder.join("table").with_extension(ending);
        let mut arguments = files.to_vec();
        arguments.extend(["--json", "--out", text(&out)]);
        let output = measure(&arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("2 of 4 files failed"), "{said}");
        let said = lines(&output);
        assert_eq!(said.len(), 4);
        assert!(
            said[2]["error"]
                .as_str()
                .is_some_and(|why| why.contains("not a mask")),
            "{said:?}"
        );
        assert_eq!(
            (&said[3]["area_px"], &said[3]["longest_diameter_px"]),
            (&Value::from(0), &Value::Null)
        );
        let bytes = fs::read(&out).expect("a table");
        match ending {
            "csv" => {
                let table = String::from_utf8(bytes).expect("text");
                let rows: Vec<_> = table.lines().collect();
                assert_eq!(rows.len(), 5);
                assert!(
                    rows[0].starts_with("file,error,model,threshold,"),
                    "{}",
                    rows[0]
                );
                assert!(
                    rows[1].contains("notes.txt,\"This is not an image"),
                    "{}",
                    rows[1]
                );
                assert!(rows[2].starts_with('"'), "{}", rows[2]);
            }
            "json" => {
                let table: Vec<Value> = serde_json::from_slice(&bytes).expect("JSON");
                assert_eq!(table[1]["area_px"], said[1]["area_px"]);
                assert!(table[0]["error"].is_string() && table[1]["error"].is_null());
            }
            _ => assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")),
        }
    }
}

#[test]
fn with_a_model_images_are_segmented_and_their_intervals_told() {
    let folder = folder("measure-model");
    let image = folder.join("lesion.png");
    let phantom = phantom::dermoscopy(1, 200, 150);
    fs::write(&image, png(&phantom.image).expect("encodable")).expect("writable");
    let model = model();
    let output = measure(&[
        text(&image),
        "--model",
        text(&model),
        "--device",
        "cpu",
        "--spacing",
        "0.1",
        "--largest-region",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line = &lines(&output)[0];
    let figure = |name: &str| line[name].as_f64().expect("a number");
    assert_eq!(line["regions"], 1);
    assert!(line["model"].is_string() && line["threshold"].is_number());
    for name in [
        "area_px",
        "area_mm2",
        "longest_diameter_px",
        "longest_diameter_mm",
    ] {
        let (low, high) = (
            figure(&format!("{name}_low")),
            figure(&format!("{name}_high")),
        );
        assert!(
            low <= figure(name) && figure(name) <= high && low < high,
            "{line}"
        );
    }
    let truth = phantom.mask.area() as f64;
    assert!((figure("area_px") - truth).abs() < 0.3 * truth, "{line}");
}

#[test]
fn wrong_usage_ends_with_code_2() {
    let folder = folder("measure-usage");
    let file = saved(&folder, "mask.png", &shapes());
    for wrong in [
        &["--spacing", "0"][..],
        &["--spacing", "1,-2"],
        &["--spacing", "a,b"],
        &["--spacing", "inf"],
        &["--out", "table.xls"],
        &["--threshold", "0.5"],
    ] {
        let arguments = [&[text(&file)], wrong].concat();
        assert_eq!(measure(&arguments).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(measure(&[]).status.code(), Some(2));
}
